//! What the broker answers: one envelope for calls, another for logins.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Credentials, KisError};

/// A whole HTTP answer.
pub(crate) struct Answer {
    pub(crate) address: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The parts of both envelopes that say whether the call succeeded.
#[derive(Deserialize)]
struct Envelope {
    rt_cd: Option<String>,
    msg_cd: Option<String>,
    msg1: Option<String>,
    error_code: Option<String>,
    error_description: Option<String>,
}

impl Answer {
    /// Reads the body, and decides by its code first and by the HTTP status second.
    pub(crate) fn read<T: DeserializeOwned>(&self, credentials: &Credentials) -> Result<T, KisError> {
        let envelope: Envelope =
            serde_json::from_slice(&self.body).map_err(|_| self.unreadable("is not the broker's JSON"))?;
        let refused = envelope.rt_cd.is_some_and(|rt_cd| rt_cd.trim() != "0");
        if let Some(code) = envelope.error_code.or(envelope.msg_cd.filter(|_| refused)) {
            let message = envelope.error_description.or(envelope.msg1).unwrap_or_default();
            return Err(KisError::of_code(self.status, &code, credentials.redact(message.trim())));
        }
        if refused {
            return Err(self.unreadable("refuses the call without a code"));
        }
        if !(200..300).contains(&self.status) {
            return Err(self.unreadable("does not say what is wrong"));
        }
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable("lacks what was asked for"))
    }

    pub(crate) fn unreadable(&self, problem: &'static str) -> KisError {
        KisError::Unreadable { address: self.address.clone(), status: self.status, problem }
    }
}
