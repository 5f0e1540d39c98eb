//! Deferred work: it is done although nobody waits and its program has ended, and whatever becomes of
//! it is told.
//!
//! Most checks play a scenario in a process of its own, as in `life.rs`.

#[path = "contract/helpers.rs"]
mod contract;
#[path = "deferred/ends.rs"]
mod ends;
#[path = "deferred/fates.rs"]
mod fates;
#[path = "deferred/forked.rs"]
mod forked;
mod harness;
#[path = "deferred/inherited.rs"]
mod inherited;
#[path = "deferred/log.rs"]
mod log;
#[path = "deferred/played.rs"]
mod played;
#[path = "life/processes.rs"]
#[expect(dead_code, reason = "the memory of nobody is looked at")]
mod processes;
#[cfg(all(feature = "tracing", feature = "log"))]
#[path = "deferred/recorded.rs"]
mod recorded;
#[path = "life/scenario.rs"]
#[expect(dead_code, reason = "scenarios without arguments and input")]
mod scenario;
#[path = "deferred/together.rs"]
mod together;

use std::process::ExitCode;

use scenario::scenarios;

scenarios! {
    SCENARIOS, PLAYED:
    played::deferring_comes_back_before_the_work_is_done,
    played::every_shape_can_be_deferred,
    played::large_arguments_are_held_by_the_supervisor,
    played::an_empty_block_is_done_at_once,
    played::waiting_gives_the_failures,
    played::a_failure_stops_no_other,
    played::waiting_has_a_limit,
    played::flush_waits_for_what_is_deferred_so_far,
    played::flush_names_what_is_not_done,
    played::what_is_installed_holds_for_deferred_work,
    played::deferred_tasks_are_tried_again,
    played::a_supervisor_that_is_killed_is_told_and_replaced,
    played::many_deferrals_that_nobody_asks_about,
    played::deferring_inside_a_task,
    played::a_deferral_survives_the_task_that_made_it,
    played::arguments_that_cannot_be_encoded_are_told_at_once,
    played::on_sync_it_is_done_at_once,
    played::on_thread_it_is_done_beside,
    played::on_fork_it_sees_the_memory_of_its_program,
    played::fork_refuses_a_program_with_threads,
    played::deferring_leaves_no_descriptor_and_no_zombie,
    forked::forks_that_nobody_waits_for_leave_nothing,
    forked::flush_knows_which_forks_have_ended,
    forked::who_adopts_orphans_buries_its_forks,
    played::deferred_work_does_not_inherit_a_deadline,
    played::deferred_work_is_not_told_to_stop_with_its_task,
    inherited::an_adopted_supervisor_is_spared,
    inherited::what_an_adopted_supervisor_leaves_is_not_spared,
    inherited::what_a_task_defers_on_fork_survives_its_crash,
    inherited::what_a_fork_defers_survives_its_timeout,
    together::all_who_wait_are_told,
    together::deferring_goes_on_while_others_wait,
    together::hundreds_deferred_one_by_one_each_end_once,
    together::attempts_are_kept_for_who_waits,
    together::nothing_is_deferred_after_shutdown,
}

const OWN: &[harness::Check] = &[
    ("work_is_done_although_its_program_has_ended", ends::work_is_done_although_the_program_ended),
    ("work_is_done_although_its_program_was_killed", ends::work_is_done_although_it_was_killed),
    ("what_deferred_tasks_defer_is_done", inherited::what_deferred_tasks_defer_is_done),
    (
        "what_deferred_tasks_defer_on_fork_is_done",
        inherited::what_deferred_tasks_defer_on_fork_is_done,
    ),
    ("what_a_task_defers_on_fork_is_done", inherited::what_a_task_defers_on_fork_is_done),
    ("who_reads_the_output_sees_its_end", ends::who_reads_the_output_sees_its_end),
    ("the_end_of_main_waits_for_threads", ends::the_end_of_main_waits_for_threads),
    ("nothing_is_left_when_all_is_done", ends::nothing_is_left_when_all_is_done),
    ("the_log_has_a_line_for_each_task", log::it_has_a_line_for_each_task),
    ("the_log_is_for_its_owner_alone", log::it_is_for_its_owner_alone),
    ("hooks_are_told_of_failures", log::hooks_are_told_of_failures),
    ("a_hook_that_goes_wrong_is_told_in_the_log", log::a_hook_that_goes_wrong_is_told_in_the_log),
    ("every_end_is_told_once", fates::every_end_is_told_once),
    ("who_was_not_needed_is_told", fates::who_was_not_needed_is_told),
    ("attempts_are_told", fates::attempts_are_told),
    ("who_had_no_time_to_start_is_told", fates::who_had_no_time_to_start_is_told),
    ("what_a_shutdown_cuts_off_is_told", fates::what_a_shutdown_cuts_off_is_told),
    ("what_a_signal_cuts_off_is_told", fates::what_a_signal_cuts_off_is_told),
    ("an_idle_supervisor_ends_by_a_signal", fates::an_idle_supervisor_ends_by_a_signal),
    ("what_cannot_be_held_is_told", fates::what_cannot_be_held_is_told),
    ("a_log_that_cannot_be_opened_is_told_at_once", log::one_that_cannot_be_opened_is_told),
];

#[cfg(all(feature = "tracing", feature = "log"))]
use recorded::{CHECKS as RECORDED, SCENARIOS as RECORDED_SCENARIOS};
#[cfg(not(all(feature = "tracing", feature = "log")))]
const RECORDED: &[harness::Check] = &[];
#[cfg(not(all(feature = "tracing", feature = "log")))]
const RECORDED_SCENARIOS: &[Named] = &[];

#[concur::main]
fn main() -> ExitCode {
    scenario::play(&[
        SCENARIOS,
        ends::SCENARIOS,
        inherited::SCENARIOS,
        log::SCENARIOS,
        fates::SCENARIOS,
        RECORDED_SCENARIOS,
    ])
    .unwrap_or_else(|| harness::run(&[PLAYED, OWN, RECORDED].concat()))
}
