//! Databases that are not ours yet, or not ours any more.

use obs_store::{SchemaProblem, SchemaRepository, StoreError};
use obs_store_postgres::PostgresStore;
use obs_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};

use crate::{execute, migrated};

const FIRST_THREE: [&str; 3] = [
    include_str!("../../../../migrations/001_create_scalp_tables.sql"),
    include_str!("../../../../migrations/002_create_swing_tables.sql"),
    include_str!("../../../../migrations/003_create_portfolio_tables.sql"),
];

async fn problem_of(store: &PostgresStore) -> anyhow::Result<Option<SchemaProblem>> {
    match store.check_schema().await {
        Err(StoreError::Schema { problem, .. }) => Ok(Some(problem)),
        other => Ok(other.map(|()| None)?),
    }
}

fn older(missing: &[&str]) -> Option<SchemaProblem> {
    Some(SchemaProblem::Older { missing: missing.iter().map(|name| (*name).to_owned()).collect() })
}

#[tokio::test]
async fn a_database_of_the_python_system_is_older_and_can_be_migrated() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    for statements in FIRST_THREE {
        execute(&database, statements).await?;
    }
    // It logged a name every time it ran the file, and had a fourth migration of its own.
    execute(
        &database,
        "INSERT INTO migration_log (migration_name) SELECT migration_name FROM migration_log;
         INSERT INTO migration_log (migration_name) VALUES ('004_create_analysis_tables'), ('full_schema_creation');
         INSERT INTO scalp_ticks (symbol, event_time, bid_price, ask_price, session_id)
         VALUES ('005930', '2026-01-22 00:00:00+00', 70450, 70550, 'track_b_session')",
    )
    .await?;

    let store = PostgresStore::connect(database.url()).await?;
    assert_eq!(problem_of(&store).await?, older(&store.known_migrations()[3..]));
    assert_eq!(store.migrate().await?, store.known_migrations()[3..]);
    assert_eq!(problem_of(&store).await?, None);
    assert_eq!(store.migrate().await?, [""; 0]);
    assert_eq!(obs_store::LoadRepository::count(&store, obs_store::Table::ScalpTicks).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_schema_that_the_python_system_made_in_one_go_is_older() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    for statements in FIRST_THREE {
        execute(&database, statements).await?;
    }
    execute(
        &database,
        "DROP INDEX idx_rebalance_execution_time; DELETE FROM migration_log;
         INSERT INTO migration_log (migration_name) VALUES ('full_schema_creation')",
    )
    .await?;

    let store = PostgresStore::connect(database.url()).await?;
    assert_eq!(problem_of(&store).await?, older(&store.known_migrations()));
    assert_eq!(store.migrate().await?, store.known_migrations());
    let mut connection = PgConnection::connect(database.url()).await?;
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('idx_rebalance_execution_time') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    assert!(is_there, "the index is still missing");
    Ok(())
}

#[tokio::test]
async fn a_migration_that_failed_counts_as_missing() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    execute(&database, "UPDATE migration_log SET status = 'failed' WHERE migration_name = '002_create_swing_tables'")
        .await?;
    assert_eq!(problem_of(&store).await?, older(&["002_create_swing_tables"]));
    Ok(())
}

#[tokio::test]
async fn a_newer_schema_is_said_and_left_alone() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    let newer = "DELETE FROM migration_log WHERE migration_name LIKE '007%';
         INSERT INTO migration_log (migration_name) VALUES ('907_fold_space')";
    execute(&database, newer).await?;

    let unknown = vec!["907_fold_space".to_owned()];
    assert_eq!(problem_of(&store).await?, Some(SchemaProblem::Newer { unknown }));
    let error = store.migrate().await.unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("has a newer schema, with 907_fold_space: update this program"), "{text}");
    assert_eq!(store.applied_migrations().await?.len(), 7);
    Ok(())
}

#[tokio::test]
async fn two_programs_migrating_at_once_share_the_work() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let (one, other) = (PostgresStore::connect(database.url()).await?, PostgresStore::connect(database.url()).await?);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    let mut ran = [first?, second?].concat();
    ran.sort();
    assert_eq!(ran, one.known_migrations());
    assert_eq!(other.applied_migrations().await?.len(), 7);
    Ok(())
}
