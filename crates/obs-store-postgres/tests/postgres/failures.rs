//! Servers that are away, batches that fail half-way, and two loaders of one file.

use std::error::Error;

use anyhow::Context;
use obs_model::{Gap, GapReason, GapScope, Price, QualityFlag, Quantity, SessionId, Tick};
use obs_store::{Advance, Batch, Digest, LineCounts, LoadRepository, Position, Reject, StoreError, Table};
use obs_store_postgres::PostgresStore;
use obs_testkit::TestDatabase;
use tokio::net::TcpListener;

use crate::{execute, migrated};

/// A batch with many ticks, more than go to the server in one piece, a gap, a reject, and the step of a file.
fn batch() -> anyhow::Result<Batch> {
    let event_time = "2026-01-22T00:00:00Z".parse()?;
    let session_id = SessionId::new("observer-1")?;
    let price = Some(Price::from_won(71_900)?);
    let tick = Tick {
        symbol: "005930".parse()?,
        event_time,
        last_price: price,
        volume: Some(Quantity::new(10)?),
        bid_price: price,
        ask_price: price,
        bid_size: None,
        ask_size: None,
        session_id: session_id.clone(),
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    };
    let mut ticks = vec![tick; 6_000];
    ticks[5_999].symbol = "0004V0".parse()?;
    let (head, path) = (Digest::new([1; 32]), "scalp/20260122_09.jsonl".to_owned());
    let reject = Reject {
        head,
        path: path.clone(),
        line_number: 7,
        byte_offset: 70,
        reason: "not_json".to_owned(),
        detail: "a strange \0 character".to_owned(),
        raw: b"\0".to_vec(),
    };
    let lines = LineCounts { rows: 6_000, non_data: 0, rejects: 1 };
    let to = Position { head, path, byte_offset: 1_000_000, line_number: 6_001, content: head, lines };
    Ok(Batch {
        ticks,
        gaps: vec![Gap::new((event_time, event_time), GapScope::Scalp, GapReason::WsTimeout, Vec::new(), session_id)?],
        rejects: vec![reject],
        advance: Some(Advance { from: None, to }),
        ..Batch::default()
    })
}

/// Makes every insertion into a table, or those under a condition, run this instead.
async fn sabotage(database: &TestDatabase, table: &str, condition: &str, statement: &str) -> anyhow::Result<()> {
    let statements = format!(
        "CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NEW; END $$;
         CREATE TRIGGER sabotage BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION sabotage()"
    );
    execute(database, &statements).await
}

async fn assert_nothing_written(store: &PostgresStore) -> anyhow::Result<()> {
    for table in Table::ALL {
        assert_eq!(store.count(table).await?, 0, "{}", table.name());
    }
    assert_eq!(store.positions().await?, []);
    Ok(())
}

async fn assert_all_written(store: &PostgresStore) -> anyhow::Result<()> {
    assert_eq!(store.count(Table::ScalpTicks).await?, 6_000);
    assert_eq!(store.count(Table::ScalpGaps).await?, 1);
    assert_eq!(store.rejects(10).await?[0].detail, "a strange \u{fffd} character");
    assert_eq!(store.positions().await?.len(), 1);
    Ok(())
}

/// Host and port, and the name of a database.
fn place_and_name(database: &TestDatabase) -> anyhow::Result<(&str, &str)> {
    let (_, place) = database.url().rsplit_once('@').context("no user")?;
    place.split_once('/').context("no database")
}

/// Everything that an error says, to a person or to a log.
fn said(error: &StoreError) -> String {
    let mut text = format!("{error:?}");
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        text = format!("{text}\n{error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unavailable() -> anyhow::Result<()> {
    let free = TcpListener::bind("127.0.0.1:0").await?;
    let port = free.local_addr()?.port();
    drop(free);
    let error = PostgresStore::connect(&format!("postgres://observer:hunter2@127.0.0.1:{port}/market")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(text.starts_with(&format!("PostgreSQL market at 127.0.0.1:{port} cannot be reached: ")), "{text}");
    assert!(!said(&error).contains("hunter2"), "{}", said(&error));
    Ok(())
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_five_seconds() -> anyhow::Result<()> {
    // The system accepts the connection, and nobody reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let port = silent.local_addr()?.port();
    let error = PostgresStore::connect(&format!("postgres://observer:hunter2@127.0.0.1:{port}/market")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "PostgreSQL market at 127.0.0.1:{port} cannot be reached: no answer within 5 s; check its host, its port and the \
             network"
        )
    );
    assert!(!said(&error).contains("hunter2"), "{}", said(&error));
    Ok(())
}

#[tokio::test]
async fn a_refused_user_and_a_bad_address_will_not_do_later_either() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let (place, name) = place_and_name(&database)?;
    let stranger = format!("postgres://nobody_we_know:hunter2@{place}/{name}");
    for url in [stranger.as_str(), "postgres://observer:hunter2@localhost:port/market", "hunter2"] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
        assert!(!said(&error).contains("hunter2"), "{}", said(&error));
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_admits_nobody_for_a_while_is_waited_for() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let (server, name) = database.url().rsplit_once('/').context("an address ends in the database's name")?;
    let elsewhere = format!("{server}/postgres");
    let admit = |answer: bool| format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS {answer}");
    obs_testkit::execute(&elsewhere, &admit(false)).await?;
    let refused = PostgresStore::connect(database.url()).await;
    obs_testkit::execute(&elsewhere, &admit(true)).await?;
    assert!(refused.is_err_and(|error| error.is_transient()));
    Ok(())
}

#[tokio::test]
async fn a_store_does_not_show_its_password() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    let (place, name) = place_and_name(&database)?;
    assert_eq!(obs_store::Store::name(&store), format!("PostgreSQL {name} at {place}"));
    assert_eq!(format!("{store:?}"), format!("PostgresStore {{ name: \"PostgreSQL {name} at {place}\", .. }}"));
    Ok(())
}

#[tokio::test]
async fn a_batch_that_fails_at_its_end_leaves_nothing_behind() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    execute(&database, "ALTER TABLE load_rejects RENAME TO elsewhere").await?;
    // A step forgets earlier rejects first, so that only a batch without a step gets as far as writing some.
    let error = store.commit(&Batch { advance: None, ..batch()? }).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");

    execute(&database, "ALTER TABLE elsewhere RENAME TO load_rejects").await?;
    assert_nothing_written(&store).await?;
    store.commit(&batch()?).await?;
    assert_all_written(&store).await
}

#[tokio::test]
async fn a_copy_that_fails_in_the_middle_leaves_nothing_behind() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    sabotage(&database, "scalp_ticks", "NEW.symbol = '0004V0'", "RAISE EXCEPTION 'no letters here'").await?;
    let error = store.commit(&batch()?).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed { .. }), "{error:?}");
    assert!(said(&error).contains("no letters here"), "{}", said(&error));
    assert_nothing_written(&store).await?;

    execute(&database, "DROP FUNCTION sabotage CASCADE").await?;
    store.commit(&batch()?).await?;
    assert_all_written(&store).await
}

#[tokio::test]
async fn a_connection_lost_in_mid_batch_is_unavailable_and_the_batch_can_be_sent_again() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    for table in ["scalp_ticks", "scalp_gaps"] {
        sabotage(&database, table, "true", "PERFORM pg_terminate_backend(pg_backend_pid())").await?;
        let error = store.commit(&batch()?).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        execute(&database, "DROP FUNCTION sabotage CASCADE").await?;
        assert_nothing_written(&store).await?;
    }
    store.commit(&batch()?).await?;
    assert_all_written(&store).await
}

#[tokio::test]
async fn a_full_disk_and_a_read_only_database_are_full() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    sabotage(&database, "scalp_ticks", "true", "RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'").await?;
    let error = store.commit(&batch()?).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::Full { .. }) && text.ends_with("cannot write: no space left"), "{error:?}");

    let (_, name) = place_and_name(&database)?;
    execute(&database, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await?;
    let error = PostgresStore::connect(database.url()).await?.commit(&batch()?).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn of_two_loaders_of_one_file_one_wins() -> anyhow::Result<()> {
    let (database, one) = migrated().await?;
    let other = PostgresStore::connect(database.url()).await?;
    let batch = batch()?;
    let (first, second) = tokio::join!(one.commit(&batch), other.commit(&batch));
    let lost = match (first, second) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        (Ok(_), Ok(_)) => panic!("both loaded it"),
        (Err(first), Err(_)) => return Err(first.into()),
    };
    assert_eq!(
        lost.to_string(),
        "the loading position of scalp/20260122_09.jsonl is 1000000, not unknown: it is being loaded by another process as well"
    );
    assert_all_written(&one).await
}
