//! The macros whose arguments are read like code: those of std that take expressions, and
//! `concurrent!` itself, since a task may hold a block.
//!
//! Any other macro may make of its tokens what it likes, so they are left alone.

use super::format_string;
use super::place::{Place, may_be_variable};
use super::walk::{Visitor, Walker};
use crate::block::{self, Block, List};
use crate::errors::Errors;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprAssign, ExprLit, Lit, Macro, Pat, Path, Token};

/// The arguments of a macro that is known, read.
pub(super) enum Arguments {
    /// `dbg!(a, b)`, `format!("{a} {}", b)`, which has its format string at `format`.
    List { exprs: Punctuated<Expr, Token![,]>, format: Option<usize> },
    /// `vec![a; n]`
    Repeat { value: Box<Expr>, semicolon: Token![;], count: Box<Expr> },
    /// `matches!(a, Some(b) if b > c)`
    Matches { value: Box<Expr>, comma: Token![,], pat: Box<Pat>, guard: Option<(Token![if], Expr)> },
    /// `concurrent! { .. }`
    Block(Block),
}

impl Arguments {
    /// Reads the arguments; of a macro that is not known, or called in some other way, nothing.
    pub(super) fn read(mac: &Macro) -> Option<Self> {
        let name = mac.path.segments.last()?.ident.to_string();
        let tokens = mac.tokens.clone();
        if name == "concurrent" {
            // Its mistakes are reported when it is expanded itself.
            let mut errors = Errors::default();
            let block = block::parse(tokens, &mut errors);
            return errors.is_empty().then_some(Self::Block(block));
        }
        if !is_of_std(&mac.path) {
            return None;
        }
        let format = match name.as_str() {
            "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "panic"
            | "todo" | "unimplemented" | "unreachable" => Some(0),
            "write" | "writeln" | "assert" | "debug_assert" => Some(1),
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => Some(2),
            "dbg" | "pin" | "ready" => None,
            "vec" => return vec.parse2(tokens).ok(),
            "matches" => return matches.parse2(tokens).ok(),
            _ => return None,
        };
        let exprs = Punctuated::parse_terminated.parse2(tokens).ok()?;
        Some(Self::List { exprs, format })
    }

    pub(super) fn walk<V: Visitor>(&mut self, walker: &mut Walker<'_, V>) {
        match self {
            Self::List { exprs, format } => walk_list(exprs, *format, walker),
            Self::Repeat { value, count, .. } => {
                walker.visit_expr_mut(value);
                walker.visit_expr_mut(count);
            }
            Self::Matches { value, pat, guard, .. } => {
                walker.visit_expr_mut(value);
                walker.scoped(|walker| {
                    walker.bind(pat);
                    if let Some((_, guard)) = guard {
                        walker.visit_expr_mut(guard);
                    }
                });
            }
            Self::Block(block) => walk_block(block, walker),
        }
    }
}

impl ToTokens for Arguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::List { exprs, .. } => quote!(#exprs),
            Self::Repeat { value, semicolon, count } => quote!(#value #semicolon #count),
            Self::Matches { value, comma, pat, guard } => {
                let guard = guard.as_ref().map(|(if_token, guard)| quote!(#if_token #guard));
                quote!(#value #comma #pat #guard)
            }
            Self::Block(block) => quote!(#block),
        });
    }
}

fn is_of_std(path: &Path) -> bool {
    let mut segments = path.segments.iter();
    match (segments.next(), segments.next()) {
        (Some(_), None) => true,
        (Some(root), Some(_)) => ["std", "core", "alloc"].iter().any(|std| root.ident == std),
        _ => false,
    }
}

fn vec(input: ParseStream<'_>) -> syn::Result<Arguments> {
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_ok() && ahead.peek(Token![;]) {
        let (value, semicolon) = (input.parse()?, input.parse()?);
        return Ok(Arguments::Repeat { value, semicolon, count: input.parse()? });
    }
    Ok(Arguments::List { exprs: Punctuated::parse_terminated(input)?, format: None })
}

fn matches(input: ParseStream<'_>) -> syn::Result<Arguments> {
    let (value, comma) = (input.parse()?, input.parse()?);
    let pat = Box::new(Pat::parse_multi_with_leading_vert(input)?);
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(if_token) => Some((if_token, input.parse()?)),
        None => None,
    };
    input.parse::<Option<Token![,]>>()?;
    Ok(Arguments::Matches { value, comma, pat, guard })
}

fn walk_list<V: Visitor>(
    exprs: &mut Punctuated<Expr, Token![,]>,
    format: Option<usize>,
    walker: &mut Walker<'_, V>,
) {
    let named: Vec<String> = exprs.iter().filter_map(argument_name).collect();
    let mut added = Vec::new();
    for (index, expr) in exprs.iter_mut().enumerate() {
        if format == Some(index) {
            if let Some(string) = format_literal(expr) {
                walk_format(string, &named, &mut added, walker);
                continue;
            }
        }
        match expr {
            Expr::Assign(assign) if format.is_some_and(|format| format < index) => {
                walker.visit_expr_mut(&mut assign.right);
            }
            expr => walker.visit_expr_mut(expr),
        }
    }
    exprs.extend(added);
}

/// The name of a named argument, `name = value`.
fn argument_name(expr: &Expr) -> Option<String> {
    let Expr::Assign(assign) = expr else { return None };
    let Expr::Path(path) = &*assign.left else { return None };
    path.path.get_ident().map(Ident::to_string)
}

fn format_literal(expr: &mut Expr) -> Option<&mut syn::LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string),
        Expr::Group(group) => format_literal(&mut group.expr),
        _ => None,
    }
}

/// Tells the names in a format string. One that is replaced is so by an argument of a new name,
/// which is `added`; in practice that is `{self}`, for other variables keep their names.
fn walk_format<V: Visitor>(
    string: &mut syn::LitStr,
    named: &[String],
    added: &mut Vec<Expr>,
    walker: &mut Walker<'_, V>,
) {
    let text = string.value();
    let mut printed = String::new();
    let mut copied = 0;
    let mut new_names: Vec<String> = Vec::new();
    for inline in format_string::names(&text) {
        if named.contains(&inline.name) {
            continue;
        }
        let Some(ident) = variable(&inline.name, string.span()) else { continue };
        let Some(right) = walker.place(&Place::variable(ident)) else { continue };
        let name = format!("__concur_inline_{}", inline.name);
        printed.push_str(&text[copied..inline.place.start]);
        printed.push_str(&name);
        copied = inline.place.end;
        if !new_names.contains(&name) {
            added.push(named_argument(&name, right));
            new_names.push(name);
        }
    }
    if !new_names.is_empty() {
        printed.push_str(&text[copied..]);
        let mut literal = Literal::string(&printed);
        literal.set_span(string.span());
        if let Lit::Str(new) = Lit::new(literal) {
            *string = new;
        }
    }
}

/// The variable that a name in a format string stands for, seen from where the string is.
fn variable(name: &str, span: Span) -> Option<Ident> {
    let mut ident = match name {
        "self" => Ident::new("self", span),
        _ => syn::parse_str(name).or_else(|_| syn::parse_str(&format!("r#{name}"))).ok()?,
    };
    ident.set_span(span);
    may_be_variable(&ident).then_some(ident)
}

fn named_argument(name: &str, right: Expr) -> Expr {
    let name = Ident::new(name, Span::mixed_site());
    let path = syn::ExprPath { attrs: Vec::new(), qself: None, path: Path::from(name) };
    Expr::Assign(ExprAssign {
        attrs: Vec::new(),
        left: Box::new(Expr::Path(path)),
        eq_token: Token![=](Span::mixed_site()),
        right: Box::new(right),
    })
}

/// A block inside a task: its lists and expressions are code of the task, but each of its tasks
/// ends its own jumps, and what is wrong between its tasks is reported when it is expanded itself.
fn walk_block<V: Visitor>(block: &mut Block, walker: &mut Walker<'_, V>) {
    let names: Vec<Ident> = block.tasks.iter().map(|task| task.name.clone()).collect();
    for task in &mut block.tasks {
        walk_captures(task.list.as_mut(), walker);
        walker.in_function(|walker| {
            let siblings = names.iter().filter(|name| **name != task.name);
            siblings.for_each(|name| walker.scopes.bind(name));
            walker.visit_expr_mut(&mut task.body.expr);
        });
    }
    for each in &mut block.each {
        walker.visit_expr_mut(&mut each.items);
        walk_captures(each.list.as_mut(), walker);
        walker.in_function(|walker| {
            walker.bind(&mut each.pat);
            walker.visit_expr_mut(&mut each.body.expr);
        });
    }
}

fn walk_captures<V: Visitor>(list: Option<&mut List>, walker: &mut Walker<'_, V>) {
    for place in list.into_iter().flat_map(|list| &mut list.places) {
        if let Some(instead) = walker.place(place).as_ref().and_then(Place::of) {
            *place = instead;
        }
    }
}
