//! Reads what the attribute stands on: the head of a function or of an `impl`, bodies left as the
//! tokens they are.

use crate::block::between;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::{
    Attribute, FnArg, Generics, Meta, Receiver, Signature, Token, Type, Visibility, WhereClause,
};

/// A function or a method.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
}

pub(super) fn function(input: ParseStream<'_>) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    function_below(attributes, input)
}

/// A function whose attributes have been read.
pub(super) fn function_below(
    attributes: Vec<Attribute>,
    input: ParseStream<'_>,
) -> syn::Result<Function> {
    let visibility = input.parse()?;
    if input.peek(Token![default]) && !input.peek2(Token![!]) {
        input.parse::<Token![default]>()?;
    }
    let signature = input.parse()?;
    braces(input)?;
    Ok(Function { attributes, visibility, signature })
}

fn braces(input: ParseStream<'_>) -> syn::Result<Group> {
    let body: Group = input.parse()?;
    if body.delimiter() == Delimiter::Brace {
        Ok(body)
    } else {
        Err(syn::Error::new(body.span(), "no body"))
    }
}

impl Function {
    pub(super) fn receiver(&self) -> Option<&Receiver> {
        match self.signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Some(receiver),
            _ => None,
        }
    }

    pub(super) fn is_method(&self) -> bool {
        self.receiver().is_some()
    }
}

/// An `impl` block.
pub(super) struct Implementation {
    pub(super) attributes: Vec<Attribute>,
    pub(super) impl_token: Token![impl],
    pub(super) generics: Generics,
    pub(super) of_trait: Option<Type>,
    pub(super) self_type: Type,
    /// All of it in front of the body.
    pub(super) head: TokenStream,
    pub(super) body: Group,
}

pub(super) fn implementation(input: ParseStream<'_>) -> syn::Result<Implementation> {
    let attributes = input.call(Attribute::parse_outer)?;
    let mut head = quote!(#(#attributes)*);
    if input.peek(Token![default]) {
        input.parse::<Token![default]>()?.to_tokens(&mut head);
    }
    input.parse::<Option<Token![unsafe]>>()?.to_tokens(&mut head);
    let impl_token: Token![impl] = input.parse()?;
    let generics: Generics = input.parse()?;
    let first: Type = input.parse()?;
    quote!(#impl_token #generics #first).to_tokens(&mut head);
    let (of_trait, self_type) = match input.parse::<Option<Token![for]>>()? {
        None => (None, first),
        Some(token) => {
            let self_type = input.parse::<Type>()?;
            quote!(#token #self_type).to_tokens(&mut head);
            (Some(first), self_type)
        }
    };
    input.parse::<Option<WhereClause>>()?.to_tokens(&mut head);
    let body = braces(input)?;
    Ok(Implementation { attributes, impl_token, generics, of_trait, self_type, head, body })
}

/// Whether an attribute is this one, by what it is called.
pub(super) fn is_ours(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "concurrent" || last.ident == "task")
}

/// What is between the parentheses of an attribute.
pub(super) fn options_of(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(pair) => Err(crate::errors::option_expected(&pair.value)),
    }
}

/// A part of an `impl` block.
pub(super) enum Member {
    /// Tokens that are no business of ours.
    Other(TokenStream),
    /// What carries the attribute, which is not among its tokens; `None` if it is no function.
    Annotated { ours: Vec<Attribute>, tokens: TokenStream, function: Option<Box<Function>> },
}

/// Takes the body of an `impl` block apart.
pub(super) fn members(input: ParseStream<'_>) -> syn::Result<Vec<Member>> {
    let mut members = Vec::new();
    let mut other = TokenStream::new();
    while !input.is_empty() {
        if !input.peek(Token![#]) || input.peek2(Token![!]) {
            other.extend([input.parse::<TokenTree>()?]);
            continue;
        }
        let attributes = input.call(Attribute::parse_outer)?;
        let (ours, theirs): (Vec<_>, Vec<_>) = attributes.into_iter().partition(is_ours);
        let mut tokens = quote!(#(#theirs)*);
        if ours.is_empty() {
            other.extend(tokens);
            continue;
        }
        members.push(Member::Other(std::mem::take(&mut other)));
        let ahead = input.fork();
        let function = function_below(theirs, &ahead).ok().map(Box::new);
        if function.is_some() {
            tokens.extend(between(input.cursor(), ahead.cursor()));
            input.advance_to(&ahead);
        }
        members.push(Member::Annotated { ours, tokens, function });
    }
    members.push(Member::Other(other));
    Ok(members)
}
