//! Writes the function that makes the tasks: the head of the one it stands beside, with another name
//! and a `Task` for a result, and in it a task of a block whose expression is the call.

use super::check::{Answer, Argument, Checked, place};
use super::copied;
use super::item::Function;
use crate::block::{Code, Gives, ends, expand_task};
use crate::captures::{Capture, Place};
use crate::krate::{Krate, private_at};
use crate::options::Options;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{GenericParam, ReceiverKind};

/// What a function belongs to, as far as it can be known.
pub(super) enum Owner {
    /// A module.
    Nobody,
    /// Some type, which cannot be told from inside.
    Method,
}

pub(super) fn expand(
    function: &Function,
    checked: &Checked<'_>,
    options: &Options,
    krate: &Krate,
    owner: &Owner,
) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let signature = &function.signature;
    let attributes = copied::attributes(function, owner);
    let visibility = &function.visibility;
    let name = signature.ident.unraw();
    let task_name = Ident::new(&format!("{name}_task"), located(signature.ident.span()));
    let (generics, bounds) = (&signature.generics, &signature.generics.where_clause);
    let receiver = receiver(function);
    let arguments =
        checked.arguments.iter().map(|Argument { name, ty, .. }| quote_spanned!(ours=> #name: #ty));
    let inputs: Vec<_> = receiver.into_iter().chain(arguments).collect();
    let value_type = checked.answer.value_type(&krate.private());
    let task_type = krate.private();
    let import = krate.import();
    let options = options.written();
    let task = expand_task(&code(function, checked, owner), &site(&signature.ident));
    quote_spanned! {ours=>
        #attributes
        #visibility fn #task_name #generics(#(#inputs),*) -> #task_type::Task<#value_type>
        #bounds
        {
            #import
            #private::of_function(#task, #options)
        }
    }
}

/// `self`, as the function takes it.
fn receiver(function: &Function) -> Option<TokenStream> {
    let receiver = function.receiver()?;
    let self_token = &receiver.self_token;
    Some(match &receiver.kind {
        ReceiverKind::Reference(and, lifetime, _) => quote!(#and #lifetime #self_token),
        ReceiverKind::Typed(colon, ty) => quote!(#self_token #colon #ty),
        _ => quote!(#self_token),
    })
}

/// The file and the line are those of the function's name, not of the attribute: rustc counts from
/// where the tokens stand.
fn site(ident: &Ident) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let name = ident.unraw().to_string();
    let [file, line, column] = ["file", "line", "column"].map(|place| {
        let place = Ident::new(place, ident.span());
        quote_spanned!(ident.span()=> ::core::#place!())
    });
    quote_spanned!(ours=> #private::Site::new(#name, #file, #line, #column))
}

/// The call of the function as the code of a task.
fn code(function: &Function, checked: &Checked<'_>, owner: &Owner) -> Code {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let signature = &function.signature;
    let at = located(signature.ident.span());
    let mut captures = Vec::new();
    if let Some(receiver) = function.receiver() {
        let place = Place::variable(Ident::new("self", receiver.self_token.span));
        captures.push(Capture { place, binding: Ident::new("__concur_self", ours) });
    }
    for (index, argument) in checked.arguments.iter().enumerate() {
        let mut name = argument.name.clone();
        name.set_span(located(argument.at));
        let binding = format_ident!("__concur_argument_{index}", span = ours);
        captures.push(Capture { place: Place::variable(name), binding });
    }
    let mut name = signature.ident.clone();
    name.set_span(at);
    let path = owner.path_to(&name);
    let parameters = parameters(function);
    let bindings = captures.iter().map(|capture| &capture.binding);
    let mut call = quote_spanned!(at=> #path #parameters(#(#bindings),*));
    if let Some(token) = &signature.asyncness {
        call = quote_spanned!(located(token.span)=> #call.await);
    }
    let awaits = signature.asyncness.map(|token| token.span);
    let answer = &checked.answer;
    let gives = match answer {
        Answer::Never(_) => Gives::Nothing,
        _ => Gives::Ending(answer.value_type(&private)),
    };
    Code { captures, expr: ending(&call, answer), gives, awaits, ends: answer.ends(at) }
}

/// The call, and what becomes of its result: a task's value or its failure.
fn ending(call: &TokenStream, answer: &Answer<'_>) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let Answer::Result { whole, value, err } = answer else {
        return match answer {
            Answer::Never(_) => call.clone(),
            _ => quote_spanned!(ours=> #private::Ok(#call)),
        };
    };
    let result = if value.is_some() {
        call.clone()
    } else {
        let at = located(place(whole));
        let private = private_at(at);
        quote_spanned!(at=> #private::Fallible::into_result(#call))
    };
    // A type that can be no error is an error there.
    let at = located(place(err.unwrap_or(whole)));
    let failure = quote_spanned!(at=> fail(err));
    quote_spanned! {ours=>
        match #result {
            #private::Ok(value) => #private::Ok(value),
            #private::Err(err) => {
                use #private::errors::*;
                #private::Err((&&&#private::ErrorType::of(&err)).__concur_way().#failure)
            }
        }
    }
}

/// Types and numbers that the function's own parameters do not tell: `::<T, N>`.
fn parameters(function: &Function) -> Option<TokenStream> {
    let generics = &function.signature.generics.params;
    let names = generics.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> ::<#(#names),*>))
}

impl Owner {
    fn path_to(&self, name: &Ident) -> TokenStream {
        match self {
            Self::Nobody => quote!(#name),
            Self::Method => quote_spanned!(name.span()=> Self::#name),
        }
    }
}

impl Answer<'_> {
    /// The type of the task's result.
    fn value_type(&self, private: &impl ToTokens) -> TokenStream {
        let ours = Span::mixed_site();
        match self {
            Self::Unit | Self::Never(_) => quote_spanned!(ours=> ()),
            Self::Value(ty) | Self::Result { value: Some(ty), .. } => quote!(#ty),
            Self::Result { whole, value: None, .. } => {
                let at = located(place(whole));
                let fallible = quote_spanned!(at=> #private::Fallible);
                quote_spanned!(ours=> <#whole as #fallible>::Value)
            }
        }
    }

    /// What is underlined where the result cannot be sent back.
    fn ends(&self, name: Span) -> (Span, Span) {
        match self {
            Self::Unit => (name, name),
            Self::Never(ty)
            | Self::Value(ty)
            | Self::Result { value: Some(ty), .. }
            | Self::Result { whole: ty, .. } => ends(&quote!(#ty)),
        }
    }
}

fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
