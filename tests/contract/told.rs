//! Tasks that are told to stop, and have time to do so.

use std::path::Path;
use std::thread;
use std::time::Duration;
#[cfg(feature = "tokio")]
use std::time::Instant;

use concur::{Driver, ErrorKind, concurrent, task};

use super::inside::named;
use super::{Marks, await_mark, eventually, has_processes, is_alive, is_concurrent, mark};

/// Short enough to be waited for in a test.
const SHORT: Duration = Duration::from_millis(150);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(50);

/// Waits for the word to stop, marks that it came, and gives whether it did.
fn until_told(marks: &Path, name: &str) -> bool {
    let told = eventually(task::cancelled);
    if told {
        mark(marks, name);
    }
    told
}

/// Asks for time, and marks that it was in time.
fn ask_for_time(marks: &Path) {
    task::on_cancel(LONG);
    mark(marks, "asked");
}

/// Plays it again until its task has asked for time before its own was over, which a busy machine may
/// prevent.
fn in_time<T>(play: impl Fn(&Path) -> T) -> (Marks, T) {
    for _round in 0..20 {
        let marks = Marks::new();
        let outcome = play(&marks.dir());
        if marks.has("asked") {
            return (marks, outcome);
        }
    }
    panic!("no task ever asked in time");
}

/// Plays a run [`in_time`] that must fail because the time of its task is over.
fn timed_out<T>(play: impl Fn(&Path) -> Result<T, concur::Error>) -> (Marks, concur::Error) {
    let (marks, result) = in_time(play);
    let err = result.map(drop).expect_err("its time is over");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    (marks, err)
}

pub(crate) fn a_task_that_was_told_may_be_tried_again(driver: &Driver) {
    let (marks, result) = in_time(|dir| {
        concurrent! {
            tried => {
                if task::current().is_some_and(|task| task.attempt() == 1) {
                    ask_for_time(dir);
                    until_told(dir, "told");
                }
                task::cancelled()
            },
        }
        .driver(driver.clone())
        .timeout(SHORT)
        .retries(20)
        .run()
    });
    assert_eq!(result.expect("another attempt is quick"), (false,));
    assert!(eventually(|| marks.has("told")), "it was not told");
}

pub(crate) fn threads_of_a_task_may_ask_in_its_process(driver: &Driver) {
    let processes = has_processes(driver);
    let (marks, _) = timed_out(|dir| {
        concurrent! {
            asks => {
                let theirs = dir.to_owned();
                let other = thread::spawn(move || {
                    ask_for_time(&theirs);
                    let name = task::current().map(|task| task.name().to_owned());
                    assert_eq!(name.as_deref(), processes.then_some("asks"));
                    !processes || until_told(&theirs, "told")
                });
                let told = other.join().expect("it does not panic");
                assert!(told && eventually(task::cancelled));
            },
        }
        .driver(driver.clone())
        .timeout(SHORT)
        .run()
    });
    assert_eq!(marks.has("told"), processes, "{marks:?}");
}

pub(crate) fn a_task_is_told_when_its_time_is_over(driver: &Driver) {
    let block = |dir: &Path| {
        concurrent! { slow => { ask_for_time(dir); until_told(dir, "told") } }
            .driver(driver.clone())
    };
    let (marks, err) = timed_out(|dir| block(dir).timeout(SHORT).run());
    assert_eq!(err.task(), Some("slow"), "{err}");
    assert!(err.to_string().contains("timeout of 150ms"), "{err}");
    assert!(err.failures()[0].elapsed() >= SHORT, "{err}");
    if has_processes(driver) {
        assert!(err.to_string().contains("and ended by itself"), "{err}");
        assert!(marks.has("told"), "the run did not wait for it");
    }
    assert!(eventually(|| marks.has("told")), "it was not told");

    let (marks, err) = timed_out(|dir| block(dir).deadline(SHORT).run());
    assert!(err.to_string().contains("deadline"), "{err}");
    assert!(eventually(|| marks.has("told")), "it was not told");
}

pub(crate) fn what_a_task_does_within_its_grace_changes_nothing(driver: &Driver) {
    let ways = ["gives", "fails", "panics"];
    for way in ways {
        let (marks, result) = in_time(|dir| {
            concurrent! {
                does => {
                    ask_for_time(dir);
                    until_told(dir, "told");
                    assert!(way != "panics", "it is over");
                    if way == "fails" { "x".parse::<u32>()? } else { 7 }
                },
            }
            .driver(driver.clone())
            .timeout(SHORT)
            .settle()
            .run()
            .expect("a settled run does not fail")
            .0
        });
        let err = result.expect_err("its time is over");
        assert_eq!((err.kind(), err.panic().is_none()), (ErrorKind::TimedOut, true), "{err}");
        assert!(eventually(|| marks.has("told")), "{way}: it was not told");
    }
    let after = concurrent! { for _ in 0..20 => task::cancelled() }.driver(driver.clone()).run();
    assert_eq!(after.expect("all succeed"), [false; 20], "the next were told as well");
}

pub(crate) fn a_result_that_comes_too_late_is_a_timeout(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let mut outcomes = concurrent! {
        for slow in [false, true] => {
            if slow {
                thread::sleep(2 * SHORT);
                mark(&dir, "done");
            }
        }
    }
    .driver(driver.clone())
    .timeout(SHORT)
    .iter();
    // Between two calls nobody acts on a timeout, so the task may end by itself.
    let first = outcomes.next().expect("there are two");
    eventually(|| marks.has("done"));
    let second = outcomes.next().expect("there are two");
    for (index, result) in [first, second] {
        if index == 1 {
            assert_eq!(result.expect_err("it is too slow").kind(), ErrorKind::TimedOut);
        }
    }
}

pub(crate) fn a_task_is_told_when_another_fails(driver: &Driver) {
    if !is_concurrent(driver) {
        return;
    }
    let marks = Marks::new();
    let dir = marks.dir();
    let err = concurrent! {
        waits => {
            task::on_cancel(LONG);
            mark(&dir, "begun");
            until_told(&dir, "told")
        },
        fails => { await_mark(&dir, "begun"); "x".parse::<u8>()? },
    }
    .driver(driver.clone())
    .run()
    .expect_err("one fails");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("fails")), "{err}");
    assert!(!has_processes(driver) || marks.has("told"), "the run did not wait for it");
    assert!(eventually(|| marks.has("told")), "it was not told");
}

pub(crate) fn a_block_inside_is_told_as_well(driver: &Driver) {
    let marks = Marks::new();
    let (dir, on, concurrent) = (marks.dir(), driver.name().to_owned(), is_concurrent(driver));
    let block = concurrent! {
        outer => {
            task::on_cancel(LONG);
            let run = concurrent! {
                inner => {
                    task::on_cancel(LONG);
                    mark(&dir, "begun");
                    until_told(&dir, "inner")
                },
            };
            let err = run.driver(named(&on)).run().expect_err("it has to stop");
            assert_eq!(err.kind(), ErrorKind::Cancelled, "{err}");
            assert!(task::cancelled());
            mark(&dir, "outer");
        },
        fails => { await_mark(&dir, "begun"); "x".parse::<u8>()? },
    }
    .driver(driver.clone());
    // Where the other task cannot run meanwhile, time is what ends the first.
    let block = if concurrent { block } else { block.timeout(4 * SHORT) };
    let err = block.run().expect_err("one fails, or its time is over");
    let lead = if concurrent { "fails" } else { "outer" };
    assert_eq!(err.task(), Some(lead), "{err}");
    assert!(eventually(|| marks.has("inner") && marks.has("outer")), "{marks:?}");
}

pub(crate) fn a_block_inside_goes_with_its_task(driver: &Driver) {
    if !is_concurrent(driver) {
        return;
    }
    let marks = Marks::new();
    let (dir, on) = (marks.dir(), driver.name().to_owned());
    let processes = has_processes(driver);
    // Nobody has asked for time. What is killed is gone at once; what cannot be killed is told.
    let err = concurrent! {
        outer => {
            let (told,) = concurrent! {
                inner => {
                    std::fs::write(dir.join("pid"), std::process::id().to_string())?;
                    mark(&dir, "begun");
                    until_told(&dir, "inner")
                },
            }
            .driver(named(&on))
            .run()?;
            told
        },
        fails => { await_mark(&dir, "begun"); "x".parse::<u8>()? },
    }
    .driver(driver.clone())
    .run()
    .expect_err("one fails");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("fails")), "{err}");
    if processes {
        let pid = std::fs::read_to_string(marks.dir().join("pid")).expect("it has begun");
        let pid = pid.parse().expect("a number");
        assert!(eventually(|| !is_alive(pid)), "it goes on without its caller");
    } else {
        assert!(eventually(|| marks.has("inner")), "it was not told");
    }
}

pub(crate) fn a_block_that_cleans_up_is_left_alone(driver: &Driver) {
    let on = driver.name().to_owned();
    let (marks, _) = timed_out(|dir| {
        concurrent! {
            outer => {
                ask_for_time(dir);
                assert!(eventually(task::cancelled));
                let cleans = concurrent! { cleans => task::cancelled() };
                let (cancelled,) = cleans.driver(named(&on)).run()?;
                assert!(!cancelled);
                mark(dir, "clean");
            },
        }
        .driver(driver.clone())
        .timeout(SHORT)
        .run()
    });
    assert!(eventually(|| marks.has("clean")), "it could not clean up");
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_are_told(driver: &Driver) {
    let (marks, _) = timed_out(|dir| {
        concurrent! {
            waits => {
                ask_for_time(dir);
                let name = task::current().map(|task| task.name().to_owned());
                assert_eq!(name.as_deref(), Some("waits"));
                let start = Instant::now();
                while !task::cancelled() && start.elapsed() < LONG {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                mark(dir, "told");
            },
        }
        .driver(driver.clone())
        .timeout(SHORT)
        .run()
    });
    assert!(eventually(|| marks.has("told")), "it was not told");
}

#[cfg(feature = "tokio")]
pub(crate) fn a_block_awaited_inside_is_told_as_well(driver: &Driver) {
    if !is_concurrent(driver) {
        return;
    }
    let marks = Marks::new();
    let dir = marks.dir();
    // An async task has a thread of its own in its fork, which therefore must not be forked again.
    let on = if *driver == Driver::Fork { "process" } else { driver.name() }.to_owned();
    let err = concurrent! {
        outer => {
            task::on_cancel(LONG);
            let run = concurrent! {
                inner => {
                    task::on_cancel(LONG);
                    mark(&dir, "begun");
                    until_told(&dir, "inner")
                },
            };
            let err = run.driver(named(&on)).await.expect_err("it has to stop");
            assert_eq!(err.kind(), ErrorKind::Cancelled, "{err}");
            mark(&dir, "outer");
        },
        fails => { await_mark(&dir, "begun"); "x".parse::<u8>()? },
    }
    .driver(driver.clone())
    .run()
    .expect_err("one fails");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Failed, Some("fails")), "{err}");
    assert!(eventually(|| marks.has("inner") && marks.has("outer")), "{marks:?}");
}
