//! `#[concur::main]`: one statement in front of the body of `main`.
//!
//! The body stays the tokens it was; only the signature is read. What the statement does is the
//! business of the runtime. A misplaced attribute gives its error and the item as it was, so that
//! nothing else is missing.

use crate::errors::{self, Errors};
use crate::krate::Krate;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Signature, Visibility};

pub(crate) fn expand(options: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let krate = read_options(options, &mut errors);
    let Ok(main) = read_main.parse2(item.clone()) else {
        let at = item.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
        errors.push(errors::main_on_other_item(at));
        return with_errors(&errors, item);
    };
    check(&main, &mut errors);
    if errors.is_empty() {
        main.entering(&krate)
    } else if main.is_accepted_by_rustc() {
        with_errors(&errors, item)
    } else {
        // Rustc would refuse this `main` as well, and say so a second time.
        with_errors(
            &errors,
            &quote!(
                fn main() {}
            ),
        )
    }
}

fn with_errors(errors: &Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.to_items();
    quote!(#errors #item)
}

/// The one option, `crate = name`.
fn read_options(options: &TokenStream, errors: &mut Errors) -> Krate {
    if options.is_empty() {
        return Krate::from_manifest();
    }
    Krate::from_option(options).unwrap_or_else(|| {
        errors.push(errors::main_option(options));
        Krate::from_manifest()
    })
}

/// A function, its body unread.
struct Main {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: Group,
}

fn read_main(input: ParseStream<'_>) -> syn::Result<Main> {
    let attributes = input.call(Attribute::parse_outer)?;
    let (visibility, signature) = (input.parse()?, input.parse()?);
    let body: Group = input.parse()?;
    if body.delimiter() == Delimiter::Brace {
        Ok(Main { attributes, visibility, signature, body })
    } else {
        Err(syn::Error::new(body.span(), "no body"))
    }
}

fn check(main: &Main, errors: &mut Errors) {
    let signature = &main.signature;
    if signature.ident != "main" {
        errors.push(errors::main_on_other_fn(signature.ident.span(), &signature.ident.to_string()));
        return;
    }
    if !signature.inputs.is_empty() {
        errors.push(errors::main_with_arguments(&signature.inputs));
    }
    if let Some(async_token) = &signature.asyncness {
        errors.push(match main.runtime_attribute() {
            Some(attribute) => errors::main_above_runtime(async_token, &attribute),
            None => errors::main_is_async(async_token),
        });
    }
}

impl Main {
    /// The attribute below ours that looks like one of an async runtime: one that is not built in.
    fn runtime_attribute(&self) -> Option<String> {
        const BUILT_IN: [&str; 14] = [
            "allow",
            "expect",
            "warn",
            "deny",
            "forbid",
            "doc",
            "cfg",
            "cfg_attr",
            "inline",
            "cold",
            "must_use",
            "deprecated",
            "track_caller",
            "coverage",
        ];
        let paths = self.attributes.iter().map(Attribute::path);
        let names = paths.map(|path| {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string());
            segments.collect::<Vec<_>>().join("::")
        });
        names.into_iter().find(|name| !BUILT_IN.contains(&name.as_str()))
    }

    /// Whether the item can stand as it is without a second error.
    fn is_accepted_by_rustc(&self) -> bool {
        let plain = self.signature.inputs.is_empty() && self.signature.asyncness.is_none();
        plain || self.signature.ident != "main" || self.runtime_attribute().is_some()
    }

    /// The function, entering the runtime first. Not in a test build, where it is never `main`.
    fn entering(&self, krate: &Krate) -> TokenStream {
        let ours = Span::mixed_site();
        let private = krate.private();
        let (inner_attributes, statements) = split_inner_attributes(self.body.stream());
        // In a block of their own, since lints want items before statements, and in parentheses,
        // since they want no block around a single expression.
        let mut inner = Group::new(Delimiter::Brace, statements);
        inner.set_span(self.body.span());
        let mut body = Group::new(
            Delimiter::Brace,
            quote_spanned! {ours=>
                #inner_attributes
                #[cfg(not(test))]
                #private::Door::<{ #private::is_crate_root(#private::module_path!()) }>::enter();
                let _end = #private::End::of_main();
                (#inner)
            },
        );
        body.set_span(self.body.span());
        let Self { attributes, visibility, signature, .. } = self;
        quote!(#(#attributes)* #visibility #signature #body)
    }
}

/// `#![..]` at the start of a body must stay there.
fn split_inner_attributes(body: TokenStream) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let is = |index: usize, char: char| matches!(tokens.get(index), Some(TokenTree::Punct(punct)) if punct.as_char() == char);
    let mut end = 0;
    while is(end, '#') && is(end + 1, '!') {
        end += 3;
    }
    let (inner, rest) = tokens.split_at(end.min(tokens.len()));
    (inner.iter().cloned().collect(), rest.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::expand;
    use quote::quote;

    fn expansion(options: &str, item: &str) -> String {
        let options = options.parse().expect("the test is tokens");
        let item = item.parse().expect("the test is tokens");
        expand(&options, &item).to_string().replace(' ', "")
    }

    fn refused(options: &str, item: &str, message: &str, kept: &str) {
        let expansion = expansion(options, item);
        let (message, kept) = (message.replace(' ', ""), kept.replace(' ', ""));
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
        assert!(expansion.contains(&message), "{expansion}");
        assert!(expansion.ends_with(&kept), "{expansion}");
    }

    #[test]
    fn main_enters_the_runtime_first() {
        let item = quote! {
            #[allow(x)]
            pub fn main() -> Result<(), Error> { #![warn(y)] let a = 1; f(a) }
        };
        let expected = quote! {
            #[allow(x)]
            pub fn main() -> Result<(), Error> {
                #![warn(y)]
                #[cfg(not(test))]
                renamed::__private::Door::<
                    { renamed::__private::is_crate_root(renamed::__private::module_path!()) }
                >::enter();
                let _end = renamed::__private::End::of_main();
                ({ let a = 1; f(a) })
            }
        };
        assert_eq!(expand(&quote!(crate = renamed), &item).to_string(), expected.to_string());
        assert_eq!(expand(&quote!(crate = "renamed"), &item).to_string(), expected.to_string());
    }

    #[test]
    fn without_an_option_the_name_is_that_of_the_library() {
        let expansion = expansion("", "fn main() {}");
        let door = "::concur::__private::Door::<{::concur::__private::is_crate_root\
                    (::concur::__private::module_path!())}>::enter()";
        assert_eq!(
            expansion,
            format!(
                "fnmain(){{#[cfg(not(test))]{door};let_end=::concur::__private::End::of_main();({{}})}}"
            )
        );
    }

    #[test]
    fn misplaced_attributes_are_refused() {
        let (other, item) = ("goes on `fn main`", "struct S;");
        refused("", item, other, item);
        refused("", "fn run() {}", "not on `run`", "fn run() {}");
        refused("", "fn main();", other, "fn main();");
        refused("", "fn main(x: u8) {}", "takes no arguments", "fn main() {}");
        refused("", "async fn main() { f().await }", "needs a runtime", "fn main() {}");
        let tokio = "#[tokio::main] async fn main() { f().await }";
        refused("", tokio, "write `#[tokio::main]` first", tokio);
        refused("", "#[allow(x)] async fn main() {}", "needs a runtime", "fn main() {}");
    }

    #[test]
    fn unknown_options_are_refused() {
        for options in ["workers = 3", "crate", "crate =", "crate = 3", "crate = a b", "3", ","] {
            refused(options, "fn main() {}", "the only option", "fn main() {}");
        }
    }

    #[test]
    fn no_item_makes_it_panic() {
        for item in [
            "",
            "#",
            "fn",
            "fn main",
            "fn main()",
            "fn main() { # }",
            "fn main() { #! }",
            "{}",
            "#![x]",
        ] {
            expansion("", item);
        }
    }
}
