//! Databases for single tests, on whatever server this machine offers.

use obs_testkit::TestDatabase;
use sqlx::{Connection, Executor, PgConnection};

#[tokio::test]
async fn two_databases_are_distinct_and_empty() {
    let (one, two) = (TestDatabase::create().await.unwrap(), TestDatabase::create().await.unwrap());
    assert_ne!(one.url(), two.url());

    let mut in_one = PgConnection::connect(one.url()).await.unwrap();
    in_one.execute("CREATE TABLE only_here (id BIGINT)").await.unwrap();

    let mut in_two = PgConnection::connect(two.url()).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        .fetch_all(&mut in_two)
        .await
        .unwrap();
    assert_eq!(tables, Vec::<String>::new());
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_while_a_connection_to_it_is_open() {
    let kept = TestDatabase::create().await.unwrap();
    let database = TestDatabase::create().await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut connection).await.unwrap();

    drop(database);

    let mut elsewhere = PgConnection::connect(kept.url()).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_one(&mut elsewhere)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn texts_sort_by_their_bytes_on_every_server() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let sorted: Vec<String> =
        sqlx::query_scalar("SELECT * FROM (VALUES ('a'), ('B'), ('가')) AS texts (text) ORDER BY text")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(sorted, ["B", "a", "가"]);
}
