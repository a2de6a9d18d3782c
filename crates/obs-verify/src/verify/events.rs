//! What the archive says about time and loss, against the store.

use std::sync::Arc;

use obs_aggregate::Attested;
use obs_model::{Gap, HealedBar, Symbol, VolumeBreak};
use obs_store::TimeRange;

use super::{Verification, VerifyError, readable};
use crate::{Section, Subject, TimelineGap, archive::Sourced, gaps, healed, request::until, seconds, shares};

impl Verification {
    /// Compares gaps and attested time, and works out the identity in seconds.
    pub(super) async fn gaps(&mut self) -> Result<(), VerifyError> {
        let archive = Arc::clone(&self.archive);
        let range = self.request.range();
        let mut section = Section::new(Subject::Gaps);
        let touches = |gap: &Gap| gap.start() < range.until && (range.from < gap.end() || range.from <= gap.start());
        let lines: Vec<&Sourced<Gap>> = archive.gaps.iter().filter(|line| touches(&line.what)).collect();
        if let Some(mut rows) = readable(self.store.gaps(range).await, &mut section)? {
            let incoming = self.incoming().await?;
            rows.retain(|row| !incoming.gaps.contains(row));
            gaps::count_by_reason(&rows, &mut section);
            let span = |gap: &Gap| TimelineGap { start: gap.start(), end: gap.end(), reason: gap.reason };
            self.timeline = rows.iter().map(span).collect();
            gaps::compare(&archive, lines, rows, &mut section);
        }
        let mut attested = Attested::default();
        archive.feed_events.iter().for_each(|event| attested.apply(event));
        if let Some(sessions) = readable(self.store.feed_sessions(range).await, &mut section)? {
            let settled = until(range, archive.settled());
            gaps::compare_attested(&attested, &Attested::new(sessions), Some(settled), &mut section);
        }
        self.sections.push(section);
        self.losses(range).await?;

        let mut section = Section::new(Subject::Seconds);
        let gaps: Vec<Gap> = archive.gaps.iter().map(|line| line.what.clone()).collect();
        let (calendar, request) = (&self.request.calendar, &self.request);
        let is_wanted = |day, symbol| request.is_wanted(day, symbol);
        let (events, gaps) = ((&*archive.feed_events, &attested), (&*gaps, archive.settled()));
        self.seconds = seconds::account(events, gaps, calendar, is_wanted, &mut section);
        self.sections.push(section);
        Ok(())
    }

    /// Compares losses and healed minutes.
    async fn losses(&mut self, range: TimeRange) -> Result<(), VerifyError> {
        let (archive, symbol) = (Arc::clone(&self.archive), self.request.symbol);
        let is_of = |of: Symbol| symbol.is_none_or(|symbol| symbol == of);
        let touches = |after, before| after < range.until && range.from <= before;
        let lines =
            archive.losses.iter().filter(|line| is_of(line.what.symbol) && touches(line.what.after, line.what.before));
        if let Some(mut rows) = readable(self.store.volume_breaks(range).await, &mut self.shares)? {
            let incoming = self.incoming().await?;
            let is_settled = |loss: &VolumeBreak| !incoming.losses.contains(&(loss.symbol, loss.before, loss.after));
            rows.retain(|row| is_of(row.symbol) && touches(row.after, row.before) && is_settled(row));
            let lines: Vec<_> = lines.filter(|line| is_settled(&line.what)).collect();
            shares::compare_losses(&archive, &lines, rows, &mut self.shares);
        }
        let starts = |at| range.from <= at && at < range.until;
        let lines = archive.healed.iter().filter(|line| is_of(line.what.symbol) && starts(line.what.bar_time));
        if let Some(mut rows) = readable(self.store.healed_bars(range, symbol).await, &mut self.shares)? {
            let incoming = self.incoming().await?;
            let is_settled = |bar: &HealedBar| !incoming.healed.contains(&(bar.symbol, bar.bar_time));
            rows.retain(is_settled);
            let lines: Vec<_> = lines.filter(|line| is_settled(&line.what)).collect();
            healed::compare(&archive, &lines, rows, &mut self.shares);
        }
        Ok(())
    }
}
