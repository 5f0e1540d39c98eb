//! What a task can ask from inside, on engines of a user's own.

#[macro_use]
mod contract;

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use concur::{Driver, Engine, ErrorKind, Job, Outcome, Running, concurrent, register_engine, task};
use contract::{
    awaiting, basics, errors, hints, inside, nesting, policies, sizes, time, told, values,
};

/// Runs each job on a thread of its own.
struct Spawn;

impl Engine for Spawn {
    fn start(&self, job: Job) -> Running {
        let shared = Arc::new(Mutex::new((None::<Outcome>, None::<Waker>)));
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let outcome = job.run();
            let mut shared = theirs.lock().expect("nobody panics with it");
            shared.0 = Some(outcome);
            shared.1.take().into_iter().for_each(Waker::wake);
        });
        Box::pin(poll_fn(move |ctx| {
            let mut shared = shared.lock().expect("nobody panics with it");
            shared.1 = Some(ctx.waker().clone());
            shared.0.take().map_or(Poll::Pending, Poll::Ready)
        }))
    }
}

/// Runs each job before it comes back, so that the run is held up and no limit is acted on.
struct AtOnce;

impl Engine for AtOnce {
    fn start(&self, job: Job) -> Running {
        Box::pin(std::future::ready(job.run()))
    }
}

fn spawn() -> Driver {
    contract::prepare();
    register_engine("spawn", Spawn).expect("it is a name");
    Driver::Named("spawn".into())
}

macro_rules! tests {
    ($($theme:ident::$name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                $theme::$name(&spawn());
            }
        )*
    };
}

every_contract!(tests);
#[cfg(feature = "tokio")]
async_contract!(tests);

#[test]
fn where_nobody_can_tell_a_task_it_has_its_clock() {
    contract::prepare();
    register_engine("at-once", AtOnce).expect("it is a name");
    let err = concurrent! { looks => contract::eventually(task::cancelled) }
        .driver(Driver::Named("at-once".into()))
        .timeout(std::time::Duration::from_millis(50))
        .run()
        .expect_err("what it gave came too late");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("looks")), "{err}");
}

/// Gets no job to its place at first, loses one, and panics over another.
struct Unlucky(AtomicU32);

impl Engine for Unlucky {
    fn start(&self, job: Job) -> Running {
        let lucky = self.0.fetch_add(1, Ordering::Relaxed) > 0;
        Box::pin(async move {
            match job.name() {
                "nowhere" => Outcome::not_started("the road is closed"),
                "lost" if !lucky => Outcome::lost("the line went dead"),
                "panics" => panic!("the engine broke"),
                _ => job.run(),
            }
        })
    }
}

#[test]
fn an_engine_says_whether_a_task_may_have_run() {
    contract::prepare();
    let unlucky = || {
        register_engine("unlucky", Unlucky(AtomicU32::new(0))).expect("it is a name");
        Driver::Named("unlucky".into())
    };
    let fails = |err: concur::Error, kind, reason: &str, may_have_run| {
        let failure = &err.failures()[0];
        assert_eq!((failure.kind(), failure.may_have_run()), (kind, may_have_run), "{err}");
        assert!(err.to_string().contains(reason), "{err}");
    };
    let nowhere = concurrent! { nowhere => () }.driver(unlucky()).retries(3).run();
    let err = nowhere.expect_err("there is no way");
    assert_eq!(err.failures()[0].attempts(), 0);
    fails(err, ErrorKind::Start, "the road is closed", false);
    let lost = concurrent! { lost => () }.driver(unlucky()).run();
    fails(lost.expect_err("it is lost"), ErrorKind::Killed, "the line went dead", true);
    let again = concurrent! { lost => 7 }.driver(unlucky()).retries(1).run();
    assert_eq!(again.expect("the second attempt arrives"), (7,));
    let panics = concurrent! { panics => () }.driver(unlucky()).run();
    fails(panics.expect_err("its engine panics"), ErrorKind::Killed, "the engine broke", true);
}
