//! What a task can ask about itself, its time and its worker.

use std::thread;
use std::time::{Duration, Instant};

use concur::{Driver, Error, concurrent, task};

use super::{Marks, await_mark, has_processes, mark};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(50);

/// The driver, by the name under which it travels to a task.
pub(crate) fn named(name: &str) -> Driver {
    name.parse().expect("it is a driver")
}

pub(crate) fn outside_a_task_there_is_nothing_to_ask(_driver: &Driver) {
    assert!(task::current().is_none());
    assert!(!task::cancelled());
    task::on_cancel(LONG);
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
