//! Whether a function can be a task: what its arguments, its result and its qualifiers say.
//!
//! Reports everything it finds. Leaves to rustc, which knows types, whether values of them can travel:
//! what is written is such that rustc asks at the types.

use super::expand::Owner;
use super::item::Function;
use crate::errors::{self, Errors};
use crate::options::Options;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Attribute, FnArg, GenericArgument, Lifetime, Pat, PatType, PathArguments, ReceiverKind,
    ReturnType, Safety, TraitBound, Type, TypePath, TypeReference,
};

/// What there is to be written of a function that can be a task.
pub(super) struct Checked<'a> {
    pub(super) arguments: Vec<Argument<'a>>,
    pub(super) answer: Answer<'a>,
}

/// An argument other than `self`.
pub(super) struct Argument<'a> {
    /// Its name, or one for it where it is a pattern: not the user's, so that nothing can hide it.
    pub(super) name: Ident,
    pub(super) ty: &'a Type,
    /// Where it is said that the type cannot be sent.
    pub(super) at: Span,
}

/// What the function gives.
pub(super) enum Answer<'a> {
    /// Nothing.
    Unit,
    /// It never returns.
    Never(&'a Type),
    Value(&'a Type),
    /// A `Result`, with the types of its value and of its error where they stand there.
    Result {
        whole: &'a Type,
        value: Option<&'a Type>,
        err: Option<&'a Type>,
    },
}

/// `None` if anything is wrong, which is reported.
pub(super) fn check<'a>(
    function: &'a Function,
    options: &Options,
    owner: &Owner,
    errors: &mut Errors,
) -> Option<Checked<'a>> {
    let signature = &function.signature;
    let mut found = Errors::default();
    if let Safety::Unsafe(token) = &signature.safety {
        found.push(errors::function_is_unsafe(token));
    }
    if let Some(variadic) = &signature.variadic {
        found.push(errors::function_is_variadic(&variadic.dots));
    }
    if let (Owner::Nobody, Some(at)) = (owner, mention_of_self(function)) {
        found.push(errors::function_of_unknown_type(at));
    }
    check_receiver(function, &mut found);
    let inputs = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    refuse_callables(function, &mut found);
    let arguments = arguments(&inputs.collect::<Vec<_>>(), &mut found);
    let answer = answer(function, options, &mut found);
    let is_right = found.is_empty();
    errors.append(found);
    is_right.then_some(Checked { arguments, answer })
}

/// `Self` in the head of a function that has no `self`: it stands in an `impl`, whose type it cannot
/// know.
fn mention_of_self(function: &Function) -> Option<Span> {
    fn find(tokens: TokenStream) -> Option<Span> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => Some(ident.span()),
            TokenTree::Group(group) => find(group.stream()),
            _ => None,
        })
    }
    let signature = &function.signature;
    let (inputs, output) = (&signature.inputs, &signature.output);
    find(quote!(#inputs #output))
}

fn check_receiver(function: &Function, errors: &mut Errors) {
    let Some(receiver) = function.receiver() else { return };
    refuse_cfg(&receiver.attrs, errors);
    match &receiver.kind {
        ReceiverKind::Reference(and, _, Some(mutability)) => {
            errors.push(errors::function_changes_self(&quote!(#and #mutability)));
        }
        ReceiverKind::Reference(_, Some(lifetime), None) if is_static(lifetime) => {
            errors.push(errors::self_is_static(lifetime));
        }
        ReceiverKind::Typed(_, ty) => {
            if let Some(TypeReference { lifetime: Some(lifetime), mutability: None, .. }) =
                reference(ty).filter(|it| it.lifetime.as_ref().is_some_and(is_static))
            {
                errors.push(errors::self_is_static(lifetime));
            }
            if let Some(TypeReference { and_token, mutability: Some(mutability), .. }) =
                reference(ty)
            {
                errors.push(errors::function_changes_self(&quote!(#and_token #mutability)));
            }
        }
        _ => {}
    }
}

fn arguments<'a>(inputs: &[&'a PatType], errors: &mut Errors) -> Vec<Argument<'a>> {
    let mut arguments: Vec<Argument<'a>> = Vec::new();
    for (index, PatType { attrs, pat, ty, .. }) in inputs.iter().copied().enumerate() {
        refuse_cfg(attrs, errors);
        if let Some(TypeReference { and_token, mutability: Some(mutability), .. }) = reference(ty) {
            errors.push(errors::argument_changes(&quote!(#and_token #mutability)));
        }
        refuse_lifetimes(ty, errors);
        let mut name = match &**pat {
            Pat::Ident(pat) if pat.subpat.is_none() => pat.ident.clone(),
            _ => Ident::new(&format!("argument_{}", index + 1), pat.span()),
        };
        name.set_span(Span::mixed_site().located_at(name.span()));
        while arguments.iter().any(|argument| argument.name == name) {
            name = Ident::new(&format!("{name}_"), name.span());
        }
        arguments.push(Argument { name, ty, at: place(ty) });
    }
    arguments
}

/// What the second function takes cannot hang on a `cfg` of the first one's argument.
fn refuse_cfg(attributes: &[Attribute], errors: &mut Errors) {
    let is_cfg = |attribute: &&Attribute| {
        attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
    };
    for attribute in attributes.iter().filter(is_cfg) {
        errors.push(errors::cfg_on_argument(attribute));
    }
}

fn answer<'a>(function: &'a Function, options: &Options, errors: &mut Errors) -> Answer<'a> {
    let ReturnType::Type(_, whole) = &function.signature.output else {
        if options.fallible == Some(true) {
            errors.push(errors::fallible_without_result(&function.signature.ident));
        }
        return Answer::Unit;
    };
    match bare(whole) {
        Type::Never(_) => return Answer::Never(whole),
        Type::Reference(reference) => {
            errors.push(errors::result_is_reference(&reference.and_token));
        }
        Type::ImplTrait(hidden) => errors.push(errors::result_is_hidden(&hidden.impl_token)),
        _ => {}
    }
    let last = match bare(whole) {
        Type::Path(TypePath { path, .. }) => path.segments.last(),
        _ => None,
    };
    let by_name = last.is_some_and(|last| last.ident.to_string().ends_with("Result"));
    if !options.fallible.unwrap_or(by_name) {
        return Answer::Value(whole);
    }
    let exact = last.filter(|last| last.ident == "Result");
    let arguments = match exact.map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    let mut types = arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let (value, err) = (types.next(), types.next());
    if let Some(Type::Reference(reference)) = value.map(bare) {
        errors.push(errors::result_is_reference(&reference.and_token));
    }
    Answer::Result { whole, value, err }
}

/// What an argument refers to, or is, cannot borrow, and a reference to it ends with the task.
fn refuse_lifetimes(ty: &Type, errors: &mut Errors) {
    let inner = match reference(ty) {
        Some(TypeReference { lifetime: Some(lifetime), .. }) if is_static(lifetime) => {
            return errors.push(errors::argument_is_static(lifetime));
        }
        Some(reference) => &reference.elem,
        None => ty,
    };
    if let Some(err) = borrow_inside(inner) {
        errors.push(err);
    }
}

/// A borrow in what an argument is or refers to.
fn borrow_inside(ty: &Type) -> Option<syn::Error> {
    struct Find(Option<syn::Error>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            // Whether a reference for `'static` is data (in a `PhantomData`), rustc knows.
            if let Some(lifetime) = reference.lifetime.as_ref().filter(|it| !is_static(it)) {
                self.0.get_or_insert_with(|| errors::argument_refers(lifetime));
            }
            self.visit_type(&reference.elem);
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if !is_static(lifetime) {
                self.0.get_or_insert_with(|| errors::argument_borrows(lifetime));
            }
        }
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// Callables have no bytes that could be sent, and a type parameter could be any of them.
fn refuse_callables(function: &Function, errors: &mut Errors) {
    struct Find<'a>(&'a mut Errors);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
            let last = bound.path.segments.last();
            if last.is_some_and(|last| ["Fn", "FnMut", "FnOnce"].iter().any(|it| last.ident == it))
            {
                self.0.push(errors::argument_is_callable(&bound.path));
            }
        }
    }
    let signature = &function.signature;
    let mut find = Find(errors);
    find.visit_generics(&signature.generics);
    for input in &signature.inputs {
        if let FnArg::Typed(PatType { ty, .. }) = input {
            if let Type::ImplTrait(_) = bare(ty) {
                find.visit_type(ty);
            }
        }
    }
}

fn reference(ty: &Type) -> Option<&TypeReference> {
    match bare(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// The type without parentheses, and without the invisible ones of `macro_rules!`.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        _ => ty,
    }
}

/// The token that says most about a type: the last name of a path, also behind references.
pub(super) fn place(ty: &Type) -> Span {
    match ty {
        Type::Paren(inner) => place(&inner.elem),
        Type::Group(inner) => place(&inner.elem),
        Type::Reference(inner) => place(&inner.elem),
        Type::Slice(inner) => place(&inner.elem),
        Type::Array(inner) => place(&inner.elem),
        Type::Path(TypePath { path, .. }) => {
            path.segments.last().map_or_else(|| ty.span(), |last| last.ident.span())
        }
        _ => {
            let first = ty.to_token_stream().into_iter().next();
            first.map_or_else(|| ty.span(), |token| token.span())
        }
    }
}
