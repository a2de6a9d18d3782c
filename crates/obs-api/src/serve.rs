//! Serving it.

use std::{io, time::Duration};

use tokio::net::TcpListener;
use tracing::debug;

use crate::{Api, router};

/// How long requests that are being answered may take when the program ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Serves the interface on a socket until [`Api::stop`] is cancelled.
///
/// # Errors
/// If the socket fails.
pub async fn serve(listener: TcpListener, api: Api) -> io::Result<()> {
    let stop = api.stop.clone();
    let serving = axum::serve(listener, router(api)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        () = too_late => {
            debug!("Some requests were not answered in time when the program ended");
            Ok(())
        }
    }
}
