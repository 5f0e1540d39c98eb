//! What a block may look like, what is said when it does not, and what it expands to.

mod broken;
mod expansions;
mod forms;

use super::expand;
use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::quote;
use std::str::FromStr;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("the test is tokens")
}

fn messages(block: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let block = super::parse(tokens(block), &mut errors);
    super::check::check(&block, &mut errors);
    errors.messages()
}

/// The block gives these errors, told by a part of each, and no other.
fn refused(block: &str, parts: &[&str]) {
    let messages = messages(block);
    let matching = messages.iter().zip(parts).filter(|(message, part)| message.contains(*part));
    assert!(
        matching.count() == parts.len() && messages.len() == parts.len(),
        "{block}: {messages:#?}"
    );
}

fn accepted(block: &str) {
    assert_eq!(messages(block), [""; 0], "{block}");
}

fn expansion(block: &str) -> String {
    let tokens = tokens(block);
    expand(quote!((concur) #tokens)).to_string().replace(' ', "")
}
