//! Of `#[concurrent]` on functions, methods and `impl` blocks.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::Error;

pub(crate) fn concurrent_on_other_item(at: Span) -> Error {
    let message = "`#[concurrent]` goes on a function with a body, on a method or on an `impl` \
                   block: remove it here";
    Error::new(at, message)
}

pub(crate) fn function_is_unsafe(token: &impl ToTokens) -> Error {
    let message = "a task cannot uphold the contract of an `unsafe fn`: write `#[concurrent]` on a \
                   safe function that calls it";
    Error::new_spanned(token, message)
}

pub(crate) fn function_is_variadic(dots: &impl ToTokens) -> Error {
    let message = "arguments without types cannot be sent to a task: write `#[concurrent]` on a \
                   function whose arguments all have one";
    Error::new_spanned(dots, message)
}

pub(crate) fn function_of_unknown_type(at: Span) -> Error {
    let message = "a function without `self` cannot know what `Self` is: write `#[concurrent]` on the \
                   `impl` block, too";
    Error::new(at, message)
}

pub(crate) fn function_changes_self(reference: &impl ToTokens) -> Error {
    let message = "a task has a copy of `self` and changes to it do not come back: take `&self` or \
                   `self`, and return what changed";
    Error::new_spanned(reference, message)
}

pub(crate) fn argument_changes(reference: &impl ToTokens) -> Error {
    let message = "a task has a copy of its arguments and changes to them do not come back: take the \
                   value or a `&` to it, and return what changed";
    Error::new_spanned(reference, message)
}

pub(crate) fn argument_is_static(lifetime: &impl ToTokens) -> Error {
    let message = "a task is lent its arguments while it runs, so that none lasts for `'static`: take \
                   a `&` without the lifetime, such as `&str`, or a value that owns its data, such as \
                   `String`";
    Error::new_spanned(lifetime, message)
}

pub(crate) fn self_is_static(lifetime: &impl ToTokens) -> Error {
    let message = "a task is lent `self` while it runs, so that it does not last for `'static`: take \
                   `&self` or `self`";
    Error::new_spanned(lifetime, message)
}

pub(crate) fn argument_refers(lifetime: &impl ToTokens) -> Error {
    let message = "an argument of a task may be a reference, but what it refers to, or is, must own \
                   its data: take `String` for `&str`, or the like";
    Error::new_spanned(lifetime, message)
}

pub(crate) fn argument_borrows(lifetime: &impl ToTokens) -> Error {
    let message = "an argument of a task may be a reference, but what it refers to, or is, must own \
                   its data: take a type without a lifetime, or write `'static`, as in `Cow<'static, \
                   str>`";
    Error::new_spanned(lifetime, message)
}

pub(crate) fn argument_is_callable(bound: &impl ToTokens) -> Error {
    let message = "a callable cannot be sent to a task, which runs in another process: call a \
                   function by its name inside, or choose it by a value";
    Error::new_spanned(bound, message)
}

pub(crate) fn cfg_on_argument(attribute: &impl ToTokens) -> Error {
    let message = "what a task is sent cannot hang on a `cfg`: write two functions, each with a `cfg` \
                   of its own";
    Error::new_spanned(attribute, message)
}

pub(crate) fn result_is_reference(and: &impl ToTokens) -> Error {
    let message = "the result of a task is sent back from another process, so it cannot borrow: \
                   return a value that owns its data, such as `String` for `&str`";
    Error::new_spanned(and, message)
}

pub(crate) fn result_is_hidden(token: &impl ToTokens) -> Error {
    let message = "the result of a task needs a type with a name: write it instead of `impl` (for a \
                   future, write `async fn`)";
    Error::new_spanned(token, message)
}

pub(crate) fn fallible_without_result(name: &Ident) -> Error {
    let message =
        format!("`fallible` says that `{name}` returns a `Result`, and it returns nothing");
    Error::new(name.span(), message)
}

pub(crate) fn concurrent_twice(attribute: &impl ToTokens) -> Error {
    let message = "this is a task already: write all of its options in one `#[concurrent(...)]`";
    Error::new_spanned(attribute, message)
}

pub(crate) fn impl_without_tasks(token: &impl ToTokens) -> Error {
    let message = "no method here is a task: write `#[concurrent]` on those that shall be";
    Error::new_spanned(token, message)
}

pub(crate) fn impl_of_generic_trait(generics: &impl ToTokens) -> Error {
    let message = "tasks of a generic `impl` of a trait have no place to stand: write `#[concurrent]` \
                   on a method in an `impl` of the type itself, and call that";
    Error::new_spanned(generics, message)
}
