//! The contract on driver Process.

#[macro_use]
mod contract;
#[macro_use]
#[path = "contract/threaded.rs"]
mod threaded;

use contract::{
    awaiting, basics, errors, hints, inside, nesting, policies, sizes, time, told, values,
};

macro_rules! tests {
    ($($theme:ident::$name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                contract::prepare();
                $theme::$name(&concur::Driver::Process);
            }
        )*
    };
}

every_contract!(tests);
threaded_contract!(tests);
#[cfg(feature = "tokio")]
async_contract!(tests);
