//! What can go wrong with the broker, by what the caller can do about it.

use chrono::{DateTime, Utc};

use crate::Rejection;

/// The code of the limit on tokens: one a minute.
pub(crate) const TOKEN_TOO_SOON: &str = "EGW00133";

/// Why a call did not succeed.
///
/// Of [`is_retryable`](Self::is_retryable), [`needs_new_login`](Self::needs_new_login) and [`is_fatal`](Self::is_fatal) exactly
/// one holds. No variant carries a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KisError {
    /// The client was given something that cannot work: a person must change it.
    #[error("{reason}")]
    Setup {
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The host did not answer in time, or not at all: the same call may succeed later.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// The host that was asked.
        address: String,
        /// What happened.
        reason: String,
    },
    /// Too many calls: the same call will succeed after a pause.
    #[error("the broker's rate limit is exceeded: {message} ({code})")]
    RateLimited {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
    /// A fault inside the broker: the same call may succeed later. What it should do may have been done all the same.
    #[error("the broker failed: {message} ({code})")]
    Unavailable {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
    /// The login is no longer valid: log in again, once.
    #[error("the login is no longer valid: {message} ({code})")]
    LoginExpired {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
    /// The broker does not know these keys. Asking again would only get them blocked.
    #[error(
        "the broker refused the app key or its secret: {message} ({code}); check that both are copied whole and are not \
         expired, and that live keys go to the live host and paper keys to the paper host"
    )]
    WrongCredentials {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
    /// The broker will not do this, however often it is asked.
    #[error("the broker refused the call: {message} ({code})")]
    Refused {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
    /// The broker's own token is dead, and it hands out no other yet. The same call will succeed when it does.
    #[error(
        "the broker refuses the token that it issued, and when asked for a new one it repeats the same: it does so for six \
         hours after the issue, so a new one can be had from {next}"
    )]
    DeadToken {
        /// When the six hours are over.
        next: DateTime<Utc>,
    },
    /// The broker does not offer this call in this environment. It was not asked.
    #[error("{what} is not offered in paper trading: use live keys, or do without")]
    NotOffered {
        /// The call, or the part of it.
        what: &'static str,
    },
    /// The broker did not accept an order.
    #[error("the order was rejected: {message} ({code})")]
    Rejected {
        /// The broker's code. The same one is used for different reasons.
        code: String,
        /// The broker's words.
        message: String,
        /// What they mean.
        reason: Rejection,
    },
    /// An order was sent, and whether it was accepted is not known. Look it up ([`orders`](crate::KisClient::orders)) before
    /// sending it again; it may take some seconds to be listed.
    #[error("the order may have been accepted or not, look it up before sending another: {cause}")]
    OutcomeUnknown {
        /// What came instead of an answer.
        cause: Box<KisError>,
    },
    /// An answer has a field that cannot be what it should be.
    #[error("the broker's answer to {call} has no usable {field}: {problem}")]
    Malformed {
        /// The call.
        call: &'static str,
        /// The field, as the broker spells it, in lower case.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// What came back is not an answer of the broker's. It is not repeated here, because it may hold a key.
    #[error("{address} answered with HTTP {status} and a body that {problem}; is it the broker's address?")]
    Unreadable {
        /// The host that was asked.
        address: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with the body.
        problem: &'static str,
    },
}

impl KisError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::RateLimited { .. } | Self::Unavailable { .. } => true,
            // A gateway's page for "overloaded" or "maintenance" passes; a wrong address stays wrong.
            Self::Unreadable { status, .. } => !matches!(status, 300..=499) || matches!(status, 408 | 429),
            // One answer was odd; the next may be whole. A token is no longer dead when the broker has issued another.
            Self::Malformed { .. } | Self::DeadToken { .. } => true,
            Self::Setup { .. }
            | Self::LoginExpired { .. }
            | Self::WrongCredentials { .. }
            | Self::Refused { .. }
            | Self::NotOffered { .. }
            | Self::Rejected { .. }
            | Self::OutcomeUnknown { .. } => false,
        }
    }

    /// Whether the call may succeed after a new login.
    #[must_use]
    pub const fn needs_new_login(&self) -> bool {
        matches!(self, Self::LoginExpired { .. })
    }

    /// Whether doing the same again is of no use, or does harm: stop and say so.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        !self.is_retryable() && !self.needs_new_login()
    }

    /// Whether an order may have been accepted all the same: look it up before anything else.
    #[must_use]
    pub const fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. })
    }

    /// Whether a query is asked again at once, after a short pause.
    pub(crate) fn passes_soon(&self) -> bool {
        match self {
            // The limit on tokens is one a minute, and has its own wait.
            Self::RateLimited { code, .. } => code != TOKEN_TOO_SOON,
            Self::Unreachable { .. } | Self::Unavailable { .. } => true,
            Self::Unreadable { status, .. } => *status >= 500 || matches!(status, 408 | 429),
            _ => false,
        }
    }

    /// What it means for an order that was sent: definite refusals stay what they are.
    pub(crate) fn of_sent_order(self) -> Self {
        match self {
            Self::Refused { code, message } if !is_of_gateway(&code) => {
                Self::Rejected { reason: Rejection::of(&code, &message), code, message }
            }
            // The broker's gateway may fail after the order has passed it, and so may the way back. A call over the limit is
            // normally dropped, but a fill behind such an answer has been reported.
            Self::Unreachable { .. }
            | Self::Unavailable { .. }
            | Self::RateLimited { .. }
            | Self::Unreadable { .. }
            | Self::Malformed { .. } => Self::OutcomeUnknown { cause: Box::new(self) },
            definite => definite,
        }
    }

    /// The error behind a code of the broker's.
    ///
    /// The codes are those of the broker's error table and of its notices; one that is not known is judged by the status.
    pub(crate) fn of_code(status: u16, code: &str, message: String) -> Self {
        let code = code.trim().to_owned();
        match code.as_str() {
            // Calls a second, calls about the ledger a second, tokens a minute.
            "EGW00201" | "EGW00215" | TOKEN_TOO_SOON => Self::RateLimited { code, message },
            // Invalid, not found, expired.
            "EGW00121" | "EGW00122" | "EGW00123" => Self::LoginExpired { code, message },
            // App key, app secret at login, app secret on a call, keys of the other environment.
            "EGW00103" | "EGW00105" | "EGW00304" | "EGW02004" => Self::WrongCredentials { code, message },
            // Routing, routing, timeout, timeout, paper trading delayed.
            "EGW00202" | "EGW00300" | "EGW00301" | "EGW00302" | "90020000" => Self::Unavailable { code, message },
            // Hash of the body, no permission, not a call of paper trading.
            "EGW00131" | "EGW00206" | "EGW00213" => Self::Refused { code, message },
            // Unknown service or field: the call is wrong, whatever the status.
            known if known.starts_with("OPSQ") => Self::Refused { code, message },
            _ if status >= 500 => Self::Unavailable { code, message },
            _ => Self::Refused { code, message },
        }
    }
}

/// Whether a code is of the broker's gateway, and not of the order system behind it.
fn is_of_gateway(code: &str) -> bool {
    code.starts_with("EGW") || code.starts_with("OPSQ")
}
