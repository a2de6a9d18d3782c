//! Where the broker listens.

use reqwest::Url;

use crate::KisError;

/// With real money or with play money.
///
/// It decides how trading calls are named on the wire, how many calls a second are allowed, and which calls exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Real trading (실전투자).
    Live,
    /// Paper trading (모의투자): the real market's prices, an invented account.
    Paper,
}

/// The addresses of a REST host and of the WebSocket that belongs to it.
///
/// ```
/// use obs_kis::{Endpoints, Environment};
///
/// assert_eq!(Endpoints::paper().websocket(), "ws://ops.koreainvestment.com:31000");
/// let simulator = Endpoints::at(Environment::Live, "http://127.0.0.1:9443/", "ws://127.0.0.1:21000")?;
/// assert_eq!(simulator.rest(), "http://127.0.0.1:9443");
/// assert!(Endpoints::at(Environment::Live, "127.0.0.1:9443", "ws://127.0.0.1:21000").is_err());
/// # Ok::<(), obs_kis::KisError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    environment: Environment,
    rest: String,
    websocket: String,
    master: String,
}

/// Where the broker publishes its lists of listed instruments, for everybody and without a key.
const MASTER: &str = "https://new.real.download.dws.co.kr";

impl Endpoints {
    /// The hosts of live trading.
    #[must_use]
    pub fn live() -> Self {
        Self {
            environment: Environment::Live,
            rest: "https://openapi.koreainvestment.com:9443".to_owned(),
            websocket: "ws://ops.koreainvestment.com:21000".to_owned(),
            master: MASTER.to_owned(),
        }
    }

    /// The hosts of paper trading.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            environment: Environment::Paper,
            rest: "https://openapivts.koreainvestment.com:29443".to_owned(),
            websocket: "ws://ops.koreainvestment.com:31000".to_owned(),
            master: MASTER.to_owned(),
        }
    }

    /// Other hosts, such as a simulator's. The REST host also has the lists of instruments.
    ///
    /// The WebSocket is always plain `ws`: the broker offers no other.
    ///
    /// # Errors
    /// [`KisError::Setup`] unless `rest` is an `http` or `https` address and `websocket` a `ws` address.
    pub fn at(environment: Environment, rest: &str, websocket: &str) -> Result<Self, KisError> {
        let rest = check(rest, &["https", "http"])?;
        Ok(Self { environment, websocket: check(websocket, &["ws"])?, master: rest.clone(), rest })
    }

    /// Whose money is traded there.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
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

    /// The address under which the lists of listed instruments lie, without a slash at its end.
    #[must_use]
    pub fn master(&self) -> &str {
        &self.master
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
