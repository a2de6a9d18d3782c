//! What the archive says about time and loss, against the store.

use std::sync::Arc;

use obs_aggregate::Attested;
use obs_model::{Gap, HealedBar, Symbol};
use obs_store::TimeRange;

use super::{Verification, VerifyError, readable};
use crate::{Section, Subject, TimelineGap, archive::Sourced, gaps, healed, request::until, seconds, shares};

impl Verification {
    /// Compares gaps and attested time, and works out the identity in seconds.
    pub(super) async fn gaps(&mut self) -> Result<(), VerifyError> {
        let archive = Arc::clone(&self.archive);
        let settled = archive.settled();
        let range = until(self.request.range(), settled);
        let mut section = Section::new(Subject::Gaps);
        let touches = |gap: &Gap| {
            gap.start() < range.until && (range.from < gap.end() || range.from <= gap.start()) && gap.end() < settled
        };
        let lines: Vec<&Sourced<Gap>> = archive.gaps.iter().filter(|line| touches(&line.what)).collect();
        if let Some(mut rows) = readable(self.store.gaps(range).await, &mut section)? {
            rows.retain(touches);
            gaps::count_by_reason(&rows, &mut section);
            let span = |gap: &Gap| TimelineGap { start: gap.start(), end: gap.end(), reason: gap.reason };
            self.timeline = rows.iter().map(span).collect();
            gaps::compare(&archive, lines, rows, &mut section);
        }
        let mut attested = Attested::default();
        archive.feed_events.iter().for_each(|event| attested.apply(event));
        if let Some(sessions) = readable(self.store.feed_sessions(range).await, &mut section)? {
            gaps::compare_attested(&attested, &Attested::new(sessions), Some(range), &mut section);
        }
        self.sections.push(section);
        self.losses(range).await?;

        let mut section = Section::new(Subject::Seconds);
        let gaps: Vec<Gap> = archive.gaps.iter().map(|line| line.what.clone()).collect();
        let (calendar, request) = (&self.request.calendar, &self.request);
        let is_wanted = |day, symbol| request.is_wanted(day, symbol);
        self.seconds = seconds::account((&archive.feed_events, &attested), &gaps, calendar, is_wanted, &mut section);
        self.sections.push(section);
        Ok(())
    }

    /// Compares losses and healed minutes.
    async fn losses(&mut self, range: TimeRange) -> Result<(), VerifyError> {
        let (archive, symbol) = (Arc::clone(&self.archive), self.request.symbol);
        let is_of = |of: Symbol| symbol.is_none_or(|symbol| symbol == of);
        let settled = archive.settled();
        let touches = |after, before| after < range.until && range.from <= before && before < settled;
        let lines =
            archive.losses.iter().filter(|line| is_of(line.what.symbol) && touches(line.what.after, line.what.before));
        if let Some(mut rows) = readable(self.store.volume_breaks(range).await, &mut self.shares)? {
            rows.retain(|row| is_of(row.symbol) && touches(row.after, row.before));
            shares::compare_losses(&archive, &lines.collect::<Vec<_>>(), rows, &mut self.shares);
        }
        let starts = |bar: &HealedBar| range.from <= bar.bar_time && bar.bar_time < range.until && bar.healed_at < settled;
        let lines = archive.healed.iter().filter(|line| is_of(line.what.symbol) && starts(&line.what));
        if let Some(mut rows) = readable(self.store.healed_bars(range, symbol).await, &mut self.shares)? {
            rows.retain(starts);
            healed::compare(&archive, &lines.collect::<Vec<_>>(), rows, &mut self.shares);
        }
        Ok(())
    }
}
