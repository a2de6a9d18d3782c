//! Control messages: what the broker says about subscriptions, and its question whether we are there.

use serde::{Deserialize, Serialize};

use crate::{Frame, FrameError, TRADES, error::beginning, subscriptions::Request};

/// The answer to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The stream; some refusals name none (`(null)`).
    pub tr_id: String,
    /// The symbol; some refusals name none.
    pub tr_key: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stands.
    Subscribed,
    /// It ended.
    Unsubscribed,
    /// It stood already.
    AlreadySubscribed,
    /// There was none to end.
    NotSubscribed,
    /// The broker will not have it.
    Refused {
        /// The broker's code.
        code: String,
        /// The broker's words.
        message: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    header: AnswerHeader,
    body: Option<AnswerBody>,
}

#[derive(Deserialize)]
struct AnswerHeader {
    tr_id: Option<String>,
    tr_key: Option<String>,
}

#[derive(Deserialize)]
struct AnswerBody {
    rt_cd: Option<String>,
    msg_cd: Option<String>,
    msg1: Option<String>,
}

pub(crate) fn decode(text: &str) -> Result<Frame<'_>, FrameError> {
    let bad = |reason: &str| FrameError::BadControl { reason: beginning(reason, 200) };
    let answer: Answer = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
    let tr_id = answer.header.tr_id.unwrap_or_default();
    if tr_id == "PINGPONG" {
        return Ok(Frame::PingPong);
    }
    let body = answer.body.ok_or_else(|| bad("it has no body"))?;
    let code = body.msg_cd.ok_or_else(|| bad("it has no msg_cd"))?;
    let succeeded = body.rt_cd.as_deref() == Some("0");
    let outcome = match (code.as_str(), succeeded) {
        ("OPSP0000", true) => Outcome::Subscribed,
        ("OPSP0001", true) => Outcome::Unsubscribed,
        ("OPSP0002", _) => Outcome::AlreadySubscribed,
        ("OPSP0003", _) => Outcome::NotSubscribed,
        _ => {
            let message = body.msg1.unwrap_or_default();
            Outcome::Refused { code: beginning(&code, 20), message: beginning(message.trim(), 200) }
        }
    };
    Ok(Frame::Control(Ack { tr_id, tr_key: answer.header.tr_key.unwrap_or_default(), outcome }))
}

#[derive(Serialize)]
struct Message<'a> {
    header: Header<'a>,
    body: Body<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    approval_key: &'a str,
    custtype: &'static str,
    tr_type: &'static str,
    #[serde(rename = "content-type")]
    content_type: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    input: Input<'a>,
}

#[derive(Serialize)]
struct Input<'a> {
    tr_id: &'static str,
    tr_key: &'a str,
}

/// The text that subscribes the trades of a symbol, or ends that. It holds the approval key.
pub(crate) fn request(approval_key: &str, request: Request) -> Result<String, serde_json::Error> {
    let (tr_type, symbol) = match request {
        Request::Subscribe(symbol) => ("1", symbol),
        // Some of the broker's samples say 0 in their comments; what they send is 2.
        Request::Unsubscribe(symbol) => ("2", symbol),
    };
    serde_json::to_string(&Message {
        header: Header { approval_key, custtype: "P", tr_type, content_type: "utf-8" },
        body: Body { input: Input { tr_id: TRADES, tr_key: symbol.as_str() } },
    })
}
