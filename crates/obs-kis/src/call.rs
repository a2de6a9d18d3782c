//! One call: its turn, its headers, its further tries, its pages.

use std::{sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{
    RequestBuilder,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::Serialize;

use crate::{
    Environment, KisClient, KisError,
    client::Shared,
    counters::count,
    fields::{Body, malformed},
    http::{Failure, url},
    limiter::Budget,
    token::Token,
};

/// More pages than any account fills: 100 rows live, 15 in paper trading.
const MOST_PAGES: usize = 200;

/// What the broker wants to be told of every request's body, also of one without.
const JSON: &str = "application/json; charset=utf-8";

/// A call of the broker's.
pub(crate) struct Call {
    /// The last part of its path, by which the broker's documents name it.
    pub(crate) name: &'static str,
    /// The folder of its path.
    pub(crate) folder: Folder,
    /// The transaction's id, in live trading.
    pub(crate) tr_id: &'static str,
    pub(crate) budget: Budget,
}

/// The folder of a call's path. Calls of the second have ids of their own in paper trading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    Quotations,
    Trading,
}

impl Call {
    pub(crate) const fn quotation(name: &'static str, tr_id: &'static str) -> Self {
        Self { name, folder: Folder::Quotations, tr_id, budget: Budget::General }
    }

    pub(crate) const fn ledger(name: &'static str, tr_id: &'static str) -> Self {
        Self { name, folder: Folder::Trading, tr_id, budget: Budget::Ledger }
    }

    pub(crate) const fn order(name: &'static str, tr_id: &'static str) -> Self {
        Self { name, folder: Folder::Trading, tr_id, budget: Budget::General }
    }

    fn path(&self) -> String {
        let folder = match self.folder {
            Folder::Quotations => "quotations",
            Folder::Trading => "trading",
        };
        format!("/uapi/domestic-stock/v1/{folder}/{}", self.name)
    }

    /// The transaction's id: in paper trading, those of accounts begin with a V.
    fn tr_id(&self, environment: Environment) -> String {
        match (environment, self.folder) {
            (Environment::Paper, Folder::Trading) => format!("V{}", &self.tr_id[1..]),
            _ => self.tr_id.to_owned(),
        }
    }
}

/// An answer, and whether more of it follows.
struct Page {
    body: Body,
    continues: bool,
}

impl KisClient {
    /// Asks, and asks again if that may help.
    pub(crate) async fn get(&self, call: &Call, query: &[(&str, &str)]) -> Result<Body, KisError> {
        self.page(call, query, false).await.map(|page| page.body)
    }

    /// Asks for all pages. `query` is without the continuation keys.
    pub(crate) async fn pages(&self, call: &Call, query: &[(&str, &str)]) -> Result<Vec<Body>, KisError> {
        const KEY: &str = "ctx_area_nk100";
        let endless = |problem: &str| Err(malformed(call.name, KEY, problem.to_owned()));
        let mut bodies = Vec::new();
        let (mut filter, mut key) = (String::new(), String::new());
        loop {
            let keys = [("CTX_AREA_FK100", filter.as_str()), ("CTX_AREA_NK100", key.as_str())];
            let query: Vec<_> = query.iter().copied().chain(keys).collect();
            let Page { body, continues } = self.page(call, &query, !bodies.is_empty()).await?;
            let next = body.text(KEY).filter(|_| continues);
            let next_filter = body.text("ctx_area_fk100").unwrap_or_default();
            bodies.push(body);
            let Some(next) = next else { return Ok(bodies) };
            if next == key && next_filter == filter {
                return endless("the next page is the same page again");
            }
            if bodies.len() == MOST_PAGES {
                return endless("the pages do not end");
            }
            (filter, key) = (next_filter, next);
        }
    }

    async fn page(&self, call: &Call, query: &[(&str, &str)], next: bool) -> Result<Page, KisError> {
        let Shared { settings, clock, counters, .. } = &*self.shared;
        let retries = settings.retries;
        let backoff = ExponentialBuilder::default()
            .with_min_delay(retries.first_pause)
            .with_max_delay(retries.longest_pause)
            .with_max_times(usize::try_from(retries.tries).unwrap_or(usize::MAX))
            .with_jitter();
        let sleeper = clock.clone();
        let ask = || self.logged_in(|token| self.shared.query(call, query, next, token));
        ask.retry(backoff)
            .sleep(move |pause| {
                let clock = sleeper.clone();
                async move { clock.sleep(pause).await }
            })
            .when(KisError::passes_soon)
            .adjust(|error, pause| pause.map(|pause| pause.max(least_pause(error, retries.rate_limit_pause))))
            .notify(|error, pause| {
                count(&counters.retries);
                tracing::debug!(call = call.name, %error, ?pause, "asking again");
            })
            .await
    }

    /// Sends an order once. Only a refused login is answered by another try: such an order has not passed the gateway.
    pub(crate) async fn order(&self, call: &Call, order: &(impl Serialize + Sync)) -> Result<Body, KisError> {
        let hash = if self.shared.settings.hashkey { Some(self.hashkey(order).await?) } else { None };
        self.logged_in(|token| self.shared.order(call, order, hash.as_deref(), token)).await
    }

    /// The broker's hash of an order's body, for the header `hashkey`.
    ///
    /// Orders are sent with it if [`KisSettings::hashkey`](crate::KisSettings::hashkey) says so. The broker no longer asks for it.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn hashkey(&self, order: &(impl Serialize + Sync)) -> Result<String, KisError> {
        let Shared { endpoints, credentials, http, limiter, .. } = &*self.shared;
        let request = http.post(url(endpoints.rest(), "/uapi/hashkey", &[])?).header(CONTENT_TYPE, JSON);
        let request = request.header("appkey", secret(credentials.app_key())?);
        let request = request.header("appsecret", secret(credentials.app_secret())?).json(order);
        limiter.turn(Budget::General).await;
        let page = self.shared.ask("hashkey", request, None).await.map_err(|failure| failure.error)?;
        Ok(page.body.fields().required("hash")?.to_owned())
    }

    /// Does something with a token; if the broker refuses the token, once more with a new one.
    async fn logged_in<T, F: Future<Output = Result<T, KisError>>>(
        &self,
        attempt: impl Fn(Token) -> F,
    ) -> Result<T, KisError> {
        let token = self.token(None).await?;
        match attempt(token.clone()).await {
            Err(error) if error.needs_new_login() => {
                tracing::warn!(%error, "the broker refused the access token; asking for another");
                attempt(self.token(Some(token)).await?).await
            }
            answered => answered,
        }
    }

    /// A token; if there is a `refused` one, another.
    async fn token(&self, refused: Option<Token>) -> Result<Token, KisError> {
        let shared = Arc::clone(&self.shared);
        // In a task of its own: a caller that gives up must not lose a token on its way, the next is a minute off.
        let asking = tokio::spawn(async move { shared.tokens.get(&shared, refused.as_ref()).await });
        asking.await.unwrap_or_else(|_| {
            let address = self.endpoints().rest().to_owned();
            Err(KisError::Unreachable { address, reason: "the program is ending".to_owned() })
        })
    }
}

impl Shared {
    async fn query(&self, call: &Call, query: &[(&str, &str)], next: bool, token: Token) -> Result<Page, KisError> {
        let request = self.http.get(url(self.endpoints.rest(), &call.path(), query)?);
        let request = self.headers(request, call, &token)?.header("tr_cont", if next { "N" } else { "" });
        self.limiter.turn(call.budget).await;
        self.ask(call.name, request, Some(&token)).await.map_err(|failure| failure.error)
    }

    async fn order(&self, call: &Call, order: &impl Serialize, hash: Option<&str>, token: Token) -> Result<Body, KisError> {
        let request = self.http.post(url(self.endpoints.rest(), &call.path(), &[])?);
        let mut request = self.headers(request, call, &token)?.json(order);
        if let Some(hash) = hash {
            request = request.header("hashkey", hash);
        }
        self.limiter.turn(call.budget).await;
        match self.ask(call.name, request, Some(&token)).await {
            Ok(page) => Ok(page.body),
            Err(Failure { error, sent: true }) => Err(error.of_sent_order()),
            Err(Failure { error, sent: false }) => Err(error),
        }
    }

    fn headers(&self, request: RequestBuilder, call: &Call, token: &Token) -> Result<RequestBuilder, KisError> {
        let tr_id = call.tr_id(self.endpoints.environment());
        Ok(request
            .header(CONTENT_TYPE, JSON)
            .header("authorization", secret(&format!("Bearer {}", token.expose()))?)
            .header("appkey", secret(self.credentials.app_key())?)
            .header("appsecret", secret(self.credentials.app_secret())?)
            .header("tr_id", tr_id)
            // A person; companies send more headers.
            .header("custtype", "P"))
    }

    async fn ask(&self, call: &'static str, request: RequestBuilder, token: Option<&Token>) -> Result<Page, Failure> {
        count(&self.counters.calls);
        let answer = self.http.ask(self.endpoints.rest(), request).await?;
        let redact = |text: &str| {
            let text = self.credentials.redact(text);
            token.map_or_else(|| text.clone(), |token| text.replace(token.expose(), "[access token]"))
        };
        match answer.read(call, redact) {
            Ok(body) => Ok(Page { body, continues: answer.continues }),
            Err(error) => {
                if matches!(error, KisError::RateLimited { .. }) {
                    count(&self.counters.rate_limited);
                }
                Err(Failure { error, sent: true })
            }
        }
    }
}

/// A header's value that logs do not show.
fn secret(text: &str) -> Result<HeaderValue, KisError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| KisError::Setup { reason: "a key or token has a character that no header may have".to_owned() })?;
    value.set_sensitive(true);
    Ok(value)
}

fn least_pause(error: &KisError, rate_limit_pause: Duration) -> Duration {
    if matches!(error, KisError::RateLimited { .. }) { rate_limit_pause } else { Duration::ZERO }
}
