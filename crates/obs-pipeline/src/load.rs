//! Loading files that lie there.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use obs_aggregate::GuardSettings;
use obs_schema::Decoder;
use obs_store::{Advance, Batch, Committed, Digest, Position, Staged, Store, StoreError};
use tokio::{
    sync::mpsc,
    task::{self, JoinHandle},
};
use tokio_util::sync::CancellationToken;

use crate::{
    FileOutcome, FileSummary, LoadError, LoadSummary,
    draft::{Draft, Tally},
    lines::head_of,
    projector::Projector,
    source::Source,
};

/// Drafts that may wait while a batch is committed: decoding works on one core while the store writes on another.
const DRAFTS_AHEAD: usize = 2;

/// How to load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Lines of one transaction, at least one.
    pub batch_lines: usize,
    /// Reads the lines; it knows the zone of times without an offset.
    pub decoder: Decoder,
    /// What makes a trade doubtful that no recorder of ours has judged.
    pub guards: GuardSettings,
}

impl Default for LoadOptions {
    /// Batches of 20,000 lines: some megabytes, and a fraction of a second of work for the store.
    fn default() -> Self {
        Self { batch_lines: 20_000, decoder: Decoder::default(), guards: GuardSettings::default() }
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
    /// Positions of files that were only the beginning of a line when they were loaded; `None` if nobody asked yet.
    beginnings: Option<Vec<Position>>,
}

/// What a batch adds to the progress of its file.
struct Size {
    tally: Tally,
    bytes: u64,
    head: Option<Digest>,
    /// The file's place in the summary.
    file: usize,
}

impl Size {
    fn of(draft: &Draft, file: usize) -> Self {
        let step = draft.advance.as_ref();
        let bytes = step.map_or(0, |step| step.to.byte_offset - step.from.unwrap_or_default());
        Self { tally: draft.tally.clone(), bytes, head: step.map(|step| step.to.head), file }
    }
}

/// A batch that is ready for the store.
struct Projected {
    batch: Batch,
    size: Size,
}

/// A batch that is being committed.
struct Writing {
    size: Size,
    commit: JoinHandle<Result<Committed, StoreError>>,
}

impl Loader {
    /// A loader that has not begun.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, options: LoadOptions) -> Self {
        let projector = Projector::new(Arc::clone(&store));
        Self { store, options, projector, progress: Arc::default(), beginnings: None }
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
        let files: Arc<[PathBuf]> = files.into();
        let mut writing = None;
        self.projector.start();
        for path in files.iter() {
            let at = summary.files.len();
            summary.files.push(FileSummary::new(path.clone()));
            let loaded =
                if stop.is_cancelled() { Ok(false) } else { self.load_file(&files, &mut summary, &mut writing, stop).await };
            match loaded {
                Ok(true) => {}
                Ok(false) => {
                    summary.files[at].outcome = FileOutcome::Interrupted;
                    break;
                }
                Err(error) => {
                    let goes_on = error.is_of_file();
                    summary.files[at].outcome = FileOutcome::Failed(error);
                    // Whatever went wrong, no batch is left behind that nobody waits for.
                    let finished = self.finish(&mut writing, &mut summary).await;
                    if !goes_on || finished.is_err() {
                        fail(&mut summary, finished);
                        return summary;
                    }
                    self.projector.start();
                }
            }
        }
        let finished = self.finish(&mut writing, &mut summary).await;
        // What was done is only told when it lasts.
        let settled = match finished {
            Ok(()) => self.store.settle().await.map_err(LoadError::from),
            Err(error) => Err(error),
        };
        fail(&mut summary, settled);
        summary
    }

    /// Loads the last file of the summary; `false` if it was asked to stop. Its last batch may still be committing afterwards.
    async fn load_file(
        &mut self,
        files: &Arc<[PathBuf]>,
        summary: &mut LoadSummary,
        writing: &mut Option<Writing>,
        stop: &CancellationToken,
    ) -> Result<bool, LoadError> {
        let Some(path) = summary.files.last().map(|file| file.path.clone()) else { return Ok(true) };
        let Some(head) = in_background(&path, |path| Ok(head_of(path)?)).await? else { return Ok(true) };
        // A copy of the file before has to see how far that one was loaded.
        if writing.as_ref().is_some_and(|writing| writing.size.head == Some(head)) {
            self.finish(writing, summary).await?;
        }
        let known = self.store.position(head).await?;
        if known.is_none() {
            self.forget_beginning(&path, head).await?;
        }
        let opened = {
            let (decoder, known, files) = (self.options.decoder.clone(), known.clone(), Arc::clone(files));
            let guards = self.options.guards;
            in_background(&path, move |path| Source::open(path, head, known.as_ref(), (decoder, guards), &files)).await?
        };
        let before = match &opened {
            Some(source) => (known.map_or(0, |known| known.line_number), source.offset()),
            None => in_background(&path, count_lines).await?,
        };
        if let Some(file) = summary.files.last_mut() {
            file.already_loaded = before.0;
        }
        self.progress.bytes.fetch_add(before.1, Ordering::Relaxed);
        let Some(source) = opened else { return Ok(true) };

        let (mut drafts, reading) = self.decode(source);
        if !self.write(&mut drafts, writing, summary, stop).await? {
            return Ok(false);
        }
        // A reader that died has read no more than it sent.
        reading.await.map_err(|_| LoadError::Stopped { path })?;
        Ok(true)
    }

    /// Commits drafts in their order; `false` if it was asked to stop. While the store takes in one batch, the one before it
    /// commits and the next is projected, unless that one has to see what the others write.
    async fn write(
        &mut self,
        drafts: &mut mpsc::Receiver<Result<Draft, LoadError>>,
        writing: &mut Option<Writing>,
        summary: &mut LoadSummary,
        stop: &CancellationToken,
    ) -> Result<bool, LoadError> {
        let store = Arc::clone(&self.store);
        let file = summary.files.len().saturating_sub(1);
        let mut projected: Option<Projected> = None;
        loop {
            let draft = drafts.recv().await.transpose()?;
            if stop.is_cancelled() {
                return Ok(false);
            }
            let goes_ahead = draft.as_ref().is_none_or(|draft| self.projector.is_independent(draft));
            let stops_here = draft.is_none() || !goes_ahead;
            if let Some(Projected { batch, size }) = projected.take_if(|_| stops_here) {
                let staged = store.stage(batch).await?;
                self.commit(staged, size, writing, summary).await?;
            }
            if !goes_ahead {
                self.finish(writing, summary).await?;
            }
            let Some(draft) = draft else { return Ok(true) };
            let size = Size::of(&draft, file);
            let batch = match projected.take() {
                None => self.projector.project(draft).await?,
                Some(before) => {
                    let (staged, batch) = tokio::join!(store.stage(before.batch), self.projector.project(draft));
                    self.commit(staged?, before.size, writing, summary).await?;
                    batch?
                }
            };
            projected = Some(Projected { batch, size });
        }
    }

    /// Begins to commit a batch when the one before it has committed.
    async fn commit(
        &mut self,
        staged: Box<dyn Staged>,
        size: Size,
        writing: &mut Option<Writing>,
        summary: &mut LoadSummary,
    ) -> Result<(), LoadError> {
        self.finish(writing, summary).await?;
        *writing = Some(Writing { size, commit: task::spawn(staged.commit()) });
        Ok(())
    }

    /// Waits for the batch that is being committed, if there is one, and counts it.
    async fn finish(&mut self, writing: &mut Option<Writing>, summary: &mut LoadSummary) -> Result<(), LoadError> {
        let Some(Writing { size, commit }) = writing.take() else { return Ok(()) };
        let Size { tally, bytes, file, .. } = size;
        let Some(file) = summary.files.get_mut(file) else { return Ok(()) };
        let committed = commit.await.map_err(|_| LoadError::Stopped { path: file.path.clone() })??;
        self.projector.confirm();
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.lines.fetch_add(tally.lines(), Ordering::Relaxed);
        self.progress.rejects.fetch_add(tally.rejected(), Ordering::Relaxed);
        file.add(tally, &committed);
        Ok(())
    }

    /// A file that was only the beginning of its first line had a name that the whole line does not have. Its reject goes, for
    /// the line is read now.
    async fn forget_beginning(&mut self, path: &Path, head: Digest) -> Result<(), StoreError> {
        let beginnings = match self.beginnings.take() {
            Some(known) => known,
            None => {
                let mut positions = self.store.positions().await?;
                positions.retain(|position| position.byte_offset == 0);
                positions
            }
        };
        let shown = path.display().to_string();
        let (gone, kept): (Vec<_>, Vec<_>) =
            beginnings.into_iter().partition(|position| position.path == shown && position.head != head);
        self.beginnings = Some(kept);
        for position in gone {
            let advance = Some(Advance { from: Some(0), to: position });
            self.store.commit(&Batch { advance, ..Batch::default() }).await?;
        }
        Ok(())
    }

    /// Reads and decodes on a thread of its own, ahead of the store. Dropping the receiver stops it.
    fn decode(&self, mut source: Source) -> (mpsc::Receiver<Result<Draft, LoadError>>, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(DRAFTS_AHEAD);
        let most = self.options.batch_lines.max(1);
        let reading = task::spawn_blocking(move || {
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
        (receiver, reading)
    }
}

/// Says of the last file that it failed, unless an error of the store was told already.
fn fail(summary: &mut LoadSummary, result: Result<(), LoadError>) {
    if let (Some(last), Err(error)) = (summary.files.last_mut(), result)
        && !matches!(last.outcome, FileOutcome::Failed(LoadError::Store(_)))
    {
        last.outcome = FileOutcome::Failed(error);
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

/// How many lines and bytes a file has.
fn count_lines(path: &Path) -> Result<(u64, u64), LoadError> {
    let mut reader = obs_archive::Reader::open(path)?;
    while reader.line()?.is_some() {}
    let (lines, bytes) = (reader.line_number(), reader.offset());
    let unfinished = reader.unfinished()?.map_or(0, |line| line.end - line.offset);
    Ok((lines + u64::from(unfinished > 0), bytes + unfinished))
}
