//! The live catalogue against the expected one, whichever way the schema came to be.

use std::{io::ErrorKind, path::Path};

use anyhow::Context;
use obs_store::SchemaRepository;
use obs_store_postgres::PostgresStore;
use obs_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use crate::execute;

/// The twelve tables of the Python system: columns in their order, keys, indexes. Of the indexes one on ticks is ours. Behind its
/// own columns the portfolio's tables have ours, which admit NULL, and indexes on them.
const EXPECTED: &str = include_str!("catalogue.txt");

/// The catalogue in the form of [`EXPECTED`], without the tables that we add.
const CATALOGUE: &str = "
WITH tables AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND relname NOT IN ('load_positions', 'load_rejects', 'feed_sessions', 'day_volumes', 'recorded_bars',
                            'scalp_gap_symbols', 'volume_breaks', 'healed_1m_bars', 'policy_versions', 'plan_events')
), lines AS (
    SELECT relname, 0 AS part, 0 AS nth, '' AS name, relname::text AS line FROM tables
    UNION ALL
    SELECT relname, 1, attnum, '', '  ' || attname || ' ' || format_type(atttypid, atttypmod)
        || CASE WHEN attnotnull THEN ' not null' ELSE '' END || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT relname, 2, 0, conname, '  ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
    FROM tables JOIN pg_constraint ON conrelid = tables.oid
    UNION ALL
    SELECT tables.relname, 3, 0, index.relname, '  ' || pg_get_indexdef(indexrelid)
    FROM tables JOIN pg_index ON indrelid = tables.oid AND NOT indisprimary JOIN pg_class AS index ON index.oid = indexrelid
)
SELECT line FROM lines ORDER BY relname, part, nth, name";

const FILES: [&str; 7] = [
    "001_create_scalp_tables.sql",
    "002_create_swing_tables.sql",
    "003_create_portfolio_tables.sql",
    "004_create_loading_tables.sql",
    "005_create_accounting_tables.sql",
    "006_create_coverage_functions.sql",
    "007_extend_portfolio_tables.sql",
];

#[tokio::test]
async fn migrating_makes_the_expected_catalogue() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    migrate(&database).await?;
    assert_expected(&database).await
}

#[tokio::test]
async fn running_the_files_makes_the_expected_catalogue() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    run_files(&database).await?;
    assert_expected(&database).await
}

#[tokio::test]
async fn migrating_and_running_the_files_twice_over_changes_nothing() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    for _ in 0..2 {
        migrate(&database).await?;
        run_files(&database).await?;
    }
    assert_expected(&database).await
}

#[tokio::test]
async fn running_the_files_and_migrating_twice_over_changes_nothing() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    for _ in 0..2 {
        run_files(&database).await?;
        let ran = PostgresStore::connect(database.url()).await?.migrate().await?;
        assert!(ran.is_empty(), "{ran:?} ran again");
    }
    assert_expected(&database).await
}

#[tokio::test]
async fn every_table_column_and_function_has_a_comment() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    migrate(&database).await?;
    let mut connection = PgConnection::connect(database.url()).await?;
    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT relname || coalesce('.' || attname, '') FROM pg_class
         LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
             AND (obj_description(pg_class.oid, 'pg_class') IS NULL OR col_description(pg_class.oid, attnum) IS NULL)",
    )
    .fetch_all(&mut connection)
    .await?;
    assert_eq!(silent, [""; 0]);

    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT proname::text FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL",
    )
    .fetch_all(&mut connection)
    .await?;
    assert_eq!(silent, [""; 0]);
    Ok(())
}

/// The shape is as expected, the log has each migration once, and the program takes it for its own.
async fn assert_expected(database: &TestDatabase) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(database.url()).await?;
    let lines: Vec<String> = sqlx::query_scalar(CATALOGUE).fetch_all(&mut connection).await?;
    let expected = EXPECTED.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>();
    for (found, expected) in lines.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(lines.len(), expected.len());

    let logged: Vec<(String, String)> =
        sqlx::query_as("SELECT migration_name, status FROM migration_log ORDER BY id").fetch_all(&mut connection).await?;
    let once = FILES.map(|file| (file.trim_end_matches(".sql").to_owned(), "success".to_owned()));
    assert_eq!(logged, once);
    PostgresStore::connect(database.url()).await?.check_schema().await?;
    Ok(())
}

async fn migrate(database: &TestDatabase) -> anyhow::Result<()> {
    PostgresStore::connect(database.url()).await?.migrate().await?;
    Ok(())
}

/// Runs the files as a person or a container does. Where there is no `psql`, each file goes to the server as one text.
async fn run_files(database: &TestDatabase) -> anyhow::Result<()> {
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(file);
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", database.url(), "--file"]).arg(&path);
        match psql.output().await {
            Ok(output) => {
                anyhow::ensure!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let statements = tokio::fs::read_to_string(&path).await?;
                execute(database, &statements).await.with_context(|| file.to_owned())?;
            }
            Err(error) => return Err(error).context("cannot run psql"),
        }
    }
    Ok(())
}
