//! The interface's description of itself.

use axum::{Router, http::header, response::IntoResponse, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_swagger_ui::SwaggerUi;

use crate::{problem, router};

/// Where the description is.
const ADDRESS: &str = "/api/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Observer",
        description = "What was recorded of Korean stocks: ticks, bars, gaps, and the portfolio's record. Prices and sums of money \
                       are texts in won, exact to the last digit; shares are whole numbers; times are RFC 3339 in UTC, days are \
                       Korean. Ranges are half open, `[from, to)`. Nothing here changes data.",
        license(name = "MIT OR Apache-2.0")
    ),
    modifiers(&Parts),
    security((), ("token" = [])),
    tags(
        (name = "market", description = "Ticks and bars"),
        (name = "record", description = "What is known about the record itself"),
        (name = "portfolio", description = "Snapshots and plans"),
        (name = "tradingview", description = "TradingView's UDF protocol: give a chart the address of `/api/v1/udf`"),
        (name = "program", description = "The program")
    )
)]
struct Head;

/// What no annotation can say.
struct Parts;

impl Modify for Parts {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.schemas.extend(problem::schemas());
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", bearer);
    }
}

/// The description without addresses.
pub(crate) fn head() -> openapi::OpenApi {
    Head::openapi()
}

/// The whole description: OpenAPI 3.1.
#[must_use]
pub fn document() -> openapi::OpenApi {
    router::described().into_openapi()
}

/// The description, and the page that shows it.
pub(crate) fn pages() -> Router {
    let document = document();
    let text = document.to_json().unwrap_or_default();
    let answer = move || {
        let text = text.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], text).into_response() }
    };
    let page = SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from(ADDRESS));
    Router::new().route(ADDRESS, get(answer)).merge(page)
}
