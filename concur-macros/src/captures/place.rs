//! A place: a variable or a field of one, and when two of them are the same.
//!
//! Knows nothing of scopes. `walk` finds places, `collect` keeps them, `rewrite` renames them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Expr, ExprPath, Member};

/// `region`, `self`, `self.shop.region`, `pair.0`
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) base: Ident,
    pub(crate) members: Vec<Member>,
}

impl Place {
    pub(crate) fn variable(base: Ident) -> Self {
        Self { base, members: Vec::new() }
    }

    /// Reads an expression as a place. A name that begins with an upper-case letter is a constant
    /// or a type; every other single name may be a variable.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Path(path) => variable(path).cloned().map(Self::variable),
            Expr::Field(field) => {
                let mut place = Self::of(&field.base)?;
                place.members.push(field.member.clone());
                Some(place)
            }
            Expr::Paren(paren) => Self::of(&paren.expr),
            Expr::Group(group) => Self::of(&group.expr),
            _ => None,
        }
    }

    /// What is changed when this expression is assigned to or borrowed by `&mut`.
    pub(super) fn changed_by(expr: &Expr) -> Option<Self> {
        let inner = match expr {
            Expr::Field(field) => &field.base,
            Expr::Index(index) => &index.expr,
            Expr::Paren(paren) => &paren.expr,
            Expr::Group(group) => &group.expr,
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => &unary.expr,
            _ => return Self::of(expr),
        };
        Self::of(expr).or_else(|| Self::changed_by(inner))
    }

    pub(super) fn is_self(&self) -> bool {
        self.base == "self"
    }

    /// A variable that the closure of the task can bind under its own name.
    pub(super) fn is_bindable(&self) -> bool {
        self.members.is_empty() && !self.is_self()
    }

    /// Whether to have this place is to have the other: they are the same, or it is a field of it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        Name::of(&self.base) == Name::of(&other.base) && other.members.starts_with(&self.members)
    }

    /// The last token of it, where rustc should point.
    pub(crate) fn span(&self) -> Span {
        match self.members.last() {
            Some(Member::Named(name)) => name.span(),
            Some(Member::Unnamed(index)) => index.span,
            None => self.base.span(),
        }
    }

    /// The name that describes it best: that of the last field that has one.
    pub(super) fn name(&self) -> String {
        let named = self.members.iter().rev().find_map(|member| match member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        });
        named.unwrap_or_else(|| match self.base.to_string() {
            base if base == "self" => "this".to_owned(),
            base => base,
        })
    }

    /// Its parts, joined: `self.shop` with `_` is `self_shop`.
    pub(super) fn joined(&self, separator: &str) -> String {
        let mut text = self.base.unraw().to_string();
        for member in &self.members {
            text.push_str(separator);
            match member {
                Member::Named(name) => text.push_str(&name.unraw().to_string()),
                Member::Unnamed(index) => text.push_str(&index.index.to_string()),
            }
        }
        text
    }
}

impl ToTokens for Place {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { base, members } = self;
        tokens.extend(quote!(#base #(.#members)*));
    }
}

/// The name in a path that may be that of a variable.
fn variable(path: &ExprPath) -> Option<&Ident> {
    let ident = path.path.get_ident().filter(|_| path.qself.is_none())?;
    may_be_variable(ident).then_some(ident)
}

pub(super) fn may_be_variable(ident: &Ident) -> bool {
    let text = ident.unraw().to_string();
    let keyword = matches!(text.as_str(), "crate" | "super" | "_");
    !keyword && !text.starts_with(char::is_uppercase)
}

/// A name as far as a macro can tell two names apart: by its text and by the macro that wrote it.
///
/// Stable Rust does not compare the hygiene of spans, but shows it when it prints one (`#4
/// bytes(10..14)`). Where that cannot be read, the text decides alone.
#[derive(Clone)]
pub(super) struct Name {
    text: String,
    hygiene: Option<u32>,
}

impl Name {
    pub(super) fn of(ident: &Ident) -> Self {
        Self { text: ident.unraw().to_string(), hygiene: hygiene(ident.span()) }
    }

    /// The name of an item, which every macro sees.
    pub(super) fn of_item(ident: &Ident) -> Self {
        Self { text: ident.unraw().to_string(), hygiene: None }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && equal_or_unknown(self.hygiene, other.hygiene)
    }
}

/// Whether the same macro wrote both, or none, as far as that can be known.
pub(crate) fn same_hygiene(this: Span, that: Span) -> bool {
    equal_or_unknown(hygiene(this), hygiene(that))
}

fn equal_or_unknown(this: Option<u32>, that: Option<u32>) -> bool {
    this.is_none() || that.is_none() || this == that
}

fn hygiene(span: Span) -> Option<u32> {
    let shown = format!("{span:?}");
    let (digits, _) = shown.strip_prefix('#')?.split_once(' ')?;
    digits.parse().ok()
}
