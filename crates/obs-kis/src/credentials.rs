//! The keys of an account.

use secrecy::{ExposeSecret, SecretString};

use crate::KisError;

/// An app key and its secret. Neither prints.
///
/// Live and paper trading have separate pairs; a pair works on its own hosts only.
///
/// ```
/// use obs_kis::Credentials;
///
/// let credentials = Credentials::new("PSdemo", "c2VjcmV0")?;
/// assert_eq!(format!("{credentials:?}"), "Credentials { .. }");
/// # Ok::<(), obs_kis::KisError>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    app_key: SecretString,
    app_secret: SecretString,
}

impl Credentials {
    /// Checks a pair of keys, as far as that can be done without asking the broker.
    ///
    /// # Errors
    /// [`KisError::Setup`] if either is empty or has a character other than printable ASCII, which a copied line break is not.
    pub fn new(app_key: impl Into<SecretString>, app_secret: impl Into<SecretString>) -> Result<Self, KisError> {
        let credentials = Self { app_key: app_key.into(), app_secret: app_secret.into() };
        check("app key", credentials.app_key())?;
        check("app secret", credentials.app_secret())?;
        Ok(credentials)
    }

    pub(crate) fn app_key(&self) -> &str {
        self.app_key.expose_secret()
    }

    pub(crate) fn app_secret(&self) -> &str {
        self.app_secret.expose_secret()
    }

    /// A text from outside without the keys, should it repeat them.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.app_secret(), "[app secret]").replace(self.app_key(), "[app key]")
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

fn check(name: &'static str, key: &str) -> Result<(), KisError> {
    let problem = if key.is_empty() {
        "is empty: set it"
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        "has a character that no key has (a space or a line break?): copy it again"
    } else {
        return Ok(());
    };
    Err(KisError::Setup { reason: format!("the {name} {problem}") })
}
