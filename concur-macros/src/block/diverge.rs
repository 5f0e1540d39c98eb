//! Whether an expression visibly never has a value: `panic!(..)`, `process::exit(1)`, `loop {..}`.
//!
//! The type of such a task would be inferred as `!`, which cannot be sent, so it is told to be
//! `()`. Only what is plain to see counts; for the rest rustc asks for a type.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprLoop, Lifetime, Macro, Path, Stmt};

pub(super) fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Macro(expr) => panics(&expr.mac),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => ends_process(&path.path),
            _ => false,
        },
        Expr::Loop(expr) => !may_break(expr),
        Expr::Block(expr) if expr.label.is_none() => ends_diverging(&expr.block.stmts),
        Expr::Unsafe(expr) => ends_diverging(&expr.block.stmts),
        Expr::Paren(expr) => diverges(&expr.expr),
        Expr::Group(expr) => diverges(&expr.expr),
        Expr::If(expr) => {
            let otherwise = expr.else_branch.as_ref();
            ends_diverging(&expr.then_branch.stmts)
                && otherwise.is_some_and(|(_, otherwise)| diverges(otherwise))
        }
        Expr::Match(expr) => {
            !expr.arms.is_empty() && expr.arms.iter().all(|arm| diverges(&arm.body))
        }
        _ => false,
    }
}

fn ends_diverging(stmts: &[Stmt]) -> bool {
    match stmts.last() {
        Some(Stmt::Expr(expr, _)) => diverges(expr),
        Some(Stmt::Macro(stmt)) => panics(&stmt.mac),
        _ => false,
    }
}

fn panics(mac: &Macro) -> bool {
    let name = mac.path.segments.last().map(|segment| segment.ident.to_string());
    matches!(name.as_deref(), Some("panic" | "todo" | "unimplemented" | "unreachable"))
}

/// `process::exit`, `std::process::abort`
fn ends_process(path: &Path) -> bool {
    let mut segments = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let (function, module) = (segments.next(), segments.next());
    matches!(function.as_deref(), Some("exit" | "abort")) && module.as_deref() == Some("process")
}

fn may_break(expr: &ExprLoop) -> bool {
    let label = expr.label.as_ref().map(|label| label.name.ident.to_string());
    let mut breaks = Breaks { label, depth: 0, found: false };
    breaks.visit_block(&expr.body);
    breaks.found
}

/// Looks for a `break` of the loop that it was started in.
struct Breaks {
    label: Option<String>,
    depth: usize,
    found: bool,
}

impl Breaks {
    fn in_loop(&mut self, walk: impl FnOnce(&mut Self)) {
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }

    fn targets_loop(&self, label: Option<&Lifetime>) -> bool {
        match label {
            Some(label) => Some(label.ident.to_string()) == self.label,
            None => self.depth == 0,
        }
    }
}

impl<'ast> Visit<'ast> for Breaks {
    fn visit_expr_break(&mut self, expr: &'ast syn::ExprBreak) {
        self.found |= self.targets_loop(expr.label.as_ref());
        visit::visit_expr_break(self, expr);
    }

    fn visit_expr_loop(&mut self, expr: &'ast ExprLoop) {
        self.in_loop(|breaks| visit::visit_expr_loop(breaks, expr));
    }

    fn visit_expr_while(&mut self, expr: &'ast syn::ExprWhile) {
        self.in_loop(|breaks| visit::visit_expr_while(breaks, expr));
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast syn::ExprForLoop) {
        self.in_loop(|breaks| visit::visit_expr_for_loop(breaks, expr));
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.found |= has_break(mac.tokens.clone());
    }

    // No `break` in these is one of the loop.
    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

fn has_break(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "break",
        TokenTree::Group(group) => has_break(group.stream()),
        _ => false,
    })
}
