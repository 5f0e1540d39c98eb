//! Tasks that are killed at their timeout with all they have started, and what they find around them:
//! for drivers that give a task a process of its own.

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent, task};

use crate::contract::{Marks, await_mark, eventually, is_alive, mark};
use crate::deaths::goes_on;

const SHORT: Duration = Duration::from_millis(150);

pub(crate) fn a_busy_loop_is_gone_at_the_timeout(driver: &Driver) {
    let err = concurrent! {
        busy => {
            let mut number = 0_u64;
            while black_box(number) != u64::MAX { number = number.wrapping_add(2); }
        },
    }
    .driver(driver.clone())
    .timeout(SHORT)
    .run()
    .expect_err("it never ends");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(!is_alive(err.failures()[0].pid().expect("it ran")));
    goes_on(driver);
}

pub(crate) fn a_busy_loop_is_gone_when_its_grace_has_passed(driver: &Driver) {
    let was_told = || {
        let marks = Marks::new();
        let dir = marks.dir();
        let err = concurrent! {
            busy => {
                task::on_cancel(SHORT);
                while !task::cancelled() {}
                mark(&dir, "told");
                let mut number = 0_u64;
                while black_box(number) != u64::MAX { number = number.wrapping_add(2); }
            },
        }
        .driver(driver.clone())
        .timeout(SHORT)
        .run()
        .expect_err("it never ends");
        assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
        assert!(err.to_string().contains("and was stopped"), "{err}");
        assert!(!is_alive(err.failures()[0].pid().expect("it ran")));
        marks.has("told")
    };
    // A busy machine may leave it no time to say so.
    assert!((0..20).any(|_round| was_told()), "it was never told");
    goes_on(driver);
}

pub(crate) fn blocked_signals_do_not_save_a_task(driver: &Driver) {
    let err = concurrent! {
        stubborn => {
            block_all_signals();
            // SAFETY: a plain call of the C library.
            unsafe { libc::sleep(1000) }
        },
    }
    .driver(driver.clone())
    .timeout(SHORT)
    .run()
    .expect_err("it never ends");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(!is_alive(err.failures()[0].pid().expect("it ran")));
    goes_on(driver);
}

/// Blocks what can be blocked, and ignores SIGTERM besides.
fn block_all_signals() {
    // SAFETY: all bytes zero is a valid signal set.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is valid.
    unsafe { libc::sigfillset(&raw mut set) };
    // SAFETY: the set is initialized; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    // SAFETY: sets a disposition without a handler.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
}

pub(crate) fn what_a_task_started_goes_with_it(driver: &Driver) {
    // A child, one in a session of its own, and one whose parent has ended.
    const SCRIPT: &str = "echo $$ > child.pid
        setsid sh -c 'echo $$ > session.pid; sleep 1000' &
        (setsid sh -c 'trap \"\" TERM HUP; echo $$ > orphan.pid; sleep 1000 & wait' &)
        sleep 1000";
    const NAMES: [&str; 3] = ["child.pid", "session.pid", "orphan.pid"];
    let marks = Marks::new();
    let dir = marks.dir();
    let err = concurrent! {
        starts => {
            let mut shell = Command::new("sh").args(["-c", SCRIPT]).current_dir(&dir).spawn()?;
            for name in NAMES {
                await_mark(&dir, name);
            }
            mark(&dir, "all");
            shell.wait()?;
        },
    }
    .driver(driver.clone())
    .timeout(Duration::from_secs(2))
    .run()
    .expect_err("it never ends");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(marks.has("all"), "they did not start in time: {marks:?}");
    for name in NAMES {
        let pid = std::fs::read_to_string(marks.dir().join(name)).expect("it was written");
        let pid: u32 = pid.trim().parse().expect("a number");
        assert!(eventually(|| !is_alive(pid)), "{name}: {pid} is left behind");
    }
}

pub(crate) fn a_timeout_that_races_with_the_result(driver: &Driver) {
    let limit = Duration::from_millis(5);
    for round in 0..60_u32 {
        let slow = limit * (round % 8) / 4;
        let result = concurrent! { racing => { std::thread::sleep(slow); round } }
            .driver(driver.clone())
            .timeout(limit)
            .run();
        match result {
            Ok((found,)) => assert_eq!(found, round),
            Err(err) => assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}"),
        }
        goes_on(driver);
    }
}

pub(crate) fn retries_follow_deaths_and_timeouts(driver: &Driver) {
    let marks = Marks::new();
    let dir = marks.dir();
    let (workers,) = concurrent! {
        flaky => {
            let own = std::process::id();
            let path = dir.join("workers");
            let mut workers = std::fs::read_to_string(&path).unwrap_or_default();
            workers = format!("{workers}{own} ");
            std::fs::write(&path, &workers)?;
            match workers.split_whitespace().count() {
                1 => std::process::exit(0),
                2 => std::process::abort(),
                3 => std::thread::sleep(Duration::from_secs(600)),
                4 => Err("once more")?,
                _ => {}
            }
            workers
        },
    }
    .driver(driver.clone())
    .timeout(Duration::from_millis(500))
    .retries(4)
    .run()
    .expect("the fifth attempt succeeds");
    let mut workers: Vec<&str> = workers.split_whitespace().collect();
    assert_eq!(workers.len(), 5);
    workers.sort_unstable();
    workers.dedup();
    assert_eq!(workers.len(), 5, "each attempt has a fresh worker");
}

pub(crate) fn standard_input_is_at_its_end(driver: &Driver) {
    let (read,) = concurrent! { read => std::io::read_to_string(std::io::stdin())? }
        .driver(driver.clone())
        .run()
        .expect("it is at its end");
    assert_eq!(read, "");
}

pub(crate) fn what_a_task_starts_is_not_marked(driver: &Driver) {
    let (own, theirs) = concurrent! {
        own => std::env::vars().map(|(name, _)| name).collect::<Vec<String>>(),
        theirs => String::from_utf8(Command::new("env").output()?.stdout)?,
    }
    .driver(driver.clone())
    .run()
    .expect("both succeed");
    assert!(!own.iter().any(|name| name == "CONCUR_SERVER"));
    assert!(!theirs.contains("CONCUR_SERVER") && theirs.contains("PATH="), "{theirs}");
}

pub(crate) fn ps_names_the_task(driver: &Driver) {
    let (name,) = concurrent! { quarterly => std::fs::read_to_string("/proc/self/comm")? }
        .driver(driver.clone())
        .run()
        .expect("it is there");
    assert_eq!(name, "quarterly\n");
}
