//! Bars and coverage that the database works out: they are those of `obs-aggregate`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use obs_aggregate::{Attested, Minute, Minutes};
use obs_model::{Coverage, FeedChange, FeedEvent, FeedId, GapReason, Price, Quantity, Symbol, Tick, minute_of};
use proptest::{
    collection::vec,
    option::weighted,
    prelude::{Strategy, any},
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::{Made, Outcome, sample};
use crate::{Batch, Store, TimeRange};

const SYMBOLS: [&str; 3] = ["005930", "000660", "0004V0"];
/// Sessions of one run. Each is on a day of its own, so that one store holds them all.
const SESSIONS: i32 = 48;
const MINUTES: i64 = 5;

/// A tick of one of the symbols: quarter seconds from the start, price, and shares.
type GeneratedTick = (usize, i64, Option<i64>, Option<i64>);
/// Something that happens to one of the feeds: which feed, which symbol, quarter seconds from a minute before the start, and what.
type GeneratedEvent = (u32, usize, i64, u8);

/// Ticks in any order, so early, late and in the same instant; some twice, some without a price. The third symbol is quiet.
fn ticks() -> impl Strategy<Value = Vec<GeneratedTick>> {
    let symbol = select(vec![0_usize, 0, 0, 0, 0, 1, 1, 2]);
    let quarters = (0..MINUTES * 240, any::<bool>()).prop_map(|(at, whole)| if whole { at / 4 * 4 } else { at });
    let tick = (symbol, quarters, weighted(0.9, 1_i64..2_000), weighted(0.9, 0_i64..500));
    vec(tick, 0..150).prop_map(|mut ticks| {
        let repeated: Vec<_> = ticks.iter().step_by(7).copied().collect();
        ticks.extend(repeated);
        ticks
    })
}

/// Subscriptions, signs of life and ends of three feeds, mostly in order.
fn events() -> impl Strategy<Value = Vec<GeneratedEvent>> {
    let event = (0_u32..3, 0_usize..3, 0..(MINUTES + 2) * 240, 0_u8..8);
    (vec(event, 0..40), any::<bool>()).prop_map(|(mut events, in_order)| {
        if in_order {
            events.sort_by_key(|event| event.2);
        }
        events
    })
}

fn tick(start: DateTime<Utc>, (symbol, quarters, price, shares): GeneratedTick) -> Made<Tick> {
    Ok(Tick {
        symbol: SYMBOLS[symbol].parse()?,
        event_time: start + TimeDelta::milliseconds(250 * quarters),
        last_price: price.map(|halves| Price::from_ten_thousandths(5_000 * halves)).transpose()?,
        volume: shares.map(Quantity::new).transpose()?,
        session_id: obs_model::SessionId::new(&format!("observer-{}", quarters % 3))?,
        ..sample::tick(SYMBOLS[symbol], "2026-01-22T00:00:00Z")?
    })
}

fn event(start: DateTime<Utc>, session: u32, (feed, symbol, quarters, kind): GeneratedEvent) -> Made<FeedEvent> {
    let session_id = sample::session()?;
    let symbol = SYMBOLS[symbol].parse()?;
    let change = match kind {
        0 | 1 => FeedChange::Subscribed { symbol },
        2 => FeedChange::Unsubscribed { symbol },
        3 => FeedChange::Closed { reason: GapReason::WsDisconnect },
        _ => FeedChange::Alive,
    };
    let at = start + TimeDelta::milliseconds(250 * quarters) - TimeDelta::minutes(1);
    Ok(FeedEvent { feed_id: FeedId::nth_of(&session_id, 3 * session + feed)?, session_id, at, change })
}

/// What `obs-aggregate` says of each minute of a range, also of those without a tick.
fn coverage(ticks: &[Tick], attested: &Attested, range: TimeRange, symbol: Symbol) -> Vec<(DateTime<Utc>, Coverage)> {
    let mut minutes: BTreeMap<DateTime<Utc>, Minute> = BTreeMap::new();
    for tick in ticks.iter().filter(|tick| tick.symbol == symbol) {
        minutes.entry(minute_of(tick.event_time)).or_default().add(tick);
    }
    let stretches = attested.by_symbol().remove(&symbol).unwrap_or_default();
    let every = (0..).map(|nth| range.from + TimeDelta::minutes(nth)).take_while(|minute| *minute < range.until);
    every.map(|minute| (minute, minutes.remove(&minute).unwrap_or_default().coverage(minute, &stretches))).collect()
}

/// Generated sessions with holes, late and repeated ticks, quiet symbols, and feeds that come and go: the database makes the same
/// bars and the same coverage of the rows as the recorder did of the events.
///
/// # Errors
/// When the store fails.
pub async fn is_that_of_the_recorder(store: &dyn Store) -> Outcome {
    let mut runner = TestRunner::deterministic();
    let first = sample::at("2026-01-05T00:00:00Z")?;
    for session in 0..SESSIONS {
        let start = first + TimeDelta::days(session.into());
        let (ticks, events) = (ticks(), events()).new_tree(&mut runner).map_err(|reason| reason.to_string())?.current();
        let ticks = ticks.into_iter().map(|one| tick(start, one)).collect::<Made<Vec<_>>>()?;
        let events = events.into_iter().map(|one| event(start, session.unsigned_abs(), one)).collect::<Made<Vec<_>>>()?;
        store.commit(&Batch { ticks: ticks.clone(), feed_events: events.clone(), ..Batch::default() }).await?;

        let mut attested = Attested::default();
        events.iter().for_each(|event| attested.apply(event));
        let mut minutes = Minutes::default();
        ticks.iter().for_each(|tick| minutes.add(tick));
        let mut bars = minutes.take_changed(&attested);
        bars.sort_by_key(|bar| (bar.symbol, bar.bar_time));

        let range = TimeRange { from: start - TimeDelta::minutes(1), until: start + TimeDelta::minutes(MINUTES + 1) };
        assert_eq!(store.aggregate(range, None).await?, bars, "session {session}: {ticks:#?} {events:#?}");
        for symbol in SYMBOLS {
            let symbol = symbol.parse()?;
            let expected = coverage(&ticks, &attested, range, symbol);
            let found = store.coverage(range, symbol).await?;
            assert_eq!(found, expected, "session {session}, {symbol}: {ticks:#?} {events:#?}");
        }
    }
    Ok(())
}

/// The minutes that start in a range, whole, of one symbol or of all; of nothing there are no bars.
///
/// # Errors
/// When the store fails.
pub async fn is_of_whole_minutes(store: &dyn Store) -> Outcome {
    let times = ["00:00:59.999999", "00:01:00", "00:01:59.999999", "00:02:00"];
    let mut ticks =
        times.map(|time| sample::tick("005930", &format!("2026-01-22T{time}Z"))).into_iter().collect::<Made<Vec<_>>>()?;
    ticks.push(sample::tick("000660", "2026-01-22T00:01:30Z")?);
    store.commit(&Batch { ticks, ..Batch::default() }).await?;

    let of = async |from: &str, until: &str, symbol: Option<&str>| {
        let range = sample::range(&format!("2026-01-22T{from}Z"), &format!("2026-01-22T{until}Z"))?;
        let bars = store.aggregate(range, symbol.map(str::parse).transpose()?).await?;
        let bar = |bar: &obs_model::Bar| format!("{} {} {}", bar.symbol, bar.bar_time.format("%M"), bar.volume);
        Made::Ok(bars.iter().map(bar).collect::<Vec<_>>())
    };
    assert_eq!(of("00:00:00", "00:03:00", None).await?, ["000660 01 10", "005930 00 10", "005930 01 20", "005930 02 10"]);
    assert_eq!(of("00:00:00", "00:03:00", Some("000660")).await?, ["000660 01 10"]);
    assert_eq!(of("00:00:00.000001", "00:01:00.000001", Some("005930")).await?, ["005930 01 20"]);
    assert_eq!(of("00:01:00", "00:02:00", Some("005930")).await?, ["005930 01 20"]);
    assert_eq!(of("00:01:01", "00:02:00", None).await?, [""; 0]);
    assert_eq!(store.aggregate(sample::ever()?, None).await?.len(), 4);

    let range = sample::range("2026-01-22T00:00:30Z", "2026-01-22T00:02:00Z")?;
    let covered = store.coverage(range, "005930".parse()?).await?;
    assert_eq!(covered, [(sample::at("2026-01-22T00:01:00Z")?, Coverage::of_slots(2))]);
    Ok(())
}
