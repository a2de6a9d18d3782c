//! A policy's file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use obs_model::{Money, OrderType, PolicyId, PortfolioPolicy, RebalanceFrequency, Symbol, TargetWeight, Weight};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    Policy, PolicyError, PolicyProblem, check,
    keys::{Keys, Notes, keys},
    targets,
};
use crate::{CashBuffer, CostRates, Limits, OrderRules, Tolerance, units};

/// The drift from which a plan is due if the file does not say: that of the Python system's examples.
const DRIFT: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// The minutes of trading that a price may be old if the file does not say: a ten-minute bar and what it takes to fetch it.
const OLDEST_MINUTES: i64 = 15;
/// Decimals of a target that was stored as a float.
const FLOAT_DECIMALS: u32 = 12;

/// Reads a policy, and everything that is wrong with it.
pub(super) fn policy(text: &str, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Policy, Vec<PolicyProblem>> {
    let mut notes = Notes::new(text);
    let Some(mut keys) = keys(text, &mut notes) else { return Err(notes.problems) };
    let policy = whole(&mut keys, &mut notes, read);
    keys.finish(&mut notes);
    let mut problems = notes.problems;
    problems.sort_by_key(|problem| problem.line);
    policy.filter(|_| problems.is_empty()).ok_or(problems)
}

fn whole(keys: &mut Keys<'_>, notes: &mut Notes<'_>, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Option<Policy> {
    let id = id(keys, notes);
    let name = keys.text(notes, "name");
    let frequency = keys.text(notes, "frequency").map(|name| name.parse::<RebalanceFrequency>());
    let frequency = frequency.transpose().unwrap_or_else(|error| {
        notes.add("frequency", error.to_string());
        None
    });
    let targets = targets::read(keys, notes, read);
    let no_trade: BTreeSet<Symbol> = keys.symbols(notes, "no_trade").into_iter().collect();
    let funds: BTreeSet<Symbol> = keys.symbols(notes, "funds").into_iter().collect();
    let tolerance = tolerance(keys.table(notes, "due"), notes);
    let mut section = keys.table(notes, "limits");
    let limits = limits(&mut section, notes);
    let minimum = section.weight(notes, "minimum").unwrap_or_default();
    let maximum = section.weight(notes, "maximum").unwrap_or(Weight::ONE);
    let of = |weights: Vec<(Symbol, Weight, String)>| -> BTreeMap<Symbol, Weight> {
        weights.into_iter().map(|(symbol, weight, _)| (symbol, weight)).collect()
    };
    let minimum_of = of(section.table(notes, "minimum_of").weights(notes));
    let maximum_of = of(section.table(notes, "maximum_of").weights(notes));
    section.finish(notes);
    let rates = rates(keys.table(notes, "costs"), notes);
    let oldest_price = oldest_price(keys.table(notes, "prices"), notes);
    let orders = orders(keys.table(notes, "orders"), notes);
    let (id, targets) = (id?, targets?);
    let name = name.unwrap_or_else(|| id.to_string());
    let frequency = frequency.unwrap_or_default();
    let policy = Policy {
        id,
        name,
        frequency,
        tolerance,
        targets,
        minimum,
        maximum,
        minimum_of,
        maximum_of,
        no_trade,
        funds,
        limits,
        rates,
        oldest_price,
        orders,
    };
    // What a key contradicts says little while keys are missing.
    if notes.problems.is_empty() {
        check::policy(&policy, notes);
    }
    Some(policy)
}

fn id(keys: &mut Keys<'_>, notes: &mut Notes<'_>) -> Option<PolicyId> {
    let before = notes.problems.len();
    let Some(id) = keys.text(notes, "id") else {
        if notes.problems.len() == before {
            notes.add("id", "it is missing; give the policy a name, such as id = \"core\"");
        }
        return None;
    };
    PolicyId::new(id).map_err(|error| notes.add("id", format!("{error}; give a short name"))).ok()
}

fn tolerance(mut keys: Keys<'_>, notes: &mut Notes<'_>) -> Tolerance {
    let drift = keys.weight(notes, "drift").or_else(|| Weight::new(DRIFT).ok()).unwrap_or_default();
    let band = keys.weight_to(notes, "band", Decimal::ONE);
    let relative_band = keys.weight_to(notes, "relative_band", Decimal::ONE).map(Weight::share);
    let cash_band = keys.weight_to(notes, "cash_band", Decimal::ONE);
    keys.finish(notes);
    Tolerance { drift, band, relative_band, cash_band }
}

fn limits(keys: &mut Keys<'_>, notes: &mut Notes<'_>) -> Limits {
    let share = keys.weight(notes, "cash_buffer");
    let amount = money(keys, notes, "cash_buffer_won");
    if share.is_some() && amount.is_some() {
        notes.add("limits.cash_buffer_won", "there is a cash_buffer already; remove one of them");
    }
    let buffer = share.map(CashBuffer::Share).or(amount.map(CashBuffer::Won));
    let buffer = buffer.unwrap_or(Limits::default().buffer);
    let least_order = money(keys, notes, "least_order_won").unwrap_or_default();
    let range = "a share of 0 to 2 of the portfolio; 2 exchanges all of it, 0 forbids every trade";
    let is_good =
        |limit: Decimal| (Decimal::ZERO..=Decimal::TWO).contains(&limit) && limit.scale() <= units::WEIGHT_DECIMALS;
    let turnover = keys.number(notes, "turnover", range, is_good);
    Limits { buffer, least_order, turnover, ..Limits::default() }
}

fn money(keys: &mut Keys<'_>, notes: &mut Notes<'_>, key: &str) -> Option<Money> {
    let largest = units::to_money(units::LARGEST);
    let range = format!("an amount of 0 to {largest} won with at most 4 decimals");
    let is_good = |won: Decimal| won >= Decimal::ZERO && won <= largest.won() && Money::new(won).is_ok();
    Money::new(keys.number(notes, key, &range, is_good)?).ok()
}

fn rates(mut keys: Keys<'_>, notes: &mut Notes<'_>) -> CostRates {
    let known = CostRates::default();
    let range = format!("a share of 0 to below 1 with at most {} decimals", CostRates::DECIMALS);
    let mut rate = |key, known| {
        let is_good = |rate: Decimal| rate >= Decimal::ZERO && rate < Decimal::ONE && rate.scale() <= CostRates::DECIMALS;
        keys.number(notes, key, &range, is_good).unwrap_or(known)
    };
    let (buy_commission, sell_commission) =
        (rate("buy_commission", known.buy_commission), rate("sell_commission", known.sell_commission));
    let sales_tax = rate("sales_tax", known.sales_tax);
    keys.finish(notes);
    CostRates { buy_commission, sell_commission, sales_tax }
}

fn oldest_price(mut keys: Keys<'_>, notes: &mut Notes<'_>) -> TimeDelta {
    let minutes = keys.whole(notes, "oldest_minutes", 1, 100_000).unwrap_or(OLDEST_MINUTES);
    keys.finish(notes);
    TimeDelta::minutes(minutes)
}

fn orders(mut keys: Keys<'_>, notes: &mut Notes<'_>) -> OrderRules {
    let usual = OrderRules::default();
    let widest = check::DAY_LIMIT;
    let order_type = match keys.text(notes, "type").as_deref() {
        None => usual.order_type,
        Some("limit") => OrderType::Limit,
        Some("market") => OrderType::Market,
        Some(other) => {
            notes.add("orders.type", format!("{other:?} is no type of order; write \"limit\" or \"market\""));
            usual.order_type
        }
    };
    let is_near = |share: Decimal| (Decimal::ZERO..=widest).contains(&share);
    let distance =
        keys.number(notes, "distance", &format!("a share of 0 to {widest}, as far as prices go in a day"), is_near);
    let distance = distance.and_then(|share| Weight::new(share).ok()).unwrap_or(usual.distance);
    let participation = keys.weight_to(notes, "participation", Decimal::ONE).unwrap_or(usual.participation);
    let validity = keys.whole(notes, "valid_minutes", 1, 100_000).map(TimeDelta::minutes);
    let away = keys.weight_to(notes, "away", widest).unwrap_or(usual.away);
    let patience = keys.whole(notes, "patience_s", 1, 3_600).map_or(usual.patience, TimeDelta::seconds);
    let attempts = keys.whole(notes, "attempts", 1, 100).and_then(|count| u32::try_from(count).ok());
    keys.finish(notes);
    let attempts = attempts.unwrap_or(usual.attempts);
    OrderRules { order_type, distance, participation, validity, away, patience, attempts }
}

/// A policy of rows that a float has been through: targets are cut to twelve decimals, and what they leave is cash.
pub(super) fn of_rows(row: &PortfolioPolicy, targets: &[TargetWeight]) -> Result<Policy, PolicyError> {
    let mut cut = BTreeMap::new();
    let mut notes = Notes::new("");
    for TargetWeight { symbol, target_weight, .. } in targets {
        let share = target_weight.share().round_dp_with_strategy(FLOAT_DECIMALS, RoundingStrategy::ToZero);
        if cut.insert(*symbol, Weight::new(share).unwrap_or_default()).is_some() {
            notes.add("targets", format!("{symbol} has two targets; remove one of them"));
        }
    }
    let sum: Decimal = cut.values().map(|weight| weight.share()).sum();
    if sum > Decimal::ONE {
        notes.add("targets", format!("they add up to {sum}; lower them to 1 or less, what is left is cash"));
    }
    let policy = Policy {
        id: row.policy_id.clone(),
        name: row.policy_name.clone(),
        frequency: row.rebalance_frequency,
        tolerance: Tolerance { drift: row.rebalance_threshold, ..Tolerance::default() },
        targets: cut,
        minimum: Weight::default(),
        maximum: Weight::ONE,
        minimum_of: BTreeMap::new(),
        maximum_of: BTreeMap::new(),
        no_trade: BTreeSet::new(),
        funds: BTreeSet::new(),
        limits: Limits::default(),
        rates: CostRates::default(),
        oldest_price: TimeDelta::minutes(OLDEST_MINUTES),
        orders: OrderRules::default(),
    };
    if notes.problems.is_empty() { Ok(policy) } else { Err(PolicyError(notes.problems)) }
}
