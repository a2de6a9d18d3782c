//! `rebalancer run`: the daily cycle by itself.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::Args;
use indicatif::MultiProgress;
use obs_cli::stop_on_signal;
use obs_model::{BrokerKind, Calendar, Symbol, trading_day};

use crate::{
    context::Context,
    exit::Ending,
    plan::{self, Made},
    snapshot,
    text::time,
};

/// A look is taken so long after the opening: 09:31 on a usual day, when the opening auction is over and its prices are recorded.
const AFTER_OPENING: TimeDelta = TimeDelta::minutes(31);

/// How long to wait after a look that failed.
const AGAIN: Duration = Duration::from_secs(5 * 60);

#[derive(Args)]
pub(crate) struct Options {
    /// Which broker says what is held, and will fill the orders [default: `trading.broker` of the settings file, or paper]
    #[arg(long, value_name = "BROKER")]
    broker: Option<BrokerKind>,
    /// Symbols whose doubtful price is good enough
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    accept: Vec<Symbol>,
}

/// Looks at the portfolio once each trading day, and makes a plan when one is due, until somebody stops it.
pub(crate) async fn run(options: &Options, mut context: Context, bars: &MultiProgress) -> anyhow::Result<Ending> {
    let stop = stop_on_signal()?;
    // A wrong policy or broker is told at once, and not tomorrow morning.
    let policy = context.policy().await?.id;
    let snapshots = context.store.snapshots(Some(&policy), 1).await?;
    let mut looked = snapshots.first().and_then(|snapshot| {
        let (open, _) = context.calendar.session(trading_day(snapshot.snapshot_time))?;
        (snapshot.snapshot_time >= open + AFTER_OPENING).then(|| trading_day(snapshot.snapshot_time))
    });
    context.say(&format!("Policy {policy} is looked at each trading day. Ctrl-C ends it."));
    loop {
        // The collector may have learned of a holiday.
        context.calendar = context.market.calendar(&context.settings.data_dir);
        let now = context.clock.now();
        let Some(next) = next_look(&context.calendar, looked, now) else {
            anyhow::bail!("the calendar knows of no trading within a month: is the clock right?");
        };
        if next > now {
            context.say(&format!("The next look is at {} KST.", time(next)));
            tokio::select! {
                () = stop.cancelled() => return Ok(Ending::Done),
                () = context.clock.sleep_until(next) => continue,
            }
        }
        match look(options, &context, bars).await {
            Ok(()) => looked = Some(trading_day(now)),
            Err(error) => {
                eprintln!("rebalancer: the look of {} KST failed: {error:#}", time(now));
                eprintln!("It is tried again in {} minutes while the market is open.", AGAIN.as_secs() / 60);
                tokio::select! {
                    () = stop.cancelled() => return Ok(Ending::Done),
                    () = context.clock.sleep(AGAIN) => {}
                }
            }
        }
        if stop.is_cancelled() {
            return Ok(Ending::Done);
        }
    }
}

/// When to look next: so long after the opening of the first session that was not looked at. The rest of a session counts.
fn next_look(calendar: &Calendar, looked: Option<NaiveDate>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut from = now;
    loop {
        let (open, close) = calendar.session_at_or_after(from)?;
        let is_new = looked.is_none_or(|looked| trading_day(open) > looked);
        if is_new && open + AFTER_OPENING < close {
            return Some((open + AFTER_OPENING).max(now));
        }
        from = close;
    }
}

async fn look(options: &Options, context: &Context, bars: &MultiProgress) -> anyhow::Result<()> {
    let taken = snapshot::take(&snapshot::Options::of(options.broker, options.accept.clone()), context, bars).await?;
    print(context, "snapshot", taken.json(), || taken.print());
    if context.manner.dry_run {
        return Ok(());
    }
    match plan::make(&plan::Options::of(options.broker), context).await? {
        Made::NotDue(_) => context.say("No plan is due."),
        Made::Planned(draft) => {
            print(context, "plan", draft.json(), || draft.print(true));
            if draft.has_orders() {
                context.say("It waits for approval.");
            }
        }
    }
    Ok(())
}

/// One JSON object a line, or words.
fn print(context: &Context, kind: &str, value: serde_json::Value, words: impl FnOnce()) {
    if context.manner.json {
        println!("{}", serde_json::json!({ "event": kind, "of": value }));
    } else {
        words();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(looked: Option<&str>, now: &str) -> String {
        let looked = looked.map(|day| day.parse().unwrap());
        time(next_look(&Calendar::krx(), looked, now.parse().unwrap()).unwrap())
    }

    #[test]
    fn a_trading_day_is_looked_at_half_an_hour_after_its_opening() {
        // Monday 2026-11-23, before the opening, then in the session, then afterwards.
        assert_eq!(next(None, "2026-11-22T23:00:00Z"), "2026-11-23 09:31:00");
        assert_eq!(next(None, "2026-11-23T03:00:00Z"), "2026-11-23 12:00:00");
        assert_eq!(next(None, "2026-11-23T07:00:00Z"), "2026-11-24 09:31:00");
    }

    #[test]
    fn a_day_that_was_looked_at_is_not_looked_at_again() {
        assert_eq!(next(Some("2026-11-23"), "2026-11-23T03:00:00Z"), "2026-11-24 09:31:00");
        // Friday: the next trading day is Monday.
        assert_eq!(next(Some("2026-11-27"), "2026-11-27T03:00:00Z"), "2026-11-30 09:31:00");
    }

    #[test]
    fn an_opening_that_is_late_is_waited_for() {
        // The first trading day of 2026 opens at ten.
        assert_eq!(next(None, "2026-01-01T23:00:00Z"), "2026-01-02 10:31:00");
    }
}
