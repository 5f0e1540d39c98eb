//! `#[concur::preload]`, `#[concur::on_worker_start]` and `#[concur::on_deferred_failure]`: a function,
//! and in it what puts it into the registry of hooks.
//!
//! The body of the function stays the tokens it was. In front of it stands a type of ours that knows
//! where the function is written and calls it, and a `#[used]` static that makes the compiler keep that
//! type's entry; the entry itself is the business of the runtime. How they stand there is said in
//! [`inside`]. Whether the return type is one of a hook, rustc is asked, at that type.

mod inside;

use crate::errors::{self, Errors};
use crate::krate::Krate;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, ReturnType, Safety, Signature, Type, Visibility};

/// When a hook runs.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    Preload,
    WorkerStart,
    DeferredFailure,
}

impl Stage {
    /// The name of the attribute.
    fn attribute(self) -> &'static str {
        match self {
            Self::Preload => "preload",
            Self::WorkerStart => "on_worker_start",
            Self::DeferredFailure => "on_deferred_failure",
        }
    }

    /// The variant of the runtime's type.
    fn variant(self) -> Ident {
        let name = match self {
            Self::Preload => "Preload",
            Self::WorkerStart => "WorkerStart",
            Self::DeferredFailure => "DeferredFailure",
        };
        Ident::new(name, Span::mixed_site())
    }
}

pub(crate) fn expand(stage: Stage, options: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let krate = read_options(stage, options, &mut errors);
    if let Ok(hook) = read_function.parse2(item.clone()) {
        hook.check(stage, &mut errors);
        if errors.is_empty() {
            return hook.expand(stage, &krate);
        }
    } else {
        let first = item.clone().into_iter().next();
        let at = first.map_or_else(Span::call_site, |first| first.span());
        errors.push(errors::hook_on_other_item(at, stage.attribute()));
    }
    let errors = errors.to_items();
    quote!(#errors #item)
}

/// The one option, `crate = name`.
fn read_options(stage: Stage, options: &TokenStream, errors: &mut Errors) -> Krate {
    if options.is_empty() {
        return Krate::from_manifest();
    }
    Krate::from_option(options).unwrap_or_else(|| {
        errors.push(errors::hook_option(options, stage.attribute()));
        Krate::from_manifest()
    })
}

/// A function, as far as it has to be known.
struct Hook {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: Group,
}

fn read_function(input: ParseStream<'_>) -> syn::Result<Hook> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let signature = input.parse()?;
    let body: Group = input.parse()?;
    if body.delimiter() == Delimiter::Brace {
        Ok(Hook { attributes, visibility, signature, body })
    } else {
        Err(syn::Error::new(body.span(), "no body"))
    }
}

impl Hook {
    fn check(&self, stage: Stage, errors: &mut Errors) {
        let attribute = stage.attribute();
        let Signature { asyncness, safety, generics, inputs, output, .. } = &self.signature;
        match inputs.first() {
            Some(FnArg::Receiver(receiver)) => {
                errors.push(errors::hook_on_method(receiver, attribute));
            }
            _ if matches!(stage, Stage::DeferredFailure) && inputs.len() == 1 => {}
            _ if matches!(stage, Stage::DeferredFailure) => {
                errors.push(errors::hook_without_failure(&self.signature));
            }
            Some(FnArg::Typed(_)) => errors.push(errors::hook_with_arguments(inputs, attribute)),
            None => {}
        }
        if let Some(token) = asyncness {
            errors.push(errors::hook_is_async(token));
        }
        if let Safety::Unsafe(token) = safety {
            errors.push(errors::hook_is_unsafe(token));
        }
        if !generics.params.is_empty() {
            errors.push(errors::hook_is_generic(&generics.params));
        }
        if let ReturnType::Type(_, returned) = output {
            if matches!(**returned, Type::ImplTrait(_) | Type::Never(_) | Type::Infer(_)) {
                errors.push(errors::hook_return(returned));
            }
        }
        let has_receiver = matches!(inputs.first(), Some(FnArg::Receiver(_)));
        if !has_receiver {
            if let Some(name) = inside::names_self(&self.signature, self.body.stream()) {
                errors.push(errors::hook_names_self(&name));
            }
        }
    }
}

/// The same tokens, as if they were written there.
fn placed_at(span: Span, tokens: TokenStream) -> TokenStream {
    let placed = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use super::{Stage, expand};
    use proc_macro2::TokenStream;
    use quote::quote;

    fn expansion(options: &str, item: &str) -> String {
        let options = options.parse().expect("the test is tokens");
        let item = item.parse().expect("the test is tokens");
        expand(Stage::Preload, &options, &item).to_string().replace(' ', "")
    }

    fn refused(options: &str, item: &str, messages: &[&str]) {
        let expansion = expansion(options, item);
        assert_eq!(expansion.matches("compile_error").count(), messages.len(), "{expansion}");
        for message in messages {
            assert!(expansion.contains(&message.replace(' ', "")), "{expansion}");
        }
        assert!(expansion.ends_with(&item.replace(' ', "")), "{expansion}");
    }

    #[test]
    fn a_hook_is_registered_in_its_own_body() {
        let item = quote! {
            #[cfg(unix)]
            #[instrument(level = "debug")]
            #[inline]
            pub(crate) fn load() -> io::Result<()> { f(#) }
        };
        let expected = quote! {
            #[cfg(unix)]
            #[inline]
            #[allow(dead_code)]
            pub(crate) fn load() -> io::Result<()> {
            #[instrument(level = "debug")]
            fn load() -> io::Result<()> { f(#) }
            const _: () = {
                struct __ConcurHook;

                impl renamed::__private::Hook for __ConcurHook {
                    const SITE: renamed::__private::HookSite = renamed::__private::HookSite::new(
                        renamed::__private::Stage::WorkerStart,
                        "load",
                        renamed::__private::file!(),
                        renamed::__private::line!(),
                    );

                    #[allow(deprecated)]
                    fn call() -> renamed::__private::Result<(), renamed::__private::Failure> {
                        renamed::__private::hook_returned::<io::Result<()> >(load())
                    }
                }

                #[used]
                static __CONCUR_HOOK: fn() = renamed::__private::keep_hook::<__ConcurHook>;
            };
            load()
            }
        };
        for options in [quote!(crate = renamed), quote!(crate = "renamed")] {
            let expansion = expand(Stage::WorkerStart, &options, &item);
            assert_eq!(expansion.to_string(), expected.to_string());
        }
    }

    #[test]
    fn without_an_option_the_name_is_that_of_the_library() {
        let expansion = expansion("", "fn r#static() {}");
        assert!(expansion.contains("hook_returned::<()>(r#static())"), "{expansion}");
        assert!(
            expansion.contains("::concur::__private::Stage::Preload,\"static\","),
            "{expansion}"
        );
    }

    #[test]
    fn what_a_hook_is_told_is_passed_on() {
        for (argument, name) in [
            ("failure", "failure"),
            ("mut failure", "failure"),
            ("_failure", "__concur_failure"),
            ("#[allow(unused)] _", "__concur_failure"),
            ("&Fault { .. }", "__concur_failure"),
        ] {
            let item = format!("fn tell({argument}: &TaskError) {{}}");
            let item: TokenStream = item.parse().expect("the test is tokens");
            let expansion = expand(Stage::DeferredFailure, &TokenStream::new(), &item).to_string();
            let expansion = expansion.replace(' ', "");
            assert!(expansion.contains(&format!("fntell({name}:&TaskError){{")), "{expansion}");
            assert!(expansion.contains(&item.to_string().replace(' ', "")), "{expansion}");
            assert!(expansion.ends_with(&format!("tell({name})}}")), "{expansion}");
        }
    }

    #[test]
    fn each_mistake_is_told() {
        refused("", "struct S;", &["goes on a function"]);
        refused("", "fn load();", &["goes on a function"]);
        refused("", "fn load(x: u8, y: u8) {}", &["takes no arguments"]);
        refused("", "fn load(&self) {}", &["goes on a function without `self`"]);
        refused("", "fn load() { Self::read() }", &["does not know `Self`"]);
        refused("", "fn load() -> Result<(), Self> { }", &["does not know `Self`"]);
        refused("", "async fn load() {}", &["before there is a runtime"]);
        refused("", "unsafe fn load() {}", &["cannot keep what `unsafe` asks"]);
        refused("", "fn load<T>() {}", &["not generic"]);
        refused("", "fn load() -> ! {}", &["returns nothing"]);
        refused("", "fn load() -> impl Sized {}", &["returns nothing"]);
        refused("once", "fn load() {}", &["the only option of `#[concur::preload]`"]);
        let all = "async unsafe fn load<'a>(x: &'a u8) -> ! {}";
        let messages = ["only option", "no arguments", "runtime", "unsafe", "generic", "nothing"];
        refused("once", all, &messages);
    }

    #[test]
    fn no_item_makes_it_panic() {
        for item in ["", "#", "fn", "fn load", "fn load()", "pub", "{}", "#![x]", "const fn f() {}"]
        {
            expansion("", item);
        }
    }
}
