//! Of the options in `#[concurrent(...)]` and `#[task(...)]`.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Error;

pub(crate) fn option_expected(at: &impl ToTokens) -> Error {
    Error::new_spanned(at, "this is no option: write `name = value`, such as `timeout = \"30s\"`")
}

pub(crate) fn option_unknown(name: &Ident, nearest: Option<&str>, allowed: &[&str]) -> Error {
    let allowed: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
    let allowed = allowed.join(", ");
    let message = match nearest {
        Some(nearest) => {
            format!("there is no option `{name}`: write `{nearest}` (allowed are {allowed})")
        }
        None => format!("there is no option `{name}`: allowed are {allowed}"),
    };
    Error::new(name.span(), message)
}

pub(crate) fn option_twice(name: &Ident) -> Error {
    Error::new(name.span(), format!("`{name}` is said a second time: remove one of the two"))
}

pub(crate) fn option_without_value(name: &Ident, example: &str) -> Error {
    Error::new(name.span(), format!("`{name}` needs a value: write `{example}`"))
}

pub(crate) fn option_without_equals(rest: &impl ToTokens, example: &str) -> Error {
    Error::new_spanned(
        rest,
        format!("an option and its value are joined by `=`: write `{example}`"),
    )
}

pub(crate) fn option_value(
    value: &impl ToTokens,
    name: &str,
    allowed: &str,
    example: &str,
) -> Error {
    let message = format!("the value of `{name}` must be {allowed}: write `{example}`");
    Error::new_spanned(value, message)
}

pub(crate) fn option_on_entry(name: &Ident) -> Error {
    let message = if name == "crate" {
        "a block knows its crate: remove `crate` here".to_owned()
    } else {
        format!(
            "`{name}` is an option of `#[concurrent]` on a function: remove it here, a task of a \
             block fails by `?`"
        )
    };
    Error::new(name.span(), message)
}

pub(crate) fn option_on_impl(name: &Ident) -> Error {
    let message = format!(
        "`{name}` is an option of a method: write `#[concurrent({name} ..)]` on the methods it is \
         meant for"
    );
    Error::new(name.span(), message)
}
