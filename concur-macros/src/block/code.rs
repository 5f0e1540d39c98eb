//! What a task runs, ready to be written down: made of the expression of a block's task by `check`,
//! of the call of an annotated function by `attribute`.

use crate::captures::{Capture, same_hygiene};
use proc_macro2::{Span, TokenStream};

/// The code of a task.
pub(crate) struct Code {
    pub(crate) captures: Vec<Capture>,
    /// An expression that names the captures by their bindings, and nothing else from outside.
    pub(crate) expr: TokenStream,
    pub(crate) gives: Gives,
    /// Where it begins to be async, if it is.
    pub(crate) awaits: Option<Span>,
    /// The first and the last token that a message about the expression underlines.
    pub(crate) ends: (Span, Span),
}

/// What the expression gives.
pub(crate) enum Gives {
    /// The result of the task.
    Value,
    /// Visibly nothing: it never ends by itself.
    Nothing,
    /// How the task ends: `Ok` of its result, which has this type, or an `Err` of its failure.
    Ending(TokenStream),
}

/// The spans of the first and the last token, which stable Rust cannot join. If macros wrote the two,
/// nothing sensible is between them, and it is the first twice.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut tokens = tokens.clone().into_iter();
    let first = tokens.next().map_or_else(Span::mixed_site, |token| token.span());
    let last = tokens.last().map_or(first, |token| token.span());
    if same_hygiene(first, last) { (first, last) } else { (first, first) }
}
