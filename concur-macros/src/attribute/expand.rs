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
    /// This type, by an `impl` of it or of a trait for it.
    Type { name: String, of_trait: Option<TokenStream> },
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
    let visibility = visibility(function, owner);
    let name = signature.ident.unraw();
    let task_name = Ident::new(&format!("{name}_task"), located(signature.ident.span()));
    let (generics, bounds) = (&signature.generics, &signature.generics.where_clause);
    let receiver = receiver(function);
    let arguments =
        checked.arguments.iter().map(|Argument { name, ty, .. }| quote_spanned!(ours=> #name: #ty));
    let inputs: Vec<_> = receiver.into_iter().chain(arguments).collect();
    let import = krate.import();
    let site = site(&signature.ident);
    let (listed, site, options) = if let Owner::Method = owner {
        (None, site, options.written())
    } else {
        let listed = listed(function, options, &site, owner);
        (
            Some(listed),
            quote_spanned!(ours=> #private::Site::of::<__ConcurFunction>()),
            quote_spanned!(ours=> <__ConcurFunction as #private::Annotated>::options()),
        )
    };
    let code = code(function, checked, owner);
    let task = expand_task(&code, &site);
    // All that has the type of the task stands where that type does: a mistake there is told once.
    let (at, _) = code.ends;
    let private_at_type = private_at(at);
    let task = quote_spanned! {located(at)=>
        #private_at_type::of_function(#task, #options)
    };
    let task_type = krate.private_at(at);
    let value_type = checked.answer.value_type(&task_type);
    let task_type = quote_spanned!(located(at)=> #task_type::Task<#value_type>);
    quote_spanned! {ours=>
        #attributes
        #visibility fn #task_name #generics(#(#inputs),*) -> #task_type
        #bounds
        {
            #import
            #listed
            #task
        }
    }
}

/// A type that stands for the function, and what puts it into the registry: a static that is there
/// whether or not anyone calls this.
fn listed(
    function: &Function,
    options: &Options,
    site: &TokenStream,
    owner: &Owner,
) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let owner = match owner {
        Owner::Type { name, .. } => name.as_str(),
        _ => "",
    };
    let is_async = function.signature.asyncness.is_some();
    let docs = copied::documentation(&function.attributes).join("\n");
    let docs = docs.trim();
    let options = options.written();
    quote_spanned! {ours=>
        struct __ConcurFunction;
        impl #private::Annotated for __ConcurFunction {
            const ABOUT: #private::About =
                #private::About::new(#site, #private::module_path!(), #owner, #is_async, #docs);
            fn options() -> #private::WrittenOptions {
                #options
            }
        }
        #[used]
        static __CONCUR_FUNCTION: fn() = #private::list::<__ConcurFunction>;
    }
}

/// That of the function. Methods of a trait have none, and who sees the trait cannot be known here:
/// what can be called is then up to the types in the head.
fn visibility(function: &Function, owner: &Owner) -> TokenStream {
    let visibility = &function.visibility;
    if let Owner::Type { of_trait: Some(_), .. } = owner {
        quote_spanned!(Span::mixed_site()=> #[allow(private_interfaces, private_bounds)] pub)
    } else {
        quote!(#visibility)
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
    // The user's own token where an argument, all of which are ours, would hide the function.
    let mut name = signature.ident.clone();
    if checked.arguments.iter().all(|argument| argument.name != name) {
        name.set_span(at);
    }
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
        // Said once, in the head, which is enough where it is wrong.
        Answer::Result { value: None, .. } => Gives::Ending(quote_spanned!(ours=> _)),
        _ => Gives::Ending(answer.value_type(&private)),
    };
    Code { captures, expr: ending(&call, answer), gives, awaits, ends: answer.ends(at) }
}

/// The call, and what becomes of its result: a task's value or its failure.
fn ending(call: &TokenStream, answer: &Answer<'_>) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let (whole, value, err) = match answer {
        Answer::Never(_) => return call.clone(),
        Answer::Unit | Answer::Value(_) => return quote_spanned!(ours=> #private::Ok(#call)),
        Answer::Result { whole, value, err } => (whole, value, err),
    };
    let result = if value.is_some() {
        call.clone()
    } else {
        quote_spanned! {ours=>
            {
                use #private::NoResult as _;
                #private::Given(#call).__concur_result()
            }
        }
    };
    // A type that can be no error is an error there.
    let at = located(place(err.unwrap_or(whole)));
    let failure = quote_spanned!(at=> fail(err));
    quote_spanned! {ours=>
        match #result {
            #private::Ok(value) => #private::Ok(value),
            #private::Err(err) => {
                use #private::errors::*;
                #private::Err((&&&&#private::ErrorType::of(&err)).__concur_way().#failure)
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
            Self::Type { of_trait: Some(of_trait), .. } => {
                quote_spanned!(located(name.span())=> <Self as #of_trait>::#name)
            }
            Self::Method | Self::Type { .. } => quote_spanned!(located(name.span())=> Self::#name),
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
                quote_spanned!(located(place(whole))=> <#whole as #private::Fallible>::Value)
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
