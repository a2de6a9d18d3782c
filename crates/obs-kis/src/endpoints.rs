//! Where the broker listens.

use reqwest::Url;

use crate::KisError;

/// The addresses of a REST host and of the WebSocket that belongs to it.
///
/// ```
/// use obs_kis::Endpoints;
///
/// assert_eq!(Endpoints::paper().websocket(), "ws://ops.koreainvestment.com:31000");
/// assert_eq!(Endpoints::at("http://127.0.0.1:9443/", "ws://127.0.0.1:21000")?.rest(), "http://127.0.0.1:9443");
/// assert!(Endpoints::at("127.0.0.1:9443", "ws://127.0.0.1:21000").is_err());
/// # Ok::<(), obs_kis::KisError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    rest: String,
    websocket: String,
}

impl Endpoints {
    /// The hosts of live trading.
    #[must_use]
    pub fn live() -> Self {
        Self {
            rest: "https://openapi.koreainvestment.com:9443".to_owned(),
            websocket: "ws://ops.koreainvestment.com:21000".to_owned(),
        }
    }

    /// The hosts of paper trading.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            rest: "https://openapivts.koreainvestment.com:29443".to_owned(),
            websocket: "ws://ops.koreainvestment.com:31000".to_owned(),
        }
    }

    /// Other hosts, such as a simulator's.
    ///
    /// The WebSocket is always plain `ws`: the broker offers no other.
    ///
    /// # Errors
    /// [`KisError::Setup`] unless `rest` is an `http` or `https` address and `websocket` a `ws` address.
    pub fn at(rest: &str, websocket: &str) -> Result<Self, KisError> {
        Ok(Self { rest: check(rest, &["https", "http"])?, websocket: check(websocket, &["ws"])? })
    }

    /// The REST address, without a slash at its end.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// The WebSocket address, without a slash at its end.
    #[must_use]
    pub fn websocket(&self) -> &str {
        &self.websocket
    }
}

fn check(address: &str, schemes: &[&str]) -> Result<String, KisError> {
    let setup = |problem: String| KisError::Setup { reason: format!("{address:?} is not an address: {problem}") };
    let url = Url::parse(address).map_err(|error| setup(error.to_string()))?;
    if !schemes.contains(&url.scheme()) || !url.has_host() {
        return Err(setup(format!("it should begin with {}://", schemes.join(":// or "))));
    }
    Ok(address.trim_end_matches('/').to_owned())
}
