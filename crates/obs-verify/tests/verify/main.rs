//! Records that are sound, and what is found when somebody damages them, on both stores.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail and speak as tests do")]

mod legacy;
mod live;
mod market;
mod page;
mod returns;
mod sabotage;
mod sound;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use obs_model::Calendar;
use obs_pipeline::{FileOutcome, LoadOptions, Loader, archive_files};
use obs_schema::Decoder;
use obs_store::Store;
use obs_store_postgres::PostgresStore;
use obs_store_sqlite::SqliteStore;
use obs_testkit::{TestDatabase, execute};
use obs_verify::{Code, Finding, Progress, Report, Request, Severity, verify};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

type Outcome = anyhow::Result<()>;

/// A store that holds an archive.
pub(crate) struct Loaded {
    pub(crate) dir: TempDir,
    pub(crate) store: Arc<dyn Store>,
    url: String,
}

/// Runs a case on the recorded market of a morning, loaded into a fresh SQLite store and then into a fresh PostgreSQL store.
async fn on_both(case: impl AsyncFn(Loaded) -> Outcome) -> Outcome {
    let home = tempfile::tempdir()?;
    let path = home.path().join("observer.db");
    println!("on SQLite");
    case(Loaded::new(Arc::new(SqliteStore::open(&path).await?), format!("sqlite://{}", path.display())).await?).await?;

    let database = TestDatabase::create().await?;
    println!("on PostgreSQL");
    let store = Arc::new(PostgresStore::connect(database.url()).await?);
    case(Loaded::new(store, database.url().to_owned()).await?).await
}

impl Loaded {
    async fn new(store: Arc<dyn Store>, url: String) -> anyhow::Result<Self> {
        store.migrate().await?;
        let dir = tempfile::tempdir()?;
        market::record(dir.path()).await?;
        let loaded = Self { dir, store, url };
        loaded.load().await;
        Ok(loaded)
    }

    /// Loads what lies in the folder.
    pub(crate) async fn load(&self) {
        let loader = Loader::new(Arc::clone(&self.store), LoadOptions::default());
        let summary = { loader }.load(&self.files(), &CancellationToken::new()).await;
        for file in &summary.files {
            assert!(matches!(file.outcome, FileOutcome::Complete), "{}: {:?}", file.path.display(), file.outcome);
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        archive_files(&[self.dir.path().to_path_buf()]).unwrap().0
    }

    /// Runs a statement, which must touch exactly one row.
    pub(crate) async fn sql(&self, statement: &str) -> Outcome {
        assert_eq!(execute(&self.url, statement).await?, 1, "{statement}");
        Ok(())
    }

    pub(crate) fn request(&self) -> Request {
        Request {
            files: self.files(),
            decoder: Decoder::default(),
            calendar: Calendar::krx(),
            from: None,
            to: None,
            symbol: None,
        }
    }

    pub(crate) async fn verify(&self) -> anyhow::Result<Report> {
        Ok(verify(Arc::clone(&self.store), self.request(), Arc::new(Progress::default())).await?)
    }

    /// Edits the lines of a file of the archive.
    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<String>)) {
        let path = self.dir.path().join(name);
        let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        edit(&mut lines);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
}

/// The errors of a report.
fn errors(report: &Report) -> Vec<&Finding> {
    report.findings().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Asserts that the errors are of exactly these codes, in any order.
fn assert_codes(report: &Report, expected: &[Code]) {
    let found = errors(report);
    let (mut codes, mut expected) = (found.iter().map(|finding| finding.code).collect::<Vec<_>>(), expected.to_vec());
    codes.sort_unstable();
    expected.sort_unstable();
    assert_eq!(codes, expected, "{found:#?}");
    assert_eq!(report.sound, expected.is_empty());
}

/// The one finding of a code.
fn only(report: &Report, code: Code) -> &Finding {
    let found: Vec<_> = report.findings().filter(|finding| finding.code == code).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0]
}

/// A line of a file, as findings name it.
fn line(dir: &Path, name: &str, number: usize) -> String {
    format!("{}:{number}", dir.join(name).display())
}
