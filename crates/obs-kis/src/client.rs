//! An account at the broker's REST host, and logging in.

use std::{fmt, num::NonZeroU32, sync::Arc};

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::Serialize;

use crate::{
    CallCounts, Clock, Credentials, Endpoints, KisError, KisSettings,
    counters::{Counters, count},
    http::{Http, url},
    limiter::{Limiter, Pace},
    token::Tokens,
};

/// An account at one REST host.
///
/// Cloning is cheap, and clones share everything: connections, rate limits, the access token and the counts. An app key should
/// have one client (and its clones), because the broker counts its calls together.
#[derive(Clone)]
pub struct KisClient {
    pub(crate) shared: Arc<Shared>,
}

/// What clones share.
pub(crate) struct Shared {
    pub(crate) endpoints: Endpoints,
    pub(crate) credentials: Credentials,
    pub(crate) settings: KisSettings,
    pub(crate) clock: Clock,
    pub(crate) http: Http,
    pub(crate) limiter: Limiter,
    pub(crate) tokens: Tokens,
    pub(crate) counters: Counters,
    /// Approval keys have a limit of their own: one a second.
    approvals: Pace,
}

#[derive(Serialize)]
struct ApprovalRequest<'a> {
    grant_type: &'static str,
    appkey: &'a str,
    // The one call that names the app secret like this.
    secretkey: &'a str,
}

impl KisClient {
    /// A client for these hosts and keys. Nothing is asked yet.
    ///
    /// `clock` is [`Clock::system`] for a real host, and the simulator's own for a simulated one.
    ///
    /// # Errors
    /// [`KisError::Setup`] if TLS cannot be set up, which is when the machine has no root certificates, or if the proxy is not
    /// an address.
    pub fn new(
        endpoints: Endpoints,
        credentials: Credentials,
        settings: KisSettings,
        clock: Clock,
    ) -> Result<Self, KisError> {
        let http = Http::new(&endpoints, &settings, &clock)?;
        let limiter = Limiter::new(settings.limits, &clock);
        let approvals = Pace::new(NonZeroU32::MIN, &clock);
        let (tokens, counters) = (Tokens::default(), Counters::default());
        let shared = Shared { endpoints, credentials, settings, clock, http, limiter, tokens, counters, approvals };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The hosts it asks.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// Our clock minus the broker's: the median of what the last nine answers' `Date` headers say, or none before the first.
    ///
    /// The header has whole seconds, so anything below about one second is noise.
    #[must_use]
    pub fn clock_skew(&self) -> Option<TimeDelta> {
        self.shared.http.skew()
    }

    /// What it and its clones have done so far.
    #[must_use]
    pub fn counts(&self) -> CallCounts {
        self.shared.counters.read()
    }

    /// Asks for the key that opens the WebSocket.
    ///
    /// A key is valid for 24 hours and checked when a connection first subscribes. One call a second is allowed, and waited for;
    /// it is not asked again here, because whoever opens a connection tries again anyway.
    ///
    /// # Errors
    /// [`KisError::WrongCredentials`] if the broker does not know the keys; others as their variants say.
    pub async fn approval_key(&self) -> Result<SecretString, KisError> {
        let Shared { endpoints, credentials, http, counters, approvals, .. } = &*self.shared;
        let request = ApprovalRequest {
            grant_type: "client_credentials",
            appkey: credentials.app_key(),
            secretkey: credentials.app_secret(),
        };
        approvals.turn().await;
        count(&counters.calls);
        let request = http.post(url(endpoints.rest(), "/oauth2/Approval", &[])?).json(&request);
        let answer = http.ask(endpoints.rest(), request).await.map_err(|failure| failure.error)?;
        let body = answer.read("Approval", |text| credentials.redact(text))?;
        Ok(body.fields().required("approval_key")?.into())
    }
}

impl fmt::Debug for KisClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KisClient").field("endpoints", self.endpoints()).finish_non_exhaustive()
    }
}
