//! What the broker answers: an HTTP answer, and in its body one envelope for calls and another for logins.

use crate::{KisError, fields::Body};

/// A whole HTTP answer.
pub(crate) struct Answer {
    pub(crate) address: String,
    pub(crate) status: u16,
    /// Whether the header `tr_cont` says that more pages follow.
    pub(crate) continues: bool,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads the body, and decides by its code first and by the HTTP status second. `redact` takes the secrets out of the
    /// broker's words, should it repeat them.
    pub(crate) fn read(&self, call: &'static str, redact: impl FnOnce(&str) -> String) -> Result<Body, KisError> {
        let body = Body::read(call, &self.body).ok_or_else(|| self.unreadable("is not the broker's JSON"))?;
        let refused = body.text("rt_cd").is_some_and(|rt_cd| rt_cd != "0");
        let code = body.text("error_code").or_else(|| body.text("msg_cd").filter(|_| refused));
        if let Some(code) = code {
            let message = body.text("error_description").or_else(|| body.text("msg1")).unwrap_or_default();
            return Err(KisError::of_code(self.status, &code, redact(&message)));
        }
        if refused {
            return Err(self.unreadable("refuses the call without a code"));
        }
        if !(200..300).contains(&self.status) {
            return Err(self.unreadable("does not say what is wrong"));
        }
        Ok(body)
    }

    pub(crate) fn unreadable(&self, problem: &'static str) -> KisError {
        KisError::Unreadable { address: self.address.clone(), status: self.status, problem }
    }
}
