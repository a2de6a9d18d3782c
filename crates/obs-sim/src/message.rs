//! What clients say over the WebSocket, and what the broker answers.

use obs_model::Symbol;
use serde::Serialize;
use serde_json::Value;

use crate::frame::{BOOK_TR_ID, TRADE_TR_ID};

/// A well-formed request to begin or end a registration.
pub(crate) struct Request {
    pub(crate) approval_key: String,
    pub(crate) action: Action,
    pub(crate) registration: Registration,
}

/// What a client can register for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Registration {
    pub(crate) channel: Channel,
    pub(crate) symbol: Symbol,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Channel {
    Trades,
    Books,
}

impl Channel {
    const fn tr_id(self) -> &'static str {
        match self {
            Self::Trades => TRADE_TR_ID,
            Self::Books => BOOK_TR_ID,
        }
    }

    fn of(tr_id: &str) -> Option<Self> {
        [Self::Trades, Self::Books].into_iter().find(|channel| channel.tr_id() == tr_id)
    }
}

pub(crate) enum Action {
    Subscribe,
    Unsubscribe,
}

/// A code of the broker with its text.
pub(crate) struct Outcome {
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: &'static str,
}

impl Outcome {
    pub(crate) const SUBSCRIBED: Self = Self::new("0", "OPSP0000", "SUBSCRIBE SUCCESS");
    pub(crate) const UNSUBSCRIBED: Self = Self::new("0", "OPSP0001", "UNSUBSCRIBE SUCCESS");
    pub(crate) const ALREADY_SUBSCRIBED: Self = Self::new("1", "OPSP0002", "ALREADY IN SUBSCRIBE");
    pub(crate) const NOT_SUBSCRIBED: Self = Self::new("1", "OPSP0003", "UNSUBSCRIBE ERROR(not found!)");
    pub(crate) const TOO_MANY: Self = Self::new("1", "OPSP0008", "MAX SUBSCRIBE OVER");
    pub(crate) const NOT_APPROVED: Self = Self::new("1", "OPSP0011", "invalid approval : NOT FOUND");
    pub(crate) const KEY_IN_USE: Self = Self::new("9", "OPSP8996", "ALREADY IN USE appkey");
    pub(crate) const UNKNOWN_SYMBOL: Self = Self::BAD_TR_KEY;
    const BAD_TR_ID: Self = Self::new("9", "OPSP8991", "SUBSCRIBE ERROR : invalid tr_id");
    const BAD_TR_KEY: Self = Self::new("9", "OPSP8992", "SUBSCRIBE ERROR : invalid tr_key");
    const BAD_TR_TYPE: Self = Self::new("9", "OPSP8997", "JSON PARSING ERROR : invalid tr_type");
    const BAD_CUSTTYPE: Self = Self::new("9", "OPSP8998", "JSON PARSING ERROR : invalid custtype");
    const NO_TR_KEY: Self = Self::new("9", "OPSP9990", "JSON PARSING ERROR : tr_key not found");
    const NO_INPUT: Self = Self::new("9", "OPSP9991", "JSON PARSING ERROR : input not found");
    const NO_BODY: Self = Self::new("9", "OPSP9992", "JSON PARSING ERROR : body not found");
    const NO_HEADER: Self = Self::new("9", "OPSP9998", "JSON PARSING ERROR : header not found");
    const NOT_JSON: Self = Self::new("9", "OPSP9999", "JSON PARSING ERROR : invalid json format");

    const fn new(rt_cd: &'static str, msg_cd: &'static str, msg1: &'static str) -> Self {
        Self { rt_cd, msg_cd, msg1 }
    }

    /// The answer to a request that this outcome settles for its registration. Only successes carry the cipher.
    pub(crate) fn about(&self, Registration { channel, symbol }: Registration, cipher: &Cipher) -> String {
        self.write(channel.tr_id(), symbol.as_str(), Some(cipher).filter(|_| self.rt_cd == "0"))
    }

    /// The answer that names neither transaction nor symbol.
    pub(crate) fn about_nothing(&self) -> String {
        self.write("(null)", "", None)
    }

    fn write(&self, tr_id: &str, tr_key: &str, output: Option<&Cipher>) -> String {
        let header = Header { tr_id, tr_key, encrypt: "N" };
        let body = Body { rt_cd: self.rt_cd, msg_cd: self.msg_cd, msg1: self.msg1, output };
        // Writing plain text fields cannot fail; an empty message would be refused by any client.
        serde_json::to_string(&Answer { header, body }).unwrap_or_default()
    }
}

/// Key and initial vector for encrypted frames: sent with every success, used by none of the trade frames.
#[derive(Serialize)]
pub(crate) struct Cipher {
    pub(crate) iv: String,
    pub(crate) key: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    header: Header<'a>,
    body: Body<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    tr_id: &'a str,
    tr_key: &'a str,
    encrypt: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    rt_cd: &'a str,
    msg_cd: &'a str,
    msg1: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Cipher>,
}

/// Reads a request, or says what the broker says about it.
pub(crate) fn parse(text: &str) -> Result<Request, Outcome> {
    let message: Value = serde_json::from_str(text).map_err(|_| Outcome::NOT_JSON)?;
    let header = message.get("header").ok_or(Outcome::NO_HEADER)?;
    let body = message.get("body").ok_or(Outcome::NO_BODY)?;
    let input = body.get("input").ok_or(Outcome::NO_INPUT)?;
    let action = match header.get("tr_type").and_then(Value::as_str) {
        Some("1") => Action::Subscribe,
        Some("2") => Action::Unsubscribe,
        _ => return Err(Outcome::BAD_TR_TYPE),
    };
    if !matches!(header.get("custtype").and_then(Value::as_str), Some("P" | "B")) {
        return Err(Outcome::BAD_CUSTTYPE);
    }
    let channel = input.get("tr_id").and_then(Value::as_str).and_then(Channel::of).ok_or(Outcome::BAD_TR_ID)?;
    let tr_key = input.get("tr_key").ok_or(Outcome::NO_TR_KEY)?;
    let symbol = tr_key.as_str().and_then(|code| Symbol::new(code).ok()).ok_or(Outcome::BAD_TR_KEY)?;
    let approval_key = header.get("approval_key").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Request { approval_key, action, registration: Registration { channel, symbol } })
}
