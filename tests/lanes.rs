//! Async tasks that share a worker: they run at once, each fails for itself, and those that die together
//! say so.
//!
//! Every check plays a scenario in a process of its own, as in `life.rs`.

#[path = "lanes/beside.rs"]
mod beside;
#[path = "contract/helpers.rs"]
#[expect(dead_code, reason = "the marks of a scenario are looked at by itself")]
mod contract;
#[path = "lanes/ends.rs"]
mod ends;
mod harness;
#[path = "life/processes.rs"]
mod processes;
#[path = "lanes/room.rs"]
mod room;
#[path = "life/scenario.rs"]
#[expect(dead_code, reason = "scenarios without arguments and input")]
mod scenario;
#[path = "lanes/stops.rs"]
mod stops;
#[path = "lanes/tasks.rs"]
mod tasks;

use std::process::ExitCode;

use scenario::scenarios;

/// Scenarios that are played with so many workers and so many async tasks in each.
macro_rules! lanes {
    ($($file:ident::$name:ident($workers:literal x $lanes:literal $(, $variable:ident = $value:literal)*)),* $(,)?) => {
        scenarios! {
            SCENARIOS, PLAYED:
            $($file::$name(
                CONCUR_WORKERS = $workers,
                CONCUR_ASYNC_TASKS_PER_WORKER = $lanes
                $(, $variable = $value)*
            ),)*
        }
    };
}

lanes! {
    beside::tasks_wait_for_each_other_in_one_worker("1" x "4"),
    beside::one_at_a_time_is_the_default("1" x "1"),
    beside::a_method_says_how_many("1" x "1"),
    beside::a_number_that_is_not_allowed_is_an_error("1" x "1"),
    beside::each_task_knows_itself("1" x "3"),
    beside::large_values_travel("1" x "4"),
    beside::blocks_inside_tasks_work("1" x "3"),
    beside::a_task_that_blocks_holds_up_no_other("1" x "3"),
    beside::runs_on_many_threads_get_their_own_results("2" x "4"),
    beside::what_a_task_spawned_is_part_of_none("1" x "2"),
    ends::a_panic_is_that_of_its_task_alone("1" x "2"),
    ends::failures_are_those_of_their_tasks_alone("1" x "3"),
    ends::a_crash_is_that_of_all("1" x "3"),
    ends::an_exit_is_that_of_all("1" x "2"),
    ends::an_overflown_stack_is_known("1" x "2"),
    ends::hooks_have_run_and_what_is_kept_is_dropped("1" x "2"),
    ends::tries_have_a_worker_of_their_own("1" x "2"),
    ends::a_worker_that_was_killed_idle_is_replaced("1" x "2"),
    stops::a_timeout_drops_a_future("1" x "2"),
    stops::a_failure_drops_the_other_futures("1" x "3"),
    stops::a_dropped_run_drops_its_futures("1" x "2"),
    stops::a_task_that_does_not_yield_takes_the_others_along("1" x "3"),
    stops::an_answer_that_was_given_counts("1" x "2"),
    stops::a_task_that_has_asked_for_time_gets_it("1" x "2"),
    stops::a_future_is_dropped_when_its_grace_is_over("1" x "2"),
    stops::a_blocking_block_inside_is_stopped("1" x "2"),
    stops::what_was_told_to_stop_before_it_began_never_runs("1" x "2"),
    room::a_thousand_tasks_go_through_two_workers("2" x "8"),
    room::a_limit_is_kept("2" x "8"),
    room::never_more_workers_than_there_may_be("2" x "3"),
    room::recycling_loses_nothing("1" x "3", CONCUR_TASKS_PER_WORKER = "5"),
    room::an_ordinary_task_gets_its_turn("1" x "4"),
    room::a_short_run_gets_its_turn("1" x "2"),
    room::an_idle_worker_leaves_and_a_busy_one_keeps_its_lanes("1" x "2", CONCUR_IDLE_TIMEOUT = "50ms"),
    room::isolated_tasks_share_nothing("2" x "4"),
    room::runs_crashes_and_drops_leave_nothing("2" x "4"),
}

fn main() -> ExitCode {
    scenario::play(&[SCENARIOS]).unwrap_or_else(|| harness::run(PLAYED))
}
