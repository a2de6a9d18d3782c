//! What bars need of ticks, by `COPY … TO … BINARY`: an answer's rows cost the driver more than all else that is done with them.

use std::fmt::Write;

use futures_util::TryStreamExt;
use obs_model::{Price, QualityFlag, Quantity, SessionId, Symbol, Tick};
use obs_store::{
    StoreError, TimeRange,
    adapter::{BadCell, bad, checked},
};
use sqlx::{PgPool, Postgres, pool::PoolConnection};

use crate::{
    error::Failure,
    wire::{Instant, TenThousandths},
};

/// Signature, flags, and length of the header's extension. It comes in one message with the first row.
const HEADER: usize = 19;
/// What stands in place of the number of fields behind the last row.
const END: i16 = -1;
const FIELDS: usize = 6;

/// The fields of a row, `None` for NULL.
type Fields<'r> = [Option<&'r [u8]>; FIELDS];

/// A connection for [`ticks`]. It is closed in the end: if a reader goes away in the middle, rows lie in it that nobody awaits.
pub(crate) async fn connection(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    connection.close_on_drop();
    Ok(connection)
}

/// The ticks of a range, of one symbol or of all, by event time and then in order of arrival, with what bars are made of.
pub(crate) async fn ticks(
    connection: &mut PoolConnection<Postgres>,
    range: TimeRange,
    symbol: Option<Symbol>,
) -> Result<Vec<Tick>, Failure> {
    let statement = statement(range, symbol);
    let mut messages = connection.copy_out_raw(&statement).await?;
    let mut ticks: Vec<(i64, Tick)> = Vec::new();
    let mut header = HEADER;
    // The server sends a message a row.
    while let Some(message) = messages.try_next().await? {
        let row = message.get(std::mem::take(&mut header)..).unwrap_or_default();
        if row.starts_with(&END.to_be_bytes()) {
            continue;
        }
        let fields = fields(row).ok_or_else(|| sqlx::Error::Protocol("a row of COPY is cut short".to_owned()))?;
        let id = number(fields[0]).unwrap_or_default();
        let last_session = ticks.last().map(|(_, tick)| &tick.session_id);
        let corrupt = |BadCell { column, reason }| StoreError::CorruptRow {
            table: "scalp_ticks",
            column,
            row: id.to_string(),
            reason,
        };
        ticks.push((id, read(fields, last_session).map_err(corrupt)?));
    }
    ticks.sort_unstable_by_key(|(id, tick)| (tick.event_time, *id));
    Ok(ticks.into_iter().map(|(_, tick)| tick).collect())
}

/// `COPY` takes no parameters. Neither numbers nor symbols, which are digits and capital letters, need to be quoted.
fn statement(range: TimeRange, symbol: Option<Symbol>) -> String {
    let instant = |bound| {
        let micros = Instant::micros(Instant::bound(bound).0);
        format!("TIMESTAMPTZ '2000-01-01 00:00:00+00' + {micros} * INTERVAL '1 microsecond'")
    };
    let mut statement = format!(
        "COPY (SELECT id, symbol, event_time, last_price, volume, session_id FROM scalp_ticks \
         WHERE event_time >= {} AND event_time < {}",
        instant(range.from),
        instant(range.until)
    );
    if let Some(symbol) = symbol {
        // Writing to a string cannot fail.
        let _ = write!(statement, " AND symbol = '{symbol}'");
    }
    statement + ") TO STDOUT (FORMAT BINARY)"
}

/// Cuts a row: the number of its fields, and each with its length before it.
fn fields(row: &[u8]) -> Option<Fields<'_>> {
    let (count, mut rest) = row.split_first_chunk()?;
    let mut fields = [None; FIELDS];
    if usize::try_from(i16::from_be_bytes(*count)) != Ok(FIELDS) {
        return None;
    }
    for field in &mut fields {
        let (length, behind) = rest.split_first_chunk()?;
        rest = behind;
        // NULL has the length -1.
        if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
            let (value, behind) = rest.split_at_checked(length)?;
            (*field, rest) = (Some(value), behind);
        }
    }
    Some(fields)
}

/// Most ticks are of the same session as the one before, whose name is shared then.
fn read([_, symbol, event_time, price, volume, session]: Fields<'_>, last: Option<&SessionId>) -> Result<Tick, BadCell> {
    let session = text("session_id", session)?;
    let session_id = match last.filter(|last| last.as_str() == session) {
        Some(last) => last.clone(),
        None => checked("session_id", session.parse())?,
    };
    let micros = number(event_time).ok_or_else(|| bad("event_time", "it is no instant"))?;
    Ok(Tick {
        symbol: checked("symbol", text("symbol", symbol)?.parse())?,
        event_time: checked("event_time", Instant::of_micros(micros))?.0,
        last_price: price.map(read_price).transpose()?.flatten(),
        volume: number(volume).map(|shares| checked("volume", Quantity::new(shares))).transpose()?,
        bid_price: None,
        ask_price: None,
        bid_size: None,
        ask_size: None,
        session_id,
        mitigation_level: 0,
        quality_flag: QualityFlag::Normal,
    })
}

/// A price, where 0 says that there is none.
fn read_price(bytes: &[u8]) -> Result<Option<Price>, BadCell> {
    match checked("last_price", TenThousandths::of_bytes(bytes))? {
        TenThousandths(0) => Ok(None),
        TenThousandths(raw) => checked("last_price", Price::from_ten_thousandths(raw)).map(Some),
    }
}

fn text<'r>(column: &'static str, field: Option<&'r [u8]>) -> Result<&'r str, BadCell> {
    checked(column, str::from_utf8(field.ok_or_else(|| bad(column, "it is NULL"))?))
}

/// A field of type `BIGINT` or `TIMESTAMPTZ`.
fn number(field: Option<&[u8]>) -> Option<i64> {
    field.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes)
}
