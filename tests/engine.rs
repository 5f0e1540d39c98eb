//! What a task can ask from inside, on engines of a user's own.

#[macro_use]
mod contract;

use std::future::poll_fn;
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
