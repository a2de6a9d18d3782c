//! The conformance suite, a test a case.

use obs_store::conformance::{
    Outcome, account, aggregate, bars, feeds, gaps, ledger, pages, positions, queries, schema, ticks,
};

use crate::{on_empty_store, on_fresh_store};

#[tokio::test]
async fn an_unmigrated_store_says_that_it_is_empty() -> Outcome {
    on_empty_store(schema::an_unmigrated_store_says_that_it_is_empty).await
}

#[tokio::test]
async fn migrating_twice_runs_each_migration_once() -> Outcome {
    on_empty_store(schema::migrating_twice_runs_each_migration_once).await
}

#[tokio::test]
async fn a_new_store_answers_empty() -> Outcome {
    on_fresh_store(schema::a_new_store_answers_empty).await
}

#[tokio::test]
async fn an_empty_batch_commits() -> Outcome {
    on_fresh_store(schema::an_empty_batch_commits).await
}

#[tokio::test]
async fn staged_batches_commit_in_turn() -> Outcome {
    on_fresh_store(positions::commit_staged_batches_in_turn).await
}

#[tokio::test]
async fn positions_advance_with_their_rows() -> Outcome {
    on_fresh_store(positions::advance_with_their_rows).await
}

#[tokio::test]
async fn positions_keep_the_newest_path() -> Outcome {
    on_fresh_store(positions::keep_the_newest_path).await
}

#[tokio::test]
async fn positions_refuse_the_same_step_twice() -> Outcome {
    on_fresh_store(positions::refuse_the_same_step_twice).await
}

#[tokio::test]
async fn positions_refuse_a_step_from_elsewhere() -> Outcome {
    on_fresh_store(positions::refuse_a_step_from_elsewhere).await
}

#[tokio::test]
async fn positions_refuse_a_whole_batch() -> Outcome {
    on_fresh_store(positions::refuse_a_whole_batch).await
}

#[tokio::test]
async fn ticks_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(ticks::come_back_as_they_went_in).await
}

#[tokio::test]
async fn ticks_keep_their_instant() -> Outcome {
    on_fresh_store(ticks::keep_their_instant).await
}

#[tokio::test]
async fn ticks_of_one_second_keep_their_order() -> Outcome {
    on_fresh_store(ticks::of_one_second_keep_their_order).await
}

#[tokio::test]
async fn ticks_are_found_by_half_open_ranges() -> Outcome {
    on_fresh_store(ticks::are_found_by_half_open_ranges).await
}

#[tokio::test]
async fn bars_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(bars::come_back_as_they_went_in).await
}

#[tokio::test]
async fn bars_derived_ones_replace_themselves() -> Outcome {
    on_fresh_store(bars::derived_ones_replace_themselves).await
}

#[tokio::test]
async fn bars_recorded_ones_stand_above_derived_ones() -> Outcome {
    on_fresh_store(bars::recorded_ones_stand_above_derived_ones).await
}

#[tokio::test]
async fn bars_of_one_batch_are_the_recorded_ones() -> Outcome {
    on_fresh_store(bars::of_one_batch_are_the_recorded_ones).await
}

#[tokio::test]
async fn bars_of_equal_keys_the_last_is_kept() -> Outcome {
    on_fresh_store(bars::of_equal_keys_the_last_is_kept).await
}

#[tokio::test]
async fn bars_of_a_range_are_made_again() -> Outcome {
    on_fresh_store(bars::of_a_range_are_made_again).await
}

#[tokio::test]
async fn bars_of_ten_minutes_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(bars::of_ten_minutes_come_back_as_they_went_in).await
}

#[tokio::test]
async fn bars_of_ten_minutes_are_replaced() -> Outcome {
    on_fresh_store(bars::of_ten_minutes_are_replaced).await
}

#[tokio::test]
async fn gaps_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(gaps::come_back_as_they_went_in).await
}

#[tokio::test]
async fn gaps_keep_their_symbols() -> Outcome {
    on_fresh_store(gaps::keep_their_symbols).await
}

#[tokio::test]
async fn gaps_are_found_where_they_touch() -> Outcome {
    on_fresh_store(gaps::are_found_where_they_touch).await
}

#[tokio::test]
async fn gaps_of_a_range_are_made_again() -> Outcome {
    on_fresh_store(gaps::of_a_range_are_made_again).await
}

#[tokio::test]
async fn a_connection_attests_its_subscriptions() -> Outcome {
    on_fresh_store(feeds::a_connection_attests_its_subscriptions).await
}

#[tokio::test]
async fn attested_time_never_shrinks() -> Outcome {
    on_fresh_store(feeds::attested_time_never_shrinks).await
}

#[tokio::test]
async fn connections_are_apart() -> Outcome {
    on_fresh_store(feeds::connections_are_apart).await
}

#[tokio::test]
async fn attested_stretches_are_found_where_they_touch() -> Outcome {
    on_fresh_store(feeds::attested_stretches_are_found_where_they_touch).await
}

#[tokio::test]
async fn rejects_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(ledger::rejects_come_back_as_they_went_in).await
}

#[tokio::test]
async fn a_reject_goes_when_its_line_is_read_again() -> Outcome {
    on_fresh_store(ledger::a_reject_goes_when_its_line_is_read_again).await
}

#[tokio::test]
async fn a_line_rejected_again_is_one_reject() -> Outcome {
    on_fresh_store(ledger::a_line_rejected_again_is_one_reject).await
}

#[tokio::test]
async fn day_volumes_are_replaced() -> Outcome {
    on_fresh_store(ledger::day_volumes_are_replaced).await
}

#[tokio::test]
async fn a_whole_batch_is_counted() -> Outcome {
    on_fresh_store(ledger::a_whole_batch_is_counted).await
}

#[tokio::test]
async fn volume_breaks_come_back_as_they_went_in() -> Outcome {
    on_fresh_store(account::volume_breaks_come_back_as_they_went_in).await
}

#[tokio::test]
async fn volume_breaks_between_the_same_seconds_add_up() -> Outcome {
    on_fresh_store(account::volume_breaks_between_the_same_seconds_add_up).await
}

#[tokio::test]
async fn healed_bars_come_back_and_are_replaced() -> Outcome {
    on_fresh_store(account::healed_bars_come_back_and_are_replaced).await
}

#[tokio::test]
async fn healing_stands_in_for_what_is_not_normal() -> Outcome {
    on_fresh_store(account::healing_stands_in_for_what_is_not_normal).await
}

#[tokio::test]
async fn rejects_wait_until_they_are_acknowledged() -> Outcome {
    on_fresh_store(ledger::rejects_wait_until_they_are_acknowledged).await
}

#[tokio::test]
async fn a_changed_line_waits_again() -> Outcome {
    on_fresh_store(ledger::a_changed_line_waits_again).await
}

#[tokio::test]
async fn aggregation_is_that_of_the_recorder() -> Outcome {
    on_fresh_store(aggregate::is_that_of_the_recorder).await
}

#[tokio::test]
async fn aggregation_is_of_whole_minutes() -> Outcome {
    on_fresh_store(aggregate::is_of_whole_minutes).await
}

#[tokio::test]
async fn the_last_bars_are_found() -> Outcome {
    on_fresh_store(queries::the_last_bars).await
}

#[tokio::test]
async fn the_last_swing_bars_are_found() -> Outcome {
    on_fresh_store(queries::the_last_swing_bars).await
}

#[tokio::test]
async fn the_latest_quotes_are_found() -> Outcome {
    on_fresh_store(queries::the_latest_quotes).await
}

#[tokio::test]
async fn coverage_by_symbol_is_found() -> Outcome {
    on_fresh_store(queries::coverage_by_symbol).await
}

#[tokio::test]
async fn pages_of_ticks_add_up() -> Outcome {
    on_fresh_store(pages::of_ticks_add_up).await
}

#[tokio::test]
async fn pages_of_bars_add_up() -> Outcome {
    on_fresh_store(pages::of_bars_add_up).await
}

#[tokio::test]
async fn pages_of_swing_bars_add_up() -> Outcome {
    on_fresh_store(pages::of_swing_bars_add_up).await
}
