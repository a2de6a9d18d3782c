//! Asking the broker for one stock.

use chrono::{DateTime, TimeDelta, Utc};
use obs_kis::{Clock, KisClient, KisError};
use obs_model::{GapReason, Quantity, Symbol, trading_day};

use crate::{
    BarError, Evidence, Window, WindowBar,
    bar::{Best, window_bar},
    error::concerns_all,
    window::korean,
};

/// The most pages of a chart: a day of 24 hours has 48.
const MAX_PAGES: usize = 60;
/// Smaller differences between our clock and the broker's are the network's delay and the header's full seconds.
const SKEW_NOISE: TimeDelta = TimeDelta::seconds(1);

/// Asks the broker, going by the broker's clock.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) client: KisClient,
    pub(crate) clock: Clock,
}

/// What the chart gives of a window.
pub(crate) type WindowResult = (Window, Result<WindowBar, BarError>);

/// Why a stock could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An error that every call would get.
    #[error(transparent)]
    All(KisError),
    #[error(transparent)]
    Broker(KisError),
    #[error("the broker knows no such stock, or nothing of it today")]
    Unknown,
    #[error(transparent)]
    Bar(BarError),
    #[error("the broker's clock says that the window is not over")]
    Early,
    #[error("the broker's chart is about another day by now")]
    Late,
}

impl From<KisError> for Failure {
    fn from(error: KisError) -> Self {
        if concerns_all(&error) { Self::All(error) } else { Self::Broker(error) }
    }
}

impl Failure {
    /// What a gap says about it.
    pub(crate) const fn reason(&self) -> GapReason {
        match self {
            Self::Broker(KisError::RateLimited { .. }) | Self::All(KisError::RateLimited { .. }) => GapReason::RateLimit,
            Self::All(_) | Self::Broker(_) | Self::Bar(_) => GapReason::ApiError,
            Self::Unknown => GapReason::NoDataReceived,
            Self::Early | Self::Late => GapReason::CollectionDelayed,
        }
    }

    /// Whether the next attempt may do better.
    pub(crate) const fn may_pass(&self) -> bool {
        !matches!(self, Self::All(_) | Self::Late | Self::Broker(KisError::Refused { .. } | KisError::NotOffered { .. }))
    }
}

impl Asker {
    /// What the broker's clock shows, as far as we know: its chart must never be asked for a minute that is not over there.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now() - self.skew()
    }

    /// Waits until the broker's clock shows an instant.
    pub(crate) async fn wait_until(&self, then: DateTime<Utc>) {
        while self.now() < then {
            self.clock.sleep_until(then + self.skew()).await;
        }
    }

    fn skew(&self) -> TimeDelta {
        self.client.clock_skew().filter(|skew| skew.abs() > SKEW_NOISE).unwrap_or_default()
    }

    /// The bars of windows of one day, which must be over. Their minutes are asked for from the last back to the first.
    pub(crate) async fn bars(&self, symbol: Symbol, windows: &[Window]) -> Result<Vec<WindowResult>, Failure> {
        let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return Ok(Vec::new()) };
        let (day, start) = (first.day(), korean(first.start));
        self.check_clock(last)?;
        let mut evidence = Evidence::default();
        let mut until = korean(last.last_minute()).time();
        for _ in 0..MAX_PAGES {
            let chart = self.client.minute_chart(symbol, until).await?;
            evidence.add(&chart.rows);
            if evidence.is_empty() {
                evidence = self.traded_nothing(symbol).await?;
            }
            match evidence.walk_back(day) {
                Some(earlier) if !evidence.reaches(start) && earlier < until => until = earlier,
                _ => break,
            }
        }
        // The first answer of a run may be what tells that our clock is wrong.
        self.check_clock(last)?;
        Ok(windows.iter().map(|window| (*window, window_bar(window, &evidence))).collect())
    }

    /// The best bid and ask of this moment.
    pub(crate) async fn best(&self, symbol: Symbol) -> Result<Best, Failure> {
        let book = self.client.asking_price(symbol).await?;
        let best = |levels: &[obs_kis::Level]| levels.first().map(|level| level.price);
        Ok(Best { bid: best(&book.bids), ask: best(&book.asks) })
    }

    /// A chart without rows is that of a stock without trades today, or of none at all.
    async fn traded_nothing(&self, symbol: Symbol) -> Result<Evidence, Failure> {
        let quote = self.client.quote(symbol).await?;
        match quote.price {
            Some(_) if quote.volume == Quantity::ZERO => Ok(Evidence::of_a_day_without_trades()),
            _ => Err(Failure::Unknown),
        }
    }

    fn check_clock(&self, last: &Window) -> Result<(), Failure> {
        let now = self.now();
        match now < last.complete_at() {
            true => Err(Failure::Early),
            false if trading_day(now) != last.day() => Err(Failure::Late),
            false => Ok(()),
        }
    }
}
