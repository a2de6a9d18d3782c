//! The stretches in which a feed was attested alive.

use obs_model::{FeedChange, FeedSession, GapReason};

use super::{Made, Outcome, sample};
use crate::{Batch, Committed, Store, Table, TableCount};

/// Commits changes of numbered connections at times of one morning.
async fn apply(store: &dyn Store, changes: &[(u32, &str, FeedChange)]) -> Made<Committed> {
    let event = |(nth, time, change): &(u32, &str, FeedChange)| {
        sample::feed_event(*nth, &format!("2026-01-22T{time}Z"), change.clone())
    };
    let feed_events = changes.iter().map(event).collect::<Made<Vec<_>>>()?;
    Ok(store.commit(&Batch { feed_events, ..Batch::default() }).await?)
}

/// What is stored, as `feed symbol from until`, and whether it is closed.
async fn stored(store: &dyn Store) -> Made<Vec<String>> {
    let line = |row: FeedSession| {
        let (from, until) = (row.attested_from.format("%H:%M:%S%.f"), row.attested_until.format("%H:%M:%S%.f"));
        let state = if row.closed { "closed" } else { "open" };
        format!("{} {} {from} {until} {state}", row.feed_id.as_str(), row.symbol)
    };
    Ok(store.feed_sessions(sample::ever()?).await?.into_iter().map(line).collect())
}

fn subscribed(symbol: &str) -> Made<FeedChange> {
    Ok(FeedChange::Subscribed { symbol: symbol.parse()? })
}

fn unsubscribed(symbol: &str) -> Made<FeedChange> {
    Ok(FeedChange::Unsubscribed { symbol: symbol.parse()? })
}

const CLOSED: FeedChange = FeedChange::Closed { reason: GapReason::WsDisconnect };

/// From connecting to the end: attested are subscribed symbols only, up to the last sign of life.
///
/// # Errors
/// When the store fails.
pub async fn a_connection_attests_its_subscriptions(store: &dyn Store) -> Outcome {
    let committed = apply(store, &[(1, "00:00:00", FeedChange::Opened)]).await?;
    assert_eq!(committed, Committed::default());

    let committed =
        apply(store, &[(1, "00:00:01", subscribed("005930")?), (1, "00:00:02.5", subscribed("000660")?)]).await?;
    assert_eq!(committed.of(Table::FeedSessions), TableCount { inserted: 2, updated: 0 });
    assert_eq!(
        stored(store).await?,
        ["observer-1#1 000660 00:00:02.500 00:00:02.500 open", "observer-1#1 005930 00:00:01 00:00:01 open"]
    );

    let committed = apply(store, &[(1, "00:00:10", FeedChange::Alive)]).await?;
    assert_eq!(committed.of(Table::FeedSessions), TableCount { inserted: 0, updated: 2 });
    apply(store, &[(1, "00:00:15", unsubscribed("000660")?), (1, "00:00:20", FeedChange::Alive)]).await?;
    apply(store, &[(1, "00:00:30", CLOSED), (1, "00:00:40", FeedChange::Alive)]).await?;
    assert_eq!(
        stored(store).await?,
        ["observer-1#1 000660 00:00:02.500 00:00:15 closed", "observer-1#1 005930 00:00:01 00:00:20 closed"]
    );
    Ok(())
}

/// Signs of life that come out of order, and ends that lie before them, never lower what was attested.
///
/// # Errors
/// When the store fails.
pub async fn attested_time_never_shrinks(store: &dyn Store) -> Outcome {
    apply(store, &[(1, "00:00:00", subscribed("005930")?), (1, "00:00:30", FeedChange::Alive)]).await?;
    apply(store, &[(1, "00:00:20", FeedChange::Alive)]).await?;
    assert_eq!(stored(store).await?, ["observer-1#1 005930 00:00:00 00:00:30 open"]);

    let alive = |time| (1, time, FeedChange::Alive);
    apply(store, &[alive("00:00:40"), alive("00:00:50"), alive("00:00:45")]).await?;
    assert_eq!(stored(store).await?, ["observer-1#1 005930 00:00:00 00:00:50 open"]);

    apply(store, &[(1, "00:00:49", unsubscribed("005930")?)]).await?;
    assert_eq!(stored(store).await?, ["observer-1#1 005930 00:00:00 00:00:50 closed"]);
    Ok(())
}

/// Connections know nothing of each other, and the same subscription told twice is one.
///
/// # Errors
/// When the store fails.
pub async fn connections_are_apart(store: &dyn Store) -> Outcome {
    let changes = [
        (1, "00:00:00", subscribed("005930")?),
        (2, "00:00:00", subscribed("005930")?),
        (2, "00:00:00", subscribed("005930")?),
        (1, "00:00:05", FeedChange::Alive),
        (2, "00:00:06", FeedChange::Alive),
        (1, "00:00:07", FeedChange::Alive),
        (2, "00:00:08", CLOSED),
        (1, "00:00:09", unsubscribed("005930")?),
        (1, "00:00:10", subscribed("005930")?),
        (1, "00:00:20", FeedChange::Alive),
    ];
    let committed = apply(store, &changes).await?;
    assert_eq!(committed.of(Table::FeedSessions).inserted, 3);
    assert_eq!(
        stored(store).await?,
        [
            "observer-1#1 005930 00:00:00 00:00:09 closed",
            "observer-1#1 005930 00:00:10 00:00:20 open",
            "observer-1#2 005930 00:00:00 00:00:06 closed",
        ]
    );
    assert_eq!(store.count(Table::FeedSessions).await?, 3);
    Ok(())
}

/// An attested stretch is found by the rule for gaps, and comes back whole.
///
/// # Errors
/// When the store fails.
pub async fn attested_stretches_are_found_where_they_touch(store: &dyn Store) -> Outcome {
    let changes = [
        (1, "00:00:00", subscribed("005930")?),
        (1, "00:01:00", FeedChange::Alive),
        (2, "00:01:00", subscribed("005930")?),
        (3, "00:02:00", subscribed("005930")?),
    ];
    apply(store, &changes).await?;
    let minute = sample::range("2026-01-22T00:01:00Z", "2026-01-22T00:02:00Z")?;
    let found = store.feed_sessions(minute).await?;
    let event = sample::feed_event(2, "2026-01-22T00:01:00Z", FeedChange::Opened)?;
    let expected = FeedSession {
        feed_id: event.feed_id,
        session_id: event.session_id,
        symbol: "005930".parse()?,
        attested_from: event.at,
        attested_until: event.at,
        closed: false,
    };
    assert_eq!(found, [expected]);
    Ok(())
}
