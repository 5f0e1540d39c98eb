//! The contract on driver Fork, in a program with a single thread: with more, it may not be forked.

#[macro_use]
mod contract;
mod harness;

use std::process::ExitCode;

macro_rules! checks {
    ($($theme:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), || contract::$theme::$name(&concur::Driver::Fork)),)*]
    };
}

fn main() -> ExitCode {
    contract::prepare();
    let checks: &[&[harness::Check]] = &[
        every_contract!(checks),
        #[cfg(feature = "tokio")]
        async_contract!(checks),
    ];
    harness::run(&checks.concat())
}
