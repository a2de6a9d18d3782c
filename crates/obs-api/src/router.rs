//! Addresses, and what stands before all of them.

use std::sync::Arc;

use axum::{Router, http::Uri, middleware};
use chrono::{DateTime, Utc};
use obs_model::Symbol;
use obs_store::Store;
use tokio::time::Instant;
use tower_http::compression::CompressionLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Api, dashboard,
    document::{self, pages},
    guard::guard,
    hub::Hub,
    problem::Problem,
    routes::{events, health, market, portfolio, record, status, udf},
};

/// What all answers share.
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) hub: Hub,
    pub(crate) started: Instant,
}

/// A handle on it.
pub(crate) type App = Arc<Shared>;

impl Shared {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.api.clock)()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.api.store.as_ref()
    }

    pub(crate) fn name_of(&self, symbol: Symbol) -> Option<String> {
        (self.api.names)(symbol)
    }
}

/// All addresses that are described, with their descriptions.
pub(crate) fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::head())
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .routes(routes!(status::status))
        .routes(routes!(record::symbols))
        .routes(routes!(market::ticks))
        .routes(routes!(market::bars))
        .routes(routes!(market::swing_bars))
        .routes(routes!(record::gaps))
        .routes(routes!(record::coverage))
        .routes(routes!(record::sessions))
        .routes(routes!(record::rejects))
        .routes(routes!(portfolio::snapshots))
        .routes(routes!(portfolio::snapshot))
        .routes(routes!(portfolio::plans))
        .routes(routes!(portfolio::plan))
        .routes(routes!(events::events))
        .routes(routes!(udf::config))
        .routes(routes!(udf::time))
        .routes(routes!(udf::symbols))
        .routes(routes!(udf::search))
        .routes(routes!(udf::history))
}

/// The whole interface.
pub fn router(api: Api) -> Router {
    let guarding = Arc::new(api.clone());
    let app = Arc::new(Shared { api, hub: Hub::new(), started: Instant::now() });
    let (router, _) = described().split_for_parts();
    router
        .with_state(app)
        .merge(pages())
        .merge(dashboard::routes())
        .fallback(missing)
        .method_not_allowed_fallback(unreadable)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(guarding, guard))
}

async fn missing(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}: /docs lists what there is", uri.path()))
}

async fn unreadable(method: axum::http::Method) -> Problem {
    Problem::method(method.as_str())
}
