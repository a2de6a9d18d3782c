//! The portfolio's record: the conformance suite's cases, and what is particular to a server.

use obs_store::{
    PortfolioRepository, Store,
    conformance::{
        Outcome,
        portfolio::{plans, policies, python, snapshots, states, steps},
    },
};
use obs_store_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};

use crate::{execute, migrated, on_fresh_store};

/// Runs a case on two stores on one database.
async fn on_two_stores(case: impl AsyncFnOnce(&dyn Store, &dyn Store) -> Outcome) -> Outcome {
    let (database, store) = migrated().await?;
    case(&store, &PostgresStore::connect(database.url()).await?).await
}

async fn on_rows_of_python(case: impl AsyncFnOnce(&dyn Store) -> Outcome) -> Outcome {
    let (database, store) = migrated().await?;
    execute(&database, python::ROWS).await?;
    case(&store).await
}

#[tokio::test]
async fn every_row_waits_for_the_disk_whatever_the_server_does_by_default() -> Outcome {
    let (database, _store) = migrated().await?;
    let mut statements =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$;
         CREATE FUNCTION demand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'it does not wait'; END IF; RETURN NEW;
         END $$;"
            .to_owned();
    for table in ["policy_versions", "portfolio_snapshot", "rebalance_plan", "plan_events"] {
        statements +=
            &format!("CREATE TRIGGER demand BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION demand();");
    }
    execute(&database, &statements).await?;
    let refused = execute(&database, "INSERT INTO plan_events VALUES (1, 1, NULL, NOW(), 'x')").await.unwrap_err();
    assert!(format!("{refused:#}").contains("it does not wait"), "{refused:#}");
    steps::another_order_takes_the_place_of_one_that_ended(&PostgresStore::connect(database.url()).await?).await
}

#[tokio::test]
async fn the_right_to_execute_ends_with_its_connection() -> anyhow::Result<()> {
    let (database, store) = migrated().await?;
    let held = store.lock_execution().await?;
    assert!(held.is_some());
    // As when the holder is killed.
    let mut connection = PgConnection::connect(database.url()).await?;
    let ended: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
         WHERE locktype = 'advisory' AND datname = current_database()",
    )
    .fetch_all(&mut connection)
    .await?;
    assert_eq!(ended, [true]);
    assert!(PostgresStore::connect(database.url()).await?.lock_execution().await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_policy_comes_back_with_its_targets_and_its_version() -> Outcome {
    on_fresh_store(policies::a_policy_comes_back_with_its_targets_and_its_version).await
}

#[tokio::test]
async fn a_further_version_replaces_the_targets() -> Outcome {
    on_fresh_store(policies::a_further_version_replaces_the_targets).await
}

#[tokio::test]
async fn only_the_newest_version_is_replaced() -> Outcome {
    on_fresh_store(policies::only_the_newest_version_is_replaced).await
}

#[tokio::test]
async fn a_policy_is_stored_whole_or_not_at_all() -> Outcome {
    on_fresh_store(policies::a_policy_is_stored_whole_or_not_at_all).await
}

#[tokio::test]
async fn of_two_who_apply_at_once_one_is_refused() -> Outcome {
    on_two_stores(policies::of_two_who_apply_at_once_one_is_refused).await
}

#[tokio::test]
async fn snapshots_come_back_with_their_positions() -> Outcome {
    on_fresh_store(snapshots::snapshots_come_back_with_their_positions).await
}

#[tokio::test]
async fn the_newest_snapshots_come_first() -> Outcome {
    on_fresh_store(snapshots::the_newest_snapshots_come_first).await
}

#[tokio::test]
async fn a_snapshot_needs_its_policy() -> Outcome {
    on_fresh_store(snapshots::a_snapshot_needs_its_policy).await
}

#[tokio::test]
async fn a_plan_comes_back_with_its_orders() -> Outcome {
    on_fresh_store(plans::a_plan_comes_back_with_its_orders).await
}

#[tokio::test]
async fn the_newest_plans_come_first() -> Outcome {
    on_fresh_store(plans::the_newest_plans_come_first).await
}

#[tokio::test]
async fn a_plan_needs_its_snapshot() -> Outcome {
    on_fresh_store(plans::a_plan_needs_its_snapshot).await
}

#[tokio::test]
async fn submitted_orders_are_found_by_their_time() -> Outcome {
    on_fresh_store(plans::submitted_orders_are_found_by_their_time).await
}

#[tokio::test]
async fn one_may_execute_at_a_time() -> Outcome {
    on_two_stores(plans::one_may_execute_at_a_time).await
}

#[tokio::test]
async fn an_approval_holds_until_it_is_given_again() -> Outcome {
    on_fresh_store(steps::an_approval_holds_until_it_is_given_again).await
}

#[tokio::test]
async fn an_order_goes_out_and_comes_back() -> Outcome {
    on_fresh_store(steps::an_order_goes_out_and_comes_back).await
}

#[tokio::test]
async fn another_order_takes_the_place_of_one_that_ended() -> Outcome {
    on_fresh_store(steps::another_order_takes_the_place_of_one_that_ended).await
}

#[tokio::test]
async fn the_end_of_a_plan_cancels_what_was_never_sent() -> Outcome {
    on_fresh_store(steps::the_end_of_a_plan_cancels_what_was_never_sent).await
}

#[tokio::test]
async fn a_step_in_a_wrong_state_changes_nothing() -> Outcome {
    on_fresh_store(states::a_step_in_a_wrong_state_changes_nothing).await
}

#[tokio::test]
async fn a_step_is_not_taken_twice() -> Outcome {
    on_fresh_store(states::a_step_is_not_taken_twice).await
}

#[tokio::test]
async fn a_refused_step_says_what_was_found() -> Outcome {
    on_fresh_store(states::a_refused_step_says_what_was_found).await
}

#[tokio::test]
async fn an_order_of_the_broker_is_claimed_once() -> Outcome {
    on_fresh_store(states::an_order_of_the_broker_is_claimed_once).await
}

#[tokio::test]
async fn of_two_who_send_at_once_one_is_refused() -> Outcome {
    on_two_stores(states::of_two_who_send_at_once_one_is_refused).await
}

#[tokio::test]
async fn rows_of_the_python_system_are_read() -> Outcome {
    on_rows_of_python(python::rows_of_the_python_system_are_read).await
}

#[tokio::test]
async fn a_plan_of_the_python_system_can_only_be_ended() -> Outcome {
    on_rows_of_python(python::a_plan_of_the_python_system_can_only_be_ended).await
}
