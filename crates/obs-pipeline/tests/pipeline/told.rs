//! Lines in which a recorder tells of losses, healed minutes and rejects; and the marks of trades that nobody has judged yet.

use chrono::TimeDelta;
use obs_aggregate::GuardSettings;
use obs_model::{HealedBar, Ohlc, Price, QualityFlag, Quantity, VolumeBreak};
use obs_pipeline::LoadOptions;
use obs_schema::{Record, RejectedRecord};
use obs_store::Table;

use crate::{Outcome, at, contents, ever, folder, lines, load_all, load_with, on_both, session, summary_of, symbol, tick};

fn told() -> [Record; 3] {
    let won = |won| Price::from_won(won).unwrap();
    let shares = |shares| Quantity::new(shares).unwrap();
    let (symbol, session_id) = (symbol("005930"), session());
    [
        Record::Loss(VolumeBreak {
            symbol,
            after: at("01:00:00"),
            before: at("01:00:05"),
            shares: shares(120),
            session_id: session_id.clone(),
        }),
        Record::Healed(HealedBar {
            symbol,
            bar_time: at("01:00:00"),
            ohlc: Ohlc::new(won(70_000), won(70_200), won(69_900), won(70_100)).unwrap(),
            volume: shares(1_234),
            healed_at: at("01:05:00"),
            session_id: session_id.clone(),
        }),
        Record::Rejected(RejectedRecord {
            at: at("01:06:00"),
            source: "H0STCNT0".to_owned(),
            reason: "price_jump".to_owned(),
            detail: "the price is far from the one before it".to_owned(),
            sample: "{\"v\":\"2.0\"}".to_owned(),
            session_id,
        }),
    ]
}

#[tokio::test]
async fn losses_and_healed_minutes_are_rows_and_what_a_recorder_rejected_is_in_the_ledger() -> Outcome {
    on_both(async |store| {
        let [loss, healed, rejected] = told();
        let dir = folder(&[("events/20260122.jsonl", &lines(&[loss.clone(), rejected.clone(), healed.clone()]))]);
        let summary = load_all(&store, dir.path()).await;
        let file = summary_of(&summary, "events/20260122.jsonl");
        assert_eq!((file.rows, file.non_data_lines(), file.rejected_lines(), file.lines()), (2, 0, 1, 3));
        assert_eq!((file.told_rejects, file.rejects.len()), (1, 0));
        let tables = [Table::VolumeBreaks, Table::HealedBars, Table::LoadRejects];
        assert_eq!(tables.map(|table| summary.tables().of(table).inserted), [1; 3]);

        let losses = store.volume_breaks(ever()).await?.into_iter().map(Record::Loss);
        let bars = store.healed_bars(ever(), None).await?.into_iter().map(Record::Healed);
        assert_eq!(losses.chain(bars).collect::<Vec<_>>(), [loss.clone(), healed]);
        let found = contents(&*store).await?;
        assert_eq!(found.rejects.len(), 1);
        let ledger = &found.rejects[0];
        assert_eq!((ledger.line_number, ledger.byte_offset), (2, lines(&[loss]).len() as u64));
        assert_eq!(ledger.reason, "price_jump");
        assert_eq!(ledger.detail, "H0STCNT0: the price is far from the one before it");
        assert_eq!(ledger.raw, lines(&[rejected]).trim_ascii());
        let counts = store.positions().await?[0].lines;
        assert_eq!((counts.rows, counts.non_data, counts.rejects), (2, 0, 1));

        load_all(&store, dir.path()).await;
        contents(&*store).await?.assert_is(&found);
        Ok(())
    })
    .await
}

/// A line in the form of the table, as the Python system's test data has them.
fn of_others(event_time: &str, bid: i64, volume: i64) -> String {
    format!(
        r#"{{"symbol":"005930","event_time":"{event_time}","last_price":70000,"volume":{volume},"bid_price":{bid},"ask_price":70100,"bid_size":10,"ask_size":20,"session_id":"run-t","mitigation_level":0,"quality_flag":"normal"}}"#
    ) + "\n"
}

#[tokio::test]
async fn trades_of_others_are_judged_while_loading_and_none_is_left_out() -> Outcome {
    on_both(async |store| {
        let text = [
            of_others("2026-01-22T10:00:00+09:00", 70_000, 1),
            of_others("2026-01-22T10:00:01+09:00", 70_200, 1),
            of_others("2026-01-22T10:00:02+09:00", 70_000, 20_000_000_000),
            of_others("2026-01-22T15:40:00+09:00", 70_000, 1),
            of_others("2026-01-24T10:00:00+09:00", 70_000, 1),
        ];
        let dir = folder(&[("ticks.jsonl", text.concat().as_bytes())]);
        load_all(&store, dir.path()).await;
        let flags: Vec<_> = contents(&*store).await?.ticks.iter().map(|tick| tick.quality_flag).collect();
        let doubtful = QualityFlag::Degraded;
        assert_eq!(flags, [QualityFlag::Normal, doubtful, doubtful, doubtful, doubtful]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_makes_trades_of_others_doubtful_is_a_setting() -> Outcome {
    on_both(async |store| {
        let text = [
            of_others("2026-01-22T10:00:00+09:00", 70_000, 5),
            of_others("2026-01-22T10:00:01+09:00", 70_000, 6),
            of_others("2026-01-22T15:40:00+09:00", 70_000, 5),
        ];
        let dir = folder(&[("ticks.jsonl", text.concat().as_bytes())]);
        let (doubtful_volume, after_close) = (Quantity::new(5)?, TimeDelta::minutes(20));
        let guards = GuardSettings { doubtful_volume, after_close, ..GuardSettings::default() };
        load_with(&store, dir.path(), LoadOptions { guards, ..LoadOptions::default() }).await;
        let flags: Vec<_> = contents(&*store).await?.ticks.iter().map(|tick| tick.quality_flag).collect();
        assert_eq!(flags, [QualityFlag::Normal, QualityFlag::Degraded, QualityFlag::Normal]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_mark_of_our_own_line_stays_as_its_recorder_set_it() -> Outcome {
    on_both(async |store| {
        // In the evening, by a calendar that the loader does not know; and after a gap.
        let Record::Tick(mut marked) = tick("005930", at("10:00:01"), 70_000, 1) else { unreachable!() };
        marked.tick.quality_flag = QualityFlag::Gap;
        let records = [tick("005930", at("10:00:00"), 70_000, 1), Record::Tick(marked)];
        let dir = folder(&[("scalp/20260122_19.jsonl", &lines(&records))]);
        load_all(&store, dir.path()).await;
        let flags: Vec<_> = contents(&*store).await?.ticks.iter().map(|tick| tick.quality_flag).collect();
        assert_eq!(flags, [QualityFlag::Normal, QualityFlag::Gap]);
        Ok(())
    })
    .await
}
