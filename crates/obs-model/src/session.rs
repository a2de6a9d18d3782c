//! Names of recording sessions and of feeds.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{InvalidValue, Problem, text};

/// The name of one run of a recorder: every row says which run wrote it.
///
/// One to fifty printable ASCII characters without space, quote or backslash, so that it fits the column and needs no escape.
/// Cloning is cheap.
///
/// ```
/// use obs_model::SessionId;
///
/// let session: SessionId = "observer-463f9035-ba7c-4811-b8be-b282132528c6".parse()?;
/// assert_eq!(session.as_str().len(), 45);
/// assert!("".parse::<SessionId>().is_err());
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// The most characters: the width of the column `session_id`.
    pub const MAX_LEN: usize = 50;

    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is empty, too long, or has a character that would need an escape.
    pub fn new(name: &str) -> Result<Self, InvalidValue> {
        check_name("session id", name).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of one connection to a data source, from its opening to its end.
///
/// ```
/// use obs_model::{FeedId, SessionId};
///
/// let session = SessionId::new("observer-1")?;
/// assert_eq!(FeedId::nth_of(&session, 3)?.as_str(), "observer-1#3");
/// # Ok::<(), obs_model::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(Arc<str>);

impl FeedId {
    /// The name of the `nth` connection that `session` opened.
    ///
    /// # Errors
    /// [`InvalidValue`] if the session's name leaves no room for the number.
    pub fn nth_of(session: &SessionId, nth: u32) -> Result<Self, InvalidValue> {
        Self::new(&format!("{}#{nth}", session.as_str()))
    }

    /// Checks a name, by the rules of [`SessionId`].
    ///
    /// # Errors
    /// [`InvalidValue`] as for [`SessionId::new`].
    pub fn new(name: &str) -> Result<Self, InvalidValue> {
        check_name("feed id", name).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_name(kind: &'static str, name: &str) -> Result<Arc<str>, InvalidValue> {
    if let Some(strange) = name.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '\\')) {
        return Err(InvalidValue::new(kind, name, Problem::Character(strange)));
    }
    if name.is_empty() || name.len() > SessionId::MAX_LEN {
        return Err(InvalidValue::new(kind, name, Problem::Length { found: name.len(), expected: "1 to 50" }));
    }
    Ok(Arc::from(name))
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for SessionId {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        Self::new(name)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for FeedId {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        Self::new(name)
    }
}

impl Serialize for FeedId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for FeedId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}
