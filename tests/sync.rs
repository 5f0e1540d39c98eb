//! The contract on driver Sync.

#[macro_use]
mod contract;
#[macro_use]
#[path = "contract/threaded.rs"]
mod threaded;

use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};
use contract::{
    awaiting, basics, errors, hints, inside, nesting, policies, sizes, time, told, values,
};

macro_rules! tests {
    ($($theme:ident::$name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                contract::prepare();
                $theme::$name(&concur::Driver::Sync);
            }
        )*
    };
}

every_contract!(tests);
threaded_contract!(tests);
#[cfg(feature = "tokio")]
async_contract!(tests);

#[test]
fn a_single_task_past_the_deadline_is_told_so() {
    contract::prepare();
    let err = concurrent! { slow => { std::thread::sleep(Duration::from_millis(100)); 1 } }
        .driver(Driver::Sync)
        .deadline(Duration::from_millis(50))
        .run()
        .expect_err("it was done too late");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("slow")), "{err}");
    assert!(err.to_string().contains("deadline"), "{err}");
}
