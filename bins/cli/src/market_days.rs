//! What the broker said of trading days, kept in the data folder.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use obs_model::Calendar;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// In the data folder.
const FILE: &str = "calendar.json";

/// Days of which the broker said whether the market opens, and when it said so. A holiday may be decreed after a program was
/// built, so these come on top of the built-in calendar: for the collector as well as for whoever verifies its record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketDayAnswers {
    /// When it was asked last.
    pub asked_at: Option<DateTime<Utc>>,
    /// Korean calendar days, and whether the market opens.
    pub days: Vec<(NaiveDate, bool)>,
}

impl MarketDayAnswers {
    /// Reads the answers of a data folder; none if there are none. Those that cannot be read are as good as none, with a warning.
    #[must_use]
    pub fn read(dir: &Path) -> Self {
        let file = dir.join(FILE);
        let answers = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::default(),
            Err(error) => Err(error.into()),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(anyhow::Error::from),
        };
        answers.unwrap_or_else(|error| {
            warn!(file = %file.display(), %error, "What the broker said of holidays cannot be read: the built-in ones count");
            Self::default()
        })
    }

    /// Writes them into a data folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let file = dir.join(FILE);
        let written = serde_json::to_vec(self).map_err(anyhow::Error::from);
        written
            .and_then(|bytes| fs::write(&file, bytes).map_err(Into::into))
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// A calendar with the answers on top.
    #[must_use]
    pub fn on_top_of(&self, built_in: &Calendar) -> Calendar {
        let mut calendar = built_in.clone();
        self.days.iter().for_each(|(day, opens)| calendar.set_open(*day, *opens));
        calendar
    }
}
