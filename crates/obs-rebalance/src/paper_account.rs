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
