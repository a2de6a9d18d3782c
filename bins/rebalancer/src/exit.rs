//! How commands end.

use std::{fmt, process::ExitCode};

/// How a command ended, other than with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did what it should.
    Done,
    /// There was nothing to do: nothing is due, or nothing would be traded.
    NothingToDo,
    /// It was done and did not come out well, or a person said no.
    Failed,
    /// Somebody interrupted it.
    Interrupted,
}

/// Something that only a person can put right: keys, settings, a missing confirmation. Trying again changes nothing.
#[derive(Debug)]
pub(crate) struct NeedsPerson(pub(crate) String);

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::Failed => Self::FAILURE,
            Ending::NothingToDo => Self::from(3),
            Ending::Interrupted => Self::from(130),
        }
    }
}

/// The exit code of an error: 78, as `sysexits.h` calls a configuration error, when a person is needed, and 1 otherwise.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(|cause| cause.is::<NeedsPerson>()) { ExitCode::from(78) } else { ExitCode::FAILURE }
}

impl NeedsPerson {
    pub(crate) fn error(words: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self(words.into()))
    }
}

impl fmt::Display for NeedsPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NeedsPerson {}
