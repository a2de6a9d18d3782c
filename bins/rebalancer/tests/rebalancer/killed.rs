//! `kill -9` at each outward call of an execution, before and after the broker did what it asked, and then `execute` again: no
//! order is sent twice, none is forgotten, and the tables tell the story. The judge is the simulated broker's own order book.

mod prepared;
mod wire;

use std::{collections::BTreeMap, path::Path};

use obs_model::{ExecutionStatus, OrderStatus, PlanStatus, Side, Symbol};
use obs_sim::{Action, Simulator};
use tokio::{process::Command, task::JoinSet};

use self::{
    prepared::{Prepared, simulator},
    wire::{Moment, Wire},
};
use crate::support::{open, sqlite, text};

/// Episodes that are played at once. They wait most of the time.
const AT_ONCE: usize = 24;

/// An execution may need so many starts after its death: the rest of a patience, and then the orders.
const STARTS: usize = 5;

/// Shares of each symbol and side.
type Shares = BTreeMap<(Symbol, Side), i64>;

#[tokio::test]
async fn killed_at_any_call_no_order_is_doubled_and_none_is_forgotten() {
    let prepared = Prepared::new().await;
    let calls = undisturbed(&prepared).await;
    assert!(calls.iter().filter(|path| path.ends_with("/order-cash")).count() >= prepared.orders, "{calls:?}");
    let moments = [Moment::BeforeTheBroker, Moment::BeforeTheAnswer, Moment::AfterTheAnswer];
    let mut cases = (0..calls.len()).flat_map(|call| moments.map(|moment| (call, moment)));
    let mut episodes = JoinSet::new();
    loop {
        while episodes.len() < AT_ONCE
            && let Some((call, moment)) = cases.next()
        {
            let prepared = prepared.clone();
            episodes.spawn(async move { killed(&prepared, call, moment).await });
        }
        match episodes.join_next().await {
            Some(ended) => ended.unwrap(),
            None => break,
        }
    }
}

/// Executes the plan without anything happening, and returns the calls that it takes.
async fn undisturbed(prepared: &Prepared) -> Vec<String> {
    let simulator = simulator().await;
    let dir = prepared.copy();
    let wire = Wire::new(&simulator.rest_url(), None).await;
    let ended = execute(prepared, dir.path(), &simulator, wire.address()).output().await.unwrap();
    assert!(ended.status.success(), "{}{}", text(&ended.stdout), text(&ended.stderr));
    assert_sound("undisturbed", prepared, dir.path(), &simulator).await;
    wire.calls()
}

/// Kills the program at a call, and starts it again until the plan is done.
async fn killed(prepared: &Prepared, call: usize, moment: Moment) {
    let case = format!("{moment:?} of call {call}");
    let simulator = simulator().await;
    let dir = prepared.copy();
    let mut wire = Wire::new(&simulator.rest_url(), Some((call, moment))).await;
    let mut first = execute(prepared, dir.path(), &simulator, wire.address()).spawn().unwrap();
    tokio::select! {
        () = wire.death() => first.kill().await.unwrap(),
        // How many calls it takes depends on when the market fills its orders.
        ended = first.wait() => assert!(ended.unwrap().success(), "{case}"),
    }
    let mut said = String::new();
    for _ in 0..STARTS {
        let store = open(&sqlite(dir.path())).await;
        if store.plan(prepared.plan).await.unwrap().unwrap().plan.status.is_over() {
            break;
        }
        let again = execute(prepared, dir.path(), &simulator, &simulator.rest_url()).output().await.unwrap();
        said.push_str(&text(&again.stderr));
    }
    assert_sound(&format!("{case}\n{said}"), prepared, dir.path(), &simulator).await;
}

fn execute(prepared: &Prepared, dir: &Path, simulator: &Simulator, rest_url: &str) -> Command {
    let mut command = Command::from(prepared.execute(dir, simulator, rest_url));
    command.kill_on_drop(true);
    command
}

/// Every order of the plan was filled once, and the tables say the same as the broker.
async fn assert_sound(case: &str, prepared: &Prepared, dir: &Path, simulator: &Simulator) {
    let stored = open(&sqlite(dir)).await.plan(prepared.plan).await.unwrap().unwrap();
    assert_eq!(stored.plan.status, PlanStatus::Done, "{case}\n{stored:#?}");

    let mut planned = Shares::new();
    for order in stored.orders.iter().filter(|order| order.replaces.is_none()) {
        *planned.entry((order.symbol, order.side)).or_default() += order.target_qty.shares();
    }
    let (mut ordered, mut filled) = (Shares::new(), Shares::new());
    for order in simulator.orders().iter().filter(|order| order.action == Action::New) {
        *ordered.entry((order.symbol, order.side)).or_default() += order.quantity - order.cancelled;
        *filled.entry((order.symbol, order.side)).or_default() += order.filled;
    }
    assert_eq!((&ordered, &filled), (&planned, &planned), "{case}");

    let mut recorded = Shares::new();
    let mut of_order = BTreeMap::new();
    for execution in stored.executions.iter().filter(|execution| execution.status != ExecutionStatus::Rejected) {
        *of_order.entry(execution.order_id).or_insert(0) += execution.filled_qty.shares();
    }
    for order in &stored.orders {
        let shares = of_order.get(&order.order_id).copied().unwrap_or_default();
        *recorded.entry((order.symbol, order.side)).or_default() += shares;
        assert!(order.status.is_over(), "{case}: order {} is {}", order.order_id, order.status);
        assert_eq!(shares == order.target_qty.shares(), order.status == OrderStatus::Filled, "{case}: {order:?}");
    }
    assert_eq!(recorded, planned, "{case}");
    // Each order of the broker's is claimed by exactly one row.
    let mut claimed: Vec<u64> = stored.orders.iter().filter_map(|o| o.broker_order.as_ref()?.number.parse().ok()).collect();
    claimed.sort_unstable();
    let given: Vec<u64> = simulator.orders().iter().filter(|o| o.action == Action::New).map(|o| o.number).collect();
    assert_eq!(claimed, given, "{case}");
}
