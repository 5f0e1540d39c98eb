//! Annotated functions and methods: what stands beside them does the same elsewhere, with the options
//! of its attribute, and is known by name.
//!
//! What goes wrong when they are compiled is in `tests/ui`, what they are compiled under in
//! `tests/strict.rs`.

mod errors;
#[cfg(feature = "testing")]
mod fakes;
mod functions;
mod listing;
mod methods;
mod options;

use concur::Driver;

/// Where a task of an annotated function must do the same.
const DRIVERS: [Driver; 3] = [Driver::Process, Driver::Thread, Driver::Sync];

/// Calls `check` with each driver.
fn everywhere(check: impl Fn(Driver)) {
    DRIVERS.into_iter().for_each(check);
}
