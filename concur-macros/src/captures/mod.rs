//! What a task captures from the code around it, found in its tokens.
//!
//! `walk` goes through the expression with the scopes of Rust in hand; `collect` keeps the free
//! places it meets; `rewrite` gives those a name in the body that have none. Types are not known
//! here: whether a captured value can be sent is asked by the generated code.

mod collect;
mod format_string;
mod place;
mod rewrite;
mod scope;
mod std_macros;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use place::{Place, same_hygiene};

use crate::block::{Body, List};
use crate::errors::Errors;
use collect::Collector;
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use rewrite::Rewriter;
use syn::Pat;
use syn::visit_mut::VisitMut;
use walk::{Visitor, Walker};

/// What stands around the expression of a task.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    /// Its own name.
    pub(crate) task: Option<&'a Ident>,
    /// The names of the other tasks of its block.
    pub(crate) siblings: Vec<&'a Ident>,
    /// The pattern of a `for`, whose names are each task's own.
    pub(crate) pattern: Option<&'a Pat>,
}

/// A captured place and the name it has in the body.
pub(crate) struct Capture {
    pub(crate) place: Place,
    pub(crate) binding: Ident,
}

/// A body that can be moved into a closure of its own, and what that closure takes.
pub(crate) struct Captured {
    pub(crate) captures: Vec<Capture>,
    pub(crate) body: TokenStream,
    /// The first `.await`, if the task is async.
    pub(crate) awaits: Option<Span>,
}

/// Finds the captures of a task. A list by hand says which they are; the walk then only checks.
pub(crate) fn find(
    body: &Body,
    list: Option<&List>,
    surroundings: &Surroundings<'_>,
    errors: &mut Errors,
) -> Captured {
    let mut collector = Collector::new(list, surroundings, errors);
    let mut expr = body.expr.clone();
    walk(&mut collector, surroundings.pattern, &mut expr);
    let awaits = collector.awaits;
    let captures = rewrite::name(collector.places);
    let body = match Rewriter::new(&captures, list.is_some()) {
        Some(mut rewriter) => {
            walk(&mut rewriter, surroundings.pattern, &mut expr);
            expr.into_token_stream()
        }
        None => body.tokens.clone(),
    };
    Captured { captures, body, awaits }
}

fn walk<V: Visitor>(visitor: &mut V, pattern: Option<&Pat>, expr: &mut syn::Expr) {
    let mut walker = Walker::new(visitor);
    if let Some(pattern) = pattern {
        walker.scopes.bind_pattern(pattern);
    }
    walker.visit_expr_mut(expr);
}
