//! What one customer identifies itself with: an app key and secret, access tokens, approval keys.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use rand_chacha::ChaCha8Rng;

use crate::random_text::{ALPHANUMERIC, random_text, random_uuid};

/// Tokens and approval keys are valid for a day.
const VALIDITY: TimeDelta = TimeDelta::days(1);
/// A token is handed out again for so long after its issue.
const SAME_TOKEN_FOR: TimeDelta = TimeDelta::hours(6);
/// A token may be asked for once in so long.
const TOKEN_PAUSE: TimeDelta = TimeDelta::minutes(1);

pub(crate) struct Keys {
    pub(crate) app_key: String,
    pub(crate) app_secret: String,
    issued: Mutex<Issued>,
}

struct Issued {
    rng: ChaCha8Rng,
    /// All that were not revoked; the newest is the last.
    tokens: Vec<Token>,
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
pub(crate) enum IssueRefusal {
    AppKey,
    AppSecret,
    TooSoon,
}

/// What a token is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    Valid,
    Expired,
    /// Never issued to this customer, or revoked.
    Unknown,
}

impl Token {
    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        self.issued_at + VALIDITY
    }
}

impl Keys {
    pub(crate) fn new(mut rng: ChaCha8Rng) -> Self {
        let app_key = format!("SIM{}", random_text(&mut rng, ALPHANUMERIC, 33));
        let app_secret = random_text(&mut rng, ALPHANUMERIC, 180);
        let issued = Issued { rng, tokens: Vec::new(), last_token_call: None, approvals: HashMap::new() };
        Self { app_key, app_secret, issued: Mutex::new(issued) }
    }

    /// Issues a token, or the one that is still young.
    pub(crate) fn token(&self, app_secret: &str, now: DateTime<Utc>) -> Result<Token, IssueRefusal> {
        self.check(app_secret)?;
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.last_token_call.is_some_and(|last| (now - last).abs() < TOKEN_PAUSE) {
            return Err(IssueRefusal::TooSoon);
        }
        issued.last_token_call = Some(now);
        if let Some(young) = issued.tokens.last().filter(|token| now - token.issued_at < SAME_TOKEN_FOR) {
            return Ok(young.clone());
        }
        let token = Token { text: jwt_like(&mut issued.rng), issued_at: now };
        issued.tokens.push(token.clone());
        Ok(token)
    }

    /// What a token of a call is worth.
    pub(crate) fn judge(&self, token: &str, now: DateTime<Utc>) -> TokenState {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        match issued.tokens.iter().find(|known| known.text == token) {
            Some(known) if now < known.expires_at() => TokenState::Valid,
            Some(_) => TokenState::Expired,
            None => TokenState::Unknown,
        }
    }

    /// Forgets a token at its owner's wish. The next one is new, and may be asked for at once.
    pub(crate) fn revoke(&self, token: &str) {
        self.forget(|known| known.text == token);
    }

    /// Forgets every token.
    pub(crate) fn revoke_all(&self) {
        self.forget(|_| true);
    }

    fn forget(&self, which: impl Fn(&Token) -> bool) {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let before = issued.tokens.len();
        issued.tokens.retain(|token| !which(token));
        if issued.tokens.len() < before {
            issued.last_token_call = None;
        }
    }

    /// Issues an approval key for the WebSocket.
    pub(crate) fn approval(&self, secret: &str, now: DateTime<Utc>) -> Result<String, IssueRefusal> {
        self.check(secret)?;
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

    fn check(&self, app_secret: &str) -> Result<(), IssueRefusal> {
        if app_secret == self.app_secret { Ok(()) } else { Err(IssueRefusal::AppSecret) }
    }
}

/// Three parts as a signed token has them, within the broker's 350 characters; nobody could verify it.
fn jwt_like(rng: &mut ChaCha8Rng) -> String {
    [34, 200, 86].map(|len| random_text(rng, ALPHANUMERIC, len)).join(".")
}
