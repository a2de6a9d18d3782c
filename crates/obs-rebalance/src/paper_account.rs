//! What the paper broker's account holds.

use obs_model::{BrokerKind, InvalidValue, Money, PortfolioPosition, PortfolioSnapshot, Quantity, Side, SnapshotId, Symbol};
use obs_store::StoredPlan;
use rust_decimal::Decimal;

use crate::{AccountState, HeldShares};

/// Why the account cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaperAccountError {
    /// More was sold than there was.
    #[error(
        "the paper fills since snapshot {snapshot} sell more of {symbol} than it held; take a new snapshot of what is held"
    )]
    Oversold {
        /// The snapshot that counts.
        snapshot: SnapshotId,
        /// The symbol.
        symbol: Symbol,
    },
    /// A sum beyond what is counted with.
    #[error("the paper account adds up to more than is counted with: {0}; take a new snapshot of what is held")]
    TooLarge(#[from] InvalidValue),
}

/// The account that exists in our own record alone: what a snapshot says is held, and every paper fill since.
///
/// Only plans that were approved for [`BrokerKind::Paper`] count, and of their fills those after the snapshot was taken.
///
/// # Errors
/// [`PaperAccountError`] if the fills do not fit the snapshot.
pub fn paper_account(
    snapshot: &PortfolioSnapshot,
    positions: &[PortfolioPosition],
    plans: &[StoredPlan],
) -> Result<AccountState, PaperAccountError> {
    let mut account = AccountState { cash: snapshot.cash, ..AccountState::default() };
    for position in positions.iter().filter(|position| position.quantity > Quantity::ZERO) {
        account.holdings.insert(position.symbol, held(position.quantity));
    }
    let on_paper =
        |stored: &&StoredPlan| stored.plan.approval.as_ref().is_some_and(|approval| approval.broker == BrokerKind::Paper);
    for stored in plans.iter().filter(on_paper) {
        for execution in stored.executions.iter().filter(|execution| execution.exec_time > snapshot.snapshot_time) {
            let Some(price) = execution.filled_price else { continue };
            let Some(order) = stored.orders.iter().find(|order| order.order_id == execution.order_id) else { continue };
            let (symbol, filled) = (order.symbol, execution.filled_qty);
            let amount = Decimal::from(price) * Decimal::from(filled.shares());
            let costs = execution.commission.won() + execution.tax.unwrap_or_default().won();
            let before = account.holdings.get(&symbol).map_or(Quantity::ZERO, |shares| shares.quantity);
            let (after, moved) = match order.side {
                Side::Buy => (Some(before.saturating_add(filled)), -amount - costs),
                Side::Sell => (before.checked_sub(filled), amount - costs),
            };
            let after = after.ok_or(PaperAccountError::Oversold { snapshot: snapshot.snapshot_id, symbol })?;
            if after == Quantity::ZERO {
                account.holdings.remove(&symbol);
            } else {
                account.holdings.insert(symbol, held(after));
            }
            account.cash = Money::new(account.cash.won() + moved)?;
        }
    }
    Ok(account)
}

const fn held(quantity: Quantity) -> HeldShares {
    HeldShares { quantity, sellable: quantity }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use obs_model::{
        Approval, ExecutionStatus, OrderId, OrderStatus, OrderType, PlanDigest, PlanId, PlanStatus, PolicyId, Price,
        RebalanceExecution, RebalanceOrder, RebalancePlan, Weight,
    };

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::minutes(minute)
    }

    fn won(amount: &str) -> Money {
        amount.parse().unwrap()
    }

    /// A million won and ten shares, as of minute 10.
    fn start() -> (PortfolioSnapshot, Vec<PortfolioPosition>) {
        let snapshot = PortfolioSnapshot {
            snapshot_id: SnapshotId(3),
            policy_id: PolicyId::new("core").unwrap(),
            policy_version: Some(1),
            snapshot_time: at(10),
            total_value: won("1700000"),
            cash: won("1000000"),
            drift: None,
            source: None,
        };
        let position = |code: &str, shares| PortfolioPosition {
            snapshot_id: SnapshotId(3),
            symbol: code.parse().unwrap(),
            quantity: Quantity::new(shares).unwrap(),
            market_price: Price::from_won(70_000).unwrap(),
            market_value: Money::ZERO,
            current_weight: Weight::default(),
            target_weight: Weight::default(),
            price_time: None,
            price_source: None,
            doubt: None,
        };
        (snapshot, vec![position("000660", 0), position("005930", 10)])
    }

    /// A plan with one order and one fill of all its shares at a minute.
    fn plan(broker: BrokerKind, side: Side, (code, shares, price): (&str, i64, i64), minute: i64) -> StoredPlan {
        let digest = PlanDigest::new("0".repeat(64)).unwrap();
        let (order_id, plan_id, quantity) = (OrderId(1), PlanId(1), Quantity::new(shares).unwrap());
        StoredPlan {
            plan: RebalancePlan {
                plan_id,
                policy_id: PolicyId::new("core").unwrap(),
                policy_version: Some(1),
                snapshot_id: SnapshotId(3),
                status: PlanStatus::Done,
                reason: "drift".to_owned(),
                created_at: at(0),
                expires_at: None,
                digest: Some(digest.clone()),
                forecast: None,
                approval: Some(Approval { at: at(0), digest, broker }),
                completed_at: None,
                error: None,
            },
            orders: vec![RebalanceOrder {
                order_id,
                plan_id,
                sequence: Some(1),
                symbol: code.parse().unwrap(),
                side,
                target_qty: quantity,
                order_type: OrderType::Market,
                limit_price: None,
                decision_price: None,
                status: OrderStatus::Filled,
                created_at: at(0),
                replaces: None,
                submitted_at: None,
                broker_order: None,
            }],
            executions: vec![RebalanceExecution {
                order_id,
                filled_qty: quantity,
                filled_price: Some(Price::from_won(price).unwrap()),
                exec_time: at(minute),
                commission: won("10"),
                tax: Some(won("100")),
                slippage: Money::ZERO,
                status: ExecutionStatus::Filled,
                error_msg: None,
            }],
            events: Vec::new(),
        }
    }

    #[test]
    fn paper_fills_since_the_snapshot_move_shares_and_cash_with_their_costs() {
        let (snapshot, positions) = start();
        let plans = [
            plan(BrokerKind::Paper, Side::Sell, ("005930", 10, 70_000), 11),
            plan(BrokerKind::Paper, Side::Buy, ("000660", 2, 200_000), 12),
        ];
        let account = paper_account(&snapshot, &positions, &plans).unwrap();
        assert_eq!(account.cash, won("1299780"));
        let two = Quantity::new(2).unwrap();
        let expected = [("000660".parse().unwrap(), HeldShares { quantity: two, sellable: two })];
        assert_eq!(account.holdings, expected.into());
    }

    #[test]
    fn earlier_fills_and_those_of_other_brokers_do_not_count() {
        let (snapshot, positions) = start();
        let plans = [
            plan(BrokerKind::Paper, Side::Sell, ("005930", 10, 70_000), 10),
            plan(BrokerKind::KisLive, Side::Sell, ("005930", 10, 70_000), 11),
        ];
        let account = paper_account(&snapshot, &positions, &plans).unwrap();
        assert_eq!((account.cash, account.holdings.len()), (won("1000000"), 1));
    }

    #[test]
    fn more_than_was_held_cannot_have_been_sold() {
        let (snapshot, positions) = start();
        let plans = [plan(BrokerKind::Paper, Side::Sell, ("005930", 11, 70_000), 11)];
        let error = paper_account(&snapshot, &positions, &plans).unwrap_err();
        assert_eq!(error, PaperAccountError::Oversold { snapshot: SnapshotId(3), symbol: "005930".parse().unwrap() });
    }
}
