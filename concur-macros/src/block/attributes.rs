//! What stands in front of an entry of a block: `#[task(...)]`, and comments.
//!
//! Knows which attributes an entry may have. What is between the parentheses is read by `options`.

use crate::errors::{self, Errors};
use crate::options::{self, Options, Place};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Meta};

/// The attributes of an entry.
#[derive(Default)]
pub(crate) struct Attributes {
    /// What all `#[task(...)]` of the entry say, if there is one.
    pub(crate) options: Option<Options>,
    /// As they were written.
    said: TokenStream,
}

impl Attributes {
    /// Reads all of them together, so that an option which two of them give is seen.
    pub(super) fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut said = TokenStream::new();
        let mut has_options = false;
        for attribute in attributes {
            let path = attribute.path();
            if path.is_ident("task") {
                has_options = true;
                match &attribute.meta {
                    Meta::List(list) => {
                        let options = &list.tokens;
                        said.extend(quote!(#options,));
                    }
                    Meta::Path(_) => {}
                    Meta::NameValue(_) => errors.push(errors::attribute(attribute)),
                }
            } else if path.is_ident("cfg") || path.is_ident("cfg_attr") {
                errors.push(errors::cfg_on_task(attribute));
            } else if !path.is_ident("doc") {
                errors.push(errors::attribute(attribute));
            }
        }
        let options = has_options.then(|| options::read(said.clone(), Place::Entry, errors));
        Self { options, said }
    }
}

impl ToTokens for Attributes {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if self.options.is_some() {
            let said = &self.said;
            tokens.extend(quote!(#[task(#said)]));
        }
    }
}
