//! The page for people at `/`, which is still to be made. Its files belong into the folder `dashboard` beside this file and into
//! the program, so that nothing is fetched from elsewhere. They hold no data, so they are served without a token; what they show
//! they ask the interface for.

use axum::Router;

/// The dashboard's addresses.
pub(crate) fn routes() -> Router {
    Router::new()
}
