//! Reads a block, and goes on reading after a mistake.
//!
//! A mistake costs its own task only: it is reported, the reader skips to where the next task
//! seems to begin, and the tasks that could be read are still examined for mistakes of another
//! kind. What the names and expressions mean is not known here; the tree goes to `check`.

use super::attributes::Attributes;
use super::list;
use super::tree::{Block, Body, Each, List, Task};
use crate::errors::{self, Errors};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Expr, LitStr, Pat, Path, Token};

/// The name of a task whose name could not be read; never seen, since that was reported.
pub(super) const NAMELESS: &str = "__concur_nameless";

/// Reads all of the tokens, whatever they are.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Block {
    let mut block = Block::default();
    let read = |input: ParseStream<'_>| {
        Reader { input, errors: &mut *errors, block: &mut block }.tasks();
        Ok(())
    };
    if let Err(err) = read.parse2(tokens) {
        errors.push(err);
    }
    block
}

struct Reader<'a, 'b> {
    input: ParseStream<'a>,
    errors: &'b mut Errors,
    block: &'b mut Block,
}

/// What may follow a task: a comma or nothing; the same, but after a mistake, so that no other need
/// be reported; or anything, after tokens that could not be read.
enum Next {
    Known { name: String },
    Reported,
    Recover,
}

impl Reader<'_, '_> {
    fn tasks(&mut self) {
        while !self.input.is_empty() {
            let before = self.input.cursor();
            let next = self.task();
            self.separator(&next);
            if self.input.cursor() == before {
                self.skip_token();
            }
        }
    }

    fn separator(&mut self, next: &Next) {
        if let Next::Recover = next {
            self.skip_to_next_task();
        }
        if self.input.is_empty() || self.take::<Token![,]>().is_some() {
            return;
        }
        let Next::Known { name } = next else { return };
        let at = self.input.span();
        if self.take::<Token![;]>().is_some() {
            self.errors.push(errors::semicolon_for_comma(at));
        } else if let Some(next) = next_task(self.input.cursor()) {
            self.errors.push(errors::missing_comma(at, &next));
        } else {
            self.errors.push(errors::unexpected_after_task(at, name));
            self.skip_to_next_task();
            self.take::<Token![,]>();
        }
    }

    fn task(&mut self) -> Next {
        let attributes = self.attributes();
        let input = self.input;
        let at = input.span();
        if input.is_empty() {
            return Next::Recover;
        }
        if input.peek(Token![,]) {
            self.errors.push(errors::missing_task(at));
            return Next::Reported;
        }
        if input.peek(Token![for]) && !input.peek2(Token![=>]) {
            return self.each(attributes);
        }
        let Some(name) = self.name() else { return self.after_nothing() };
        let Some(arrow) = self.arrow(&name) else { return self.after_nothing() };
        let text = name.to_string();
        let ends = input.is_empty() || input.peek(Token![,]);
        let next_is_here = input.cursor().ident().is_some_and(|(_, after)| list::is_arrow(after));
        if ends || next_is_here {
            self.errors.push(errors::missing_expression(&arrow));
            return Next::Reported;
        }
        let Some((list, body)) = self.list_and_body() else { return Next::Recover };
        self.block.tasks.push(Task { attributes, name, arrow, list, body });
        Next::Known { name: text }
    }

    /// After something that was no task: the next one may follow right here.
    fn after_nothing(&self) -> Next {
        if self.input.peek(Token![,]) { Next::Reported } else { Next::Recover }
    }

    fn attributes(&mut self) -> Attributes {
        let mut found = Vec::new();
        while self.input.peek(Token![#]) {
            match self.attempt(Attribute::parse_outer) {
                Ok(attributes) if !attributes.is_empty() => found.extend(attributes),
                Ok(_) => break,
                Err(err) => {
                    self.errors.push(err);
                    self.skip_token();
                    break;
                }
            }
        }
        Attributes::read(&found, self.errors)
    }

    /// The name, if what stands here can be taken for one. A wrong one is reported and taken, so
    /// that the expression after it is looked at in the same build.
    fn name(&mut self) -> Option<Ident> {
        let input = self.input;
        let at = input.span();
        let nameless = Ident::new(NAMELESS, at);
        if list::is_arrow(input.cursor()) {
            self.errors.push(errors::missing_name(at));
            return Some(nameless);
        }
        if let Some((ident, after)) = input.cursor().ident() {
            if wrong_arrow(after) || list::is_arrow(after) || after.eof() || is_comma(after) {
                self.skip_token();
                return Some(self.checked_name(ident));
            }
        }
        if let Ok(literal) = self.attempt(|input| {
            let literal = input.parse::<LitStr>()?;
            let arrow = list::is_arrow(input.cursor()) || wrong_arrow(input.cursor());
            if arrow { Ok(literal) } else { Err(input.error("an expression")) }
        }) {
            let text = literal.value();
            let is_word = text.chars().all(|char| char.is_alphanumeric() || char == '_');
            let instead = is_word.then(|| syn::parse_str::<Ident>(&text).ok()).flatten();
            let instead_text = instead.as_ref().map(Ident::to_string);
            self.errors.push(errors::name_is_literal(&literal, instead_text.as_deref()));
            return Some(instead.unwrap_or(nameless));
        }
        if let Ok(path) = self.attempt(|input| {
            let path = input.call(Path::parse_mod_style)?;
            if list::is_arrow(input.cursor()) { Ok(path) } else { Err(input.error("no name")) }
        }) {
            self.errors.push(errors::name_is_not_plain(&path));
            return Some(nameless);
        }
        match self.attempt(Expr::parse) {
            Ok(expr) if input.is_empty() || input.peek(Token![,]) => {
                self.errors.push(errors::unnamed_task(&expr));
                None
            }
            Ok(expr) if list::is_arrow(input.cursor()) => {
                self.errors.push(errors::name_is_not_plain(&expr));
                Some(nameless)
            }
            _ => {
                self.errors.push(errors::unexpected(at));
                None
            }
        }
    }

    fn checked_name(&mut self, ident: Ident) -> Ident {
        if ident == "_" {
            self.errors.push(errors::name_is_underscore(ident.span()));
            return Ident::new(NAMELESS, ident.span());
        }
        if syn::parse_str::<Ident>(&ident.to_string()).is_err() {
            self.errors.push(errors::name_is_keyword(ident.span(), &ident.to_string()));
        }
        ident
    }

    /// The `=>`, also where another operator stands for it.
    fn arrow(&mut self, name: &Ident) -> Option<Token![=>]> {
        if let Some(arrow) = self.take::<Token![=>]>() {
            return Some(arrow);
        }
        let span = self.input.span();
        let text = name.to_string();
        let wrong = if let Some(arrow) = self.take::<Token![->]>() {
            errors::wrong_arrow(&arrow, &text)
        } else if let Some(colon) = self.take::<Token![:]>() {
            errors::wrong_arrow(&colon, &text)
        } else if let Some(equals) = self.take::<Token![=]>() {
            errors::wrong_arrow(&equals, &text)
        } else {
            self.errors.push(errors::missing_arrow(name.span(), &text));
            return None;
        };
        self.errors.push(wrong);
        Some(Token![=>](span))
    }

    fn each(&mut self, attributes: Attributes) -> Next {
        let input = self.input;
        let Some(for_token) = self.take::<Token![for]>() else { return Next::Recover };
        let pat = match self.attempt(Pat::parse_multi_with_leading_vert) {
            Ok(pat) => pat,
            Err(err) => return self.recover(err),
        };
        let at = self.here(for_token.span);
        let Some(in_token) = self.take::<Token![in]>() else {
            return self.recover(errors::for_without_in(at));
        };
        let items = match self.attempt(Expr::parse_without_eager_brace) {
            Ok(items) => items,
            Err(err) => return self.recover(err),
        };
        let at = self.here(for_token.span);
        let Some(arrow) = self.take::<Token![=>]>() else {
            return self.recover(errors::for_without_arrow(at));
        };
        if input.is_empty() || input.peek(Token![,]) {
            self.errors.push(errors::missing_expression(&arrow));
            return Next::Reported;
        }
        let Some((list, body)) = self.list_and_body() else { return Next::Recover };
        let each = Each { attributes, for_token, pat, in_token, items, arrow, list, body };
        self.block.each.push(each);
        Next::Known { name: "for".to_owned() }
    }

    fn list_and_body(&mut self) -> Option<(Option<List>, Body)> {
        let list = if list::begins(self.input) {
            match list::parse(self.input, self.errors) {
                Ok(list) => Some(list),
                Err(err) => {
                    self.errors.push(err);
                    return None;
                }
            }
        } else {
            None
        };
        let begin = self.input.cursor();
        match self.attempt(Expr::parse) {
            Ok(expr) => {
                let tokens = between(begin, self.input.cursor());
                Some((list, Body { expr, tokens }))
            }
            Err(err) => {
                self.errors.push(err);
                None
            }
        }
    }

    fn recover(&mut self, err: syn::Error) -> Next {
        self.errors.push(err);
        Next::Recover
    }

    /// Where the next token is, or `last` at the end, where a span of the stream is the whole call.
    fn here(&self, last: Span) -> Span {
        if self.input.is_empty() { last } else { self.input.span() }
    }

    /// Parses on a fork, so that a failure consumes nothing and leaves no trace in the stream.
    fn attempt<T>(&self, parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<T> {
        let fork = self.input.fork();
        let parsed = parse(&fork)?;
        self.input.advance_to(&fork);
        Ok(parsed)
    }

    fn take<T: Parse>(&self) -> Option<T> {
        self.attempt(T::parse).ok()
    }

    fn skip_token(&self) {
        // Fails at the end only, where there is nothing to skip.
        let _ = self.input.parse::<TokenTree>();
    }

    fn skip_to_next_task(&self) {
        while !self.input.is_empty() {
            let Some((_, after)) = self.input.cursor().token_tree() else { return };
            if self.input.peek(Token![,]) && (after.eof() || next_task(after).is_some()) {
                return;
            }
            self.skip_token();
        }
    }
}

/// The first word of the task that begins at the cursor, if one seems to.
fn next_task(cursor: Cursor<'_>) -> Option<String> {
    if let Some((punct, after)) = cursor.punct() {
        let (_, _, after) = after.group(proc_macro2::Delimiter::Bracket)?;
        return if punct.as_char() == '#' { next_task(after) } else { None };
    }
    if let Some((literal, after)) = cursor.literal() {
        return list::is_arrow(after).then(|| literal.to_string());
    }
    let (ident, after) = cursor.ident()?;
    (ident == "for" || list::is_arrow(after)).then(|| ident.to_string())
}

fn is_comma(cursor: Cursor<'_>) -> bool {
    cursor.punct().is_some_and(|(punct, _)| punct.as_char() == ',')
}

/// Whether `=`, `:` or `->` stands here, alone.
fn wrong_arrow(cursor: Cursor<'_>) -> bool {
    let Some((first, after)) = cursor.punct() else { return false };
    let second = after.punct().map(|(second, _)| second.as_char());
    match first.as_char() {
        '=' => !matches!(second, Some('=' | '>')),
        ':' => second != Some(':'),
        '-' => second == Some('>'),
        _ => false,
    }
}

/// The tokens from one place in a stream to a later one.
pub(crate) fn between(begin: Cursor<'_>, end: Cursor<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut cursor = begin;
    while cursor < end {
        let Some((token, next)) = cursor.token_tree() else { break };
        tokens.extend([token]);
        cursor = next;
    }
    tokens
}
