//! Reads a list of options, and goes on reading after a mistake.

use super::{Options, Place, values};
use crate::errors::{self, Errors};
use crate::krate::crate_path;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Lit, LitBool, LitInt, LitStr, Token};

/// What stands behind the `=`.
#[derive(Clone, Copy)]
enum Takes {
    Text,
    Duration,
    Count,
    Size,
    Flag,
    Path,
}

/// An option, and what an example of it looks like.
struct Known {
    name: &'static str,
    takes: Takes,
    example: &'static str,
}

const KNOWN: [Known; 10] = [
    Known { name: "name", takes: Takes::Text, example: "name = \"sales\"" },
    Known { name: "timeout", takes: Takes::Duration, example: "timeout = \"30s\"" },
    Known { name: "deadline", takes: Takes::Duration, example: "deadline = \"2m\"" },
    Known { name: "retries", takes: Takes::Count, example: "retries = 2" },
    Known { name: "backoff", takes: Takes::Duration, example: "backoff = \"100ms\"" },
    Known { name: "driver", takes: Takes::Text, example: "driver = \"fork\"" },
    Known { name: "isolated", takes: Takes::Flag, example: "isolated" },
    Known { name: "memory_limit", takes: Takes::Size, example: "memory_limit = \"512MiB\"" },
    Known { name: "fallible", takes: Takes::Flag, example: "fallible" },
    Known { name: "crate", takes: Takes::Path, example: "crate = path::to::concur" },
];

/// Reads what is between the parentheses. What could be read is in the result, whatever else is
/// wrong.
pub(crate) fn read(tokens: TokenStream, place: Place, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut seen: Vec<&'static str> = Vec::new();
    for item in split_at_commas(tokens) {
        let mut read = || {
            let (name, equals, value) =
                parts.parse2(item.clone()).map_err(|_| errors::option_expected(&item))?;
            let known = known(&name, place)?;
            if seen.contains(&known.name) {
                return Err(errors::option_twice(&name));
            }
            seen.push(known.name);
            match (equals, value.is_empty()) {
                (None, true) if matches!(known.takes, Takes::Flag) => {
                    options.take(known, &quote!(true))
                }
                (_, true) => Err(errors::option_without_value(&name, known.example)),
                (None, false) => Err(errors::option_without_equals(&value, known.example)),
                (Some(_), false) => options.take(known, &value),
            }
        };
        if let Err(err) = read() {
            errors.push(err);
        }
    }
    options
}

/// `name = value`, whatever the value is.
fn parts(input: ParseStream<'_>) -> syn::Result<(Ident, Option<Token![=]>, TokenStream)> {
    Ok((input.call(Ident::parse_any)?, input.parse()?, input.parse()?))
}

fn known(name: &Ident, place: Place) -> syn::Result<&'static Known> {
    let text = name.unraw().to_string();
    let allowed = |known: &&Known| match place {
        Place::Function => true,
        Place::Entry => !matches!(known.name, "fallible" | "crate"),
        Place::Impl => known.name == "crate",
    };
    match KNOWN.iter().find(|known| known.name == text) {
        Some(known) if allowed(&known) => Ok(known),
        Some(_) if place == Place::Impl => Err(errors::option_on_impl(name)),
        Some(_) => Err(errors::option_on_entry(name)),
        None => {
            let names: Vec<&str> = KNOWN.iter().filter(allowed).map(|known| known.name).collect();
            Err(errors::option_unknown(name, nearest(&text, &names), &names))
        }
    }
}

impl Options {
    /// Reads the value of one option.
    fn take(&mut self, known: &Known, value: &TokenStream) -> syn::Result<()> {
        let &Known { name, takes, example } = known;
        let wrong = |allowed| errors::option_value(value, name, allowed, example);
        match takes {
            Takes::Text => {
                const TEXT: &str = "text in quotes that is not empty";
                let text: LitStr = literal(value).ok_or_else(|| wrong(TEXT))?;
                if text.value().trim().is_empty() {
                    return Err(wrong(TEXT));
                }
                *if name == "name" { &mut self.name } else { &mut self.driver } = Some(text);
            }
            Takes::Duration => {
                let nanos = literal(value).and_then(|text: LitStr| values::duration(&text.value()));
                let nanos = nanos.ok_or_else(|| wrong(values::DURATION))?;
                *match name {
                    "timeout" => &mut self.timeout,
                    "deadline" => &mut self.deadline,
                    _ => &mut self.backoff,
                } = Some(nanos);
            }
            Takes::Count => {
                let number = literal(value)
                    .filter(|number: &LitInt| matches!(number.suffix(), "" | "u32"))
                    .and_then(|number| number.base10_parse().ok());
                let number = number.ok_or_else(|| wrong("a whole number from 0 to 4294967295"))?;
                self.retries = Some(number);
            }
            Takes::Size => {
                let bytes = literal(value).and_then(|text: LitStr| values::size(&text.value()));
                self.memory_limit = Some(bytes.ok_or_else(|| wrong(values::SIZE))?);
            }
            Takes::Flag => {
                let flag: LitBool = literal(value).ok_or_else(|| wrong("`true` or `false`"))?;
                let flag = Some(flag.value);
                *if name == "isolated" { &mut self.isolated } else { &mut self.fallible } = flag;
            }
            Takes::Path => {
                let path = crate_path.parse2(value.clone()).map_err(|_| wrong("a path"))?;
                self.krate = Some(path.into_token_stream());
            }
        }
        Ok(())
    }
}

/// The value, if it is one literal of this kind and nothing more. Read as any literal first, which
/// also takes what a `macro_rules!` macro passed on.
fn literal<T: Parse>(value: &TokenStream) -> Option<T> {
    let literal = Lit::parse.parse2(value.clone()).ok()?;
    T::parse.parse2(literal.into_token_stream()).ok()
}

/// The items of a list; a comma with nothing before it becomes one of its own, which is no option.
fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item = TokenStream::new();
    for token in tokens {
        let is_comma = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
        if !is_comma || item.is_empty() {
            item.extend([token]);
        }
        if is_comma {
            items.push(std::mem::take(&mut item));
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// The name that was probably meant.
fn nearest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let begins =
        |name: &&&str| text.len() > 2 && (name.starts_with(text) || text.starts_with(**name));
    let by_distance = || {
        let distances = names.iter().map(|name| (strsim::osa_distance(text, name), *name));
        let nearest = distances.min_by_key(|(distance, _)| *distance)?;
        (nearest.0 <= nearest.1.len().div_ceil(3)).then_some(nearest.1)
    };
    names.iter().find(begins).copied().or_else(by_distance)
}
