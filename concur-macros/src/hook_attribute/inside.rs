//! A hook as it is written down: everything stands inside of the function.
//!
//! What stands beside a function cannot call it when both are in an `impl`, since nothing there may
//! name `Self`, and a macro does not see where it is. So the body moves one function deeper, under the
//! same name; beside it, in the body of the outer function, stands what registers it. That is right
//! for free functions and for those of an `impl` or a trait.

use super::{Hook, Stage, placed_at};
use crate::krate::Krate;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatType, ReturnType, Signature, Visibility};

/// Attributes that speak of the function as others see it; those that may change what it does go with
/// its body. What is said of lints out there holds for what is inside as well.
const OUTER: [&str; 16] = [
    "doc",
    "cfg",
    "allow",
    "expect",
    "warn",
    "deny",
    "forbid",
    "deprecated",
    "must_use",
    "inline",
    "cold",
    "no_mangle",
    "export_name",
    "link_section",
    "unsafe",
    "rustfmt",
];

impl Hook {
    pub(super) fn expand(&self, stage: Stage, krate: &Krate) -> TokenStream {
        let ours = Span::mixed_site();
        let (outer, inner): (Vec<_>, Vec<_>) =
            self.attributes.iter().partition(|attribute| is_outer(attribute));
        let Self { visibility, signature, body, .. } = self;
        let name = &signature.ident;
        let (called_with, names) = forwarded(signature);
        let registration = self.registration(stage, krate);
        // Of a function that others can name, clippy does not say that it need not return a `Result`.
        let wraps = matches!(visibility, Visibility::Public(_))
            .then(|| quote_spanned!(ours=> #[allow(clippy::unnecessary_wraps)]));
        // Nobody but the runtime may ever call it, and that calls the one inside.
        quote_spanned! {ours=>
            #(#outer)*
            #[allow(dead_code)]
            #visibility #called_with {
                #wraps
                #(#inner)*
                #signature #body
                #registration
                #name(#(#names),*)
            }
        }
    }

    fn registration(&self, stage: Stage, krate: &Krate) -> TokenStream {
        let ours = Span::mixed_site();
        let private = krate.private();
        let name = &self.signature.ident;
        let text = name.to_string();
        let text = text.strip_prefix("r#").unwrap_or(&text);
        let variant = stage.variant();
        let returned = match &self.signature.output {
            ReturnType::Default => quote_spanned!(ours=> ()),
            ReturnType::Type(_, returned) => returned.to_token_stream(),
        };
        let call = if let Stage::DeferredFailure = stage {
            // At the function's name, where rustc tells of another argument.
            let with_failure = placed_at(name.span(), quote!(#private::with_failure));
            quote_spanned!(ours=> #with_failure(#name))
        } else {
            quote_spanned!(ours=> #name())
        };
        // The line of the function: what stands at our own places has that of the attribute.
        let line = placed_at(name.span(), quote!(#private::line!()));
        quote_spanned! {ours=>
            const _: () = {
                struct __ConcurHook;

                impl #private::Hook for __ConcurHook {
                    const SITE: #private::HookSite = #private::HookSite::new(
                        #private::Stage::#variant,
                        #text,
                        #private::file!(),
                        #line,
                    );

                    #[allow(deprecated)]
                    fn call() -> #private::Result<(), #private::Failure> {
                        #private::hook_returned::<#returned>(#call)
                    }
                }

                #[used]
                static __CONCUR_HOOK: fn() = #private::keep_hook::<__ConcurHook>;
            };
        }
    }
}

fn is_outer(attribute: &Attribute) -> bool {
    let first = attribute.path().segments.first();
    first.is_some_and(|first| OUTER.iter().any(|name| first.ident == name))
}

/// The signature with plain names for its arguments, and those names: of the user's where one says that
/// it is used.
fn forwarded(signature: &Signature) -> (Signature, Vec<Ident>) {
    let mut signature = signature.clone();
    let mut names = Vec::new();
    for argument in &mut signature.inputs {
        let FnArg::Typed(PatType { attrs, pat, .. }) = argument else { continue };
        let name = match &**pat {
            Pat::Ident(plain) if !plain.ident.to_string().starts_with('_') => plain.ident.clone(),
            _ => Ident::new("__concur_failure", Span::mixed_site()),
        };
        attrs.clear();
        **pat = Pat::Verbatim(name.to_token_stream());
        names.push(name);
    }
    (signature, names)
}

/// Where a function names the type of its `impl`, which its body does not know once it has moved; not
/// where it may mean that of an item in its body.
pub(super) fn names_self(signature: &Signature, body: TokenStream) -> Option<Ident> {
    let tokens = signature.to_token_stream().into_iter().chain(body).collect();
    let has_types = find(&tokens, |name| {
        ["impl", "trait", "struct", "enum", "union", "macro_rules"].iter().any(|item| name == item)
    });
    if has_types.is_some() { None } else { find(&tokens, |name| name == "Self") }
}

fn find(tokens: &TokenStream, is_it: impl Fn(&Ident) -> bool + Copy) -> Option<Ident> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(name) => is_it(&name).then_some(name),
        TokenTree::Group(group) => find(&group.stream(), is_it),
        _ => None,
    })
}
