//! A program that ends at any point, and another one that goes on.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use obs_model::{PlanStatus, Side};
use obs_rebalance::ExecuteError;

use crate::support::{HELD, OTHER, desk, symbol};

/// Runs a future until it has waited so many times, and drops it then.
async fn for_so_long<T>(future: impl Future<Output = T>, mut polls: u32) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn whoever_goes_on_after_a_crash_at_any_point_orders_nothing_twice_and_forgets_nothing() {
    let mut desk = desk().await;
    desk.settings.rules.unknown_patience = Duration::from_secs(1);
    let mut crashes = 0;
    for (round, first) in (1..).zip([3, 11, 24]) {
        let orders = [
            desk.order(1, Side::Sell, HELD, 2).await,
            desk.order(2, Side::Buy, OTHER, 3).await,
            desk.order(3, Side::Buy, OTHER, 1).await,
        ];
        let plan = desk.plan(&orders).await;
        let mut polls = first;
        loop {
            match for_so_long(desk.executor().execute(plan), polls).await {
                None => (polls, crashes) = (polls + 2, crashes + 1),
                // The last crash may have come after the last step.
                Some(Err(ExecuteError::Over { status: PlanStatus::Done, .. })) => break,
                Some(outcome) => {
                    outcome.unwrap();
                    break;
                }
            }
        }
        let stored = desk.stored(plan).await;
        assert_eq!((stored.plan.status, stored.plan.error), (PlanStatus::Done, None));
        let traded = desk.traded();
        let counts = (traded[&(symbol(HELD), Side::Sell)], traded[&(symbol(OTHER), Side::Buy)]);
        assert_eq!(counts, (2 * round, 4 * round));
        assert_eq!(desk.sent().len() as i64, 3 * round);
        let recorded: i64 = stored.executions.iter().map(|fill| fill.filled_qty.shares()).sum();
        assert_eq!(recorded, 6);
    }
    // How often a future waits is not the same each time: there are fifty crashes and more.
    assert!(crashes > 6, "{crashes}");
}
