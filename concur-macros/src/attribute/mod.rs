//! `#[concurrent]`: beside a function or a method, another one that makes a task of it.
//!
//! `item` reads what the attribute stands on, bodies unread; `check` refuses what cannot be a task;
//! `expand` writes the second function, whose task is written by `block`, as that of a block with a
//! call in it. The item itself comes out as it went in, also when it was refused: an editor does not
//! lose it, and nothing else is missing.

mod check;
mod copied;
mod expand;
mod implementation;
mod item;

#[cfg(test)]
mod tests;

use crate::errors::{self, Errors};
use crate::krate::Krate;
use crate::options::{self, Options, Place};
use expand::Owner;
use item::Function;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::Parser;

pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = if let Ok(function) = item::function.parse2(item.clone()) {
        let options = options::read(options, Place::Function, &mut errors);
        let owner = if function.is_method() { Owner::Method } else { Owner::Nobody };
        let tasks = task_of(&function, &options, &krate(&options), &owner, &mut errors);
        quote!(#item #tasks)
    } else if let Ok(implementation) = item::implementation.parse2(item.clone()) {
        implementation::expand(&implementation, options, &mut errors)
    } else {
        let at = item.clone().into_iter().next();
        let at = at.map_or_else(Span::call_site, |first| first.span());
        errors.push(errors::concurrent_on_other_item(at));
        item.clone()
    };
    let errors = errors.to_items();
    quote!(#expanded #errors)
}

/// The function that makes the tasks, unless there can be none. Wrong options are left out, so that
/// who calls it finds it.
fn task_of(
    function: &Function,
    options: &Options,
    krate: &Krate,
    owner: &Owner,
    errors: &mut Errors,
) -> Option<TokenStream> {
    if let Some(again) = function.attributes.iter().find(|attribute| item::is_ours(attribute)) {
        errors.push(errors::concurrent_twice(again));
        return None;
    }
    let checked = check::check(function, options, owner, errors)?;
    Some(expand::expand(function, &checked, options, krate, owner))
}

fn krate(options: &Options) -> Krate {
    options.krate.clone().map_or_else(Krate::from_manifest, Krate::given)
}
