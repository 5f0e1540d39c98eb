//! Every message of the macros, each a named constructor, and the sink that gathers them.
//!
//! A message says what is wrong and then what to write. Who reports it picks the token; nothing
//! here looks at code. All that one build finds ends in one [`Errors`], whose tokens take the place
//! of the expansion.

mod attribute;
mod options;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Error;

pub(crate) use attribute::*;
pub(crate) use options::*;

/// The mistakes found so far, in the order found.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, err: Error) {
        self.found.push(err);
    }

    pub(crate) fn append(&mut self, more: Self) {
        self.found.extend(more.found);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What an item-shaped expansion carries beside the item.
    pub(crate) fn to_items(&self) -> TokenStream {
        self.found.iter().map(Error::to_compile_error).collect()
    }

    /// What stands where an expression was expected. The last `compile_error!` is its value: rustc
    /// gives that an unknown type, so no method called on it is a further error.
    pub(crate) fn to_expression(&self) -> TokenStream {
        let errors = self.to_items();
        quote!({ #errors })
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        let each = self.found.iter().flat_map(|err| err.clone().into_iter());
        each.map(|err| err.to_string()).collect()
    }
}

/// The most tasks that one block may hold, since its results are a tuple.
pub(crate) const MOST_TASKS: usize = 64;

// ---- the grammar of a block ----

pub(crate) fn no_crate_path() -> Error {
    Error::new(Span::call_site(), "call this macro as `concur::concurrent! { name => expression }`")
}

pub(crate) fn missing_name(at: Span) -> Error {
    Error::new(at, "this task has no name: write `name => expression`")
}

pub(crate) fn unnamed_task(expr: &impl ToTokens) -> Error {
    Error::new_spanned(expr, "this task has no name: write `name => expression`")
}

pub(crate) fn missing_task(comma: Span) -> Error {
    Error::new(comma, "there is no task before this `,`: remove it, or write `name => expression`")
}

pub(crate) fn name_is_literal(literal: &impl ToTokens, instead: Option<&str>) -> Error {
    let instead = instead.unwrap_or("name");
    let message = format!("the name of a task is a plain name: write `{instead} => ...`");
    Error::new_spanned(literal, message)
}

pub(crate) fn name_is_keyword(at: Span, keyword: &str) -> Error {
    let message =
        format!("`{keyword}` is a keyword and cannot name a task: write another name before `=>`");
    Error::new(at, message)
}

pub(crate) fn name_is_underscore(at: Span) -> Error {
    Error::new(at, "`_` cannot name a task: write a name, its errors and its results go by it")
}

pub(crate) fn name_is_not_plain(tokens: &impl ToTokens) -> Error {
    let message = "the name of a task is a single plain name: write `name => expression`";
    Error::new_spanned(tokens, message)
}

pub(crate) fn wrong_arrow(operator: &impl ToTokens, name: &str) -> Error {
    let message = format!("a name and its expression are joined by `=>`: write `{name} => ...`");
    Error::new_spanned(operator, message)
}

pub(crate) fn missing_arrow(at: Span, name: &str) -> Error {
    Error::new(at, format!("the task `{name}` has no expression: write `{name} => expression`"))
}

pub(crate) fn missing_expression(arrow: &impl ToTokens) -> Error {
    Error::new_spanned(arrow, "there is no expression after this `=>`: write `=> expression`")
}

pub(crate) fn missing_comma(next: Span, name: &str) -> Error {
    Error::new(next, format!("tasks are separated by commas: write `,` before `{name}`"))
}

pub(crate) fn semicolon_for_comma(semicolon: Span) -> Error {
    Error::new(semicolon, "tasks are separated by commas: write `,` instead of `;`")
}

pub(crate) fn unexpected_after_task(at: Span, name: &str) -> Error {
    let message = format!("the task `{name}` ended before this: write `,` and then the next task");
    Error::new(at, message)
}

pub(crate) fn unexpected(at: Span) -> Error {
    Error::new(at, "this is no task: write `name => expression`")
}

pub(crate) fn attribute(attribute: &impl ToTokens) -> Error {
    let message = "a task takes no attribute but `#[task(...)]`, which sets its options: remove this \
                   one, or write `#[task(timeout = \"30s\")]`";
    Error::new_spanned(attribute, message)
}

pub(crate) fn cfg_on_task(attribute: &impl ToTokens) -> Error {
    let message = "the results of a block are a tuple, whose type cannot hang on a `cfg`: put the \
                   `cfg` on two blocks, or inside the expression (`if cfg!(..) { .. } else { .. }`)";
    Error::new_spanned(attribute, message)
}

pub(crate) fn for_without_in(at: Span) -> Error {
    Error::new(at, "`for` needs `in` after its pattern: write `for item in items => expression`")
}

pub(crate) fn for_without_arrow(at: Span) -> Error {
    let message = "`for` makes one task of each item, with `=>` before its expression: write \
                   `for item in items => expression`";
    Error::new(at, message)
}

pub(crate) fn list_item(item: &impl ToTokens) -> Error {
    let message = "a list of captures holds variables and their fields: write `[name, self.field] \
                   expression`";
    Error::new_spanned(item, message)
}

// ---- the tasks of a block together ----

pub(crate) fn duplicate_name(first: Span, second: Span, name: &str) -> Error {
    let message = format!("two tasks are named `{name}`: write another name for this one");
    let mut err = Error::new(second, message);
    err.combine(Error::new(first, format!("the first task named `{name}` is here")));
    err
}

pub(crate) fn too_many_tasks(at: Span, count: usize) -> Error {
    let message = format!(
        "this block has {count} tasks and the most is {MOST_TASKS}: write \
         `for item in items => expression`, or collect tasks and call `concur::join_all`"
    );
    Error::new(at, message)
}

pub(crate) fn for_among_tasks(for_token: &impl ToTokens) -> Error {
    let message = "`for` stands alone in its block: write the other tasks in a block of their own";
    Error::new_spanned(for_token, message)
}

pub(crate) fn second_for(for_token: &impl ToTokens) -> Error {
    let message = "a block holds one `for`: write the second one in a block of its own";
    Error::new_spanned(for_token, message)
}

// ---- the expression of a task ----

pub(crate) fn leaves_task(at: Span, keyword: &str) -> Error {
    let message = format!(
        "`{keyword}` would leave the task, which runs in another process and can only end with \
         the value of its expression: end it early with `?`, or make the value the last expression"
    );
    Error::new(at, message)
}

pub(crate) fn sibling(at: Span, name: &str, task: Option<&str>) -> Error {
    let list = task.map_or(String::new(), |task| {
        format!(" (for a variable of that name, list it: `{task} => [{name}] ...`)")
    });
    let message = format!(
        "tasks are independent: `{name}` is the result of another task and is not known yet: run \
         `{name}` in a block of its own first{list}"
    );
    Error::new(at, message)
}

pub(crate) fn mutated_copy(place: &impl ToTokens, path: &str, name: &str) -> Error {
    let message = format!(
        "the task has a copy of `{path}` and changes to it do not come back: write \
         `let mut {name} = {path};` in the task and make the changed value its result"
    );
    Error::new_spanned(place, message)
}

// ---- `#[concur::main]` ----

pub(crate) fn main_on_other_item(at: Span) -> Error {
    Error::new(at, "`#[concur::main]` goes on `fn main`: remove it here")
}

pub(crate) fn main_on_other_fn(at: Span, name: &str) -> Error {
    Error::new(at, format!("`#[concur::main]` goes on `fn main`, not on `{name}`: remove it here"))
}

pub(crate) fn main_with_arguments(inputs: &impl ToTokens) -> Error {
    let message = "`main` takes no arguments: write `fn main()` and read `std::env::args()`";
    Error::new_spanned(inputs, message)
}

pub(crate) fn main_above_runtime(async_token: &impl ToTokens, attribute: &str) -> Error {
    let message = format!(
        "`#[concur::main]` must see the `main` that `#[{attribute}]` makes: write `#[{attribute}]` \
         first and `#[concur::main]` below it"
    );
    Error::new_spanned(async_token, message)
}

pub(crate) fn main_is_async(async_token: &impl ToTokens) -> Error {
    let message = "an `async fn main` needs a runtime: write `#[tokio::main]` (or that of another \
                   runtime) above `#[concur::main]`";
    Error::new_spanned(async_token, message)
}

pub(crate) fn main_option(option: &impl ToTokens) -> Error {
    let message = "the only option of `#[concur::main]` is `crate`: write \
                   `#[concur::main(crate = name)]`";
    Error::new_spanned(option, message)
}

// ---- hooks: `#[concur::preload]` and the others ----

pub(crate) fn hook_on_other_item(at: Span, attribute: &str) -> Error {
    let message = format!("`#[concur::{attribute}]` goes on a function: remove it here");
    Error::new(at, message)
}

pub(crate) fn hook_on_method(receiver: &impl ToTokens, attribute: &str) -> Error {
    let message = format!(
        "`#[concur::{attribute}]` goes on a function without `self`, since there is none to call \
         this with: write `fn name()`"
    );
    Error::new_spanned(receiver, message)
}

pub(crate) fn hook_with_arguments(inputs: &impl ToTokens, attribute: &str) -> Error {
    let message = format!(
        "a function with `#[concur::{attribute}]` takes no arguments, since nothing calls it with \
         any: write `fn name()`, and read what it needs from the environment or a file"
    );
    Error::new_spanned(inputs, message)
}

pub(crate) fn hook_without_failure(signature: &impl ToTokens) -> Error {
    let message = "a hook for deferred failures is told of one: write \
                   `fn name(failure: &concur::TaskError)`";
    Error::new_spanned(signature, message)
}

pub(crate) fn hook_is_async(async_token: &impl ToTokens) -> Error {
    let message = "a hook runs before there is a runtime: write a plain `fn`, and make a runtime in \
                   it if it has to wait for futures";
    Error::new_spanned(async_token, message)
}

pub(crate) fn hook_is_unsafe(unsafe_token: &impl ToTokens) -> Error {
    let message = "a hook is called by the runtime, which cannot keep what `unsafe` asks of its \
                   caller: write a safe `fn`";
    Error::new_spanned(unsafe_token, message)
}

pub(crate) fn hook_is_generic(generics: &impl ToTokens) -> Error {
    let message = "a hook is called without types to choose from: write a function that is not \
                   generic";
    Error::new_spanned(generics, message)
}

pub(crate) fn hook_return(returned: &impl ToTokens) -> Error {
    let message = "a hook returns nothing, or `Result<(), E>` with an error type that is named: \
                   write `-> Result<(), E>`, or leave it out";
    Error::new_spanned(returned, message)
}

pub(crate) fn hook_names_self(name: &impl ToTokens) -> Error {
    let message = "a hook does not know `Self`, since the runtime calls it by itself: write the name of \
                   the type";
    Error::new_spanned(name, message)
}

pub(crate) fn hook_option(option: &impl ToTokens, attribute: &str) -> Error {
    let message = format!(
        "the only option of `#[concur::{attribute}]` is `crate`: write \
         `#[concur::{attribute}(crate = name)]`"
    );
    Error::new_spanned(option, message)
}
