//! Asking a host over HTTP: deadlines, the size of an answer, and what went wrong on the way.

use std::{error::Error, time::Duration};

use chrono::TimeDelta;
use reqwest::{
    RequestBuilder, Url,
    header::{DATE, HeaderMap},
};
use secrecy::ExposeSecret;

use crate::{Clock, Endpoints, KisError, KisSettings, answer::Answer, skew::Skew};

/// The longest answer that is read, in bytes. The longest of a call is a tenth of it, and of a list of instruments a third.
const MAX_ANSWER: usize = 1 << 20;

/// How long a connection is kept that nobody uses, in real time.
const IDLE: Duration = Duration::from_secs(20);

/// The connections to the broker.
pub(crate) struct Http {
    client: reqwest::Client,
    /// The host whose clock counts.
    rest: String,
    clock: Clock,
    skew: Skew,
}

/// Why there is no answer.
pub(crate) struct Failure {
    pub(crate) error: KisError,
    /// Whether the host may have got the request.
    pub(crate) sent: bool,
}

impl Http {
    pub(crate) fn new(endpoints: &Endpoints, settings: &KisSettings, clock: &Clock) -> Result<Self, KisError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // It fails only if another thread was faster, and then there is a provider too.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let deadlines = settings.deadlines;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(clock.real(deadlines.connect))
            .read_timeout(clock.real(deadlines.answer))
            .timeout(clock.real(deadlines.call))
            // A connection that the host is just closing would take an order with it, and nobody would know.
            .pool_idle_timeout(IDLE)
            // Following a redirect would send the keys to whoever it names.
            .redirect(reqwest::redirect::Policy::none())
            // Trying again is decided here, where it is known what is asked.
            .retry(reqwest::retry::never())
            // Proxies would come from the environment, which is for programs to read.
            .no_proxy();
        if let Some(proxy) = &settings.proxy {
            // The reason may repeat a password.
            let proxy = reqwest::Proxy::all(proxy.expose_secret()).map_err(|_| KisError::Setup {
                reason: "the proxy is not an address such as http://127.0.0.1:3128".to_owned(),
            })?;
            builder = builder.proxy(proxy);
        }
        // A plain host needs no certificates, and a bare container has none.
        let needs_tls = [endpoints.rest(), endpoints.master()].iter().any(|address| address.starts_with("https:"));
        let builder = if needs_tls { builder } else { builder.tls_certs_only([]) };
        let client = builder.build().map_err(|error| KisError::Setup {
            reason: format!(
                "TLS cannot be set up: {}; are the root certificates installed (ca-certificates)?",
                causes(&error)
            ),
        })?;
        Ok(Self { client, rest: endpoints.rest().to_owned(), clock: clock.clone(), skew: Skew::default() })
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends a request to the host at `address` and reads the whole answer.
    pub(crate) async fn ask(&self, address: &str, request: RequestBuilder) -> Result<Answer, Failure> {
        let failure = |error: reqwest::Error| Failure {
            sent: !error.is_connect() && !error.is_builder(),
            error: KisError::Unreachable { address: address.to_owned(), reason: causes(&error.without_url()) },
        };
        let sent = self.clock.now();
        let mut response = request.send().await.map_err(failure)?;
        if let Some(date) = text(response.headers(), DATE.as_str())
            && address == self.rest
        {
            self.skew.observe(date, sent, self.clock.now());
        }
        let mut answer = Answer {
            address: address.to_owned(),
            status: response.status().as_u16(),
            continues: matches!(text(response.headers(), "tr_cont").map(str::trim), Some("F" | "M")),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            answer.body.extend_from_slice(&chunk);
            if answer.body.len() > MAX_ANSWER {
                return Err(Failure { error: answer.unreadable("is too long"), sent: true });
            }
        }
        Ok(answer)
    }

    /// Our clock minus the broker's.
    pub(crate) fn skew(&self) -> Option<TimeDelta> {
        self.skew.median()
    }
}

/// An address with a path and a query. Both come from here and the address was checked, so this does not fail.
pub(crate) fn url(address: &str, path: &str, query: &[(&str, &str)]) -> Result<Url, KisError> {
    let mut url = Url::parse(&format!("{address}{path}"))
        .map_err(|error| KisError::Setup { reason: format!("{address}{path} is not an address: {error}") })?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// An error and what caused it, in one line.
fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
