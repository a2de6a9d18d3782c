//! The two stages behind the feeds: recording and loading, and how they end.

use obs_pipeline::{LoadError, Recording};
use tokio::task::{JoinError, JoinHandle};
use tracing::{error, info};

/// How recording and loading ended.
pub(crate) struct Ended {
    pub(crate) recording: Option<anyhow::Error>,
    pub(crate) loading: Option<anyhow::Error>,
}

impl Ended {
    /// Waits for the recorder and then for the loader, which follows it to the end. A loader that fails does not end the
    /// recording: the archive is the record, and a later run loads what is missing.
    pub(crate) async fn watch(recording: Recording, mut loading: JoinHandle<Result<(), LoadError>>) -> Self {
        let recorded = recording.ended();
        tokio::pin!(recorded);
        let mut loaded = None;
        let recording = tokio::select! {
            outcome = &mut recorded => outcome.err(),
            outcome = &mut loading => {
                let failure = failure_of(outcome);
                if let Some(failure) = &failure {
                    error!("Loading has stopped; recording goes on, and a later run loads the rest: {failure:#}");
                }
                loaded = Some(failure);
                recorded.await.err()
            }
        };
        info!("Recording has ended");
        let loading = match loaded {
            Some(failure) => failure,
            None => failure_of(loading.await),
        };
        Self { recording: recording.map(anyhow::Error::from), loading }
    }
}

/// What a loader failed with, if it did.
fn failure_of(ended: Result<Result<(), LoadError>, JoinError>) -> Option<anyhow::Error> {
    match ended {
        Ok(loaded) => loaded.err().map(Into::into),
        Err(panicked) => Some(panicked.into()),
    }
}
