//! Settings and limits: where they come from, and that they hold.
//!
//! Most checks play a scenario, as in `life.rs`: settings are a process' own, so each is played in one
//! that is executed for it. `settings/` holds the scenarios.

#[expect(dead_code, reason = "parts of it are for other programs")]
#[path = "contract/helpers.rs"]
mod contract;
#[path = "settings/environment.rs"]
mod environment;
#[cfg(feature = "config-file")]
#[path = "settings/file.rs"]
mod file;
mod harness;
#[path = "settings/idle.rs"]
mod idle;
#[expect(dead_code, reason = "parts of it are for other programs")]
#[path = "life/processes.rs"]
mod processes;
#[path = "settings/queue.rs"]
mod queue;
#[expect(dead_code, reason = "parts of it are for other programs")]
#[path = "life/scenario.rs"]
mod scenario;
#[path = "settings/workers.rs"]
mod workers;

use std::process::ExitCode;

use scenario::scenarios;

scenarios! {
    SCENARIOS, PLAYED:
    environment::a_driver_s_own_variable_comes_first(CONCUR_WORKERS = "1", CONCUR_THREAD_WORKERS = "3"),
    environment::a_memory_limit_is_obeyed(CONCUR_PROCESS_MEMORY_LIMIT = "64MiB"),
    environment::a_value_that_is_not_allowed_fails_every_run(CONCUR_IDLE_TIMEOUT = "soon"),
    idle::idle_workers_leave(CONCUR_IDLE_TIMEOUT = "40ms", CONCUR_WORKERS = "3"),
    idle::workers_forked_ahead_leave(CONCUR_IDLE_TIMEOUT = "40ms"),
    idle::idle_threads_leave(CONCUR_THREAD_IDLE_TIMEOUT = "10ms"),
    idle::leaving_workers_lose_no_task(CONCUR_IDLE_TIMEOUT = "1ms", CONCUR_WORKERS = "2"),
    idle::workers_that_are_kept_stay(CONCUR_IDLE_TIMEOUT = "never"),
    queue::a_full_queue_fails_runs_that_begin(
        CONCUR_WORKERS = "1",
        CONCUR_QUEUE_LIMIT = "2",
        CONCUR_WHEN_FULL = "fail"
    ),
    queue::without_a_queue_nobody_waits(
        CONCUR_WORKERS = "1",
        CONCUR_QUEUE_LIMIT = "0",
        CONCUR_WHEN_FULL = "fail"
    ),
    queue::a_run_that_was_let_in_goes_on(
        CONCUR_WORKERS = "1",
        CONCUR_QUEUE_LIMIT = "0",
        CONCUR_WHEN_FULL = "fail"
    ),
    queue::a_run_keeps_back_what_finds_no_room(CONCUR_WORKERS = "3", CONCUR_QUEUE_LIMIT = "1"),
    queue::one_block_says_that_it_does_not_wait(CONCUR_WORKERS = "1", CONCUR_QUEUE_LIMIT = "0"),
    queue::blocks_inside_tasks_find_their_way(CONCUR_WORKERS = "1", CONCUR_QUEUE_LIMIT = "0"),
    workers::workers_are_those_of_all_runs(CONCUR_WORKERS = "2"),
    workers::one_worker_is_enough_for_blocks_inside_tasks(CONCUR_WORKERS = "1"),
    workers::threads_that_tasks_start_may_run_blocks(CONCUR_WORKERS = "1"),
    workers::processes_stay_within_workers_times_depth(CONCUR_WORKERS = "2", CONCUR_NESTED_LIMIT = "3"),
    workers::a_dropped_run_leaves_the_queue(CONCUR_WORKERS = "1"),
}

#[cfg(feature = "config-file")]
scenarios! {
    FILE_SCENARIOS, FILE_PLAYED:
    file::a_named_file_is_obeyed(CONCUR_CONFIG = "concur.toml"),
    file::the_environment_comes_before_a_named_file(CONCUR_CONFIG = "concur.toml", CONCUR_TIMEOUT = "90m"),
    file::workers_know_the_file_from_their_caller(CONCUR_CONFIG = "concur.toml"),
    file::a_mistake_in_a_named_file_fails_every_run(CONCUR_CONFIG = "concur.toml"),
    file::a_named_file_that_is_missing_fails_every_run(CONCUR_CONFIG = "concur.toml"),
    file::a_driver_that_there_is_not_is_told_with_its_line(CONCUR_CONFIG = "concur.toml"),
    file::a_loaded_file_comes_before_code,
    file::an_engine_has_a_table(CONCUR_CONFIG = "concur.toml"),
}

#[cfg(not(feature = "config-file"))]
scenarios! {
    FILE_SCENARIOS, FILE_PLAYED:
    environment::a_named_file_cannot_be_read_without_the_feature(CONCUR_CONFIG = "concur.toml"),
}

const OWN: &[harness::Check] = &[
    ("a_slip_is_told_once", environment::a_slip_is_told_once),
    ("drivers_without_processes_warn_once", environment::drivers_without_processes_warn_once),
    (
        "engines_of_ones_own_that_do_not_ask_are_warned_of_once",
        environment::engines_of_ones_own_that_do_not_ask_are_warned_of_once,
    ),
    #[cfg(feature = "config-file")]
    ("the_example_file_is_right_and_whole", file::the_example_file_is_right_and_whole),
];

fn main() -> ExitCode {
    scenario::play(&[SCENARIOS, FILE_SCENARIOS, environment::SCENARIOS])
        .unwrap_or_else(|| harness::run(&[PLAYED, FILE_PLAYED, OWN].concat()))
}
