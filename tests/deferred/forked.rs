//! What is left of forks that carry out deferrals, and of what this process knows of them.

use std::os::unix::process::parent_id;
use std::path::Path;
use std::time::Duration;

use concur::{Deferred, Driver, ErrorKind, concurrent};

use crate::contract::{await_mark, eventually, is_alive};
use crate::processes::{children, descriptors, pid};

const LONG: Duration = Duration::from_secs(60);

/// Defers a task on Fork that says who carries it out.
fn defer(dir: &Path, name: &str) -> Deferred {
    let (dir, name) = (dir.to_owned(), name.to_owned());
    let told = concurrent! {
        told => {
            std::fs::write(dir.join(format!("{name}.part")), parent_id().to_string())?;
            std::fs::rename(dir.join(format!("{name}.part")), dir.join(&name))?;
        },
    };
    told.driver(Driver::Fork).defer().expect("it can be deferred")
}

/// Who carries the task out.
fn supervisor(dir: &Path, name: &str) -> u32 {
    assert!(await_mark(dir, name));
    std::fs::read_to_string(dir.join(name)).expect("it is there").parse().expect("a number")
}

pub(crate) fn forks_that_nobody_waits_for_leave_nothing(dir: &Path) {
    let own = std::process::id();
    defer(dir, "first").wait_for(LONG).expect("it ends well");
    let before = descriptors(own).len();
    for number in 0..200_u32 {
        drop(defer(dir, &number.to_string()));
    }
    for number in 0..200_u32 {
        let supervisor = supervisor(dir, &number.to_string());
        assert!(eventually(|| !is_alive(supervisor)), "supervisor {number} is still there");
    }
    let last = defer(dir, "last");
    // Its socket alone.
    assert!(descriptors(own).len() <= before + 1, "{before} before: {:?}", descriptors(own));
    last.wait_for(LONG).expect("it ends well");
    assert!(descriptors(own).len() <= before, "{before} before: {:?}", descriptors(own));
    assert!(children(own).is_empty(), "{:?}", children(own));
}

pub(crate) fn flush_knows_which_forks_have_ended(dir: &Path) {
    let there = dir.to_owned();
    let slow = concurrent! { slow => assert!(await_mark(&there, "go")) };
    slow.driver(Driver::Fork).defer().expect("it can be deferred");
    drop(defer(dir, "quick"));
    let supervisor = supervisor(dir, "quick");
    assert!(eventually(|| !is_alive(supervisor)));
    let err = concur::flush(Duration::from_millis(20)).expect_err("one is not done");
    assert_eq!(err.kind(), ErrorKind::TimedOut);
    assert!(err.to_string().contains("`slow`") && !err.to_string().contains("told"), "{err}");
    std::fs::write(dir.join("go"), "").expect("there is room");
    concur::flush(LONG).expect("it went on");
}

/// As the first process of a container does.
pub(crate) fn who_adopts_orphans_buries_its_forks(dir: &Path) {
    let own = std::process::id();
    rustix::process::set_child_subreaper(Some(pid(own))).expect("it may");
    for number in 0..20_u32 {
        drop(defer(dir, &number.to_string()));
    }
    for number in 0..20_u32 {
        let supervisor = supervisor(dir, &number.to_string());
        assert!(eventually(|| !is_alive(supervisor)), "supervisor {number} is still there");
    }
    defer(dir, "last").wait_for(LONG).expect("it ends well");
    let buried = || {
        concur::flush(LONG).expect("all is done");
        children(own).is_empty()
    };
    assert!(eventually(buried), "{:?}", children(own));
}
