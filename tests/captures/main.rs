//! What a task may capture and how it sees it, and which code a block runs: on a driver that runs in
//! place and on one that runs elsewhere, which must not differ.

/// Tokens that no block can read.
macro_rules! unreadable {
    ($($tokens:tt)*) => { $($tokens)* };
}

/// Blocks that a macro writes.
macro_rules! block_of {
    ($name:ident, $value:expr) => {
        concur::concurrent! { $name => $value }
    };
    ($($name:ident: $value:expr),*) => {
        concur::concurrent! { $($name => $value),* }
    };
    (for $pattern:pat in $items:expr; $value:expr) => {
        concur::concurrent! { for $pattern in $items => $value }
    };
}

mod items;
mod names;
mod places;
mod shop;
mod values;

use concur::Driver;

/// One that runs in place, and one that does not.
const DRIVERS: [Driver; 2] = [Driver::Sync, Driver::Process];
