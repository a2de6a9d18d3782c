//! Track A: what the poller learns becomes records, and candles for the triggers.

use chrono::{DateTime, Utc};
use obs_ingest_rest::PollItem;
use obs_ingest_ws::Candle;
use obs_kis::MinuteRow;
use obs_model::{KST, Symbol};
use obs_schema::Record;
use tokio::sync::mpsc;
use tracing::info;

use crate::{names::Names, samples::Samples};

/// Hands on what the poller learns, until it has ended or nobody takes records any more.
pub(crate) async fn forward(
    mut items: mpsc::Receiver<PollItem>,
    records: mpsc::Sender<Record>,
    candles: mpsc::Sender<Candle>,
    names: Names,
) {
    let mut samples = Samples::default();
    while let Some(item) = items.recv().await {
        let record = match item {
            PollItem::Bar(bar) => Record::Swing(bar),
            PollItem::Gap(gap) => {
                let (symbols, from) = (gap.symbols.len(), gap.start());
                let first = gap.symbols.first().map(|symbol| names.of(*symbol).to_string());
                info!(reason = %gap.reason, symbols, first, %from, "Ten-minute bars are missing");
                Record::Gap(gap)
            }
            PollItem::Candles { symbol, rows } => {
                for candle in rows.iter().filter_map(|row| candle(symbol, row)) {
                    // Without Track B nobody waits for them.
                    let _ = candles.try_send(candle);
                }
                continue;
            }
            PollItem::Rejected(answer) => {
                let about =
                    format!("{} {}", names.of(answer.symbol), answer.window.start.with_timezone(&KST).format("%H:%M"));
                samples.reject("track_a_answer", &answer.reason, &about);
                continue;
            }
        };
        if records.send(record).await.is_err() {
            return;
        }
    }
}

fn candle(symbol: Symbol, row: &MinuteRow) -> Option<Candle> {
    let minute: DateTime<Utc> = row.date.and_time(row.time).and_local_timezone(KST).single()?.to_utc();
    let MinuteRow { open, high, low, close, volume, .. } = *row;
    Some(Candle { symbol, minute, open, high, low, close, volume })
}
