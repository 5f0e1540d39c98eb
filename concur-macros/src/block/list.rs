//! The list of captures by hand: `users => [region, self.shop] expression`.
//!
//! Knows how to tell a list from an expression that is an array, and how to read it. What a list
//! means is the business of `captures`.

use super::tree::List;
use crate::captures::Place;
use crate::errors::{self, Errors};
use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Index, Member, Token, bracketed};

/// Whether the stream stands at a list: at brackets right after which an expression begins. What
/// could go on from an array (`[a].len()`, `[a] - 1`, `[f](x)`) makes it an array: an expression that
/// begins with `(`, `[`, `-`, `*` or `&` needs braces after a list, `[x] { -x }`.
pub(super) fn begins(input: ParseStream<'_>) -> bool {
    let Some((_, _, after)) = input.cursor().group(Delimiter::Bracket) else { return false };
    if after.group(Delimiter::None).is_some() {
        // An expression that a `macro_rules!` macro was given.
        return true;
    }
    if let Some((ident, next)) = after.ident() {
        // `[1, 2] b => ..` is an array, a forgotten comma and the next task.
        return ident != "as" && !is_arrow(next);
    }
    if let Some((punct, next)) = after.punct() {
        return match punct.as_char() {
            '!' => next.punct().is_none_or(|(next, _)| next.as_char() != '='),
            ':' => next.punct().is_some_and(|(next, _)| next.as_char() == ':'),
            '#' => true,
            _ => false,
        };
    }
    after.literal().is_some()
        || after.lifetime().is_some()
        || after.group(Delimiter::Brace).is_some()
}

/// Whether the cursor stands at `=>`.
pub(super) fn is_arrow(cursor: Cursor<'_>) -> bool {
    let Some((first, next)) = cursor.punct() else { return false };
    let second = next.punct();
    first.as_char() == '=' && second.is_some_and(|(second, _)| second.as_char() == '>')
}

/// Reads the list; an item that cannot be one is reported and left out.
pub(super) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<List> {
    let content;
    let bracket = bracketed!(content in input);
    let tokens: TokenStream = content.parse()?;
    let mut places = Vec::new();
    for item in split_at_commas(tokens) {
        match place.parse2(item.clone()) {
            Ok(place) => places.push(place),
            Err(_) => errors.push(errors::list_item(&item)),
        }
    }
    Ok(List { bracket, places })
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = TokenStream::new();
    for token in tokens {
        match &token {
            // A comma with nothing before it becomes an item of its own, which is none.
            TokenTree::Punct(punct) if punct.as_char() == ',' && !item.is_empty() => {
                items.push(std::mem::take(&mut item));
            }
            _ => item.extend([token]),
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// `name`, `self`, and fields of either.
fn place(input: ParseStream<'_>) -> syn::Result<Place> {
    let base = match input.parse::<Option<Token![self]>>()? {
        Some(token) => Ident::new("self", token.span),
        None => input.parse::<Ident>()?,
    };
    let mut members = Vec::new();
    while !input.is_empty() {
        input.parse::<Token![.]>()?;
        if input.peek(Ident::peek_any) {
            members.push(Member::Named(input.parse()?));
        } else {
            indexes(&input.parse()?, &mut members)?;
        }
    }
    Ok(Place { base, members })
}

/// `.0`, and `.0.1`, which reaches a macro as the one number `0.1`.
fn indexes(literal: &Literal, members: &mut Vec<Member>) -> syn::Result<()> {
    for digits in literal.to_string().split('.') {
        let index = digits.parse().map_err(|_| syn::Error::new(literal.span(), "no index"))?;
        members.push(Member::Unnamed(Index { index, span: literal.span() }));
    }
    Ok(())
}
