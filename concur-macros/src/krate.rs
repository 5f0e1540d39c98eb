//! The name by which generated code reaches concur.
//!
//! A block gets it from `concurrent!` itself, as `$crate`; an attribute must ask Cargo. Either way
//! everything generated goes through the hidden module `__private` of that crate, and this file is
//! the only one that knows it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{LitStr, Path, Token};

/// The package on crates.io, and the name of its library.
const PACKAGE: &str = "concur-rs";
const PACKAGE_AS_IDENT: &str = "concur_rs";
const LIBRARY: &str = "concur";

/// A path to the crate concur, valid where the macro was called.
pub(crate) struct Krate {
    path: TokenStream,
    /// Whether the path is ours, or that of a user, whose places must stay: there may be a `$crate`.
    is_ours: bool,
}

impl Krate {
    /// The path that `concurrent!` handed over.
    pub(crate) fn given(path: TokenStream) -> Self {
        Self { path, is_ours: false }
    }

    /// The path that the caller's Cargo.toml tells; `::concur` where it tells nothing.
    pub(crate) fn from_manifest() -> Self {
        let name = match crate_name(PACKAGE) {
            // A dependency that was not renamed is reported by its package, but `extern crate`
            // goes by its library.
            Ok(FoundCrate::Name(name)) if name != PACKAGE_AS_IDENT => name,
            Ok(_) | Err(_) => LIBRARY.to_owned(),
        };
        let name = syn::parse_str::<Ident>(&name)
            .unwrap_or_else(|_| Ident::new(LIBRARY, Span::call_site()));
        Self { path: quote!(::#name), is_ours: true }
    }

    /// The path that an attribute was given as its option: `crate = name` or `crate = "name"`. `None`
    /// if it is something else.
    pub(crate) fn from_option(option: &TokenStream) -> Option<Self> {
        let path = krate_option.parse2(option.clone()).ok()?;
        Some(Self::given(path.into_token_stream()))
    }

    /// The path of the hidden module.
    pub(crate) fn private(&self) -> TokenStream {
        let Self { path, .. } = self;
        quote_spanned!(Span::mixed_site()=> #path::__private)
    }

    /// The path of the hidden module, placed at `span` as far as it can be.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        let at = Span::mixed_site().located_at(span);
        let private = self.private();
        if !self.is_ours {
            return private;
        }
        let move_there = |mut token: TokenTree| {
            token.set_span(at);
            token
        };
        private.into_iter().map(move_there).collect()
    }

    /// Gives the hidden module the name that [`private_at`] uses, in the block that begins so.
    pub(crate) fn import(&self) -> TokenStream {
        let (private, name) = (self.private(), private_at(Span::mixed_site()));
        quote_spanned!(Span::mixed_site()=> use #private as #name;)
    }
}

fn krate_option(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = input.call(crate_path)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(path)
}

/// A path, or one in quotes.
pub(crate) fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    match input.parse::<Option<LitStr>>()? {
        Some(text) => text.parse_with(Path::parse_mod_style),
        None => input.call(Path::parse_mod_style),
    }
}

/// The hidden module, in code below an [`import`](Krate::import), placed at `span`.
///
/// One identifier of ours and not the path, since rustc joins the places of tokens only if one
/// macro wrote them all: `$crate` is not ours, and would leave only its own place to be underlined.
pub(crate) fn private_at(span: Span) -> Ident {
    Ident::new("__concur_private", Span::mixed_site().located_at(span))
}
