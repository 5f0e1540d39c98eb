//! Scenarios whose own program looks at what becomes of its deferred work.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use concur::{Config, Driver, ErrorKind, concurrent};
use rustix::process::{Signal, kill_process};

use crate::contract::{await_mark, eventually, mark};
use crate::processes::{children, descriptors, pid, zombies};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

pub(crate) fn deferring_comes_back_before_the_work_is_done(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        slow => {
            assert!(await_mark(&there, "returned"));
            mark(&there, "done");
        },
    }
    .defer()
    .expect("it can be deferred");
    assert!(!deferred.is_done());
    mark(dir, "returned");
    deferred.wait_for(LONG).expect("it ends well");
    assert!(deferred.is_done());
    assert!(dir.join("done").exists());
}

pub(crate) fn every_shape_can_be_deferred(dir: &Path) {
    let there = dir.to_owned();
    let two = concurrent! { a => mark(&there, "a"), b => mark(&there, "b") };
    let two = two.defer().expect("a block");
    let many = concurrent! { for name in ["c", "d", "e"].map(String::from) => mark(&there, &name) };
    let many = many.limit(1).defer().expect("a `for`");
    assert_ne!(two.id(), many.id());
    two.wait_for(LONG).expect("it ends well");
    many.wait_for(LONG).expect("it ends well");
    for name in ["a", "b", "c", "d", "e"] {
        assert!(dir.join(name).exists(), "{name}");
    }
}

pub(crate) fn large_arguments_are_held_by_the_supervisor(dir: &Path) {
    let there = dir.to_owned();
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|number| (number % 251) as u8).collect();
    let shared = vec![7_u64; 200_000];
    let deferred = concurrent! {
        for number in 0..3_usize => {
            let right = bytes.iter().zip(0_u32..).all(|(byte, at)| u32::from(*byte) == at % 251);
            assert!(right && bytes.len() == 20_000_000 && shared.len() == 200_000);
            mark(&there, &number.to_string());
        }
    }
    .defer()
    .expect("it can be deferred");
    deferred.wait_for(LONG).expect("it ends well");
    assert!(dir.join("0").exists() && dir.join("1").exists() && dir.join("2").exists());
}

pub(crate) fn an_empty_block_is_done_at_once(_dir: &Path) {
    let deferred = concurrent! {}.defer().expect("there is nothing to do");
    assert!(deferred.is_done());
    deferred.wait().expect("nothing failed");
    assert!(children(std::process::id()).is_empty());
}

pub(crate) fn waiting_gives_the_failures(_dir: &Path) {
    let deferred = concurrent! {
        panics => panic!("not today"),
        dies => if true { std::process::abort() },
        fails => Err::<(), _>("no luck")?,
        works => (),
    }
    .defer()
    .expect("it can be deferred");
    let err = deferred.wait_for(LONG).expect_err("three of them failed");
    let mut kinds: Vec<(String, ErrorKind)> =
        err.failures().iter().map(|one| (one.task().to_owned(), one.kind())).collect();
    kinds.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("dies".to_owned(), ErrorKind::Killed),
        ("fails".to_owned(), ErrorKind::Failed),
        ("panics".to_owned(), ErrorKind::Panicked),
    ];
    assert_eq!(kinds, expected);
    let panicked = err.failures().iter().find(|one| one.task() == "panics").expect("it is told");
    assert_eq!(panicked.message(), "not today");
    assert!(panicked.panic().and_then(concur::PanicInfo::line).is_some());
    assert!(panicked.file().ends_with("played.rs"), "{}", panicked.file());
    // Asked again, it says the same.
    assert_eq!(deferred.wait().expect_err("they failed").failures().len(), 3);
}

pub(crate) fn a_failure_stops_no_other(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        for number in 0..20_u32 => {
            if number % 2 == 0 {
                Err(format!("{number} is even"))?;
            }
            mark(&there, &number.to_string());
        }
    }
    .defer()
    .expect("it can be deferred");
    let err = deferred.wait_for(LONG).expect_err("ten failed");
    assert_eq!(err.failures().len(), 10);
    assert!((0..20).all(|number| dir.join(number.to_string()).exists() == (number % 2 == 1)));
}

pub(crate) fn waiting_has_a_limit(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! { slow => assert!(await_mark(&there, "go")) };
    let deferred = deferred.defer().expect("it can be deferred");
    let err = deferred.wait_for(Duration::from_millis(20)).expect_err("it is not done");
    assert_eq!(err.kind(), ErrorKind::TimedOut);
    assert!(err.to_string().contains("`slow`"), "{err}");
    mark(dir, "go");
    deferred.wait_for(LONG).expect("it went on");
}

pub(crate) fn flush_waits_for_what_is_deferred_so_far(dir: &Path) {
    concur::flush(Duration::ZERO).expect("nothing was deferred");
    for number in 0..10_u32 {
        let there = dir.to_owned();
        concurrent! { marks => mark(&there, &number.to_string()) }.defer().expect("it can be");
    }
    concur::flush(LONG).expect("they end well");
    assert!((0..10).all(|number| dir.join(number.to_string()).exists()));
}

pub(crate) fn flush_names_what_is_not_done(dir: &Path) {
    let there = dir.to_owned();
    concurrent! { quick => () }.defer().expect("it can be deferred").wait().expect("it ends well");
    concurrent! { slow => assert!(await_mark(&there, "go")) }.defer().expect("it can be deferred");
    let err = concur::flush(Duration::from_millis(20)).expect_err("one is not done");
    assert_eq!(err.kind(), ErrorKind::TimedOut);
    assert!(err.to_string().contains("`slow`") && !err.to_string().contains("quick"), "{err}");
    mark(dir, "go");
    concur::flush(LONG).expect("it went on");
}

pub(crate) fn what_is_installed_holds_for_deferred_work(_dir: &Path) {
    Config::new().timeout(Duration::from_millis(50)).install().expect("it is allowed");
    let deferred = concurrent! { slow => std::thread::sleep(Duration::from_secs(600)) };
    let err = deferred.defer().expect("it can be deferred").wait_for(LONG);
    assert_eq!(err.expect_err("it ran out of time").kind(), ErrorKind::TimedOut);
}

pub(crate) fn deferred_tasks_are_tried_again(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        third_time => {
            let tries = std::fs::read_dir(&there)?.flatten();
            let tries = tries.filter(|entry| entry.file_name().to_string_lossy().starts_with("try"));
            let count = tries.count();
            mark(&there, &format!("try{count}"));
            if count < 2 {
                std::process::exit(3);
            }
        },
    }
    .retries(2)
    .defer()
    .expect("it can be deferred");
    deferred.wait_for(LONG).expect("the third attempt succeeds");
}

pub(crate) fn a_supervisor_that_is_killed_is_told_and_replaced(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        endless => {
            std::fs::write(there.join("pid.tmp"), std::process::id().to_string())?;
            std::fs::rename(there.join("pid.tmp"), there.join("pid"))?;
            std::thread::sleep(Duration::from_secs(600));
        },
    }
    .defer()
    .expect("it can be deferred");
    assert!(await_mark(dir, "pid"));
    let worker: u32 = std::fs::read_to_string(dir.join("pid"))
        .expect("it was written")
        .parse()
        .expect("it is a number");
    // The worker's parent is the supervisor's fork server, whose parent is the supervisor.
    let supervisor = parent(parent(worker));
    assert_ne!(supervisor, std::process::id());
    kill_process(pid(supervisor), Signal::KILL).expect("it is there");
    let err = deferred.wait_for(LONG).expect_err("it is gone");
    assert_eq!(err.kind(), ErrorKind::Killed);
    assert!(err.to_string().contains("supervisor"), "{err}");
    assert!(eventually(|| !crate::contract::is_alive(worker)));
    let next = concurrent! { next => () }.defer().expect("there is another one");
    next.wait_for(LONG).expect("it ends well");
}

pub(crate) fn parent(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is there");
    let after_name = stat.rsplit(')').next().expect("there is a name");
    after_name.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a parent")
}

pub(crate) fn many_deferrals_that_nobody_asks_about(dir: &Path) {
    for number in 0..600_u32 {
        let there = dir.to_owned();
        concurrent! { count => mark(&there, &format!("n{number}")) }.defer().expect("it can be");
    }
    concur::flush(LONG).expect("they end well");
    assert!((0..600).all(|number| dir.join(format!("n{number}")).exists()));
}

pub(crate) fn deferring_inside_a_task(dir: &Path) {
    let there = dir.to_owned();
    concurrent! {
        outer => {
            let inside = there.clone();
            let deferred = concurrent! { inner => mark(&inside, "inner") }.defer()?;
            deferred.wait_for(LONG)?;
        },
    }
    .run()
    .expect("both end well");
    assert!(dir.join("inner").exists());
}

pub(crate) fn a_deferral_survives_the_task_that_made_it(dir: &Path) {
    let there = dir.to_owned();
    concurrent! {
        outer => {
            let inside = there.clone();
            concurrent! {
                inner => {
                    assert!(await_mark(&inside, "outer is gone"));
                    mark(&inside, "inner");
                },
            }
            .defer()?;
        },
    }
    .isolated()
    .run()
    .expect("it ends well");
    mark(dir, "outer is gone");
    assert!(await_mark(dir, "inner"));
}

pub(crate) fn arguments_that_cannot_be_encoded_are_told_at_once(_dir: &Path) {
    struct Never;
    impl serde::Serialize for Never {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    impl<'de> serde::Deserialize<'de> for Never {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    let never = Never;
    let err = concurrent! { takes => size_of_val(&never) }.defer().expect_err("it cannot go");
    assert_eq!((err.kind(), err.task()), (ErrorKind::Encode, Some("takes")));
}

static MEMORY: AtomicU32 = AtomicU32::new(0);

pub(crate) fn on_sync_it_is_done_at_once(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! { now => mark(&there, "done"), fails => Err::<(), _>("no luck")? };
    let deferred = deferred.driver(Driver::Sync).defer().expect("a failure is not told here");
    assert!(dir.join("done").exists() && deferred.is_done());
    assert_eq!(deferred.wait().expect_err("one failed").task(), Some("fails"));
}

pub(crate) fn on_thread_it_is_done_beside(dir: &Path) {
    let there = dir.to_owned();
    let deferred = concurrent! {
        beside => {
            assert!(await_mark(&there, "returned"));
            MEMORY.store(5, Ordering::SeqCst);
        },
    };
    let deferred = deferred.driver(Driver::Thread).defer().expect("it can be deferred");
    mark(dir, "returned");
    concur::flush(LONG).expect("it ends well");
    assert!(deferred.is_done());
    assert_eq!(MEMORY.load(Ordering::SeqCst), 5);
}

pub(crate) fn on_fork_it_sees_the_memory_of_its_program(dir: &Path) {
    let there = dir.to_owned();
    MEMORY.store(42, Ordering::SeqCst);
    let deferred = concurrent! {
        one => mark(&there, &format!("one saw {}", MEMORY.load(Ordering::SeqCst))),
        two => mark(&there, &format!("two saw {}", MEMORY.load(Ordering::SeqCst))),
        dies => std::process::abort(),
    };
    let deferred = deferred.driver(Driver::Fork).defer().expect("it can be deferred");
    MEMORY.store(0, Ordering::SeqCst);
    let err = deferred.wait_for(LONG).expect_err("one died");
    assert_eq!(
        (err.task(), err.kind(), err.failures().len()),
        (Some("dies"), ErrorKind::Killed, 1)
    );
    assert!(dir.join("one saw 42").exists() && dir.join("two saw 42").exists());
}

pub(crate) fn fork_refuses_a_program_with_threads(_dir: &Path) {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || receiver.recv());
    let err = concurrent! { one => () }.driver(Driver::Fork).defer().expect_err("it is not safe");
    assert_eq!(err.kind(), ErrorKind::ForkUnsafe);
    drop(sender);
    let _ = thread.join();
}

pub(crate) fn deferring_leaves_no_descriptor_and_no_zombie(_dir: &Path) {
    let own = std::process::id();
    let defer = |driver: &Driver| {
        let deferred = concurrent! { one => () }.driver(driver.clone()).defer().expect("it can be");
        deferred.wait_for(LONG).expect("it ends well");
    };
    for driver in [Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync] {
        defer(&driver);
    }
    let before = descriptors(own).len();
    for driver in [Driver::Process, Driver::Fork, Driver::Sync] {
        (0..20).for_each(|_| defer(&driver));
    }
    assert!(eventually(|| descriptors(own).len() <= before), "{:?}", descriptors(own));
    assert!(zombies(own).is_empty());
}

pub(crate) fn deferred_work_does_not_inherit_a_deadline(dir: &Path) {
    for driver in [Driver::Process, Driver::Thread] {
        let there = dir.join(driver.name());
        std::fs::create_dir(&there).expect("there is room");
        let inside = there.clone();
        let inner = driver.clone();
        let outer = concurrent! {
            outer => {
                let name = inner.name().to_owned();
                let place = inside.clone();
                let deferred = concurrent! {
                    inner => {
                        assert!(await_mark(&place, "late"));
                        mark(&place, &name);
                    },
                };
                deferred.driver(inner.clone()).defer()?;
            },
        };
        outer.driver(driver.clone()).deadline(Duration::from_secs(20)).run().expect("it is quick");
        mark(&there, "late");
        assert!(await_mark(&there, driver.name()), "{driver}");
    }
}

pub(crate) fn deferred_work_is_not_told_to_stop_with_its_task(dir: &Path) {
    // One task waits for the other, on one processor too.
    Config::new().workers(2).install().expect("it is a setting");
    for driver in [Driver::Process, Driver::Thread] {
        let there = dir.join(driver.name());
        std::fs::create_dir(&there).expect("there is room");
        let inside = there.clone();
        let name = driver.name().to_owned();
        let outer = concurrent! {
            outer => {
                concur::task::on_cancel(LONG);
                let place = inside.clone();
                let deferred = concurrent! {
                    inner => {
                        assert!(await_mark(&place, "late"));
                        assert!(!concur::task::cancelled());
                        mark(&place, "done");
                    },
                };
                deferred.driver(name.parse()?).defer()?;
                mark(&inside, "deferred");
                assert!(eventually(concur::task::cancelled));
            },
            fails => { await_mark(&inside, "deferred"); "x".parse::<u8>()? },
        };
        outer.driver(driver.clone()).run().expect_err("one fails");
        mark(&there, "late");
        assert!(await_mark(&there, "done"), "{driver}");
    }
}
