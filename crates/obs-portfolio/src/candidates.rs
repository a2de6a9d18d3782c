//! The share counts of a symbol that can be part of an allocation close to the bound.

use crate::{
    line::{CUT, Choice, Line, Segment},
    relaxation::Multipliers,
};

/// A symbol's choices in order of their excess.
pub(crate) struct Menu {
    /// No priced choice is below it: the symbol's part of the bound. It is the cheapest one, if the menu is complete.
    pub(crate) floor: i128,
    pub(crate) candidates: Vec<Candidate>,
    /// Whether no choice within the gap was left out.
    pub(crate) is_complete: bool,
}

/// A choice and what it costs above the cheapest.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) choice: Choice,
    pub(crate) excess: i128,
}

impl Menu {
    /// The most share counts of a segment that are looked at from each of its ends.
    const REACH: usize = 128;

    /// All choices at most `gap` above the cheapest, as far as they can be counted.
    pub(crate) fn of(line: &Line, prices: Multipliers, gap: i128) -> Self {
        let near = line.corners().map(|choice| prices.price(&choice)).min().unwrap_or(0);
        let ceiling = near.saturating_add(gap);
        let stay = line.may_stay.then(|| line.choice(line.held)).filter(|choice| prices.price(choice) <= ceiling);
        let mut choices: Vec<Choice> = stay.into_iter().collect();
        let mut is_complete = true;
        for segment in &line.segments {
            is_complete &= collect(line, *segment, prices, ceiling, &mut choices);
        }
        let least = choices.iter().map(|choice| prices.price(choice)).min().unwrap_or(near);
        let excess = |choice: Choice| Candidate { choice, excess: prices.price(&choice) - least };
        let mut candidates: Vec<Candidate> = choices.into_iter().map(excess).filter(|found| found.excess <= gap).collect();
        candidates.sort_by_key(|found| (found.excess, found.choice.turnover, found.choice.shares));
        // A straight line has its least at an end; what is cut off the costs can be worth this much.
        let floor = if is_complete { least } else { near - prices.cash * CUT };
        Self { floor, candidates, is_complete }
    }
}

/// Adds the choices of a segment up to a ceiling; says whether that is all of them.
fn collect(line: &Line, segment: Segment, prices: Multipliers, ceiling: i128, choices: &mut Vec<Choice>) -> bool {
    // Where costs are cut to whole won the price wavers around a straight line, by no more than this.
    let stop = ceiling.saturating_add(prices.cash * CUT);
    let rises = line.rises(segment, prices);
    let count = usize::try_from(segment.to - segment.from).unwrap_or(usize::MAX).saturating_add(1);
    let nth = |nth: i128, up: bool| line.choice(if up { segment.from + nth } else { segment.to - nth });
    let within = |choice: &Choice| prices.price(choice) <= stop;
    let cheap = (0..).map(|i| nth(i, rises)).take(count.min(2 * Menu::REACH)).take_while(within);
    let before = choices.len();
    choices.extend(cheap);
    let taken = choices.len() - before;
    if taken < 2 * Menu::REACH || taken == count {
        return true;
    }
    // Too many are about as good. Those next to the other end are the most different ones.
    choices.truncate(before + Menu::REACH);
    let rest = Menu::REACH.min(count - Menu::REACH);
    choices.extend((0..).map(|i| nth(i, !rises)).take(rest).filter(within));
    false
}
