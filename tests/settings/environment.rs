//! Settings of the environment.

use std::path::Path;

use concur::{Config, Driver, Engine, ErrorKind, Job, Running, concurrent, register_engine};

use crate::scenario::{Named, scenario};
use crate::workers::together;

pub(crate) const SCENARIOS: &[Named] = &[
    ("slips", |_| slips()),
    ("limits_without_processes", |_| limits_without_processes()),
    ("limits_on_engines", |_| limits_on_engines()),
];

pub(crate) fn a_driver_s_own_variable_comes_first(dir: &Path) {
    // Three that wait for one another, which one worker could not run.
    together(&Driver::Thread, 3, dir);
}

pub(crate) fn a_memory_limit_is_obeyed(_dir: &Path) {
    let much = 256 << 20;
    let found = concurrent! { much => Vec::<u8>::new().try_reserve_exact(much).is_ok() }.run();
    assert_eq!(found.expect("it goes on"), (false,));
    let fork = concurrent! { much => Vec::<u8>::new().try_reserve_exact(much).is_ok() };
    assert_eq!(fork.driver(Driver::Fork).run().expect("it has no limit"), (true,));
}

pub(crate) fn a_value_that_is_not_allowed_fails_every_run(_dir: &Path) {
    let from_env = Config::from_env().map(|_| ()).expect_err("it is no duration");
    let mut errors = vec![from_env];
    for _ in 0..2 {
        errors.push(concurrent! { one => 1 }.run().expect_err("it is no duration"));
    }
    for err in errors {
        assert_eq!(err.kind(), ErrorKind::Config);
        assert_eq!(
            err.to_string(),
            "environment variable CONCUR_IDLE_TIMEOUT: `soon` is not allowed: allowed is a number \
             above zero with its unit, such as `250ms`, `2s`, `1.5s`, `1m` or `1h`, or `never`"
        );
    }
}

#[cfg(not(feature = "config-file"))]
pub(crate) fn a_named_file_cannot_be_read_without_the_feature(_dir: &Path) {
    let err = concurrent! { one => 1 }.run().expect_err("it cannot be obeyed");
    assert_eq!(err.kind(), ErrorKind::Config);
    assert_eq!(
        err.to_string(),
        "environment variable CONCUR_CONFIG: `concur.toml` cannot be read: this program was built \
         without the feature `config-file` of concur"
    );
}

pub(crate) fn a_slip_is_told_once() {
    let played = scenario("slips")
        .env("CONCUR_WORKER", "3")
        .env("CONCUR_CLIENT_SECRET", "of another program")
        .env("CONCUR_DEFER_LOG", "/dev/null");
    let said = played.succeeds().stderr;
    let expected = "concur: the environment variable CONCUR_WORKER is no setting: is CONCUR_WORKERS \
                    meant?\n";
    assert_eq!(said, expected);
}

/// Runs in the program, in workers, in workers of those, in forks.
fn slips() {
    let nested = || {
        concurrent! {
            outer => {
                let (inner,) = concurrent! {
                    inner => { let (core,) = concurrent! { core => 5 }.run()?; core },
                }
                .run()?;
                inner
            },
        }
    };
    for driver in [Driver::Fork, Driver::Process, Driver::Thread, Driver::Process] {
        assert_eq!(nested().driver(driver).run().expect("it succeeds"), (5,));
    }
    let deferred = concurrent! { later => { let _ = concurrent! { one => 1 }.run()?; } };
    deferred.defer().expect("it is held").wait().expect("it succeeds");
}

pub(crate) fn drivers_without_processes_warn_once() {
    let said = scenario("limits_without_processes").succeeds().stderr;
    let expected = "concur: driver `thread` cannot limit the memory of a task, which is that of this \
                    process\n";
    assert_eq!(said, expected);
}

pub(crate) fn engines_of_ones_own_that_do_not_ask_are_warned_of_once() {
    let said = scenario("limits_on_engines").succeeds().stderr;
    let expected = "concur: driver `heedless` cannot isolate tasks from each other: they share this \
                    process\nconcur: driver `heedless` cannot limit the memory of a task, which is that \
                    of this process\n";
    assert_eq!(said, expected);
}

fn limits_on_engines() {
    struct Here {
        asks: bool,
    }
    impl Engine for Here {
        fn start(&self, job: Job) -> Running {
            if self.asks {
                assert_eq!((job.isolated(), job.memory_limit()), (true, Some(1 << 20)));
            }
            Box::pin(std::future::ready(job.run()))
        }
    }
    register_engine("heedful", Here { asks: true }).expect("it is a name");
    register_engine("heedless", Here { asks: false }).expect("it is a name");
    for name in ["heedful", "heedless", "heedless"] {
        let plain = concurrent! { task => 1 }.driver(Driver::Named(name.into()));
        if name == "heedless" {
            assert_eq!(plain.run().expect("it succeeds"), (1,));
        }
        let limited = concurrent! { task => 1 }.driver(Driver::Named(name.into()));
        let limited = limited.isolated().memory_limit(1 << 20);
        assert_eq!(limited.run().expect("it succeeds"), (1,));
    }
}

fn limits_without_processes() {
    for driver in [Driver::Thread, Driver::Thread, Driver::Sync] {
        let bytes = concurrent! { much => vec![1_u8; 8 << 20].len() };
        let bytes = bytes.driver(driver).memory_limit(1 << 20).run();
        assert_eq!(bytes.expect("it runs all the same"), (8 << 20,));
    }
}
