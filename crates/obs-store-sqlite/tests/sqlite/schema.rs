//! Files that are older or newer than the program.

use obs_store::{SchemaProblem, SchemaRepository, StoreError};
use obs_store_sqlite::SqliteStore;
use sqlx::SqliteConnection;

use crate::{connect, execute, migrated};

async fn problem_of(store: &SqliteStore) -> anyhow::Result<Option<SchemaProblem>> {
    match store.check_schema().await {
        Err(StoreError::Schema { problem, .. }) => Ok(Some(problem)),
        other => Ok(other.map(|()| None)?),
    }
}

#[tokio::test]
async fn an_older_file_is_said_and_can_be_migrated() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    execute(&path, "DROP TABLE day_volumes; DELETE FROM migration_log WHERE migration_name LIKE '004%'").await?;
    let missing = vec!["004_create_loading_tables".to_owned()];
    assert_eq!(problem_of(&store).await?, Some(SchemaProblem::Older { missing }));
    assert_eq!(store.migrate().await?, ["004_create_loading_tables"]);
    assert_eq!(problem_of(&store).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_newer_file_is_said_and_left_alone() -> anyhow::Result<()> {
    let (_folder, path, store) = migrated().await?;
    execute(&path, "INSERT INTO migration_log (migration_name) VALUES ('907_fold_space')").await?;
    assert_eq!(problem_of(&store).await?, Some(SchemaProblem::Newer { unknown: vec!["907_fold_space".to_owned()] }));
    let error = store.migrate().await.unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error:?}");
    assert_eq!(store.applied_migrations().await?.len(), 8);
    Ok(())
}

#[tokio::test]
async fn two_programs_migrating_at_once_share_the_work() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let path = folder.path().join("observer.db");
    let (one, other) = (SqliteStore::open(&path).await?, SqliteStore::open(&path).await?);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    let mut ran = [first?, second?].concat();
    ran.sort();
    assert_eq!(ran, one.known_migrations());
    assert_eq!(other.applied_migrations().await?.len(), 7);
    Ok(())
}

/// Names of tables and columns, or of indexes, as the files for PostgreSQL and for SQLite tell them.
#[tokio::test]
async fn names_are_those_of_postgresql() -> anyhow::Result<()> {
    let (_folder, path, _store) = migrated().await?;
    let mut connection = connect(&path).await?;
    let tables: Vec<String> = names(&mut connection, "table").await?;
    let indexes: Vec<String> = names(&mut connection, "index").await?;
    let files = [
        include_str!("../../../../migrations/001_create_scalp_tables.sql"),
        include_str!("../../../../migrations/002_create_swing_tables.sql"),
        include_str!("../../../../migrations/003_create_portfolio_tables.sql"),
        include_str!("../../../../migrations/004_create_loading_tables.sql"),
        include_str!("../../../../migrations/005_create_accounting_tables.sql"),
        include_str!("../../../../migrations/006_create_coverage_functions.sql"),
        include_str!("../../../../migrations/007_extend_portfolio_tables.sql"),
    ];
    let (mut expected_tables, mut expected_indexes) = (Vec::new(), Vec::new());
    for statement in files.iter().flat_map(|file| file.split(';')) {
        if let Some((_, table)) = statement.split_once("CREATE TABLE IF NOT EXISTS ") {
            let (table, columns) = table.split_once(" (").unwrap();
            let columns = columns.lines().filter_map(|line| line.split_whitespace().next());
            let columns: Vec<_> = columns.filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect();
            expected_tables.push(format!("{table} {}", columns.join(" ")));
        }
        if let Some((_, changes)) = statement.split_once("ALTER TABLE ") {
            let added = changes.split("ADD COLUMN IF NOT EXISTS ").skip(1).filter_map(|column| column.split(' ').next());
            let table = changes.split_whitespace().next().unwrap();
            let row = expected_tables.iter_mut().find(|row| row.split(' ').next() == Some(table)).unwrap();
            *row = added.fold(row.clone(), |row, column| format!("{row} {column}"));
        }
        if let Some((_, index)) = statement.split_once(" INDEX IF NOT EXISTS ") {
            expected_indexes.push(index.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    expected_tables.sort();
    expected_indexes.sort();
    assert_eq!(tables, expected_tables);
    assert_eq!(indexes, expected_indexes);
    assert_eq!(tables.len(), 22);
    Ok(())
}

/// What a file holds: `table column column …`, or `index ON table (columns)`.
async fn names(connection: &mut SqliteConnection, kind: &str) -> anyhow::Result<Vec<String>> {
    let statement = match kind {
        "table" => {
            "SELECT name || ' ' || (SELECT group_concat(name, ' ') FROM pragma_table_info(sqlite_schema.name))
             FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        }
        _ => {
            "SELECT replace(replace(replace(sql, 'CREATE UNIQUE INDEX ', ''), 'CREATE INDEX ', ''), char(10) || '    ', ' ')
             FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
        }
    };
    Ok(sqlx::query_scalar(statement).fetch_all(connection).await?)
}
