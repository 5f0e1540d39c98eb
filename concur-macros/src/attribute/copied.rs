//! Which attributes of a function stand on the one that makes its tasks, too: those that say where it
//! is there, what is thought of it, and what rustc shall not mind in its head.

use super::expand::Owner;
use super::item::Function;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Path, Token};

/// All attributes of the second function, its documentation first.
pub(super) fn attributes(function: &Function, owner: &Owner) -> TokenStream {
    let ours = Span::mixed_site();
    let mut lines = vec![format!(" {}", summary(function, owner))];
    let written = documentation(&function.attributes);
    if !written.is_empty() {
        lines.push(String::new());
        lines.extend(written);
    }
    let copied = function.attributes.iter().filter_map(|attribute| copied(&attribute.meta));
    // Calling what is deprecated is said to who calls this.
    let is_deprecated = |attribute: &Attribute| attribute.path().is_ident("deprecated");
    let is_deprecated = function.attributes.iter().any(is_deprecated);
    let deprecated = is_deprecated.then(|| quote_spanned!(ours=> #[allow(deprecated)]));
    quote_spanned!(ours=> #(#[doc = #lines])* #(#[#copied])* #deprecated)
}

fn summary(function: &Function, owner: &Owner) -> String {
    let ident = &function.signature.ident;
    let name = ident.unraw();
    let path = if let Owner::Nobody = owner { ident.to_string() } else { format!("Self::{ident}") };
    let link = format!("[`{name}`]({path})");
    format!("Makes a task of {link}: what is given here is sent to it when it is run.")
}

/// The lines of the function's documentation, without the examples: they are tested where they stand.
pub(super) fn documentation(attributes: &[Attribute]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fence: Option<&str> = None;
    for text in attributes.iter().filter_map(|attribute| doc(&attribute.meta)) {
        for line in text.lines().chain(text.is_empty().then_some("")) {
            let begin = line.trim_start();
            let mark = ["```", "~~~"].into_iter().find(|mark| begin.starts_with(mark));
            match (fence, mark) {
                (None, Some(mark)) => fence = Some(mark),
                (Some(open), Some(mark)) if open == mark => fence = None,
                (None, None) if !matches!(begin.trim_end(), "# Example" | "# Examples") => {
                    lines.push(line.to_owned());
                }
                _ => {}
            }
        }
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn doc(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn copied(meta: &Meta) -> Option<TokenStream> {
    let path = meta.path();
    let is = |names: &[&str]| names.iter().any(|name| path.is_ident(name));
    if is(&["cfg", "deprecated"]) {
        return Some(quote!(#meta));
    }
    let Meta::List(list) = meta else { return None };
    if is(&["doc"]) {
        return (list.tokens.to_string() == "hidden").then(|| quote!(#meta));
    }
    let parts = || list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok();
    if is(&["allow", "expect"]) {
        // What is expected of the function need not be there a second time.
        let parts = parts()?;
        let lints: Vec<&Meta> = parts.iter().filter(|lint| !is_of_use(lint.path())).collect();
        return (!lints.is_empty()).then(|| quote!(allow(#(#lints),*)));
    }
    if is(&["cfg_attr"]) {
        let parts = parts()?;
        let predicate = parts.first()?;
        let attributes: Vec<_> = parts.iter().skip(1).filter_map(copied).collect();
        return (!attributes.is_empty()).then(|| quote!(cfg_attr(#predicate, #(#attributes),*)));
    }
    None
}

/// `dead_code`, `unused_variables`: what is written beside the function gives no cause for them, and
/// an unused function that may be unused makes what it calls used.
fn is_of_use(lint: &Path) -> bool {
    let name = lint.get_ident().map(ToString::to_string).unwrap_or_default();
    name == "dead_code" || name == "reason" || name.starts_with("unused")
}
