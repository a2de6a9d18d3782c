//! What a policy may not say: parts that contradict each other.

use obs_model::OrderType;
use rust_decimal::Decimal;

use super::{Policy, keys::Notes};
use crate::CashBuffer;

/// As far as KRX lets prices go in a day.
pub(super) const DAY_LIMIT: Decimal = Decimal::from_parts(3, 0, 0, false, 1);

/// Notes every contradiction.
pub(super) fn policy(policy: &Policy, notes: &mut Notes<'_>) {
    weights(policy, notes);
    named(policy, notes);
    let cash = policy.cash_target();
    if let CashBuffer::Share(buffer) = policy.limits.buffer
        && buffer > cash
    {
        let (buffer, cash) = (buffer.share(), cash.share());
        let next = "lower the buffer, or the targets";
        notes.add(
            "limits.cash_buffer",
            format!("a buffer of {buffer} is more than the {cash} that the targets leave; {next}"),
        );
    }
    if policy.orders.order_type == OrderType::Limit && policy.orders.distance > policy.orders.away {
        let (distance, away) = (policy.orders.distance.share(), policy.orders.away.share());
        let next = "lower the distance, or raise `away`";
        notes.add(
            "orders.distance",
            format!("limit prices {distance} away are farther than the {away} at which a plan expires; {next}"),
        );
    }
    let sale = (policy.rates.sell_commission + policy.rates.sales_tax).normalize();
    if sale >= Decimal::ONE {
        notes.add("costs.sales_tax", format!("commission and tax of a sale are {sale} of it; lower them below 1"));
    }
}

/// Targets within their limits.
fn weights(policy: &Policy, notes: &mut Notes<'_>) {
    if policy.minimum > policy.maximum {
        let (minimum, maximum) = (policy.minimum.share(), policy.maximum.share());
        notes.add("limits.minimum", format!("{minimum} is above the maximum of {maximum}; lower it"));
    }
    let sum: Decimal = policy.targets.values().map(|target| target.share()).sum();
    let most: Decimal = policy.targets.keys().map(|symbol| policy.maximum(*symbol).share()).sum();
    if most < sum {
        let count = policy.targets.len();
        let next = "raise the maximum, add symbols, or hold more cash";
        notes.add(
            "limits.maximum",
            format!("{count} symbols at their maximum are {most} and the targets ask for {sum}; {next}"),
        );
    }
    for (symbol, target) in &policy.targets {
        let (minimum, maximum) = (policy.minimum(*symbol), policy.maximum(*symbol));
        let range = format!("its limits of {} to {}", minimum.share(), maximum.share());
        if target < &minimum || target > &maximum {
            let target = target.share();
            let key = target_key(&symbol.to_string(), notes);
            notes.add(key, format!("the target of {symbol}, {target}, is outside {range}; move one of them"));
        } else if minimum > maximum {
            notes.add("limits", format!("{symbol} has {range}; swap them"));
        }
    }
}

/// Limits of symbols that have no target.
fn named(policy: &Policy, notes: &mut Notes<'_>) {
    for (key, symbols) in [("limits.minimum_of", &policy.minimum_of), ("limits.maximum_of", &policy.maximum_of)] {
        for symbol in symbols.keys().filter(|symbol| !policy.targets.contains_key(symbol)) {
            let words = "this symbol has no target; give it one (0 to sell it), or remove its limit";
            notes.add(format!("{key}.\"{symbol}\""), words);
        }
    }
}

/// Where a target stands: in the table, or else wherever the others come from.
fn target_key(symbol: &str, notes: &Notes<'_>) -> String {
    let own = format!("targets.\"{symbol}\"");
    let keys = [own.as_str(), "equal", "file"];
    keys.into_iter().find(|key| notes.line_of(key).is_some()).unwrap_or("targets").to_owned()
}
