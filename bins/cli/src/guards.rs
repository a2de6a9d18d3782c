//! The section `[guards]` of the settings file: thresholds of the rules for doubtful trades.

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use obs_aggregate::GuardSettings;
use obs_model::Quantity;
use serde::{Deserialize, Deserializer, de::Error};

/// Reads the section. Every key may be left out; [`GuardSettings`] says what each means and what counts without it.
pub(crate) fn read<'de, D: Deserializer<'de>>(file: D) -> Result<GuardSettings, D::Error> {
    Section::deserialize(file)?.settings().map_err(|error| D::Error::custom(format!("`guards`: {error:#}")))
}

/// The keys, with their units.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    limit_percent: u32,
    jump_percent: u32,
    impossible_factor: u32,
    late_s: u32,
    backwards_s: u32,
    ahead_s: u32,
    doubtful_volume: i64,
    impossible_volume: i64,
    after_close_s: u32,
}

impl Default for Section {
    fn default() -> Self {
        let default = GuardSettings::default();
        let seconds = |time: TimeDelta| u32::try_from(time.num_seconds()).unwrap_or_default();
        Self {
            limit_percent: default.limit_percent,
            jump_percent: default.jump_percent,
            impossible_factor: default.impossible_factor,
            late_s: seconds(default.late),
            backwards_s: seconds(default.backwards),
            ahead_s: seconds(default.ahead),
            doubtful_volume: default.doubtful_volume.shares(),
            impossible_volume: default.impossible_volume.shares(),
            after_close_s: seconds(default.after_close),
        }
    }
}

impl Section {
    fn settings(&self) -> anyhow::Result<GuardSettings> {
        let Self { impossible_factor, backwards_s, .. } = *self;
        // Otherwise no trade could follow another one.
        ensure!(impossible_factor >= 2, "`impossible_factor` is {impossible_factor}: the least is 2");
        ensure!(backwards_s >= 1, "`backwards_s` is {backwards_s}: the least is 1");
        let seconds = |number: u32| TimeDelta::seconds(i64::from(number));
        let shares = |name, number| Quantity::new(number).with_context(|| format!("`{name}` is {number}"));
        Ok(GuardSettings {
            limit_percent: self.limit_percent,
            jump_percent: self.jump_percent,
            impossible_factor,
            late: seconds(self.late_s),
            backwards: seconds(backwards_s),
            ahead: seconds(self.ahead_s),
            doubtful_volume: shares("doubtful_volume", self.doubtful_volume)?,
            impossible_volume: shares("impossible_volume", self.impossible_volume)?,
            after_close: seconds(self.after_close_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use config::{Config, File, FileFormat};

    use super::*;
    use crate::FileSettings;

    fn settings(toml: &str) -> Result<GuardSettings, String> {
        let file = Config::builder().add_source(File::from_str(toml, FileFormat::Toml)).build().unwrap();
        file.try_deserialize::<FileSettings>().map(|file| file.guards).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_as_documented_in_the_example() {
        assert_eq!(settings(""), Ok(GuardSettings::default()));
        assert_eq!(settings(include_str!("../../../observer.example.toml")), Ok(GuardSettings::default()));
    }

    #[test]
    fn every_key_sets_its_threshold() {
        let toml = "[guards]\nlimit_percent = 1\njump_percent = 2\nimpossible_factor = 3\nlate_s = 4\nbackwards_s = 5\n\
                    ahead_s = 6\ndoubtful_volume = 7\nimpossible_volume = 8\nafter_close_s = 9";
        let expected = GuardSettings {
            limit_percent: 1,
            jump_percent: 2,
            impossible_factor: 3,
            late: TimeDelta::seconds(4),
            backwards: TimeDelta::seconds(5),
            ahead: TimeDelta::seconds(6),
            doubtful_volume: Quantity::new(7).unwrap(),
            impossible_volume: Quantity::new(8).unwrap(),
            after_close: TimeDelta::seconds(9),
        };
        assert_eq!(settings(toml), Ok(expected));
    }

    #[test]
    fn a_key_that_nobody_reads_and_a_threshold_that_admits_no_trade_are_refused() {
        for (key, said) in [
            ("jump = 5", "unknown field `jump`"),
            ("impossible_factor = 1", "`impossible_factor` is 1: the least is 2"),
            ("backwards_s = 0", "`backwards_s` is 0: the least is 1"),
            ("doubtful_volume = -1", "`doubtful_volume` is -1"),
            ("late_s = -5", "late_s"),
        ] {
            let error = settings(&format!("[guards]\n{key}")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
