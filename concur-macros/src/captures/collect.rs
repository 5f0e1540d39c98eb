//! Gathers what a task captures, and reports what no task may do with it.
//!
//! Changes nothing in the expression. Its result says which places are captured; what they are
//! called in the body is settled by `rewrite`.

use super::Surroundings;
use super::place::Place;
use super::walk::Visitor;
use crate::block::List;
use crate::errors::{self, Errors};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Expr;

pub(super) struct Collector<'a> {
    pub(super) places: Vec<Place>,
    /// The first `.await`, which makes the task async.
    pub(super) awaits: Option<Span>,
    listed: bool,
    surroundings: &'a Surroundings<'a>,
    errors: &'a mut Errors,
    /// One message for each variable is enough.
    reported: Vec<Place>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        list: Option<&List>,
        surroundings: &'a Surroundings<'a>,
        errors: &'a mut Errors,
    ) -> Self {
        let mut places = Vec::new();
        for place in list.into_iter().flat_map(|list| &list.places) {
            keep(&mut places, place);
        }
        let (listed, reported) = (list.is_some(), Vec::new());
        Self { places, awaits: None, listed, surroundings, errors, reported }
    }

    fn is_sibling(&mut self, place: &Place) -> bool {
        let name = &place.base;
        if !self.surroundings.siblings.contains(&name) {
            return false;
        }
        if self.first_report(&Place::variable(name.clone())) {
            let task = self.surroundings.task.map(ToString::to_string);
            self.errors.push(errors::sibling(name.span(), &name.to_string(), task.as_deref()));
        }
        true
    }

    fn first_report(&mut self, place: &Place) -> bool {
        let first = !self.reported.iter().any(|reported| reported.covers(place));
        self.reported.push(place.clone());
        first
    }
}

impl Visitor for Collector<'_> {
    fn place(&mut self, place: &Place) -> Option<Expr> {
        let covered = self.places.iter().any(|kept| kept.covers(place));
        if !covered && !self.is_sibling(place) && !self.listed {
            keep(&mut self.places, place);
        }
        None
    }

    fn opaque_macro(&mut self, tokens: &TokenStream, in_task: bool) -> Option<TokenStream> {
        if in_task && self.awaits.is_none() {
            self.awaits = find_await(tokens.clone());
        }
        None
    }

    fn changed(&mut self, place: &Place) {
        let sent = !self.listed || self.places.iter().any(|kept| kept.covers(place));
        let sibling = self.surroundings.siblings.contains(&&place.base);
        if sent && !sibling && self.first_report(place) {
            self.errors.push(errors::mutated_copy(place, &place.joined("."), &place.name()));
        }
    }

    fn leaves(&mut self, at: Span, keyword: &'static str) {
        self.errors.push(errors::leaves_task(at, keyword));
    }

    fn awaits(&mut self, at: Span) {
        self.awaits = self.awaits.or(Some(at));
    }
}

/// Keeps the place, unless it comes with one that is kept; those that come with it go. It stands
/// where the first of them stood.
fn keep(places: &mut Vec<Place>, place: &Place) {
    if places.iter().any(|kept| kept.covers(place)) {
        return;
    }
    let at = places.iter().position(|kept| place.covers(kept)).unwrap_or(places.len());
    places.retain(|kept| !place.covers(kept));
    places.insert(at, place.clone());
}

/// The first `.await` among tokens that may mean anything, but not in an async block.
fn find_await(tokens: TokenStream) -> Option<Span> {
    let mut after_dot = false;
    let mut after_async = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if after_dot && ident == "await" => return Some(ident.span()),
            TokenTree::Ident(ident) => {
                after_async = ident == "async" || (after_async && ident == "move");
                after_dot = false;
            }
            TokenTree::Group(group) => {
                let is_async = after_async && group.delimiter() == Delimiter::Brace;
                if let (false, Some(span)) = (is_async, find_await(group.stream())) {
                    return Some(span);
                }
                (after_dot, after_async) = (false, false);
            }
            TokenTree::Punct(punct) => {
                (after_dot, after_async) = (punct.as_char() == '.', false);
            }
            TokenTree::Literal(_) => (after_dot, after_async) = (false, false),
        }
    }
    None
}
