//! Hooks and what workers keep: where `preload` and `on_worker_start` run, how each of their mistakes
//! ends, what `WorkerLocal` makes and drops.
//!
//! Most checks play a scenario: this program is executed again, and its hooks look in the environment
//! for what to do this time. `hooks/` holds the scenarios.

#[path = "contract/helpers.rs"]
#[expect(dead_code, reason = "needed by other programs")]
mod contract;
#[path = "hooks/endings.rs"]
mod endings;
mod harness;
#[path = "hooks/local.rs"]
mod local;
#[path = "hooks/played.rs"]
mod played;
#[path = "hooks/running.rs"]
mod running;
#[path = "life/scenario.rs"]
#[expect(dead_code, reason = "needed by other programs")]
mod scenario;

use std::process::ExitCode;

use scenario::scenarios;

scenarios! {
    SCENARIOS, PLAYED:
    running::what_is_preloaded_is_shared_by_all_workers(CONCUR_WORKERS = "3"),
    running::start_hooks_run_once_in_each_worker_before_its_tasks(CONCUR_TASKS_PER_WORKER = "2"),
    running::forks_run_start_hooks_and_preload_nothing,
    running::threads_run_no_hooks,
    running::a_timeout_does_not_count_hooks(START = "slow"),
    running::hooks_that_leave_threads_make_workers_anew(PRELOAD = "threads", CONCUR_WORKERS = "2"),
    running::threads_that_were_joined_do_no_harm(PRELOAD = "joins"),
    running::a_panic_hook_of_a_start_hook_sees_no_task(START = "panic_hook"),
    running::blocks_in_hooks_run_on_sync_only(START = "blocks"),
    running::blocks_in_preload_start_no_process(PRELOAD = "blocks"),
    running::threads_of_blocks_in_preload_do_no_harm(PRELOAD = "runs_on_threads"),
    running::a_task_that_preload_gave_up_is_a_thread_it_left(PRELOAD = "gives_up"),
    running::a_process_that_preload_started_outlives_workers(PRELOAD = "starts", CONCUR_WORKERS = "1"),
    running::a_hook_that_spoils_signals_is_no_harm(PRELOAD = "signals"),
    running::a_deadline_ends_a_run_while_preload_goes_on(PRELOAD = "waits"),
    endings::a_preload_hook_that_fails(PRELOAD = "fails"),
    endings::a_preload_hook_that_panics(PRELOAD = "panics"),
    endings::a_preload_hook_that_exits(PRELOAD = "exits"),
    endings::a_preload_hook_that_aborts(PRELOAD = "aborts"),
    endings::a_preload_hook_that_overflows(PRELOAD = "overflows"),
    endings::a_preload_hook_that_hangs(PRELOAD = "hangs", CONCUR_WORKERS = "4", CONCUR_START_LIMIT = "500ms"),
    endings::a_deferral_names_a_preload_hook_that_exits(PRELOAD = "exits"),
    endings::a_deferral_names_a_preload_hook_that_hangs(PRELOAD = "hangs", CONCUR_START_LIMIT = "500ms"),
    endings::a_preload_hook_that_recovers(PRELOAD = "fails_at_first"),
    endings::a_preload_hook_that_fails_fails_large_arguments_too(PRELOAD = "exits"),
    endings::a_start_hook_that_fails(START = "fails"),
    endings::a_start_hook_that_panics(START = "panics"),
    endings::a_start_hook_that_exits(START = "exits"),
    endings::a_start_hook_that_aborts(START = "aborts"),
    endings::a_start_hook_that_overflows(START = "overflows"),
    endings::a_start_hook_that_hangs(START = "hangs", CONCUR_START_LIMIT = "500ms"),
    endings::a_start_hook_that_fails_once_costs_one_task(START = "fails_at_first"),
    endings::a_start_hook_that_fails_in_a_nested_worker(START = "fails_below", CONCUR_WORKERS = "1"),
    endings::a_start_hook_that_hangs_in_a_queued_worker(
        START = "hangs_below", CONCUR_WORKERS = "2", CONCUR_START_LIMIT = "500ms"
    ),
    endings::a_worker_forked_ahead_gives_its_hook_s_error(START = "fails_later"),
    endings::preload_in_a_worker_that_was_executed_fails(PRELOAD = "threads_then_fails"),
    endings::forks_tell_of_a_start_hook_that_fails(START = "fails"),
    endings::forks_tell_of_a_start_hook_that_panics(START = "panics"),
    endings::forks_tell_of_a_start_hook_that_exits(START = "exits"),
    endings::forks_tell_of_a_start_hook_that_hangs(START = "hangs", CONCUR_START_LIMIT = "500ms"),
    local::a_value_is_made_once_in_each_worker(CONCUR_WORKERS = "2"),
    local::a_value_is_dropped_when_its_worker_is_replaced(CONCUR_WORKERS = "1", CONCUR_TASKS_PER_WORKER = "2"),
    local::forks_make_and_drop_their_own,
    local::threads_make_their_own,
    local::what_preload_made_is_not_shared(PRELOAD = "uses_local", CONCUR_WORKERS = "2"),
    local::what_a_start_hook_made_is_there(START = "uses_local", CONCUR_WORKERS = "1"),
    local::a_drop_that_panics_harms_no_other(CONCUR_WORKERS = "1", CONCUR_TASKS_PER_WORKER = "1"),
    local::a_drop_that_hangs_delays_nobody(CONCUR_WORKERS = "1", CONCUR_TASKS_PER_WORKER = "1"),
    local::a_child_that_a_task_forked_drops_nothing(CONCUR_WORKERS = "1"),
}

const OWN: &[harness::Check] = &[
    (
        "nothing_outlives_a_caller_killed_in_preload",
        endings::nothing_outlives_a_caller_killed_in_preload,
    ),
    (
        "nothing_outlives_a_caller_killed_in_a_start_hook",
        endings::nothing_outlives_a_caller_killed_in_a_start_hook,
    ),
    ("what_hooks_print_is_there_once", running::what_hooks_print_is_there_once),
    (
        "a_hook_that_leaves_threads_is_warned_of_once",
        running::a_hook_that_leaves_threads_is_warned_of_once,
    ),
    ("values_are_dropped_when_the_caller_ends", local::values_are_dropped_when_the_caller_ends),
    (
        "values_are_dropped_when_the_caller_is_killed",
        local::values_are_dropped_when_the_caller_is_killed,
    ),
    ("a_drop_that_hangs_outlives_no_caller", local::a_drop_that_hangs_outlives_no_caller),
];

fn main() -> ExitCode {
    scenario::play(&[SCENARIOS, running::SCENARIOS, endings::SCENARIOS, local::SCENARIOS])
        .unwrap_or_else(|| harness::run(&[PLAYED, OWN].concat()))
}
