//! What a block is once it is read: plain data, made by `parse`, read by everything after it.
//!
//! It prints back to the tokens it was read from, for a block inside a task, whose captures the
//! outer block may rename.

use super::attributes::Attributes;
use crate::captures::Place;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Expr, Ident, Pat, Token};

/// A block: named tasks, or one `for`. Any mixture can be read; `check` says which make sense.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) tasks: Vec<Task>,
    pub(crate) each: Vec<Each>,
}

/// `name => expression`
pub(crate) struct Task {
    pub(crate) attributes: Attributes,
    pub(crate) name: Ident,
    pub(crate) arrow: Token![=>],
    pub(crate) list: Option<List>,
    pub(crate) body: Body,
}

/// `for pattern in items => expression`
pub(crate) struct Each {
    pub(crate) attributes: Attributes,
    pub(crate) for_token: Token![for],
    pub(crate) pat: Pat,
    pub(crate) in_token: Token![in],
    pub(crate) items: Expr,
    pub(crate) arrow: Token![=>],
    pub(crate) list: Option<List>,
    pub(crate) body: Body,
}

/// `[region, self.shop]` in front of an expression: captured are these and nothing else.
pub(crate) struct List {
    pub(crate) bracket: syn::token::Bracket,
    pub(crate) places: Vec<Place>,
}

/// The expression of a task, as a tree to walk and as the very tokens that the user wrote, which
/// are what is emitted unless something in it must be renamed.
pub(crate) struct Body {
    pub(crate) expr: Expr,
    pub(crate) tokens: TokenStream,
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for Task { attributes, name, arrow, list, body } in &self.tasks {
            let expr = &body.expr;
            tokens.extend(quote!(#attributes #name #arrow #list #expr,));
        }
        for Each { attributes, for_token, pat, in_token, items, arrow, list, body } in &self.each {
            let expr = &body.expr;
            tokens.extend(quote! {
                #attributes #for_token #pat #in_token #items #arrow #list #expr,
            });
        }
    }
}

impl ToTokens for List {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.bracket.surround(tokens, |tokens| {
            let places = &self.places;
            tokens.extend(quote!(#(#places),*));
        });
    }
}
