//! concur
#![forbid(unsafe_code)]
extern crate self as concur;
pub use concur_runtime::*;
pub use concur_macros::main;

/// Block
#[macro_export]
macro_rules! concurrent {
    ($($block:tt)*) => {
        $crate::__private::concurrent! { ($crate) $($block)* }
    };
}

#[doc(hidden)]
pub mod __private {
    pub use concur_macros::concurrent_block as concurrent;
    pub use concur_runtime::__private::*;
}
