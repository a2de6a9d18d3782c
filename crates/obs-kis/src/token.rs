//! The access token: issued, kept, renewed and replaced, by one caller for all.

mod cache;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use obs_model::KST;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::{
    KisError,
    client::Shared,
    counters::count,
    error::TOKEN_TOO_SOON,
    fields::{Body, malformed},
    http::url,
};

const CALL: &str = "tokenP";
/// The broker issues one token a minute; a second more because its minute and ours do not begin together.
const ISSUE_LIMIT: Duration = Duration::from_secs(61);
/// How long nobody asks again after a renewal that brought nothing new, or after an answer that a person must see to.
const ISSUE_PAUSE: Duration = Duration::from_secs(600);
/// How long a token lives, and how long after its issue the broker answers with the same one.
const LIFE: TimeDelta = TimeDelta::hours(24);
const SAME_TOKEN: TimeDelta = TimeDelta::hours(6);

/// A token and when it ends.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    secret: SecretString,
    expires_at: DateTime<Utc>,
}

/// The token of a client and its clones.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Held while a token is asked for: whoever needs one meanwhile waits here, first come, first served.
    state: Mutex<State>,
    /// How many times asking has ended.
    ended: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// When a token was last asked for.
    asked_at: Option<DateTime<Utc>>,
    /// The last failure and the number of its end, for those who were waiting for it.
    failure: Option<(u64, KisError)>,
    /// The token that the broker refuses and repeats, and since when. After a while it gets another chance: the refusal may have
    /// been the mistake.
    dead: Option<(Token, DateTime<Utc>)>,
}

#[derive(Serialize)]
struct Request<'a> {
    grant_type: &'static str,
    appkey: &'a str,
    appsecret: &'a str,
}

impl Token {
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    fn is(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| other.expose() == self.expose())
    }
}

impl Tokens {
    /// A token that is valid as far as is known, and is not the one that the broker has just refused.
    pub(crate) async fn get(&self, broker: &Shared, refused: Option<&Token>) -> Result<Token, KisError> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some((number, error)) = &state.failure
            && *number > ended_before
        {
            return Err(error.clone());
        }
        let now = broker.clock.now();
        let due = |token: &Token| token.expires_at - now <= market(broker.settings.renew_token_before);
        state.dead.take_if(|(_, since)| (now - *since).abs() >= market(ISSUE_PAUSE));
        let usable = |state: &State, token: &Token| now < token.expires_at && !token.is(refused) && !state.is_dead(token);
        let mut held = state.token.clone().filter(|token| usable(&state, token));
        if held.as_ref().is_none_or(due)
            && let Some(found) = cache::load(broker).await
            && usable(&state, &found)
            && held.as_ref().is_none_or(|held| held.expires_at < found.expires_at)
        {
            // Kept by an earlier run, or renewed by another program.
            state.token = Some(found.clone());
            held = Some(found);
        }
        let asked_lately = state.asked_at.is_some_and(|at| (now - at).abs() < market(ISSUE_PAUSE));
        if let Some(token) = &held
            && (!due(token) || asked_lately)
        {
            return Ok(token.clone());
        }
        if let Some((_, error @ (KisError::DeadToken { .. } | KisError::WrongCredentials { .. }))) = &state.failure
            && asked_lately
        {
            return Err(error.clone());
        }
        let issued = state.issue(broker, held.is_none()).await;
        let number = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        match (issued, held) {
            (Ok(token), _) if token.is(refused) || state.is_dead(&token) => {
                let next = token.expires_at.checked_sub_signed(LIFE - SAME_TOKEN).unwrap_or(token.expires_at);
                let error = KisError::DeadToken { next };
                state.dead = Some((token, broker.clock.now()));
                state.failure = Some((number, error.clone()));
                Err(error)
            }
            (Ok(token), _) => {
                cache::save(broker, &token).await;
                state.token = Some(token.clone());
                state.failure = None;
                Ok(token)
            }
            (Err(error), Some(token)) => {
                tracing::warn!(%error, "the access token could not be renewed; it is used until it ends");
                Ok(token)
            }
            (Err(error), None) => {
                state.failure = Some((number, error.clone()));
                Err(error)
            }
        }
    }
}

impl State {
    fn is_dead(&self, token: &Token) -> bool {
        token.is(self.dead.as_ref().map(|(dead, _)| dead))
    }

    /// Asks for a token, not more often than the broker allows. If it is `needed`, the wait is part of the call.
    async fn issue(&mut self, broker: &Shared, needed: bool) -> Result<Token, KisError> {
        let mut first = true;
        loop {
            if let Some(asked_at) = self.asked_at {
                let passed = (broker.clock.now() - asked_at).to_std().unwrap_or_default();
                let left = ISSUE_LIMIT.saturating_sub(passed);
                if !left.is_zero() {
                    tracing::info!(seconds = left.as_secs(), "waiting to ask for a token: the broker issues one a minute");
                    broker.clock.sleep(left).await;
                }
            }
            let asked_before = self.asked_at.replace(broker.clock.now());
            let error = match broker.ask_for_token().await {
                Ok(token) => return Ok(token),
                Err((error, sent)) => {
                    if !sent {
                        self.asked_at = asked_before;
                    }
                    error
                }
            };
            let too_soon = matches!(&error, KisError::RateLimited { code, .. } if code == TOKEN_TOO_SOON);
            // Another program, or a run before this one, has asked within the minute.
            if !(too_soon && needed && first) {
                return Err(error);
            }
            first = false;
        }
    }
}

impl Shared {
    /// The token, or why there is none and whether the broker was reached.
    async fn ask_for_token(&self) -> Result<Token, (KisError, bool)> {
        let credentials = &self.credentials;
        let request =
            Request { grant_type: "client_credentials", appkey: credentials.app_key(), appsecret: credentials.app_secret() };
        let address = self.endpoints.rest();
        let url = url(address, "/oauth2/tokenP", &[]).map_err(|error| (error, false))?;
        count(&self.counters.calls);
        count(&self.counters.logins);
        let answered = self.http.ask(address, self.http.post(url).json(&request)).await;
        let answer = answered.map_err(|failure| (failure.error, failure.sent))?;
        let body = answer.read(CALL, |text| credentials.redact(text)).map_err(|error| (error, true))?;
        let token = read_token(&body, self.clock.now()).map_err(|error| (error, true))?;
        tracing::info!(expires_at = %token.expires_at, "the broker issued an access token");
        Ok(token)
    }
}

fn read_token(body: &Body, now: DateTime<Utc>) -> Result<Token, KisError> {
    let secret = body.text("access_token").filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let secret = secret.ok_or_else(|| malformed(CALL, "access_token", "it is missing or not a token".to_owned()))?;
    // A repeated token has its old end, which only the first of the two tells.
    let end = body.text("access_token_token_expired").and_then(|text| {
        let korean = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()?;
        korean.and_local_timezone(KST).single().map(|end| end.to_utc())
    });
    let seconds = || body.text("expires_in")?.parse().ok().and_then(TimeDelta::try_seconds);
    let expires_at = end.or_else(|| now.checked_add_signed(seconds()?));
    let expires_at = expires_at
        .ok_or_else(|| malformed(CALL, "access_token_token_expired", "it is missing or not a date and time".to_owned()))?;
    Ok(Token { secret: secret.into(), expires_at })
}

fn market(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
