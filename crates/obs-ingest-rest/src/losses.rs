//! Windows of which nothing could be had, on their way to becoming gaps.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use obs_model::{Gap, GapReason, GapScope, SessionId, Symbol};

use crate::Window;

/// Lost windows by reason. An empty set of symbols stands for all of them.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    windows: Vec<(GapReason, BTreeMap<Window, BTreeSet<Symbol>>)>,
}

impl Losses {
    pub(crate) fn add(&mut self, window: Window, symbol: Symbol, reason: GapReason) {
        self.of(window, reason).insert(symbol);
    }

    /// All symbols, whichever they were.
    pub(crate) fn add_all(&mut self, window: Window, reason: GapReason) {
        self.of(window, reason);
    }

    fn of(&mut self, window: Window, reason: GapReason) -> &mut BTreeSet<Symbol> {
        let known = self.windows.iter().position(|(known, _)| *known == reason);
        let at = known.unwrap_or_else(|| {
            self.windows.push((reason, BTreeMap::new()));
            self.windows.len() - 1
        });
        self.windows[at].1.entry(window).or_default()
    }

    /// One gap for the symbols that were lost together, over as many windows in a row as they were.
    pub(crate) fn into_gaps(self, session_id: &SessionId) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (reason, windows) in self.windows {
            let mut holes: Vec<(DateTime<Utc>, DateTime<Utc>, BTreeSet<Symbol>)> = Vec::new();
            for (window, symbols) in windows {
                match holes.last_mut() {
                    Some((_, end, together)) if *end == window.start && *together == symbols => *end = window.end,
                    _ => holes.push((window.start, window.end, symbols)),
                }
            }
            gaps.extend(holes.into_iter().filter_map(|(start, end, symbols)| {
                // A window never ends before it starts.
                Gap::new((start, end), GapScope::Swing, reason, symbols.into_iter().collect(), session_id.clone()).ok()
            }));
        }
        gaps
    }
}
