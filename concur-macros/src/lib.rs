//! The macros of concur, as thin doors: tokens in, tokens out.
//!
//! A block is parsed (`block`), its tasks are examined for what they capture (`captures`), and
//! what comes out is a handful of calls into the runtime. Nothing here knows how a task is run: the
//! bodies of the calls are written, readable, in `concur-runtime`. Use the crate `concur`, which
//! exports these macros under their public names; the ones here are no interface of their own.
#![forbid(unsafe_code)]

mod attribute;
mod block;
mod captures;
mod errors;
mod krate;
mod main_attribute;
mod options;

use proc_macro::TokenStream;

/// What `concur::concurrent!` expands to; expects the path of the crate in parentheses first.
#[proc_macro]
pub fn concurrent_block(input: TokenStream) -> TokenStream {
    block::expand(input.into()).into()
}

/// What `#[concur::attr::concurrent]` and `#[concur::task]` are; documented where they are exported.
#[proc_macro_attribute]
pub fn concurrent_function(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(options.into(), &item.into()).into()
}

/// Marks the `main` function of a program that runs tasks in other processes.
///
/// ```ignore
/// #[concur::main]
/// fn main() {
///     println!("in the caller only, never in a worker");
/// }
/// ```
///
/// Below another main attribute, which expands first:
///
/// ```ignore
/// #[tokio::main]
/// #[concur::main]
/// async fn main() {}
/// ```
///
/// `#[concur::main(crate = other_name)]` tells a name of the crate that Cargo.toml does not tell.
///
/// # Errors
///
/// At compile time, when it is not on a `main` function without arguments, or above the attribute
/// of an async runtime instead of below it.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    main_attribute::expand(&options.into(), &item.into()).into()
}
