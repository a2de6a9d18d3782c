//! The gaps that were told.

use std::collections::BTreeMap;

use obs_model::{Gap, Symbol};

use crate::Stretch;

/// How many gaps of a symbol are remembered: more than it has on a bad day.
const REMEMBERED: usize = 64;

/// The latest gaps of each symbol.
#[derive(Clone, Debug)]
pub(super) struct KnownGaps {
    symbols: BTreeMap<Symbol, Vec<Stretch>>,
}

impl KnownGaps {
    pub(super) const fn new() -> Self {
        Self { symbols: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, gap: &Gap) {
        for symbol in &gap.symbols {
            let known = self.symbols.entry(*symbol).or_default();
            if known.len() >= REMEMBERED {
                known.remove(0);
            }
            known.push((gap.start(), gap.end_of(*symbol)));
        }
    }

    pub(super) fn overlap(&self, symbol: Symbol, (from, until): Stretch) -> bool {
        self.symbols.get(&symbol).is_some_and(|known| known.iter().any(|(start, end)| *start < until && *end > from))
    }
}
