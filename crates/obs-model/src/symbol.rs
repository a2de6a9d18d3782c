//! KRX short codes.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{InvalidValue, Problem, text};

/// The short code by which KRX and the broker name a listed instrument.
///
/// Six characters out of `0`–`9` and `A`–`Z`. Most codes are six digits, but letters occur (`0004V0`, `00104K`), so a code is
/// never a number and its leading zeros count. Exchange-traded notes are asked for with a leading `Q` (`Q530031`).
///
/// ```
/// use obs_model::Symbol;
///
/// let samsung: Symbol = "005930".parse()?;
/// assert_eq!(samsung.as_str(), "005930");
/// assert!("0004V0".parse::<Symbol>().is_ok());
/// assert!("AAPL".parse::<Symbol>().is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// The code, then zeros. One more than is needed: eight bytes are compared and hashed at once.
    bytes: [u8; 8],
}

impl Symbol {
    /// Characters of an ordinary code.
    pub const LEN: usize = 6;
    /// Characters of an exchange-traded note's code with its `Q`.
    pub const MAX_LEN: usize = 7;

    /// Checks a code.
    ///
    /// # Errors
    /// [`InvalidValue`] unless it is six of `0-9A-Z`, or `Q` and six digits or letters.
    #[inline]
    pub fn new(code: &str) -> Result<Self, InvalidValue> {
        // Nearly all codes, of which a feed reads thousands a second.
        if let Ok([a, b, c, d, e, f]) = <[u8; Self::LEN]>::try_from(code.as_bytes())
            && [a, b, c, d, e, f].iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        {
            return Ok(Self { bytes: [a, b, c, d, e, f, 0, 0] });
        }
        Self::of_other_length(code)
    }

    /// A note's code, or one that is refused.
    fn of_other_length(code: &str) -> Result<Self, InvalidValue> {
        let refuse = |problem| Err(InvalidValue::new("symbol", code, problem));
        if let Some(strange) = code.chars().find(|c| !c.is_ascii_digit() && !c.is_ascii_uppercase()) {
            return refuse(Problem::Character(strange));
        }
        let is_note = code.len() == Self::MAX_LEN && code.starts_with('Q');
        if code.len() != Self::LEN && !is_note {
            return refuse(Problem::Length { found: code.len(), expected: "6" });
        }
        let mut bytes = [0; 8];
        bytes[..code.len()].copy_from_slice(code.as_bytes());
        Ok(Self { bytes })
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let len = if self.bytes[Self::LEN] == 0 { Self::LEN } else { Self::MAX_LEN };
        // The constructor admits ASCII only, so this never falls back.
        str::from_utf8(&self.bytes[..len]).unwrap_or_default()
    }
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from_ne_bytes(self.bytes));
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
    }
}

impl FromStr for Symbol {
    type Err = InvalidValue;

    fn from_str(code: &str) -> Result<Self, InvalidValue> {
        Self::new(code)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}
