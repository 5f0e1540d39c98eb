//! The life of callers, workers and fork servers: how each ends, what is left behind, and what
//! around a program changes while it runs.
//!
//! Most checks play a scenario: this program is executed again and plays a part in a process of its
//! own, which may be killed, forked, run out of descriptors. `life/` holds the scenarios.

#[path = "life/adverse.rs"]
mod adverse;
#[path = "contract/helpers.rs"]
mod contract;
#[path = "life/ends.rs"]
mod ends;
#[path = "life/fresh.rs"]
mod fresh;
#[path = "life/grace.rs"]
mod grace;
mod harness;
#[path = "life/leaks.rs"]
mod leaks;
#[path = "life/processes.rs"]
mod processes;
#[path = "life/review.rs"]
mod review;
#[path = "life/scenario.rs"]
mod scenario;
#[path = "life/shutdown.rs"]
mod shutdown;

use std::process::ExitCode;

use scenario::scenarios;

scenarios! {
    SCENARIOS, PLAYED:
    fresh::an_empty_block_starts_no_process,
    fresh::a_worker_is_used_again_and_again,
    fresh::ps_tells_a_fork_server_from_its_workers,
    fresh::a_worker_is_replaced_after_its_tasks(CONCUR_WORKERS = "1", CONCUR_TASKS_PER_WORKER = "3"),
    fresh::recycling_loses_nothing(CONCUR_WORKERS = "3", CONCUR_TASKS_PER_WORKER = "2"),
    fresh::nested_blocks_need_one_worker_only(CONCUR_WORKERS = "1"),
    fresh::waiting_for_a_worker_costs_no_time(CONCUR_WORKERS = "1"),
    fresh::waiting_ends_at_the_deadline(CONCUR_WORKERS = "1"),
    fresh::drivers_inside_drivers,
    fresh::the_directory_follows,
    fresh::a_fork_of_the_caller_starts_anew,
    fresh::a_caller_that_ignores_the_end_of_children,
    fresh::a_caller_that_waits_for_every_child,
    fresh::a_caller_that_blocks_signals,
    fresh::a_caller_that_dropped_root,
    fresh::a_caller_with_sixty_four_busy_threads,
    fresh::the_thread_that_started_the_workers_ends,
    fresh::a_task_can_start_this_program,
    adverse::waiting_for_a_worker_burns_nothing(CONCUR_WORKERS = "1"),
    adverse::a_caller_that_is_interrupted_all_the_time,
    adverse::a_caller_whose_files_may_not_be_long,
    adverse::a_caller_without_standard_descriptors,
    adverse::a_fork_server_that_is_stopped,
    adverse::a_fork_server_that_is_killed,
    adverse::a_worker_that_would_outlive_its_server,
    adverse::a_task_that_is_stopped,
    adverse::a_task_that_closes_every_descriptor,
    adverse::a_task_that_changes_its_surroundings(CONCUR_WORKERS = "1"),
    adverse::a_task_that_forks(CONCUR_WORKERS = "1"),
    adverse::a_task_that_shuts_down(CONCUR_WORKERS = "1"),
    grace::a_worker_whose_task_ends_when_told_is_used_again(CONCUR_WORKERS = "1"),
    grace::the_end_of_a_grace_never_meets_the_next_task(CONCUR_WORKERS = "1"),
    grace::a_dropped_run_gives_its_worker_back(CONCUR_WORKERS = "1"),
    grace::a_dropped_fork_keeps_its_place(CONCUR_WORKERS = "1"),
    grace::dropping_a_run_does_not_wait_for_its_tasks,
    grace::a_dropped_run_that_goes_on_is_killed,
    grace::dropped_runs_leave_nothing(CONCUR_WORKERS = "2"),
    grace::a_run_dropped_without_a_descriptor_is_killed(CONCUR_WORKERS = "2"),
    grace::shutdown_waits_for_what_is_left_of_a_run,
    grace::shutdown_ends_what_is_left_of_a_run,
    leaks::a_thousand_runs_and_a_hundred_crashes_leave_nothing,
    leaks::forks_leave_nothing,
    leaks::awaited_and_dropped_runs_leave_nothing,
    leaks::workers_hold_no_descriptor_of_the_caller,
    leaks::without_descriptors_runs_fail_soon,
    leaks::large_values_are_freed,
    review::a_block_inside_sync_leaves_room_for_nested_ones(CONCUR_WORKERS = "1"),
    review::a_long_run_lets_another_one_in(CONCUR_WORKERS = "1"),
    review::a_worker_that_died_idle_is_no_harm_to_a_large_argument(CONCUR_WORKERS = "1"),
    review::adopted_zombies_do_not_pile_up(CONCUR_WORKERS = "1"),
    review::an_installed_nested_limit_is_kept_in_workers,
    review::threads_need_no_descriptor,
    review::nested_forks_do_not_multiply(CONCUR_WORKERS = "2"),
    shutdown::shutdown_lets_runs_end,
    shutdown::shutdown_cancels_what_does_not_end,
    shutdown::after_shutdown_no_run_begins,
    shutdown::shutdown_leaves_deferred_work_alone,
}

const OWN: &[harness::Check] = &[
    (
        "no_worker_outlives_a_caller_that_was_killed",
        ends::no_worker_outlives_a_caller_that_was_killed,
    ),
    ("no_worker_outlives_a_caller_that_ends", ends::no_worker_outlives_a_caller_that_ends),
    (
        "no_worker_outlives_a_caller_that_exits_in_a_run",
        ends::no_worker_outlives_a_caller_that_exits,
    ),
    ("no_fork_outlives_a_caller_that_was_killed", ends::no_fork_outlives_a_caller_that_was_killed),
    ("ctrl_c_is_for_the_caller", ends::ctrl_c_is_for_the_caller),
    ("printing_corrupts_nothing", ends::printing_corrupts_nothing),
    ("standard_input_stays_the_caller_s", ends::standard_input_stays_the_callers),
    ("main_never_runs_twice", ends::main_never_runs_twice),
    ("the_binary_is_replaced", ends::the_binary_is_replaced),
];

fn main() -> ExitCode {
    scenario::play(&[SCENARIOS, ends::SCENARIOS])
        .unwrap_or_else(|| harness::run(&[PLAYED, OWN].concat()))
}
