//! What tasks can ask from inside, and how they are told to stop.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use concur::{Driver, Error, ErrorKind, concurrent, task};

use super::{Marks, await_mark, eventually, has_processes, is_concurrent, mark};

/// Short enough to be waited for in a test.
const SHORT: Duration = Duration::from_millis(150);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(50);

/// The driver, by the name under which it travels to a task.
fn named(name: &str) -> Driver {
    name.parse().expect("it is a driver")
}

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

pub(crate) fn outside_a_task_there_is_nothing_to_ask(_driver: &Driver) {
    assert!(task::current().is_none());
    assert!(!task::cancelled());
    task::on_cancel(SHORT);
    assert!(!task::cancelled());
}

pub(crate) fn a_task_knows_itself(driver: &Driver) {
    type Known = (String, usize, u32, String, Option<u32>);
    fn known() -> Known {
        let task = task::current().expect("this is a task");
        let driver = task.driver().to_string();
        (task.name().to_owned(), task.index(), task.attempt(), driver, task.worker())
    }
    let (first, second) = concurrent! { first => known(), second => known() }
        .driver(driver.clone())
        .run()
        .expect("both succeed");
    for (index, name, known) in [(0, "first", first), (1, "second", second)] {
        let (found, at, attempt, on, worker) = known;
        assert_eq!((found.as_str(), at, attempt, on.as_str()), (name, index, 1, driver.name()));
        assert_eq!(worker.is_some(), has_processes(driver));
    }
    let places = concurrent! { for _ in 0..20 => known().1 }.driver(driver.clone()).run();
    assert_eq!(places.expect("all succeed"), (0..20).collect::<Vec<usize>>());
    assert!(task::current().is_none());
}

pub(crate) fn each_attempt_knows_its_number(driver: &Driver) {
    let (number,) = concurrent! {
        tried => {
            let task = task::current().ok_or("this is no task")?;
            if task.attempt() < 3 { Err("not yet")? }
            task.attempt()
        },
    }
    .driver(driver.clone())
    .retries(4)
    .run()
    .expect("the third one succeeds");
    assert_eq!(number, 3);
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

pub(crate) fn in_a_block_inside_it_is_the_inner_task(driver: &Driver) {
    fn name() -> String {
        task::current().expect("this is a task").name().to_owned()
    }
    let on = driver.name().to_owned();
    let ((before, inner, after),) = concurrent! {
        outer => {
            let before = name();
            let (inner,) = concurrent! { inner => name() }.driver(named(&on)).run()?;
            (before, inner, name())
        },
    }
    .driver(driver.clone())
    .run()
    .expect("both succeed");
    assert_eq!([before, inner, after], ["outer", "inner", "outer"]);
}

pub(crate) fn workers_that_live_at_once_have_numbers_of_their_own(driver: &Driver) {
    if !has_processes(driver) {
        return;
    }
    let marks = Marks::new();
    let dir = marks.dir();
    let mut numbers: Vec<u32> = concurrent! {
        for number in 0..4_u32 => {
            mark(&dir, &number.to_string());
            for other in 0..4_u32 {
                assert!(await_mark(&dir, &other.to_string()), "all are there at once");
            }
            task::current().and_then(|task| task.worker()).expect("it has a worker")
        }
    }
    .driver(driver.clone())
    .limit(4)
    .run()
    .expect("all succeed");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
}

/// Whether there is a deadline, whether it is when the time is over, and how much of it is left.
fn time() -> (bool, bool, Option<Duration>) {
    let task = task::current().expect("this is a task");
    if let Some(expires) = task.expires() {
        assert!(expires.saturating_duration_since(Instant::now()) <= LONG * 4);
        assert_eq!(task.expires(), task::current().and_then(|again| again.expires()));
    }
    (task.deadline().is_some(), task.deadline() == task.expires(), task.remaining())
}

pub(crate) fn a_task_knows_its_time(driver: &Driver) {
    let block = || concurrent! { asks => time() }.driver(driver.clone());
    let ((deadline, _, left),) = block().run().expect("it succeeds");
    assert_eq!((deadline, left), (false, None));
    let ((deadline, same, left),) = block().timeout(LONG).run().expect("it succeeds");
    assert!(!deadline && !same && left.is_some_and(|left| left <= LONG), "{left:?}");
    let ((deadline, same, left),) = block().deadline(LONG).run().expect("it succeeds");
    assert!(deadline && same && left.is_some_and(|left| left <= LONG), "{left:?}");
    // The nearer of the two is when it is over.
    let both = block().timeout(LONG).deadline(2 * LONG).run();
    let ((deadline, same, left),) = both.expect("it succeeds");
    assert!(deadline && !same && left.is_some_and(|left| left <= LONG), "{left:?}");
    let both = block().timeout(3 * LONG).deadline(2 * LONG).run();
    let ((deadline, same, left),) = both.expect("it succeeds");
    assert!(deadline && same && left.is_some_and(|left| left <= 2 * LONG), "{left:?}");
    // Further away than any clock goes.
    for limit in [Duration::from_secs(u64::from(u32::MAX)), Duration::MAX] {
        let (left,) = concurrent! { far => task::current().and_then(|task| task.remaining()) }
            .driver(driver.clone())
            .timeout(limit)
            .deadline(limit)
            .run()
            .expect("it succeeds");
        assert!(left.is_some_and(|left| left > LONG), "{left:?}");
    }
}

pub(crate) fn a_block_inside_inherits_the_deadline(driver: &Driver) {
    let on = driver.name().to_owned();
    let processes = has_processes(driver);
    let (inner,) = concurrent! {
        outer => {
            let (inner,) = concurrent! { inner => time() }.driver(named(&on)).run()?;
            inner
        },
    }
    .driver(driver.clone())
    .deadline(LONG)
    .run()
    .expect("both succeed");
    assert!(inner.0 && inner.1 && inner.2.is_some_and(|left| left <= LONG), "{inner:?}");
    if !processes {
        return;
    }
    // Also on a thread that the task has started.
    let on = if *driver == Driver::Fork { "thread" } else { driver.name() }.to_owned();
    let (inner,) = concurrent! {
        outer => {
            let inner = thread::spawn(move || {
                let (inner,) = concurrent! { inner => time() }.driver(named(&on)).run()?;
                Ok::<_, Error>(inner)
            });
            inner.join().expect("it does not panic")?
        },
    }
    .driver(driver.clone())
    .deadline(LONG)
    .run()
    .expect("both succeed");
    assert!(inner.0 && inner.1 && inner.2.is_some_and(|left| left <= LONG), "{inner:?}");
}

pub(crate) fn threads_of_a_task_may_ask_in_its_process(driver: &Driver) {
    let processes = has_processes(driver);
    let (marks, err) = in_time(|dir| {
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
        .expect_err("its time is over")
    });
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert_eq!(marks.has("told"), processes, "{marks:?}");
}

pub(crate) fn a_task_is_told_when_its_time_is_over(driver: &Driver) {
    let block = |dir: &Path| {
        concurrent! { slow => { ask_for_time(dir); until_told(dir, "told") } }
            .driver(driver.clone())
    };
    let (marks, result) = in_time(|dir| block(dir).timeout(SHORT).run());
    let err = result.expect_err("its time is over");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("slow")), "{err}");
    assert!(err.to_string().contains("timeout of 150ms"), "{err}");
    assert!(err.failures()[0].elapsed() >= SHORT, "{err}");
    if has_processes(driver) {
        assert!(err.to_string().contains("and ended by itself"), "{err}");
        assert!(marks.has("told"), "the run did not wait for it");
    }
    assert!(eventually(|| marks.has("told")), "it was not told");

    let (marks, result) = in_time(|dir| block(dir).deadline(SHORT).run());
    let err = result.expect_err("its time is over");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
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
        assert!(eventually(|| !super::is_alive(pid)), "it goes on without its caller");
    } else {
        assert!(eventually(|| marks.has("inner")), "it was not told");
    }
}

pub(crate) fn a_block_that_cleans_up_is_left_alone(driver: &Driver) {
    let on = driver.name().to_owned();
    let (marks, result) = in_time(|dir| {
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
    let err = result.expect_err("its time is over");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(eventually(|| marks.has("clean")), "it could not clean up");
}

#[cfg(feature = "tokio")]
pub(crate) fn async_tasks_are_told(driver: &Driver) {
    let (marks, result) = in_time(|dir| {
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
    let err = result.expect_err("its time is over");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
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
