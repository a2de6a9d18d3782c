//! A policy as a text that says everything.

use std::collections::BTreeMap;

use obs_model::{OrderType, Symbol, Weight};

use super::Policy;
use crate::CashBuffer;

/// A section of the file: its name, empty for the top, and its keys with their values.
pub(super) type Section = (&'static str, Vec<(String, String)>);

/// The whole file.
pub(super) fn text(policy: &Policy) -> String {
    let mut text = String::new();
    for (name, rows) in sections(policy).into_iter().filter(|(_, rows)| !rows.is_empty()) {
        if !name.is_empty() {
            text.push_str(&format!("\n[{name}]\n"));
        }
        for (key, value) in rows {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

/// All keys with their values, as they are written.
pub(super) fn sections(policy: &Policy) -> Vec<Section> {
    let Policy { tolerance, limits, rates, orders, .. } = policy;
    let symbols = |symbols: &std::collections::BTreeSet<Symbol>| {
        let quoted: Vec<String> = symbols.iter().map(|symbol| format!("\"{symbol}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let top = [
        row("id", quoted(policy.id.as_str())),
        row("name", quoted(&policy.name)),
        row("frequency", quoted(policy.frequency.as_str())),
        row("cash", share(policy.cash_target())),
        row("no_trade", symbols(&policy.no_trade)),
        row("funds", symbols(&policy.funds)),
    ];
    let due = [
        row("drift", share(tolerance.drift)),
        tolerance.band.and_then(|band| row("band", share(band))),
        tolerance.relative_band.and_then(|band| row("relative_band", band)),
        tolerance.cash_band.and_then(|band| row("cash_band", share(band))),
    ];
    let buffer = match limits.buffer {
        CashBuffer::Share(buffer) => row("cash_buffer", share(buffer)),
        CashBuffer::Won(amount) => row("cash_buffer_won", amount),
    };
    let bounds = [
        row("minimum", share(policy.minimum)),
        row("maximum", share(policy.maximum)),
        buffer,
        row("least_order_won", limits.least_order),
        limits.turnover.and_then(|limit| row("turnover", limit)),
    ];
    let costs = [
        row("buy_commission", rates.buy_commission),
        row("sell_commission", rates.sell_commission),
        row("sales_tax", rates.sales_tax),
    ];
    let order_type = match orders.order_type {
        OrderType::Market => "market",
        OrderType::Limit => "limit",
    };
    let order_rules = [
        row("type", quoted(order_type)),
        row("distance", share(orders.distance)),
        row("participation", share(orders.participation)),
        orders.validity.and_then(|validity| row("valid_minutes", validity.num_minutes())),
        row("away", share(orders.away)),
        row("patience_s", orders.patience.num_seconds()),
        row("attempts", orders.attempts),
    ];
    let written = |rows: &[Option<(String, String)>]| rows.iter().flatten().cloned().collect::<Vec<_>>();
    vec![
        ("", written(&top)),
        ("targets", weights(&policy.targets)),
        ("due", written(&due)),
        ("limits", written(&bounds)),
        ("limits.minimum_of", weights(&policy.minimum_of)),
        ("limits.maximum_of", weights(&policy.maximum_of)),
        ("costs", written(&costs)),
        ("prices", written(&[row("oldest_minutes", policy.oldest_price.num_minutes())])),
        ("orders", written(&order_rules)),
    ]
}

fn row(key: &str, value: impl ToString) -> Option<(String, String)> {
    Some((key.to_owned(), value.to_string()))
}

fn share(weight: Weight) -> String {
    weight.share().to_string()
}

fn weights(weights: &BTreeMap<Symbol, Weight>) -> Vec<(String, String)> {
    weights.iter().map(|(symbol, weight)| (format!("\"{symbol}\""), share(*weight))).collect()
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
