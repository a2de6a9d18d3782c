//! The two stages behind the feeds: recording and loading, and how they end.

use obs_pipeline::{LoadError, Recording};
use tokio::task::JoinHandle;
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
                let failure = outcome.map_err(anyhow::Error::from).and_then(|loaded| loaded.map_err(anyhow::Error::from)).err();
                if let Some(failure) = &failure {
                    error!(error = format!("{failure:#}"), "Loading has stopped; recording goes on, and a later run loads the rest");
                }
                loaded = Some(failure);
                recorded.await.err()
            }
        };
        info!("Recording has ended");
        let loading = match loaded {
            Some(failure) => failure,
            None => loading.await.map_err(anyhow::Error::from).and_then(|loaded| loaded.map_err(anyhow::Error::from)).err(),
        };
        Self { recording: recording.map(anyhow::Error::from), loading }
    }
}
