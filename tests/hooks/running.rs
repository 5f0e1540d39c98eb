//! Where hooks run, how often, and what they may do.

use std::os::unix::process::parent_id;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};

use crate::contract::{eventually, is_alive, mark};
use crate::played::{BEGUN, LOADED, NOBODY, log, logged, pids};
use crate::scenario::{Named, scenario};

/// The scenarios of this file that are watched from outside.
pub(crate) const SCENARIOS: &[Named] = &[("prints", prints), ("warned", warned)];

pub(crate) fn what_is_preloaded_is_shared_by_all_workers(dir: &Path) {
    let seen = concurrent! { for _ in 0..6 => {
        let (loader, numbers) = LOADED.get().ok_or("nothing was loaded")?;
        (*loader, parent_id(), numbers.as_ptr() as usize, numbers.iter().sum::<u64>())
    } };
    let seen = seen.run().expect("all succeed");
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    let (loader, server, _, sum) = seen[0];
    assert_eq!((loader, sum), (server, 499_500));
    assert_eq!(logged(dir, "preload"), [server], "once, in the server");
    assert!(LOADED.get().is_none(), "not in the program");
}

pub(crate) fn start_hooks_run_once_in_each_worker_before_its_tasks(dir: &Path) {
    let seen = concurrent! { for _ in 0..12 => (std::process::id(), BEGUN.load(Ordering::SeqCst)) };
    let seen = seen.run().expect("all succeed");
    assert!(seen.iter().all(|(_, begun)| *begun == 1), "{seen:?}");
    let started = pids(dir, "start");
    assert_eq!(started.len(), logged(dir, "start").len(), "once in each");
    assert!(seen.iter().all(|(pid, _)| started.contains(pid)), "{seen:?} {started:?}");
    assert!(started.len() >= 6, "two tasks for each worker");
    // The hook that is for both ran in the server, too.
    assert_eq!(logged(dir, "both").len(), started.len() + 1);
    assert_eq!(logged(dir, "impl").len(), started.len() + 1, "of an `impl`, too");
    assert!(!started.contains(&std::process::id()), "not in the program");
}

pub(crate) fn forks_run_start_hooks_and_preload_nothing(dir: &Path) {
    let _ = LOADED.set((0, vec![7]));
    for round in 1..=3_usize {
        let (pid, begun, loaded) = concurrent! {
            pid => std::process::id(),
            begun => BEGUN.load(Ordering::SeqCst),
            loaded => LOADED.get().map(|(_, numbers)| numbers.clone()),
        }
        .driver(Driver::Fork)
        .run()
        .expect("all succeed");
        assert_eq!((begun, loaded), (1, Some(vec![7])), "the memory of the program");
        assert!(pids(dir, "start").contains(&pid));
        assert_eq!(logged(dir, "start").len(), 3 * round);
    }
    assert_eq!(logged(dir, "preload"), NOBODY);
}

pub(crate) fn threads_run_no_hooks(dir: &Path) {
    for driver in [Driver::Thread, Driver::Sync] {
        let (begun,) = concurrent! { begun => BEGUN.load(Ordering::SeqCst) }
            .driver(driver)
            .run()
            .expect("it runs");
        assert_eq!(begun, 0);
    }
    assert_eq!((logged(dir, "start"), logged(dir, "preload")), (vec![], vec![]));
}

pub(crate) fn a_timeout_does_not_count_hooks(_dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        // The hook takes three times as long.
        let tasks = concurrent! { one => 1 }.driver(driver).timeout(Duration::from_millis(100));
        assert_eq!(tasks.run().expect("the task takes no time"), (1,));
    }
}

pub(crate) fn hooks_that_leave_threads_make_workers_anew(dir: &Path) {
    let seen = concurrent! { for _ in 0..8 => {
        let (loader, _) = LOADED.get().ok_or("nothing was loaded")?;
        (std::process::id(), *loader, BEGUN.load(Ordering::SeqCst))
    } };
    let seen = seen.run().expect("all succeed");
    let loaders = pids(dir, "preload");
    for (pid, loader, begun) in &seen {
        assert_eq!((loader, begun), (pid, &1), "each has loaded for itself");
        assert!(loaders.contains(pid) && pids(dir, "start").contains(pid));
    }
    // Workers that die are heard of, whichever thread is told of it, and replaced as ever.
    for _ in 0..30 {
        let died = concurrent! { dies => std::process::abort() }.run().map(|((),)| ());
        assert_eq!(died.expect_err("it aborts").kind(), ErrorKind::Killed);
    }
    assert_eq!(concurrent! { one => 1 }.run().expect("it is another worker"), (1,));
}

fn warned(_dir: &Path) {
    concurrent! { for _ in 0..4 => () }.isolated().run().expect("all succeed");
}

pub(crate) fn a_hook_that_leaves_threads_is_warned_of_once() {
    let ended = scenario("warned").env("PRELOAD", "threads").succeeds();
    let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("left")).collect();
    assert_eq!(warnings.len(), 1, "{}", ended.stderr);
    for part in ["preload hook `load`", "played.rs:", "left a thread running", "executed anew"] {
        assert!(warnings[0].contains(part), "{:?} should name {part:?}", warnings[0]);
    }
}

pub(crate) fn threads_that_were_joined_do_no_harm(dir: &Path) {
    let (server, loader) = concurrent! {
        server => parent_id(),
        loader => LOADED.get().map(|(loader, _)| *loader),
    }
    .run()
    .expect("both succeed");
    // The worker was forked: it has what the server loaded.
    assert_eq!(loader, Some(server));
    assert_eq!(logged(dir, "preload"), [server]);
}

pub(crate) fn threads_of_blocks_in_preload_do_no_harm(dir: &Path) {
    threads_that_were_joined_do_no_harm(dir);
    // Workers start threads of their own.
    let (nested,) = concurrent! {
        nested => concurrent! { for n in 0..3 => n }.driver(Driver::Thread).run()?,
    }
    .run()
    .expect("it runs");
    assert_eq!(nested, [0, 1, 2]);
}

pub(crate) fn a_task_that_preload_gave_up_is_a_thread_it_left(_dir: &Path) {
    let (own, loader) = concurrent! {
        own => std::process::id(),
        loader => LOADED.get().map(|(loader, _)| *loader),
    }
    .limit(1)
    .run()
    .expect("both succeed");
    assert_eq!(loader, Some(own), "it was executed, and has loaded for itself");
}

pub(crate) fn a_panic_hook_of_a_start_hook_sees_no_task(dir: &Path) {
    let line = line!() + 2;
    let err = concurrent! {
        panics => assert!(dir.as_os_str().is_empty(), "in a task"),
    }
    .run()
    .expect_err("it panics");
    let panic = err.failures()[0].panic().expect("it was recorded");
    assert_eq!((panic.message(), panic.line()), ("in a task", Some(line)));
    assert!(panic.backtrace().is_some_and(|trace| trace.contains("a_panic_hook_of_a_start_hook")));
    assert_eq!(logged(dir, "hooked"), NOBODY, "our hook is in front");
    let (joined,) = concurrent! {
        joined => std::thread::spawn(|| panic!("beside a task")).join().is_err(),
    }
    .run()
    .expect("it goes on");
    assert!(joined);
    assert_eq!(logged(dir, "hooked").len(), 1, "what no task panics with is for the user's hook");
}

pub(crate) fn blocks_in_hooks_run_on_sync_only(dir: &Path) {
    for driver in [Driver::Process, Driver::Fork] {
        let (nested,) = concurrent! { nested => concurrent! { one => 1 }.run()? }
            .driver(driver)
            .run()
            .expect("a task may use them all");
        assert_eq!(nested, (1,));
        std::fs::remove_file(dir.join("refused")).expect("the hook ran blocks");
    }
}

pub(crate) fn blocks_in_preload_start_no_process(dir: &Path) {
    assert_eq!(concurrent! { one => 1 }.run().expect("it is fine"), (1,));
    assert!(dir.join("refused").exists());
    assert_eq!(logged(dir, "preload").len(), 1);
}

pub(crate) fn a_process_that_preload_started_outlives_workers(dir: &Path) {
    let sleeper = |dir: &Path| logged(dir, "sleeper")[0];
    for _ in 0..3 {
        let err = concurrent! { dies => std::process::abort() }.run().map(|((),)| ());
        assert_eq!(err.expect_err("it aborts").kind(), ErrorKind::Killed);
        assert!(is_alive(sleeper(dir)), "it is no child of a worker");
    }
    let dir = dir.to_owned();
    let kill = rustix::process::Pid::from_raw(i32::try_from(sleeper(&dir)).expect("a pid"));
    rustix::process::kill_process(kill.expect("a pid"), rustix::process::Signal::KILL)
        .expect("it is there");
    assert!(eventually(|| !is_alive(sleeper(&dir))));
    assert_eq!(concurrent! { one => 1 }.run().expect("the server goes on"), (1,));
}

pub(crate) fn a_hook_that_spoils_signals_is_no_harm(_dir: &Path) {
    for _ in 0..3 {
        let err = concurrent! { dies => std::process::exit(4) }.run().map(|((),)| ());
        assert_eq!(err.expect_err("it exits").failures()[0].exit_code(), Some(4));
    }
}

pub(crate) fn a_deadline_ends_a_run_while_preload_goes_on(dir: &Path) {
    // The thread that starts the server ends as well: the server must not take that for its caller's
    // end, nor the end of one run for a reason to go.
    let path = dir.to_owned();
    let first = std::thread::spawn(move || {
        let tasks = concurrent! { one => log(&path, "ran") };
        tasks.deadline(Duration::from_millis(50)).run().expect_err("preload waits")
    });
    let err = first.join().expect("it ends");
    assert_eq!(err.kind(), ErrorKind::TimedOut, "{err}");
    assert!(!err.failures()[0].may_have_run());
    mark(dir, "go");
    let (server, loader) = concurrent! {
        server => parent_id(),
        loader => LOADED.get().map(|(loader, _)| *loader),
    }
    .run()
    .expect("preload goes on");
    assert_eq!(loader, Some(server));
    assert_eq!(logged(dir, "preload"), [server], "the first server serves");
    assert_eq!(logged(dir, "ran"), NOBODY, "what was taken back never runs");
}

fn prints(_dir: &Path) {
    let tasks = concurrent! { for n in 0..3 => print!("<{n}>") };
    tasks.isolated().run().expect("all succeed");
}

pub(crate) fn what_hooks_print_is_there_once() {
    let ended = scenario("prints").env("PRELOAD", "prints").env("CONCUR_WORKERS", "1").succeeds();
    assert_eq!(ended.stdout.matches("[preload]").count(), 1, "{}", ended.stdout);
    for n in 0..3 {
        assert_eq!(ended.stdout.matches(&format!("<{n}>")).count(), 1, "{}", ended.stdout);
    }
}
