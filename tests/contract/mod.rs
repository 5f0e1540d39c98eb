//! One contract, many drivers: what holds wherever a task runs.
//!
//! Each function takes the driver and checks one behaviour. [`every_contract`] lists those that hold
//! on every driver, [`async_contract`] those that need the feature `tokio`; `threaded.rs` holds those
//! that need a caller with several threads, and `deaths.rs` those of drivers with processes. The files of the drivers turn the
//! lists into tests.
//!
//! Nothing here looks at how long something took: tasks leave marks in a directory, and what is
//! checked is which marks are there. A wait is bounded by `helpers::PATIENCE`, which only a hang uses up.

pub(crate) mod awaiting;
pub(crate) mod basics;
pub(crate) mod errors;
pub(crate) mod hints;
pub(crate) mod inside;
pub(crate) mod nesting;
pub(crate) mod policies;
pub(crate) mod sizes;
pub(crate) mod time;
pub(crate) mod told;
pub(crate) mod values;

mod helpers;

use std::sync::Once;

use concur::{Config, Driver};
pub(crate) use helpers::{Marks, await_mark, eventually, is_alive, mark};

/// So many workers each driver of a test program has: more than any contract needs at once.
pub(crate) const WORKERS: usize = 8;

/// Sets up a test program, once: workers enough for tasks that wait for one another, and an end of
/// the whole program should something hang.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Config::new().workers(WORKERS).install().expect("it is allowed");
        // SAFETY: `alarm` only sets the process' timer; its signal ends the process.
        unsafe { libc::alarm(240) };
    });
}

/// Whether tasks of one run go on at the same time.
pub(crate) fn is_concurrent(driver: &Driver) -> bool {
    *driver != Driver::Sync
}

/// Whether tasks run in processes of their own.
pub(crate) fn has_processes(driver: &Driver) -> bool {
    matches!(driver, Driver::Process | Driver::Fork)
}

/// Calls `$callback!` with the contracts that hold on every driver.
macro_rules! every_contract {
    ($callback:ident) => {
        $callback! {
            basics::an_empty_block_gives_nothing,
            basics::results_come_in_the_order_written,
            basics::each_block_runs_its_own_code,
            basics::a_limit_is_kept,
            basics::failures_and_successes_settle_side_by_side,
            basics::an_input_that_panics_ends_the_run,
            basics::an_endless_input_stops_at_a_failure,
            basics::ten_thousand_tasks,
            basics::sixty_four_tasks_in_a_block,
            basics::options_of_zero_are_refused,
            basics::tasks_see_copies,
            basics::tasks_can_be_moved_before_they_run,
            errors::a_chain_of_own_errors_arrives,
            errors::a_chain_of_anyhow_arrives,
            errors::falsy_values_survive,
            errors::a_result_without_question_mark_is_a_value,
            errors::a_panic_tells_its_message_and_place,
            errors::a_panic_without_text_is_a_panic,
            errors::a_panic_without_its_hook_is_a_panic,
            errors::a_panic_that_was_caught_is_none,
            errors::a_payload_that_panics_when_dropped_is_one_panic,
            errors::a_failed_task_does_not_disturb_the_next,
            errors::the_first_failure_leads_and_cancels,
            errors::settled_failures_are_all_kept,
            errors::an_error_longer_than_a_frame_is_cut,
            errors::a_long_cause_keeps_the_one_below_it,
            policies::without_retries_a_task_is_tried_once,
            policies::a_task_that_fails_is_tried_again,
            policies::when_every_attempt_fails_each_failure_is_kept,
            policies::a_permanent_failure_is_not_tried_again,
            policies::no_attempt_begins_after_the_deadline,
            policies::retries_do_not_hold_up_other_tasks,
            policies::any_gives_the_first_success,
            policies::any_fails_with_all_failures,
            policies::any_does_not_ask_for_more_than_it_needs,
            hints::what_only_main_sets_gets_a_hint_where_it_is_missing,
            hints::the_same_words_in_the_caller_get_no_hint,
            values::arguments_that_cannot_be_encoded_are_not_sent,
            values::an_argument_that_cannot_be_encoded_stops_those_before_it,
            values::an_own_message_is_left_as_it_is,
            values::items_that_cannot_be_encoded_fail_alone,
            values::results_that_cannot_be_encoded_fail_their_task,
            values::arguments_that_cannot_be_decoded_fail_their_task,
            values::results_that_cannot_be_decoded_fail_their_task,
            values::a_value_that_describes_itself_says_what_to_do,
            values::a_value_that_leaves_a_field_out_is_refused,
            values::a_value_that_reads_more_than_it_writes_says_what_to_do,
            sizes::sixteen_results_of_a_mebibyte,
            sizes::around_the_inline_limit,
            sizes::larger_and_larger,
            sizes::shared_and_own_arguments_of_every_size,
            sizes::many_large_arguments_prepared_ahead,
            time::a_timeout_is_told_as_such,
            time::a_timeout_is_its_task_s_alone,
            time::many_timeouts_at_once,
            time::a_deadline_ends_what_runs_and_what_waits,
            time::a_deadline_fails_the_run_once,
            time::a_limit_that_is_not_reached_changes_nothing,
            nesting::blocks_inside_tasks_three_deep,
            nesting::many_blocks_inside_many_tasks,
            nesting::too_deep_is_an_error,
            nesting::a_failure_inside_arrives_outside,
            nesting::a_deadline_is_inherited,
            inside::outside_a_task_there_is_nothing_to_ask,
            inside::a_task_knows_itself,
            inside::each_attempt_knows_its_number,
            told::a_task_that_was_told_may_be_tried_again,
            inside::in_a_block_inside_it_is_the_inner_task,
            inside::workers_that_live_at_once_have_numbers_of_their_own,
            inside::a_task_knows_its_time,
            inside::a_block_inside_inherits_the_deadline,
            told::threads_of_a_task_may_ask_in_its_process,
            told::a_task_is_told_when_its_time_is_over,
            told::what_a_task_does_within_its_grace_changes_nothing,
            told::a_result_that_comes_too_late_is_a_timeout,
            told::a_task_is_told_when_another_fails,
            told::a_block_inside_is_told_as_well,
            told::a_block_inside_goes_with_its_task,
            told::a_block_that_cleans_up_is_left_alone,
            awaiting::on_any_executor,
            awaiting::on_tokio_with_one_thread,
            awaiting::failures_arrive,
            awaiting::settings_that_are_wrong_arrive,
            awaiting::a_dropped_future_cancels,
            awaiting::a_future_that_was_never_polled_runs_nothing,
            awaiting::other_futures_go_on,
            awaiting::begun_on_one_executor_and_ended_on_another,
        }
    };
}

/// Calls `$callback!` with the contracts of async tasks.
#[cfg(feature = "tokio")]
macro_rules! async_contract {
    ($callback:ident) => {
        $callback! {
            awaiting::async_tasks_await,
            awaiting::async_tasks_fail_and_panic,
            awaiting::blocking_work_holds_back_no_panic,
            awaiting::async_tasks_inside_a_runtime,
            told::async_tasks_are_told,
            told::a_block_awaited_inside_is_told_as_well,
        }
    };
}
