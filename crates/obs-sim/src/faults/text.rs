//! The text form of faults.

use std::{fmt, str::FromStr, time::Duration};

use chrono::TimeDelta;

use super::Fault;

/// Something that does not begin like any message of the broker.
const GARBAGE: &str = "\u{fffd}}{|^|0|H0STCNT0|xyz|^^^";

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no fault: use drop, silence, refuse, network-gone, garbage[:TEXT], truncate:FRAMES, oversize:BYTES, \
     duplicate:RECORDS, reorder:RECORDS, withhold:RECORDS, stop-reading, slow:MILLISECONDS, http-500, http-hang, \
     lose-answers, refuse-orders:COUNT, revoke-tokens, rate-limit, clock-skew:SECONDS or delist:SYMBOL"
)]
pub struct InvalidFault {
    text: String,
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        read(text).ok_or_else(|| InvalidFault { text: text.chars().take(60).collect() })
    }
}

fn read(text: &str) -> Option<Fault> {
    let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
    let count = || value.map_or(Some(1), |value| value.parse().ok());
    let takes_value = matches!(
        name,
        "garbage"
            | "truncate"
            | "oversize"
            | "duplicate"
            | "reorder"
            | "withhold"
            | "slow"
            | "refuse-orders"
            | "clock-skew"
            | "delist"
    );
    if value.is_some() && !takes_value {
        return None;
    }
    Some(match name {
        "drop" => Fault::Drop,
        "silence" => Fault::Silence,
        "refuse" => Fault::Refuse,
        "network-gone" => Fault::NetworkGone,
        "garbage" => Fault::Garbage { text: value.unwrap_or(GARBAGE).to_owned() },
        "truncate" => Fault::Truncate { frames: count()? },
        "oversize" => Fault::Oversize { bytes: value?.parse().ok()? },
        "duplicate" => Fault::Duplicate { records: count()? },
        "reorder" => Fault::Reorder { records: count()? },
        "withhold" => Fault::Withhold { records: count()? },
        "stop-reading" => Fault::StopReading,
        "slow" => Fault::Slow { pause: Duration::from_millis(value?.parse().ok()?) },
        "http-500" => Fault::HttpError,
        "http-hang" => Fault::HttpHang,
        "lose-answers" => Fault::LoseAnswers,
        "refuse-orders" => Fault::RefuseOrders { count: count()? },
        "revoke-tokens" => Fault::RevokeTokens,
        "rate-limit" => Fault::RateLimit,
        "clock-skew" => Fault::ClockSkew { by: TimeDelta::try_seconds(value?.parse().ok()?)? },
        "delist" => Fault::Delist { symbol: value?.parse().ok()? },
        _ => return None,
    })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drop"),
            Self::Silence => f.write_str("silence"),
            Self::Refuse => f.write_str("refuse"),
            Self::NetworkGone => f.write_str("network-gone"),
            Self::Garbage { text } => write!(f, "garbage:{text}"),
            Self::Truncate { frames } => write!(f, "truncate:{frames}"),
            Self::Oversize { bytes } => write!(f, "oversize:{bytes}"),
            Self::Duplicate { records } => write!(f, "duplicate:{records}"),
            Self::Reorder { records } => write!(f, "reorder:{records}"),
            Self::Withhold { records } => write!(f, "withhold:{records}"),
            Self::StopReading => f.write_str("stop-reading"),
            Self::Slow { pause } => write!(f, "slow:{}", pause.as_millis()),
            Self::HttpError => f.write_str("http-500"),
            Self::HttpHang => f.write_str("http-hang"),
            Self::LoseAnswers => f.write_str("lose-answers"),
            Self::RefuseOrders { count } => write!(f, "refuse-orders:{count}"),
            Self::RevokeTokens => f.write_str("revoke-tokens"),
            Self::RateLimit => f.write_str("rate-limit"),
            Self::ClockSkew { by } => write!(f, "clock-skew:{}", by.num_seconds()),
            Self::Delist { symbol } => write!(f, "delist:{symbol}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let texts = [
            "drop",
            "silence",
            "refuse",
            "network-gone",
            "garbage:a:b",
            "truncate:2",
            "oversize:70000",
            "duplicate:3",
            "reorder:4",
            "withhold:5",
            "stop-reading",
            "slow:250",
            "http-500",
            "http-hang",
            "lose-answers",
            "refuse-orders:2",
            "revoke-tokens",
            "rate-limit",
            "clock-skew:-90",
            "delist:005930",
        ];
        for text in texts {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_fault_says_what_is() {
        for text in ["", "Drop", "drop:1", "slow", "slow:x", "withhold:-1", "delist:AAPL", "clock-skew:99999999999999999999"]
        {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is no fault: use drop, ")), "{error}");
        }
    }
}
