//! The page for people at `/`. Its files are in the program, so that nothing is fetched from elsewhere. They hold no data, so
//! they are served without a token; what they show they ask the interface for.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::problem::Problem;

/// Everything from this program and nothing from elsewhere. The chart library makes an empty `<style>`, to which it adds its rules
/// one by one: the digest is that of nothing. It also asks whether the browser reads an image that is within the script.
const POLICY: &str = "default-src 'self'; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
                      img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a browser asks about before it uses what it has: a later program may have other files.
const ASK_AGAIN: &str = "no-cache";
/// What has its digest in its name never changes.
const KEEP: &str = "public, max-age=31536000, immutable";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The chart library's script, packed with gzip: [Plotly](https://plotly.com/javascript/), MIT.
static PLOTLY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plotly.js.gz"));

/// The page. It names the script by its digest.
const PAGE: &str = include_str!("dashboard/index.html");

/// The files beside it.
const FILES: [(&str, &str, &str); 21] = [
    ("api.js", SCRIPT, include_str!("dashboard/api.js")),
    ("chart.js", SCRIPT, include_str!("dashboard/chart.js")),
    ("dom.js", SCRIPT, include_str!("dashboard/dom.js")),
    ("early.js", SCRIPT, include_str!("dashboard/early.js")),
    ("feeds.js", SCRIPT, include_str!("dashboard/feeds.js")),
    ("figure.js", SCRIPT, include_str!("dashboard/figure.js")),
    ("format.js", SCRIPT, include_str!("dashboard/format.js")),
    ("gaps.js", SCRIPT, include_str!("dashboard/gaps.js")),
    ("hover.js", SCRIPT, include_str!("dashboard/hover.js")),
    ("icon.svg", "image/svg+xml", include_str!("dashboard/icon.svg")),
    ("language.js", SCRIPT, include_str!("dashboard/language.js")),
    ("live.js", SCRIPT, include_str!("dashboard/live.js")),
    ("main.js", SCRIPT, include_str!("dashboard/main.js")),
    ("portfolio.js", SCRIPT, include_str!("dashboard/portfolio.js")),
    ("preferences.js", SCRIPT, include_str!("dashboard/preferences.js")),
    ("state.js", SCRIPT, include_str!("dashboard/state.js")),
    ("status.js", SCRIPT, include_str!("dashboard/status.js")),
    ("style.css", STYLE, include_str!("dashboard/style.css")),
    ("symbols.js", SCRIPT, include_str!("dashboard/symbols.js")),
    ("texts.js", SCRIPT, include_str!("dashboard/texts.js")),
    ("theme.css", STYLE, include_str!("dashboard/theme.css")),
];

/// The dashboard's addresses.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(page)).route("/assets/{name}", get(asset))
}

/// Something that browsers are given.
struct File {
    name: String,
    media: &'static str,
    body: &'static [u8],
    packed: bool,
    tag: HeaderValue,
}

/// The page and its files; the page is the first.
static SITE: LazyLock<Vec<File>> = LazyLock::new(|| {
    let plotly = File { packed: true, ..File::new(format!("plotly-{}.js", digest(PLOTLY)), SCRIPT, PLOTLY) };
    let page: &'static str = PAGE.replace("{{plotly}}", &plotly.name).leak();
    let mut site = vec![File::new(String::new(), "text/html; charset=utf-8", page.as_bytes())];
    site.extend(FILES.map(|(name, media, text)| File::new(name.to_owned(), media, text.as_bytes())));
    site.push(plotly);
    site
});

impl File {
    fn new(name: String, media: &'static str, body: &'static [u8]) -> Self {
        // Weak, because an answer may be packed on its way.
        let tag = HeaderValue::try_from(format!("W/\"{}\"", digest(body)));
        Self { name, media, body, packed: false, tag: tag.unwrap_or_else(|_| HeaderValue::from_static("W/\"0\"")) }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().as_bytes() == self.tag.as_bytes());
        let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { self.body.into_response() };
        let written = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| written.insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, self.media);
        set(header::CACHE_CONTROL, if self.packed { KEEP } else { ASK_AGAIN });
        set(header::CONTENT_SECURITY_POLICY, POLICY);
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(header::REFERRER_POLICY, "no-referrer");
        if self.packed {
            // Every browser unpacks it; nobody else has a use for it.
            set(header::CONTENT_ENCODING, "gzip");
        }
        written.insert(header::ETAG, self.tag.clone());
        response
    }
}

async fn page(headers: HeaderMap) -> Response {
    asset(Path(String::new()), Uri::from_static("/"), headers).await
}

async fn asset(Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    match SITE.iter().find(|file| file.name == name) {
        Some(file) => file.answer(&headers),
        None => Problem::not_found(format!("there is nothing at {}", uri.path())).into_response(),
    }
}

/// Sixteen digits that tell a content from others.
fn digest(content: &[u8]) -> String {
    let mut digits = blake3::hash(content).to_hex().to_string();
    digits.truncate(16);
    digits
}
