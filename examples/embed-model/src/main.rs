//! A service that embeds obs-model with its default features only: it values holdings at the newest prices that it was sent.
//!
//! It reads trades from standard input, one JSON object a line, or takes a few of its own when started on a terminal:
//!
//! ```text
//! cargo run -q -p embed-model < trades.jsonl
//! ```

use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal, Write},
};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use obs_model::{KST, Money, Price, Quantity, Symbol};
use rust_decimal::Decimal;
use serde::Deserialize;

/// The service's own message. Its members are the model's types, so a message that parses holds sound values.
#[derive(Deserialize)]
struct Trade {
    symbol: Symbol,
    price: Price,
    at: DateTime<Utc>,
}

const SAMPLE: &str = r#"{"symbol":"005930","price":71900,"at":"2026-03-04T00:00:01Z"}
{"symbol":"000660","price":"754000","at":"2026-03-04T00:00:01Z"}
{"symbol":"005930","price":"71950.5","at":"2026-03-04T00:00:02Z"}"#;

const HOLDINGS: [(&str, i64); 2] = [("005930", 10), ("000660", 2)];

fn main() -> Result<()> {
    let input = io::stdin().lock();
    let value = if input.is_terminal() { report(SAMPLE.as_bytes()) } else { report(input) }?;
    Ok(io::stdout().write_all(value.as_bytes())?)
}

/// A line for each holding, and their sum.
fn report(trades: impl BufRead) -> Result<String> {
    let newest = newest_trades(trades)?;
    let mut report = String::new();
    let mut total = Decimal::ZERO;
    for (code, shares) in HOLDINGS {
        let (symbol, quantity) = (code.parse::<Symbol>()?, Quantity::new(shares)?);
        let trade = newest.get(&symbol).with_context(|| format!("no trade of {symbol}: send one"))?;
        let value = Money::new(Decimal::from(trade.price) * Decimal::from(quantity.shares()))?;
        let at = trade.at.with_timezone(&KST).format("%H:%M:%S");
        report += &format!("{symbol} {quantity:>4} x {:>9} = {value:>9} won ({at} in Korea)\n", trade.price);
        total += value.won();
    }
    Ok(report + &format!("total {} won\n", Money::new(total)?))
}

fn newest_trades(trades: impl BufRead) -> Result<BTreeMap<Symbol, Trade>> {
    let mut newest: BTreeMap<Symbol, Trade> = BTreeMap::new();
    for (line, text) in (1..).zip(trades.lines()) {
        let trade: Trade = serde_json::from_str(&text?).with_context(|| format!("line {line} is no trade"))?;
        if newest.get(&trade.symbol).is_none_or(|known| known.at <= trade.at) {
            newest.insert(trade.symbol, trade);
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holdings_are_valued_at_the_newest_price_exactly() {
        let expected = "005930   10 x   71950.5 =    719505 won (09:00:02 in Korea)\n\
                        000660    2 x    754000 =   1508000 won (09:00:01 in Korea)\n\
                        total 2227505 won\n";
        assert_eq!(report(SAMPLE.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_message_with_an_unsound_value_is_refused_with_its_line() {
        let refusal = |trades: &str| format!("{:#}", report(trades.as_bytes()).unwrap_err());
        let float = refusal(r#"{"symbol":"005930","price":0.1,"at":"2026-03-04T00:00:01Z"}"#);
        assert!(float.starts_with("line 1 is no trade: invalid type: floating point `0.1`"), "{float}");
        let code = refusal(&format!("{SAMPLE}\n{}", r#"{"symbol":"5930","price":1,"at":"2026-03-04T00:00:01Z"}"#));
        assert!(code.starts_with(r#"line 4 is no trade: "5930" is not a symbol"#), "{code}");
    }

    #[test]
    fn a_holding_without_a_trade_is_an_error_and_not_a_zero() {
        assert_eq!(report(io::empty()).unwrap_err().to_string(), "no trade of 005930: send one");
    }
}
