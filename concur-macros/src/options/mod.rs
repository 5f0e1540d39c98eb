//! The options of a task, as `#[concurrent(...)]` and `#[task(...)]` take them.
//!
//! One table of names and one way to write each value, wherever they stand. `read` finds every
//! mistake in a list of them; `values` knows durations and sizes. What an option does is the business
//! of the runtime.

mod read;
mod values;

#[cfg(test)]
mod tests;

use crate::krate::private_at;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

pub(crate) use read::read;

/// Where options stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `#[concurrent(...)]` on a function.
    Function,
    /// `#[task(...)]` on an entry of a block.
    Entry,
    /// `#[concurrent(...)]` on an `impl`.
    Impl,
}

/// What the options say; what they do not say is `None`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    driver: Option<LitStr>,
    /// Durations are in nanoseconds.
    timeout: Option<u64>,
    deadline: Option<u64>,
    retries: Option<u32>,
    backoff: Option<u64>,
    isolated: Option<bool>,
    memory_limit: Option<u64>,
    pub(crate) fallible: Option<bool>,
    pub(crate) krate: Option<TokenStream>,
}

impl Options {
    /// The options as a value of the runtime's.
    pub(crate) fn written(&self) -> TokenStream {
        let ours = Span::mixed_site();
        let private = private_at(ours);
        let mut written = quote_spanned!(ours=> #private::WrittenOptions::new());
        macro_rules! say {
            ($($option:ident)*) => {$(
                if let Some(value) = &self.$option {
                    written.extend(quote_spanned!(ours=> .$option(#value)));
                }
            )*};
        }
        say!(name driver timeout deadline retries backoff isolated memory_limit);
        written
    }
}
