//! Volume breaks and healed bars.

use obs_model::{Bar, Coverage, HealedBar, Ohlc, Price, QualityFlag, Quantity, VolumeBreak};

use super::{Made, Outcome, sample};
use crate::{Batch, Origin, SourcedBar, Store, Table, TableCount};

const MINUTE: &str = "2026-01-22T00:01:00Z";

/// By the trade behind them and symbol; a break within a second touches the range that it begins with.
///
/// # Errors
/// When the store fails.
pub async fn volume_breaks_come_back_as_they_went_in(store: &dyn Store) -> Outcome {
    let (early, late) = ("2026-01-22T00:00:59Z", "2026-01-22T00:01:59Z");
    let ends_there = sample::volume_break("005930", (early, MINUTE), 10)?;
    let within = VolumeBreak { shares: Quantity::MAX, ..sample::volume_break("005930", (MINUTE, MINUTE), 0)? };
    let letters = sample::volume_break("0004V0", (early, late), 1)?;
    let reaches_out = sample::volume_break("005930", (late, "2026-01-22T00:03:00.25Z"), 0)?;
    let after = sample::volume_break("005930", ("2026-01-22T00:02:00Z", "2026-01-22T00:02:01Z"), 3)?;
    let all = [&ends_there, &within, &letters, &after, &reaches_out].map(VolumeBreak::clone);
    let volume_breaks = all.iter().rev().cloned().collect();
    let committed = store.commit(&Batch { volume_breaks, ..Batch::default() }).await?;
    assert_eq!(committed.of(Table::VolumeBreaks), TableCount { inserted: 5, updated: 0 });

    assert_eq!(store.volume_breaks(sample::ever()?).await?, all);
    let minute = sample::range(MINUTE, "2026-01-22T00:02:00Z")?;
    assert_eq!(store.volume_breaks(minute).await?, [within, letters, reaches_out]);
    Ok(())
}

/// Several holes between the same two seconds are one row with all their shares, and no sum is too great.
///
/// # Errors
/// When the store fails.
pub async fn volume_breaks_between_the_same_seconds_add_up(store: &dyn Store) -> Outcome {
    let of = |shares| sample::volume_break("005930", (MINUTE, MINUTE), shares);
    let broken = async |breaks: Vec<VolumeBreak>| {
        store.commit(&Batch { volume_breaks: breaks, ..Batch::default() }).await?;
        Made::Ok(store.volume_breaks(sample::ever()?).await?)
    };
    assert_eq!(broken(vec![of(10)?, of(5)?]).await?, [of(15)?]);
    assert_eq!(broken(vec![of(7)?]).await?, [of(22)?]);
    assert_eq!(store.count(Table::VolumeBreaks).await?, 1);
    assert_eq!(broken(vec![of(i64::MAX - 3)?, of(2)?]).await?, [of(i64::MAX)?]);
    Ok(())
}

/// Fractions and limits; by symbol and time. A minute that is healed again is replaced, and observed bars never are.
///
/// # Errors
/// When the store fails.
pub async fn healed_bars_come_back_and_are_replaced(store: &dyn Store) -> Outcome {
    let fractions = HealedBar {
        ohlc: Ohlc::new("71950.5".parse()?, Price::MAX, Price::MIN, "71950.0001".parse()?)?,
        volume: Quantity::MAX,
        ..sample::healed_bar("0004V0", MINUTE)?
    };
    let plain = sample::healed_bar("005930", MINUTE)?;
    let other = sample::healed_bar("005930", "2026-01-22T00:00:00Z")?;
    let observed = sample::bar("005930", MINUTE)?;
    let healed_bars = vec![plain.clone(), fractions.clone(), other.clone()];
    let batch = Batch { healed_bars, bars: vec![observed.clone()], ..Batch::default() };
    let committed = store.commit(&batch).await?;
    assert_eq!(committed.of(Table::HealedBars), TableCount { inserted: 3, updated: 0 });
    assert_eq!(store.healed_bars(sample::ever()?, None).await?, [fractions.clone(), other.clone(), plain.clone()]);
    assert_eq!(store.healed_bars(sample::ever()?, Some(plain.symbol)).await?, [other, plain.clone()]);
    let minute = sample::range(MINUTE, "2026-01-22T00:02:00Z")?;
    assert_eq!(store.healed_bars(minute, None).await?, [fractions, plain.clone()]);

    let again = HealedBar { healed_at: sample::at("2026-01-22T10:00:00Z")?, volume: Quantity::new(1)?, ..plain.clone() };
    let batch = Batch { healed_bars: vec![plain.clone(), again.clone()], ..Batch::default() };
    let committed = store.commit(&batch).await?;
    assert_eq!(committed.of(Table::HealedBars), TableCount { inserted: 0, updated: 1 });
    let minutes = store.healed_bars(minute, Some(plain.symbol)).await?;
    assert_eq!(minutes, [again]);
    assert_eq!(store.bars(sample::ever()?, None).await?, [observed]);
    Ok(())
}

/// A healed minute stands in where the observed one is missing or not normal, and does not look better observed than it was.
///
/// # Errors
/// When the store fails.
pub async fn healing_stands_in_for_what_is_not_normal(store: &dyn Store) -> Outcome {
    let times = ["2026-01-22T00:00:00Z", MINUTE, "2026-01-22T00:02:00Z", "2026-01-22T00:03:00Z"];
    let [normal, thin, alone, missing] = times.map(|time| sample::bar("005930", time));
    let thin = Bar { coverage: Coverage::new(0.25)?, quality_flag: QualityFlag::Gap, ..thin? };
    let alone = Bar { coverage: Coverage::new(0.5)?, quality_flag: QualityFlag::Degraded, ..alone? };
    let (normal, missing) = (normal?, missing?);
    let healed_bars = [times[0], times[1], times[3]].map(|time| sample::healed_bar("005930", time));
    let batch = Batch {
        bars: vec![normal.clone(), thin.clone(), alone.clone()],
        healed_bars: healed_bars.into_iter().collect::<Made<_>>()?,
        ..Batch::default()
    };
    store.commit(&batch).await?;

    let healed = |bar: Bar| {
        let like = sample::healed_bar("005930", MINUTE)?;
        let bar = Bar { ohlc: like.ohlc, volume: like.volume, ..bar };
        Made::Ok(SourcedBar { bar, origin: Origin::Healed })
    };
    let observed = |bar| SourcedBar { bar, origin: Origin::Observed };
    let missing = Bar { coverage: Coverage::NONE, quality_flag: QualityFlag::Gap, ..missing };
    let expected = [observed(normal), healed(thin)?, observed(alone), healed(missing)?];
    assert_eq!(store.bars_with_healing(sample::ever()?, None).await?, expected);
    assert_eq!(store.bars_with_healing(sample::ever()?, Some("000660".parse()?)).await?, []);
    let minute = sample::range(MINUTE, "2026-01-22T00:02:00Z")?;
    assert_eq!(store.bars_with_healing(minute, Some("005930".parse()?)).await?, expected[1..2]);
    Ok(())
}
