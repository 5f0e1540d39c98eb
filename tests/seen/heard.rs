//! Whose records come from other processes: those of threads, of blocks inside tasks, and of what a task
//! leaves running; and none where the worker has a subscriber of its own.

use concur::{Driver, concurrent};
use tracing::Level;

use super::harness::Check;
use super::recorder::Recorder;
use super::{ELSEWHERE, watch};

pub(crate) const CHECKS: &[Check] = &[
    ("a_subscriber_that_is_there_already_stays", a_subscriber_that_is_there_already_stays),
    ("other_threads_of_a_task_are_heard", other_threads_of_a_task_are_heard),
    ("what_a_task_leaves_behind_speaks_for_itself", what_a_task_leaves_behind_speaks_for_itself),
    ("blocks_inside_tasks_are_heard", blocks_inside_tasks_are_heard),
];

/// First, when no worker has one of ours, and it takes its worker along.
fn a_subscriber_that_is_there_already_stays() {
    let install = concurrent! {
        installs => {
            tracing::subscriber::set_global_default(Recorder::up_to(Level::TRACE).1)?;
            std::process::id()
        },
    };
    let (installs,) = install.run().expect("nobody listens yet, so there is none");
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            records => {
                tracing::info!(target: "test", "for the one that is there");
                (std::process::id(), tracing::enabled!(Level::TRACE))
            },
        };
        let (records,) = run.run().expect("it succeeds");
        assert_eq!(records, (installs, true), "the same worker, and its own subscriber");
    });
    assert!(seen.events("test").is_empty(), "it did not come here");
    let gone: Result<((),), _> = concurrent! { ends => std::process::abort() }.run();
    assert_eq!(gone.expect_err("it is gone").failures()[0].pid(), Some(installs));
}

fn other_threads_of_a_task_are_heard() {
    let seen = watch(Level::INFO, || {
        let run = concurrent! {
            task => {
                let say = || for n in 0..100_u32 { tracing::info!(target: "test", n, "heard") };
                std::thread::scope(|scope| { (0..4).for_each(|_| { scope.spawn(say); }) });
            },
        };
        run.driver(Driver::Process).run().expect("it succeeds");
    });
    assert_eq!(seen.events("test").len(), 400);
}

fn what_a_task_leaves_behind_speaks_for_itself() {
    let said = tempfile::TempDir::new().expect("there is room for a directory");
    let (go, mark) = (said.path().join("go"), said.path().join("said"));
    let seen = watch(Level::INFO, || {
        let left = concurrent! {
            leaves => {
                let (go, mark) = (go.clone(), mark.clone());
                std::thread::spawn(move || {
                    while !go.exists() {
                        std::thread::yield_now();
                    }
                    tracing::info!(target: "test", "still here");
                    std::fs::write(mark, "").expect("a mark can be left");
                });
                std::process::id()
            },
        };
        let (leaves,) = left.run().expect("it succeeds");
        std::fs::write(&go, "").expect("a mark can be left");
        while !mark.exists() {
            std::thread::yield_now();
        }
        let (next,) = concurrent! { next => std::process::id() }.run().expect("it succeeds");
        assert_eq!(leaves, next, "the same worker again");
    });
    let events = seen.events("test");
    assert_eq!(events.len(), 1);
    assert_eq!(seen.task_of(&events[0]), None, "it is not what the next task said");
}

fn blocks_inside_tasks_are_heard() {
    for driver in ELSEWHERE {
        let seen = watch(Level::INFO, || {
            let run = concurrent! {
                outer => {
                    concurrent! { inner => tracing::info!(target: "test", "far inside") }.run()?;
                },
            };
            run.driver(driver.clone()).run().expect("it succeeds");
        });
        let events = seen.events("test");
        assert_eq!(events.len(), 1, "{driver}");
        assert_eq!(seen.task_of(&events[0]).as_deref(), Some("str outer"), "{driver}");
        let spans = &events[0].fields["spans"];
        assert!(spans.contains("concur.task{task=\"inner\""), "{driver}: {spans}");
    }
}
