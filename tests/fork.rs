//! The contract on driver Fork, in a program with a single thread: with more, it may not be forked.

#[macro_use]
mod contract;
#[macro_use]
#[path = "contract/deaths.rs"]
mod deaths;
mod harness;
#[path = "contract/killed.rs"]
mod killed;
#[path = "contract/memory.rs"]
mod memory;
#[path = "fork/resting.rs"]
mod resting;

use std::process::ExitCode;
use std::sync::mpsc;

use concur::{Config, Driver, ErrorKind, concurrent};
use contract::{
    awaiting, basics, errors, hints, inside, nesting, policies, sizes, time, told, values,
};

macro_rules! checks {
    ($($theme:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), || $theme::$name(&concur::Driver::Fork)),)*]
    };
}

fn main() -> ExitCode {
    contract::prepare();
    let checks: &[&[harness::Check]] = &[
        every_contract!(checks),
        deaths_contract!(checks),
        &[
            ("threads_are_a_clear_error", threads_are_a_clear_error),
            ("threads_of_ours_that_rest_do_not_count", resting::those_that_rest_do_not_count),
            ("threads_of_ours_that_end_do_not_count", resting::those_that_end_do_not_count),
            ("threads_of_ours_that_work_count", resting::those_that_work_count),
        ],
        #[cfg(feature = "tokio")]
        &[("async_tasks_have_limits", || memory::async_tasks_have_limits(&Driver::Fork))],
        #[cfg(feature = "tokio")]
        async_contract!(checks),
        #[cfg(feature = "testing")]
        &[("a_fake_is_not_inherited_by_a_fork", a_fake_is_not_inherited_by_a_fork)],
    ];
    harness::run(&checks.concat())
}

#[cfg(feature = "testing")]
fn a_fake_is_not_inherited_by_a_fork() {
    let fake = concur::testing::fake();
    fake.returns("inner", 10_u64).passes_through("outer");
    let inner = || concurrent! { inner => 0_u64 }.run();
    let run = concurrent! { outer => concurrent! { inner => 0_u64 }.run()?.0 };
    assert_eq!(run.driver(Driver::Fork).run().expect("it runs"), (0,));
    assert_eq!(inner().expect("it is answered"), (10,));
    fake.assert_ran_times("inner", 1);
}

fn threads_are_a_clear_error() {
    let (release, released) = mpsc::channel::<()>();
    let other = std::thread::spawn(move || released.recv());
    let run = || concurrent! { one => 1 }.driver(Driver::Fork).run();
    let err = run().expect_err("there is another thread");
    assert_eq!((err.kind(), err.task()), (ErrorKind::ForkUnsafe, Some("one")));
    assert!(err.to_string().contains("threads"), "{err}");
    assert!(!err.failures()[0].may_have_run());
    let allowed = Config::new().workers(contract::WORKERS).fork_with_threads(true);
    allowed.install().expect("it is allowed");
    assert_eq!(run().expect("the danger is accepted"), (1,));
    Config::new().workers(contract::WORKERS).install().expect("it is allowed");
    release.send(()).expect("it still waits");
    other.join().expect("it ends well").expect("it was released");
    assert_eq!(run().expect("it is gone"), (1,));
}
