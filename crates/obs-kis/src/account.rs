//! The number of an account.

use std::{fmt, str::FromStr};

use crate::KisError;

/// The number of an account: eight digits, and two for the product (`01` is trading in stocks).
///
/// It prints masked, because logs are shared.
///
/// ```
/// use obs_kis::AccountNumber;
///
/// let account: AccountNumber = "12345678-01".parse()?;
/// assert_eq!(account.to_string(), "12******-01");
/// assert!("12345678".parse::<AccountNumber>().is_err());
/// # Ok::<(), obs_kis::KisError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber {
    digits: String,
}

impl AccountNumber {
    /// The first eight digits (`CANO`), in clear.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.digits[..8]
    }

    /// The last two digits (`ACNT_PRDT_CD`).
    #[must_use]
    pub fn product(&self) -> &str {
        &self.digits[8..]
    }
}

impl FromStr for AccountNumber {
    type Err = KisError;

    /// Reads `12345678-01` or `1234567801`.
    ///
    /// # Errors
    /// [`KisError::Setup`] for anything else, without repeating it.
    fn from_str(text: &str) -> Result<Self, KisError> {
        let text = text.trim();
        let digits = match text.split_once('-') {
            Some((number, product)) if number.len() == 8 => format!("{number}{product}"),
            _ => text.to_owned(),
        };
        if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(KisError::Setup {
                reason: "the account number is not eight digits, a hyphen and two digits, such as 12345678-01".to_owned(),
            });
        }
        Ok(Self { digits })
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}******-{}", &self.digits[..2], self.product())
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountNumber({self})")
    }
}
