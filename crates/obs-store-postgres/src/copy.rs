//! Ticks by `COPY … BINARY`.

use obs_model::{Quantity, Tick};
use sqlx::{PgConnection, PgPool, postgres::PgCopyIn};

use crate::wire::{Instant, put_bytes, put_i32, put_i64, put_null, put_price};

const STATEMENT: &str = "COPY scalp_ticks (id, symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, \
     session_id, mitigation_level, quality_flag) FROM STDIN (FORMAT BINARY)";
const FIELDS: i16 = 12;

/// Signature, flags, and length of the header's extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// The server parses one piece while we write the next; larger ones would only keep it waiting.
const PIECE: usize = 128 * 1024;
/// More than any row takes.
const ROW: usize = 256;

/// Takes row numbers from the table's own sequence, in rising order. Whoever takes some later gets greater ones.
pub(crate) async fn take_ids(pool: &PgPool, ticks: usize) -> Result<Vec<i64>, sqlx::Error> {
    // The name that BIGSERIAL gives. Asking for it would be answered anew for each number, at ten times their price.
    let statement = "SELECT array_agg(nextval('scalp_ticks_id_seq'::regclass)) FROM generate_series(1, $1)";
    let ids: Option<Vec<i64>> = sqlx::query_scalar(statement).bind(ticks as i64).fetch_one(pool).await?;
    Ok(ids.unwrap_or_default())
}

/// Writes ticks to `scalp_ticks` under these row numbers, one for each, and returns how many.
pub(crate) async fn ticks(connection: &mut PgConnection, ticks: &[Tick], ids: &[i64]) -> Result<u64, sqlx::Error> {
    let mut copy = connection.copy_in_raw(STATEMENT).await?;
    match send(&mut copy, ticks, ids).await {
        Ok(()) => copy.finish().await,
        Err(error) => {
            // The first error is the one to tell.
            copy.abort("the rows could not be sent").await.ok();
            Err(error)
        }
    }
}

async fn send(copy: &mut PgCopyIn<&mut PgConnection>, ticks: &[Tick], ids: &[i64]) -> Result<(), sqlx::Error> {
    let mut buffer = Vec::with_capacity(PIECE + ROW);
    buffer.extend_from_slice(HEADER);
    for (tick, id) in ticks.iter().zip(ids) {
        put_tick(&mut buffer, tick, *id);
        if buffer.len() >= PIECE {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&TRAILER);
    copy.send(buffer.as_slice()).await?;
    Ok(())
}

fn put_tick(buffer: &mut Vec<u8>, tick: &Tick, id: i64) {
    buffer.extend_from_slice(&FIELDS.to_be_bytes());
    put_i64(buffer, id);
    put_bytes(buffer, tick.symbol.as_str().as_bytes());
    put_i64(buffer, Instant::micros(tick.event_time));
    // These two columns admit no NULL: 0 says that there is no price.
    put_price(buffer, tick.bid_price);
    put_price(buffer, tick.ask_price);
    put_quantity(buffer, tick.bid_size);
    put_quantity(buffer, tick.ask_size);
    match tick.last_price {
        Some(_) => put_price(buffer, tick.last_price),
        None => put_null(buffer),
    }
    put_quantity(buffer, tick.volume);
    put_bytes(buffer, tick.session_id.as_str().as_bytes());
    put_i32(buffer, i32::from(tick.mitigation_level));
    put_bytes(buffer, tick.quality_flag.as_str().as_bytes());
}

fn put_quantity(buffer: &mut Vec<u8>, quantity: Option<Quantity>) {
    match quantity {
        Some(quantity) => put_i64(buffer, quantity.shares()),
        None => put_null(buffer),
    }
}
