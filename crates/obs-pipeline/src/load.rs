//! Loading files that lie there.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use obs_schema::Decoder;
use obs_store::Store;
use tokio::{sync::mpsc, task};
use tokio_util::sync::CancellationToken;

use crate::{
    FileOutcome, FileSummary, LoadError, LoadSummary,
    draft::Draft,
    projector::Projector,
    source::{Source, head_of},
};

/// Drafts that may wait while a batch is committed: decoding works on one core while the store writes on another.
const DRAFTS_AHEAD: usize = 2;

/// How to load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Lines of one transaction.
    pub batch_lines: usize,
    /// Reads the lines; it knows the zone of times without an offset.
    pub decoder: Decoder,
}

impl Default for LoadOptions {
    /// Batches of 20,000 lines: some megabytes, and a fraction of a second of work for the store.
    fn default() -> Self {
        Self { batch_lines: 20_000, decoder: Decoder::default() }
    }
}

/// How far a load has come, for a progress bar on another thread.
#[derive(Debug, Default)]
pub struct LoadProgress {
    bytes: AtomicU64,
    lines: AtomicU64,
    rejects: AtomicU64,
}

impl LoadProgress {
    /// Bytes committed, and bytes found to be loaded already.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Lines committed.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Lines among them that were rejected.
    #[must_use]
    pub fn rejects(&self) -> u64 {
        self.rejects.load(Ordering::Relaxed)
    }
}

/// Loads archive files into a store.
pub struct Loader {
    store: Arc<dyn Store>,
    options: LoadOptions,
    projector: Projector,
    progress: Arc<LoadProgress>,
}

impl Loader {
    /// A loader that has not begun.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, options: LoadOptions) -> Self {
        let projector = Projector::new(Arc::clone(&store));
        Self { store, options, projector, progress: Arc::default() }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Arc<LoadProgress> {
        Arc::clone(&self.progress)
    }

    /// Loads files in the given order, each from where it was loaded before. A file that cannot be read does not stop the
    /// others; an error of the store does. Stops between two batches when asked to.
    pub async fn load(&mut self, files: &[PathBuf], stop: &CancellationToken) -> LoadSummary {
        let mut summary = LoadSummary::default();
        for path in files {
            if stop.is_cancelled() {
                break;
            }
            let mut file = FileSummary::new(path.clone());
            match self.load_file(path, &mut file, stop).await {
                Ok(()) => summary.files.push(file),
                Err(error) => {
                    let goes_on = error.is_of_file();
                    self.projector.reset();
                    file.outcome = FileOutcome::Failed(error);
                    summary.files.push(file);
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        summary
    }

    async fn load_file(&mut self, path: &Path, file: &mut FileSummary, stop: &CancellationToken) -> Result<(), LoadError> {
        let Some(head) = in_background(path, head_of).await? else { return Ok(()) };
        let known = self.store.position(head).await?;
        let decoder = self.options.decoder.clone();
        let opened = {
            let known = known.clone();
            in_background(path, move |path| Source::open(path, head, known.as_ref(), decoder)).await?
        };
        let Some(source) = opened else {
            file.already_loaded = count_lines(path).await?;
            return Ok(());
        };
        file.already_loaded = known.map_or(0, |known| known.line_number);
        let mut done = source.offset();
        self.progress.bytes.fetch_add(done, Ordering::Relaxed);

        let mut drafts = self.decode(source);
        while let Some(draft) = drafts.recv().await {
            let draft = draft?;
            let (tally, offset) = (draft.tally.clone(), draft.advance.as_ref().map_or(done, |step| step.to.byte_offset));
            let batch = self.projector.project(draft).await?;
            let committed = self.store.commit(&batch).await?;
            self.progress.bytes.fetch_add(offset - done, Ordering::Relaxed);
            self.progress.lines.fetch_add(tally.lines(), Ordering::Relaxed);
            self.progress.rejects.fetch_add(tally.rejects.values().sum(), Ordering::Relaxed);
            done = offset;
            file.add(tally, &committed);
            if stop.is_cancelled() {
                file.outcome = FileOutcome::Interrupted;
                break;
            }
        }
        Ok(())
    }

    /// Reads and decodes on a thread of its own, ahead of the store. Dropping the receiver stops it.
    fn decode(&self, mut source: Source) -> mpsc::Receiver<Result<Draft, LoadError>> {
        let (sender, receiver) = mpsc::channel(DRAFTS_AHEAD);
        let most = self.options.batch_lines;
        task::spawn_blocking(move || {
            loop {
                let draft = source.next(most).transpose().or_else(|| source.last().transpose());
                let Some(draft) = draft else { break };
                // A line that is rejected for now stays where it is, and nothing comes after it.
                let ends = draft.as_ref().map_or(true, |draft| draft.is_unfinished());
                if sender.blocking_send(draft).is_err() || ends {
                    break;
                }
            }
        });
        receiver
    }
}

/// Runs file work away from the async threads.
async fn in_background<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let path = path.to_path_buf();
    let stopped = LoadError::Stopped { path: path.clone() };
    task::spawn_blocking(move || work(&path)).await.unwrap_or(Err(stopped))
}

async fn count_lines(path: &Path) -> Result<u64, LoadError> {
    in_background(path, |path| {
        let mut reader = obs_archive::Reader::open(path)?;
        while reader.line()?.is_some() {}
        let unfinished = reader.unfinished()?.is_some();
        Ok(reader.line_number() + u64::from(unfinished))
    })
    .await
}
