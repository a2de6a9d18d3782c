//! The one customer of the simulated broker: an app key, its tokens and its approval keys.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::random_text::{ALPHANUMERIC, random_text, random_uuid};

/// Tokens and approval keys are valid for a day.
const VALIDITY: TimeDelta = TimeDelta::days(1);
/// A token is handed out again for so long after its issue.
const SAME_TOKEN_FOR: TimeDelta = TimeDelta::hours(6);
/// A token may be asked for once in so long.
const TOKEN_PAUSE: TimeDelta = TimeDelta::minutes(1);

pub(crate) struct Account {
    pub(crate) app_key: String,
    pub(crate) app_secret: String,
    issued: Mutex<Issued>,
}

struct Issued {
    rng: ChaCha8Rng,
    token: Option<Token>,
    last_token_call: Option<DateTime<Utc>>,
    approvals: HashMap<String, DateTime<Utc>>,
}

/// An access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    issued_at: DateTime<Utc>,
}

/// Why a key or token is not issued.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    AppKey,
    AppSecret,
    TooSoon,
}

impl Token {
    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        self.issued_at + VALIDITY
    }
}

impl Account {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The market draws from stream 0 of the same seed.
        rng.set_stream(1);
        let app_key = format!("SIM{}", random_text(&mut rng, ALPHANUMERIC, 33));
        let app_secret = random_text(&mut rng, ALPHANUMERIC, 180);
        let issued = Issued { rng, token: None, last_token_call: None, approvals: HashMap::new() };
        Self { app_key, app_secret, issued: Mutex::new(issued) }
    }

    /// Issues a token, or the one that is still young.
    pub(crate) fn token(&self, app_key: &str, app_secret: &str, now: DateTime<Utc>) -> Result<Token, Refusal> {
        self.check(app_key, app_secret)?;
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.last_token_call.is_some_and(|last| now - last < TOKEN_PAUSE) {
            return Err(Refusal::TooSoon);
        }
        issued.last_token_call = Some(now);
        let young = issued.token.clone().filter(|token| now - token.issued_at < SAME_TOKEN_FOR);
        let token = young.unwrap_or_else(|| Token { text: jwt_like(&mut issued.rng), issued_at: now });
        issued.token = Some(token.clone());
        Ok(token)
    }

    /// Issues an approval key for the WebSocket.
    pub(crate) fn approval(&self, app_key: &str, secret: &str, now: DateTime<Utc>) -> Result<String, Refusal> {
        self.check(app_key, secret)?;
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let key = random_uuid(&mut issued.rng);
        issued.approvals.retain(|_, at| now - *at < VALIDITY);
        issued.approvals.insert(key.clone(), now);
        Ok(key)
    }

    pub(crate) fn approves(&self, approval_key: &str, now: DateTime<Utc>) -> bool {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.approvals.get(approval_key).is_some_and(|at| now - *at < VALIDITY)
    }

    fn check(&self, app_key: &str, app_secret: &str) -> Result<(), Refusal> {
        match (app_key == self.app_key, app_secret == self.app_secret) {
            (true, true) => Ok(()),
            (false, _) => Err(Refusal::AppKey),
            (true, false) => Err(Refusal::AppSecret),
        }
    }
}

/// Three parts as a signed token has them, within the broker's 350 characters; nobody could verify it.
fn jwt_like(rng: &mut ChaCha8Rng) -> String {
    [34, 200, 86].map(|len| random_text(rng, ALPHANUMERIC, len)).join(".")
}
