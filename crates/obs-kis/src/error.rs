//! What can go wrong with the broker, by what the caller can do about it.

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
            Self::Setup { .. } | Self::LoginExpired { .. } | Self::WrongCredentials { .. } | Self::Refused { .. } => false,
        }
    }

    /// Whether the call may succeed after a new login.
    #[must_use]
    pub const fn needs_new_login(&self) -> bool {
        matches!(self, Self::LoginExpired { .. })
    }

    /// Whether only a person can mend it: stop and say so.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        !self.is_retryable() && !self.needs_new_login()
    }

    /// The error behind a code of the broker's.
    pub(crate) fn of_code(status: u16, code: &str, message: String) -> Self {
        let code = code.trim().to_owned();
        match code.as_str() {
            "EGW00201" | "EGW00215" | "EGW00133" => Self::RateLimited { code, message },
            "EGW00121" | "EGW00122" | "EGW00123" => Self::LoginExpired { code, message },
            "EGW00103" | "EGW00105" | "EGW00304" | "EGW02004" => Self::WrongCredentials { code, message },
            "EGW00202" | "EGW00300" | "EGW00301" | "EGW00302" => Self::Unavailable { code, message },
            "EGW00131" | "EGW00206" | "EGW00213" => Self::Refused { code, message },
            // Unknown service or field: the call is wrong, whatever the status.
            known if known.starts_with("OPSQ") => Self::Refused { code, message },
            _ if status >= 500 => Self::Unavailable { code, message },
            _ => Self::Refused { code, message },
        }
    }
}
