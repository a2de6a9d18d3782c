//! What a newer version of a policy changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use obs_model::{Symbol, Weight};

use super::{Policy, write};
use crate::number::percent;

/// Something that a newer version of a policy changes. It is shown as one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A symbol's target. `None`: it has none.
    Target {
        /// The symbol.
        symbol: Symbol,
        /// In the older version.
        from: Option<Weight>,
        /// In the newer one.
        to: Option<Weight>,
    },
    /// What the targets leave.
    Cash {
        /// In the older version.
        from: Weight,
        /// In the newer one.
        to: Weight,
    },
    /// Another key, with its values as they are written. `None`: it is not set.
    Key {
        /// The key, such as `limits.maximum`.
        key: String,
        /// In the older version.
        from: Option<String>,
        /// In the newer one.
        to: Option<String>,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |weight: &Weight| percent(weight.share());
        match self {
            Self::Target { symbol, from: None, to } => {
                write!(f, "{symbol} added at {}", shown(&to.unwrap_or_default()))
            }
            Self::Target { symbol, from: Some(from), to: None } => write!(f, "{symbol} removed, was {}", shown(from)),
            Self::Target { symbol, from: Some(from), to: Some(to) } => {
                write!(f, "target of {symbol}: {} -> {}", shown(from), shown(to))
            }
            Self::Cash { from, to } => write!(f, "target of cash: {} -> {}", shown(from), shown(to)),
            Self::Key { key, from, to } => {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
                write!(f, "{key}: {} -> {}", shown(from), shown(to))
            }
        }
    }
}

/// All changes: targets by symbol, cash, and the other keys in the order of the file.
pub(super) fn changes(older: &Policy, newer: &Policy) -> Vec<Change> {
    let symbols: BTreeSet<Symbol> = older.targets.keys().chain(newer.targets.keys()).copied().collect();
    let targets = symbols.into_iter().map(|symbol| {
        let of = |policy: &Policy| policy.targets.get(&symbol).copied();
        Change::Target { symbol, from: of(older), to: of(newer) }
    });
    let mut changes: Vec<Change> =
        targets.filter(|change| !matches!(change, Change::Target { from, to, .. } if from == to)).collect();
    let (from, to) = (older.cash_target(), newer.cash_target());
    changes.extend((from != to).then_some(Change::Cash { from, to }));
    let (before, after) = (keys(older), keys(newer));
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(key, _)| key).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let (before_of, after_of): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (before.iter().cloned().collect(), after.iter().cloned().collect());
    for name in names {
        let (from, to) = (before_of.get(name).cloned(), after_of.get(name).cloned());
        if from != to {
            changes.push(Change::Key { key: name.clone(), from, to });
        }
    }
    changes
}

/// All keys but the targets and cash.
fn keys(policy: &Policy) -> Vec<(String, String)> {
    let sections = write::sections(policy).into_iter().filter(|(name, _)| *name != "targets");
    let full = |name: &str, key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    let keys = sections.flat_map(|(name, rows)| rows.into_iter().map(move |(key, value)| (full(name, &key), value)));
    keys.filter(|(key, _)| key != "cash").collect()
}
