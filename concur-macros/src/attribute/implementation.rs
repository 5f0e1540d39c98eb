//! `#[concurrent]` on an `impl` block: its methods that carry the attribute are tasks, and since their
//! type is known here, they have stable names.
//!
//! The methods that make the tasks stand beside those they call. Those of a trait cannot, since they
//! are not members of it: they go into an `impl` of the type itself.

use super::expand::Owner;
use super::item::{self, Implementation, Member};
use super::{krate, task_of};
use crate::errors::{self, Errors};
use crate::options::{self, Place};
use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::{Attribute, GenericParam, Generics, PathArguments, Type, TypePath};

pub(super) fn expand(
    block: &Implementation,
    options: TokenStream,
    errors: &mut Errors,
) -> TokenStream {
    let block_options = options::read(options, Place::Impl, errors);
    let members = match item::members.parse2(block.body.stream()) {
        Ok(members) => members,
        Err(err) => {
            errors.push(err);
            Vec::new()
        }
    };
    if !members.iter().any(|member| matches!(member, Member::Annotated { .. })) {
        errors.push(errors::impl_without_tasks(&block.impl_token));
    }
    if block.of_trait.is_some() && !block.generics.params.is_empty() {
        errors.push(errors::impl_of_generic_trait(&block.generics));
    }
    let owner = Owner::Type {
        name: name(&block.self_type, &block.generics),
        of_trait: block.of_trait.as_ref().map(ToTokens::to_token_stream),
    };
    let (mut body, mut beside) = (TokenStream::new(), TokenStream::new());
    for member in members {
        let (ours, tokens, function) = match member {
            Member::Other(tokens) => {
                body.extend(tokens);
                continue;
            }
            Member::Annotated { ours, tokens, function } => (ours, tokens, function),
        };
        body.extend(tokens);
        let [first, more @ ..] = &*ours else { continue };
        for again in more {
            errors.push(errors::concurrent_twice(again));
        }
        let Some(function) = function else {
            errors.push(errors::concurrent_on_other_item(first.pound_token.span));
            continue;
        };
        let said = item::options_of(first).unwrap_or_else(|err| {
            errors.push(err);
            TokenStream::new()
        });
        let mut options = options::read(said, Place::Function, errors);
        options.krate = options.krate.or_else(|| block_options.krate.clone());
        let task = task_of(&function, &options, &krate(&options), &owner, errors);
        if block.of_trait.is_some() { &mut beside } else { &mut body }.extend(task);
    }
    written(block, body, &beside)
}

fn written(block: &Implementation, body: TokenStream, beside: &TokenStream) -> TokenStream {
    let mut members = Group::new(block.body.delimiter(), body);
    members.set_span(block.body.span());
    let (head, self_type) = (&block.head, &block.self_type);
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    let cfgs = block.attributes.iter().filter(is_cfg);
    let is_generic = !block.generics.params.is_empty();
    let beside = (!beside.is_empty() && !is_generic).then(|| {
        quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            impl #self_type {
                #beside
            }
        }
    });
    quote!(#head #members #beside)
}

/// The type as it stands in the names of its tasks: without its path, and without parameters of the
/// block.
fn name(self_type: &Type, generics: &Generics) -> String {
    let Type::Path(TypePath { path, .. }) = self_type else { return squeezed(self_type) };
    let Some(last) = path.segments.last() else { return squeezed(self_type) };
    let parameters: Vec<String> = generics
        .params
        .iter()
        .map(|parameter| match parameter {
            GenericParam::Lifetime(parameter) => squeezed(&parameter.lifetime),
            GenericParam::Type(parameter) => parameter.ident.to_string(),
            GenericParam::Const(parameter) => parameter.ident.to_string(),
        })
        .collect();
    let is_open = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().all(|argument| parameters.contains(&squeezed(argument)))
        }
        _ => false,
    };
    if is_open { last.ident.to_string() } else { squeezed(last) }
}

fn squeezed(tokens: &impl ToTokens) -> String {
    quote!(#tokens).to_string().replace(' ', "")
}
