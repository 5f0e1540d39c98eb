//! `concurrent!`: from the tokens of a block to the calls that make its tasks.
//!
//! parse → check → expand, each in a file. Whatever any of them finds wrong is gathered, and all of
//! it is reported in one build, in place of the expansion.

mod attributes;
mod check;
mod code;
mod diverge;
mod expand;
mod list;
mod parse;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use code::{Code, Gives, ends};
pub(crate) use expand::expand_task;
pub(crate) use parse::{between, parse};
pub(crate) use tree::{Block, Body, List};

use crate::errors::{self, Errors};
use crate::krate::Krate;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The whole way, on tokens that begin with the path of the crate in parentheses.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some((krate, tokens)) = split_krate(input) else {
        errors.push(errors::no_crate_path());
        return errors.to_expression();
    };
    let block = parse(tokens, &mut errors);
    let checked = check::check(&block, &mut errors);
    if errors.is_empty() { expand::expand(&checked, &krate) } else { errors.to_expression() }
}

/// Takes the `($crate)` in front, which `concurrent!` put there, off the user's tokens.
fn split_krate(input: TokenStream) -> Option<(Krate, TokenStream)> {
    let mut tokens = input.into_iter();
    match tokens.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            Some((Krate::given(group.stream()), tokens.collect()))
        }
        _ => None,
    }
}
