//! Opening a broker.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::bail;
use obs_kis::KisClient;
use obs_model::{BrokerKind, PolicyId, Symbol};
use obs_portfolio::Policy;
use obs_rebalance::{AccountState, Broker, KisBroker, PaperBroker, PaperSettings, TradingCosts, paper_account};
use obs_store::StoredPlan;
use rust_decimal::Decimal;

use crate::context::Context;

/// Plans whose fills are looked at for the paper account: those since its snapshot are among the newest.
const PLANS: u32 = 200;

/// How much worse than the last price the paper broker fills where no bid and ask are recorded: a tenth of a percent.
const SLIPPAGE: (i64, u32) = (1, 3);

/// An account at Korea Investment & Securities.
pub(crate) fn open_kis(context: &Context, kind: BrokerKind) -> anyhow::Result<Arc<dyn Broker>> {
    let (access, account) = context.market.account(&context.settings, kind)?;
    let client = KisClient::new(access.endpoints, access.keys, access.settings, context.clock.clone())?;
    Ok(Arc::new(KisBroker::new(client, account, context.clock.clone())))
}

/// Whoever fills the orders of a plan.
pub(crate) async fn open(
    context: &Context,
    kind: BrokerKind,
    plan: &StoredPlan,
    costs: TradingCosts,
) -> anyhow::Result<Arc<dyn Broker>> {
    if kind != BrokerKind::Paper {
        return open_kis(context, kind);
    }
    let state = paper_state(context, &plan.plan.policy_id).await?;
    let (store, clock, calendar) = (Arc::clone(&context.store), context.clock.clone(), context.calendar.clone());
    let slippage = Decimal::new(SLIPPAGE.0, SLIPPAGE.1);
    let settings = PaperSettings { store, clock, calendar, costs, slippage };
    Ok(Arc::new(PaperBroker::new(settings, state).going_on_with(plan)))
}

/// What the paper account of a policy holds: its last snapshot, and the paper fills since.
pub(crate) async fn paper_state(context: &Context, policy: &PolicyId) -> anyhow::Result<AccountState> {
    let Some((snapshot, positions)) = context.newest_snapshot(policy).await? else {
        bail!(
            "the paper account of policy {policy} holds nothing yet: say what it begins with by `rebalancer snapshot \
             --holdings FILE --cash WON`, or copy an account by `rebalancer snapshot --from kis-live`"
        );
    };
    let plans = context.plans(policy, PLANS).await?;
    Ok(paper_account(&snapshot, &positions, &plans)?)
}

/// What trades cost by a policy, for these symbols.
pub(crate) fn costs(policy: &Policy, symbols: impl IntoIterator<Item = Symbol>) -> TradingCosts {
    let untaxed: BTreeSet<Symbol> = symbols.into_iter().filter(|symbol| !policy.is_taxed(*symbol)).collect();
    TradingCosts { rates: *policy.rates(), untaxed }
}
