//! What holds for every plan, over random portfolios.

use std::collections::{BTreeMap, BTreeSet};

use obs_model::{Money, OrderType, Price, Quantity, Side, Symbol};
use obs_portfolio::{AllocateError, CashBuffer, PlanError, PlanRequest, Planned, Policy, Valuation, plan};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    plans::{price, symbol, valued},
    policies::policy,
    won,
};

/// A symbol of a random portfolio.
#[derive(Clone, Debug)]
struct Row {
    code: String,
    price: Price,
    shares: i64,
    mean: Option<i64>,
    has_limits: bool,
}

/// A random policy, what is held, and what is known of the day.
#[derive(Clone, Debug)]
struct Case {
    text: String,
    rows: Vec<Row>,
    cash: i64,
}

prop_compose! {
    fn any_row()(
        won in prop::sample::select(vec![1_000_i64, 1_995, 4_990, 9_990, 19_980, 35_050, 49_950, 70_050, 199_900, 201_500, 505_000, 1_234_000]),
        half_tick in prop::bool::weighted(0.1),
        held in 0_i64..20_000_000,
        most in 1_i64..300,
        is_held in prop::bool::weighted(0.6),
        mean in prop::option::of(1_i64..5_000),
        has_limits: bool,
    ) -> Row {
        let off = if half_tick { Price::SCALE / 2 } else { 0 };
        let price = Price::from_ten_thousandths(won * Price::SCALE + off).unwrap();
        Row { code: String::new(), price, shares: if is_held { (held / won).min(most) } else { 0 }, mean, has_limits }
    }
}

prop_compose! {
    fn any_case()(
        rows in prop::collection::vec(any_row(), 1..10),
        parts in prop::collection::vec(prop::option::weighted(0.7, 1_u64..100), 10),
        flags in prop::collection::vec((prop::bool::weighted(0.1), any::<bool>()), 10),
        cash_parts in 0_u64..100,
        cash in 0_i64..10_000_000,
        (buffer, least, turnover) in (0_u32..20, prop::sample::select(vec![0_u32, 50_000, 300_000]), prop::option::weighted(0.4, 0_u32..100)),
        maximum in prop::option::weighted(0.3, 1_u32..20),
        (is_market, distance, participation) in (any::<bool>(), 0_u32..20, 1_u32..1_000),
        commission in prop::sample::select(vec!["0", "0.000140527", "0.0025"]),
    ) -> Case {
        let mut rows = rows;
        for (at, row) in rows.iter_mut().enumerate() {
            row.code = format!("{:06}", (at * 7_919 + 5) % 1_000_000);
        }
        let sum: u64 = parts.iter().take(rows.len()).flatten().sum::<u64>() + cash_parts.max(1);
        let share = |parts: u64| Decimal::new(i64::try_from(parts * 10_000 / sum).unwrap(), 4);
        let wanted: Vec<(&Row, Decimal)> = rows.iter().zip(&parts).filter_map(|(row, parts)| Some((row, share((*parts)?)))).collect();
        let cash_target = Decimal::ONE - wanted.iter().map(|(_, share)| share).sum::<Decimal>();
        let list = |picked: Vec<&Row>| format!("{:?}", picked.iter().map(|row| &row.code).collect::<Vec<_>>());
        let no_trade = rows.iter().zip(&flags).filter(|(_, flags)| flags.0).map(|(row, _)| row).collect();
        let funds = rows.iter().zip(&flags).filter(|(_, flags)| flags.1).map(|(row, _)| row).collect();
        let mut text = format!("id = \"x\"\ncash = {cash_target}\nno_trade = {}\nfunds = {}\n[targets]\n", list(no_trade), list(funds));
        let mut largest = Decimal::ZERO;
        for (row, share) in &wanted {
            text += &format!("\"{}\" = {share}\n", row.code);
            largest = largest.max(*share);
        }
        let buffer = (Decimal::new(buffer.into(), 3)).min(cash_target);
        text += &format!("[limits]\ncash_buffer = {buffer}\nleast_order_won = {least}\n");
        text += &turnover.map(|percent| format!("turnover = \"{percent} %\"\n")).unwrap_or_default();
        // A little above the largest target, so that holdings are often beyond it.
        text += &maximum.map(|more| format!("maximum = {}\n", (largest + Decimal::new(more.into(), 2)).min(Decimal::ONE))).unwrap_or_default();
        text += &format!("[costs]\nbuy_commission = {commission}\nsell_commission = {commission}\n");
        let order_type = if is_market { "market" } else { "limit" };
        text += &format!("[orders]\ntype = \"{order_type}\"\ndistance = {}\nparticipation = {}\n", Decimal::new(distance.into(), 3), Decimal::new(participation.into(), 3));
        Case { text, rows, cash }
    }
}

impl Case {
    fn valuation(&self, policy: &Policy) -> Valuation {
        let rows: Vec<_> = self.rows.iter().map(|row| (row.code.as_str(), row.price, row.shares)).collect();
        valued(policy, &rows, won(&self.cash.to_string()), &[])
    }

    fn request<'a>(&self, policy: &'a Policy, valuation: &'a Valuation) -> PlanRequest<'a> {
        let day = |row: &Row| policy.tick_table(symbol(&row.code)).price_limits(row.price);
        let limits = self.rows.iter().filter(|row| row.has_limits).map(|row| (symbol(&row.code), day(row))).collect();
        let mean = |row: &Row| Some((symbol(&row.code), Quantity::new(row.mean?).unwrap()));
        PlanRequest { policy, valuation, limits, volumes: self.rows.iter().filter_map(mean).collect() }
    }
}

/// A rate's part of an amount, cut to won.
fn cut(amount: Decimal, rate: Decimal) -> Decimal {
    (amount * rate).round_dp_with_strategy(0, RoundingStrategy::ToZero)
}

/// Cash after all orders at a price of each, with commission and tax.
fn settled(policy: &Policy, planned: &Planned, cash: Decimal, at: impl Fn(usize) -> Decimal) -> (Decimal, Decimal, Decimal) {
    let (mut cash, mut commission, mut tax) = (cash, Decimal::ZERO, Decimal::ZERO);
    for (index, order) in planned.orders.iter().enumerate() {
        let amount = Decimal::from(order.quantity.shares()) * at(index);
        let rates = policy.rates();
        let (fee, levy) = match order.side {
            Side::Buy => (cut(amount, rates.buy_commission), Decimal::ZERO),
            Side::Sell if policy.is_taxed(order.symbol) => {
                (cut(amount, rates.sell_commission), cut(amount, rates.sales_tax))
            }
            Side::Sell => (cut(amount, rates.sell_commission), Decimal::ZERO),
        };
        cash += if order.side == Side::Buy { -amount } else { amount } - fee - levy;
        commission += fee;
        tax += levy;
    }
    (cash, commission, tax)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn plans_keep_every_limit_and_account_for_every_won(case in any_case()) {
        let policy = policy(&case.text);
        let valuation = case.valuation(&policy);
        prop_assume!(valuation_is_worth_something(&valuation));
        let request = case.request(&policy, &valuation);
        let planned = match plan(&request) {
            Ok(planned) => planned,
            // Holdings that break a limit which no order can mend.
            Err(PlanError::Allocate(AllocateError::Infeasible(_)) | PlanError::Overdrawn { .. }) => return Ok(()),
            // A search that ends before it finds what is nearly infeasible says so; only turnover limits make one so long.
            Err(PlanError::Allocate(AllocateError::Undecided { .. })) if policy.limits().turnover.is_some() => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let forecast = &planned.forecast;
        let held: BTreeMap<Symbol, i64> = valuation.positions.iter().map(|row| (row.symbol, row.shares.shares())).collect();
        let prices: BTreeMap<Symbol, Price> = valuation.positions.iter().map(|row| (row.symbol, row.price.price)).collect();
        let total = valuation.total.won();
        let cash = valuation.cash.won();

        // Orders add up to the allocation, sells first, in sequence, and no symbol goes both ways.
        let mut after = held.clone();
        let mut sides: BTreeMap<Symbol, BTreeSet<Side>> = BTreeMap::new();
        for (order, sequence) in planned.orders.iter().zip(1..) {
            prop_assert_eq!(order.sequence, sequence);
            let shares = order.quantity.shares();
            prop_assert!(shares > 0);
            *after.get_mut(&order.symbol).unwrap() += if order.side == Side::Buy { shares } else { -shares };
            sides.entry(order.symbol).or_default().insert(order.side);
        }
        prop_assert!(planned.orders.is_sorted_by_key(|order| order.side));
        prop_assert!(sides.values().all(|sides| sides.len() == 1));
        for shares in &planned.allocation.shares {
            prop_assert_eq!(after[&shares.symbol], shares.wanted.shares());
            prop_assert!(shares.held == shares.wanted || !policy.no_trade().contains(&shares.symbol));
        }

        // Fees and tax to the won, and cash that is never below zero or the buffer.
        let (left, commission, tax) = settled(&policy, &planned, cash, |at| planned.orders[at].decision_price.into());
        prop_assert_eq!((forecast.cash.won(), forecast.commission.won(), forecast.tax.won()), (left, commission, tax));
        let CashBuffer::Share(buffer) = policy.limits().buffer else { panic!("a share") };
        prop_assert!(left >= buffer.share() * total);
        let rules = policy.order_rules();
        let table = |symbol| policy.tick_table(symbol);
        let worst = |at: usize| {
            let order = &planned.orders[at];
            let away = match order.side {
                Side::Buy => Decimal::ONE + rules.away.share(),
                Side::Sell => Decimal::ONE - rules.away.share(),
            };
            // Orders at the market may be reckoned with a tick nearer, and within the limits of the day.
            order.limit_price.map_or(Decimal::from(order.decision_price) * away, Decimal::from)
        };
        prop_assert!(forecast.least_cash >= Money::ZERO && forecast.least_cash <= forecast.cash);
        if rules.order_type == OrderType::Limit {
            prop_assert_eq!(forecast.least_cash.won(), settled(&policy, &planned, cash, worst).0);
        } else {
            prop_assert!(planned.orders.iter().all(|order| order.limit_price.is_none()));
        }

        // Limit prices: on the grid, within the day's limits, on the worse side, and no farther than is allowed or needed.
        for order in &planned.orders {
            prop_assert_eq!(order.decision_price, prices[&order.symbol]);
            let Some(limit) = order.limit_price else { continue };
            prop_assert!(table(order.symbol).is_on_grid(limit));
            if let Some((low, high)) = request.limits.get(&order.symbol) {
                prop_assert!((*low..=*high).contains(&limit));
            }
            let (limit, decision) = (Decimal::from(limit), Decimal::from(order.decision_price));
            let tick = Decimal::from(table(order.symbol).tick_size(order.decision_price));
            let reach = (decision * rules.distance.share()).max(tick);
            let beyond = if order.side == Side::Buy { limit - decision } else { decision - limit };
            prop_assert!(beyond >= Decimal::ZERO && beyond <= reach, "{} {}", beyond, reach);
        }

        // Weights, the least order, and turnover, at the prices of the decision.
        let mut turnover = Decimal::ZERO;
        for (symbol, shares) in &after {
            let price = Decimal::from(prices[symbol]);
            let value = Decimal::from(*shares) * price;
            prop_assert!(value >= policy.minimum(*symbol).share() * total && value <= policy.maximum(*symbol).share() * total);
            let traded = Decimal::from((shares - held[symbol]).abs()) * price;
            prop_assert!(traded.is_zero() || traded >= policy.limits().least_order.won());
            turnover += traded;
        }
        prop_assert_eq!(forecast.turnover.won(), turnover);
        prop_assert!(policy.limits().turnover.is_none_or(|limit| turnover <= limit * total));

        // Parts of a split order: near-equal, at most fifty, and none below the least order.
        for (symbol, mean) in &request.volumes {
            let parts: Vec<i64> = planned.orders.iter().filter(|order| order.symbol == *symbol).map(|order| order.quantity.shares()).collect();
            let (Some(least), Some(most)) = (parts.iter().min(), parts.iter().max()) else { continue };
            prop_assert!(most - least <= 1 && parts.len() <= 50);
            prop_assert!(Decimal::from(*least) * Decimal::from(prices[symbol]) >= policy.limits().least_order.won());
            let allowed = (rules.participation.share() * Decimal::from(mean.shares())).floor().max(Decimal::ONE);
            let larger = Decimal::from(parts.len() + 1);
            let would_be = (Decimal::from(parts.iter().sum::<i64>()) / larger).floor() * Decimal::from(prices[symbol]);
            let is_as_small_as_it_may = parts.len() == 50 || would_be < policy.limits().least_order.won().max(Decimal::ONE);
            prop_assert!(Decimal::from(*most) <= allowed || is_as_small_as_it_may);
        }

        // Nothing gets worse, but where the holdings break a limit themselves.
        let breaks = |symbol: &Symbol| {
            let value = Decimal::from(held[symbol]) * Decimal::from(prices[symbol]);
            value < policy.minimum(*symbol).share() * total || value > policy.maximum(*symbol).share() * total
        };
        let must_trade = cash < buffer.share() * total || held.keys().any(breaks);
        prop_assert!(must_trade || forecast.drift_after <= forecast.drift_before);

        // Whatever is named as off its target is, and nothing that was traded to within half a share.
        for (symbol, _) in planned.untouched() {
            let value = Decimal::from(after[symbol]) * Decimal::from(prices[symbol]);
            prop_assert!((value - policy.target(*symbol).share() * total).abs() > Decimal::ZERO);
        }

        // The order of the rows plays no part.
        let mut shuffled = valuation.clone();
        shuffled.positions.reverse();
        prop_assert_eq!(plan(&PlanRequest { valuation: &shuffled, ..request }), Ok(planned));
    }
}

fn valuation_is_worth_something(valuation: &Valuation) -> bool {
    valuation.total > Money::ZERO && valuation.positions.iter().all(|row| row.price.price >= price(1))
}
