//! The calendar, kept up to date with what the broker says.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use obs_cli::MarketDayAnswers;
use obs_kis::{Clock, KisClient};
use obs_model::{Calendar, trading_day};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The broker wants to be asked for holidays once a day at most.
const ASK_EVERY: TimeDelta = TimeDelta::hours(24);
/// How long to wait after a question that failed.
const ASK_AGAIN: TimeDelta = TimeDelta::hours(1);

/// Keeps a calendar up to date. It begins with the built-in holidays and what was answered before.
pub(crate) struct MarketDays {
    dir: PathBuf,
    answers: MarketDayAnswers,
    built_in: Calendar,
    sender: watch::Sender<Calendar>,
}

impl MarketDays {
    /// Begins with what is known. Answers are kept in `calendar.json` of the data folder, so that a program that is started
    /// often asks no more often than one that runs for months.
    pub(crate) fn open(dir: &Path, built_in: Calendar) -> Self {
        let answers = MarketDayAnswers::read(dir);
        let sender = watch::Sender::new(answers.on_top_of(&built_in));
        Self { dir: dir.to_path_buf(), answers, built_in, sender }
    }

    /// The calendar as it is and as it becomes.
    pub(crate) fn calendar(&self) -> watch::Receiver<Calendar> {
        self.sender.subscribe()
    }

    /// Asks the broker once a day, until it is told to stop. Only the live host answers this question.
    pub(crate) async fn keep(mut self, client: KisClient, clock: Clock, stop: CancellationToken) {
        loop {
            let now = clock.now();
            let due = self.answers.asked_at.map_or(now, |at| at + ASK_EVERY);
            let next = if due > now {
                due
            } else {
                match self.ask(&client, now).await {
                    Ok(()) => now + ASK_EVERY,
                    Err(error) => {
                        warn!("The broker did not say which days are holidays, so the known ones count: {error:#}");
                        now + ASK_AGAIN
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = clock.sleep_until(next) => {}
            }
        }
    }

    async fn ask(&mut self, client: &KisClient, now: DateTime<Utc>) -> anyhow::Result<()> {
        let days = client.holidays(trading_day(now)).await?;
        let new: Vec<(NaiveDate, bool)> = days.iter().map(|day| (day.date, day.opens)).collect();
        let first = new.iter().map(|(day, _)| *day).min();
        // Earlier answers stand, for what happened then is judged by them.
        self.answers.days.retain(|(day, _)| first.is_none_or(|first| *day < first));
        self.answers.days.extend(new);
        self.answers.asked_at = Some(now);
        let before = self.sender.borrow().clone();
        let after = self.answers.on_top_of(&self.built_in);
        for (day, _) in self.answers.days.iter().filter(|(day, _)| before.day(*day) != after.day(*day)) {
            info!(%day, is = ?after.day(*day), "The broker says something new of a day");
        }
        self.sender.send_replace(after);
        self.answers.write(&self.dir)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use obs_kis::{Credentials, Endpoints, Environment, KisSettings};
    use obs_model::TradingDay;
    use obs_sim::{SimSettings, Simulator};

    use super::*;

    fn christmas() -> NaiveDate {
        "2026-12-25".parse().unwrap()
    }

    #[tokio::test]
    async fn what_the_broker_says_of_a_day_counts_from_then_on_and_is_asked_once() {
        let now: DateTime<Utc> = "2026-12-20T00:00:00Z".parse().unwrap();
        let mut settings = SimSettings::new(Arc::new(move || now), 1);
        settings.market.calendar = Calendar::krx();
        let simulator = Simulator::start(settings).await.unwrap();
        let endpoints = Endpoints::at(Environment::Live, &simulator.rest_url(), &simulator.websocket_url()).unwrap();
        let keys = Credentials::new(simulator.app_key().to_owned(), simulator.app_secret().to_owned()).unwrap();
        let clock = Clock::compressed(now, 1);
        let client = KisClient::new(endpoints, keys, KisSettings::new(Environment::Live), clock.clone()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        // A calendar that was built before the holiday was decreed.
        let mut built_in = Calendar::krx();
        built_in.set(christmas(), TradingDay::Regular);

        let days = MarketDays::open(dir.path(), built_in.clone());
        let (mut calendar, stop) = (days.calendar(), CancellationToken::new());
        let keeping = tokio::spawn(days.keep(client.clone(), clock.clone(), stop.clone()));
        calendar.changed().await.unwrap();
        assert_eq!(calendar.borrow().day(christmas()), TradingDay::Closed);
        stop.cancel();
        keeping.await.unwrap();
        let asked = client.counts().calls;

        // A program that is started again soon goes by the same answer, and does not ask.
        let days = MarketDays::open(dir.path(), built_in);
        assert_eq!(days.calendar().borrow().day(christmas()), TradingDay::Closed);
        let stop = CancellationToken::new();
        let keeping = tokio::spawn(days.keep(client.clone(), clock, stop.clone()));
        tokio::task::yield_now().await;
        stop.cancel();
        keeping.await.unwrap();
        assert_eq!(client.counts().calls, asked);
        simulator.stop().await;
    }

    #[test]
    fn answers_that_cannot_be_read_are_as_if_nobody_had_asked() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("calendar.json"), "{").unwrap();
        assert_eq!(*MarketDays::open(dir.path(), Calendar::krx()).calendar().borrow(), Calendar::krx());
    }
}
