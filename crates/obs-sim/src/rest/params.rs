//! What a call asks for.

use std::collections::HashMap;

use super::{answer::Refused, gate::Caller};
use crate::exchange::Exchange;

/// The parameters of a call, by their upper-case names.
pub(crate) struct Params(HashMap<String, String>);

impl Params {
    /// Of a query, whose names may be in either case.
    pub(crate) fn of_query(query: HashMap<String, String>) -> Self {
        Self(query.into_iter().map(|(name, value)| (name.to_ascii_uppercase(), value)).collect())
    }

    /// Of a body, whose names must be upper-case, and whose values must be text.
    pub(crate) fn of_body(body: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(body).map(Self).map_err(|_| Refused::field("BODY"))
    }

    /// A parameter that may be left out, without the padding that cursors have.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// A parameter that must be there and say something.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refused> {
        Some(self.get(name)).filter(|value| !value.is_empty()).ok_or_else(|| Refused::field(name))
    }

    /// A whole number that must be there.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Refused> {
        self.required(name)?.parse().map_err(|_| Refused::field(name))
    }

    /// Checks that the account is the caller's, and returns its number.
    pub(crate) fn account(&self, exchange: &Exchange, Caller(customer): Caller) -> Result<String, Refused> {
        let account = [self.required("CANO")?, self.required("ACNT_PRDT_CD")?].concat();
        if exchange.customers.owns(customer, &account) {
            return Ok(account);
        }
        Err(Refused { rt_cd: "2", ..Refused::by_gateway("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO") })
    }
}
