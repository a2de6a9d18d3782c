//! What a quote is asked of.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveTime};
use obs_model::Symbol;

use crate::{exchange::Exchange, market::StockView, rest::answer::Refused};

/// Longer than any parameter's text.
const LONGEST: usize = 12;

/// The parameters of a call. Their names may be in either case; all that a service names must be there, some of them empty.
pub(super) struct Query(HashMap<String, String>);

impl Query {
    /// Checks that all of a service's parameters are there.
    pub(super) fn new(query: HashMap<String, String>, names: &[&str]) -> Result<Self, Refused> {
        let query: HashMap<String, String> =
            query.into_iter().map(|(name, value)| (name.to_ascii_uppercase(), value)).collect();
        match names.iter().find(|name| !query.contains_key(**name)) {
            Some(missing) => Err(refusal("OPSQ2001", format!("ERROR INPUT FIELD NOT FOUND [{missing}]"))),
            None => Ok(Self(query)),
        }
    }

    /// A parameter without padding.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    pub(super) fn date(&self, name: &str) -> Result<NaiveDate, Refused> {
        NaiveDate::parse_from_str(self.text(name), "%Y%m%d").map_err(|_| self.bad(name))
    }

    pub(super) fn time(&self, name: &str) -> Result<NaiveTime, Refused> {
        let text = Some(self.text(name)).filter(|text| text.len() == 6);
        text.and_then(|text| NaiveTime::parse_from_str(text, "%H%M%S").ok()).ok_or_else(|| self.bad(name))
    }

    /// The stock as the market has it; `None` if there is no such stock.
    pub(super) fn stock(&self, exchange: &Exchange) -> Result<Option<StockView>, Refused> {
        // KRX, its competitor NXT, and both together. Only KRX is simulated, and answers for all.
        if !["J", "NX", "UN"].contains(&self.text("FID_COND_MRKT_DIV_CODE")) {
            return Err(refusal("OPSQ2001", "ERROR : INPUT INVALID_CHECK_MRKT_DIV_CODE".to_owned()));
        }
        let code = self.text("FID_INPUT_ISCD");
        if code.is_empty() || code.len() > LONGEST {
            return Err(self.bad("FID_INPUT_ISCD"));
        }
        let symbol = Symbol::new(code).ok().filter(|symbol| !exchange.is_delisted(*symbol));
        Ok(symbol.and_then(|symbol| exchange.market().stock(symbol)))
    }

    /// Refuses a parameter that has no sense.
    pub(super) fn bad(&self, name: &str) -> Refused {
        let length = self.text(name).len();
        refusal("OPSQ2002", format!("ERROR INVALID INPUT_FILED_SIZE [{name}] [{length}]"))
    }
}

fn refusal(msg_cd: &'static str, msg1: String) -> Refused {
    Refused { rt_cd: "2", msg1: msg1.into(), ..Refused::by_gateway(msg_cd, "") }
}
