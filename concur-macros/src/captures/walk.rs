//! Walks the expression of a task and tells what is free in it.
//!
//! The walk keeps track of scopes and of where jumps lead; what becomes of what it finds is the
//! visitor's business: `collect` gathers, `rewrite` replaces. Both go the same way over the same
//! code, so they cannot disagree on what is free. Of macros it reads those that `std_macros` knows.

use super::place::Place;
use super::scope::{Jumps, Scopes};
use super::std_macros::Arguments;
use proc_macro2::{Span, TokenStream};
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, BinOp, Block, Expr, Item, Local, Macro, Pat, Stmt};

pub(super) trait Visitor {
    /// A place that nothing in the task binds. What is returned stands in its stead.
    fn place(&mut self, place: &Place) -> Option<Expr>;

    /// A macro that cannot be read. What is returned becomes its tokens.
    fn opaque_macro(&mut self, tokens: &TokenStream, in_task: bool) -> Option<TokenStream>;

    /// The place, told besides, is assigned to or borrowed by `&mut`.
    fn changed(&mut self, _place: &Place) {}

    /// `return`, `break` or `continue` out of the task.
    fn leaves(&mut self, _at: Span, _keyword: &'static str) {}

    /// `.await` in the task itself.
    fn awaits(&mut self, _at: Span) {}
}

pub(super) struct Walker<'v, V> {
    pub(super) visitor: &'v mut V,
    pub(super) scopes: Scopes,
    pub(super) jumps: Jumps,
    /// How often the visitor replaced something; a macro is printed anew only if that grew.
    pub(super) replaced: usize,
}

impl<'v, V: Visitor> Walker<'v, V> {
    pub(super) fn new(visitor: &'v mut V) -> Self {
        Self { visitor, scopes: Scopes::default(), jumps: Jumps::new(), replaced: 0 }
    }

    pub(super) fn scoped(&mut self, walk: impl FnOnce(&mut Self)) {
        let mark = self.scopes.enter();
        walk(self);
        self.scopes.leave(&mark);
    }

    pub(super) fn in_function(&mut self, walk: impl FnOnce(&mut Self)) {
        self.jumps.enter_function();
        self.scoped(walk);
        self.jumps.leave_function();
    }

    /// Binds the pattern, then walks the guards in it, which see what it binds.
    pub(super) fn bind(&mut self, pat: &mut Pat) {
        self.scopes.bind_pattern(pat);
        self.visit_pat_mut(pat);
    }

    /// Tells a place if it is free, and gives back what it is to be replaced with.
    pub(super) fn place(&mut self, place: &Place) -> Option<Expr> {
        if self.scopes.binds(&place.base) {
            return None;
        }
        let instead = self.visitor.place(place);
        self.replaced += usize::from(instead.is_some());
        instead
    }

    fn changed(&mut self, expr: &Expr) {
        match expr {
            // Assignments take patterns apart: `(a, b.c) = ..`.
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|expr| self.changed(expr)),
            Expr::Array(array) => array.elems.iter().for_each(|expr| self.changed(expr)),
            Expr::Call(call) => call.args.iter().for_each(|expr| self.changed(expr)),
            Expr::Struct(expr) => expr.fields.iter().for_each(|field| self.changed(&field.expr)),
            _ => {
                if let Some(place) = Place::changed_by(expr) {
                    if !self.scopes.binds(&place.base) {
                        self.visitor.changed(&place);
                    }
                }
            }
        }
    }

    fn leaves(&mut self, at: Span, keyword: &'static str) {
        self.visitor.leaves(at, keyword);
    }

    /// The expressions that bound where jumps lead, and the jumps.
    fn visit_jumps(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(closure) => self.in_function(|walker| {
                closure.inputs.iter_mut().for_each(|pat| walker.bind(pat));
                walker.visit_expr_mut(&mut closure.body);
            }),
            Expr::Async(expr) => {
                self.in_function(|walker| walker.visit_block_mut(&mut expr.block));
            }
            Expr::Loop(expr) => {
                self.jumps.enter_loop(expr.label.as_ref());
                self.visit_block_mut(&mut expr.body);
                self.jumps.leave();
            }
            Expr::While(expr) => {
                self.jumps.enter_loop(expr.label.as_ref());
                self.scoped(|walker| {
                    walker.visit_expr_mut(&mut expr.cond);
                    walker.visit_block_mut(&mut expr.body);
                });
                self.jumps.leave();
            }
            Expr::ForLoop(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                self.jumps.enter_loop(expr.label.as_ref());
                self.scoped(|walker| {
                    walker.bind(&mut expr.pat);
                    walker.visit_block_mut(&mut expr.body);
                });
                self.jumps.leave();
            }
            Expr::Block(expr) => {
                self.jumps.enter_block(expr.label.as_ref());
                self.visit_block_mut(&mut expr.block);
                self.jumps.leave();
            }
            Expr::Return(expr) => {
                if self.jumps.in_task() {
                    self.leaves(expr.return_token.span, "return");
                }
                visit_mut::visit_expr_return_mut(self, expr);
            }
            Expr::Break(expr) => {
                if self.jumps.leaves_task(expr.label.as_ref()) {
                    self.leaves(expr.break_token.span, "break");
                }
                visit_mut::visit_expr_break_mut(self, expr);
            }
            Expr::Continue(expr) => {
                if self.jumps.leaves_task(expr.label.as_ref()) {
                    self.leaves(expr.continue_token.span, "continue");
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn call_macro(&mut self, mac: &mut Macro) {
        if let Some(mut arguments) = Arguments::read(mac) {
            let before = self.replaced;
            arguments.walk(self);
            if self.replaced > before {
                mac.tokens = quote::ToTokens::into_token_stream(arguments);
            }
        } else if let Some(tokens) = self.visitor.opaque_macro(&mac.tokens, self.jumps.in_task()) {
            self.replaced += 1;
            mac.tokens = tokens;
        }
    }
}

impl<V: Visitor> VisitMut for Walker<'_, V> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Path(_) | Expr::Field(_) = expr {
            if let Some(place) = Place::of(expr) {
                if let Some(instead) = self.place(&place) {
                    *expr = instead;
                }
                return;
            }
        }
        match expr {
            Expr::Call(call) => {
                // A name that is called is a function, as far as a macro can know.
                if !is_name(&call.func) {
                    self.visit_expr_mut(&mut call.func);
                }
                call.args.iter_mut().for_each(|expr| self.visit_expr_mut(expr));
            }
            Expr::Assign(assign) => {
                self.changed(&assign.left);
                visit_mut::visit_expr_assign_mut(self, assign);
            }
            Expr::Binary(binary) => {
                if assigns(&binary.op) {
                    self.changed(&binary.left);
                }
                visit_mut::visit_expr_binary_mut(self, binary);
            }
            Expr::Reference(reference) => {
                if reference.mutability.is_some() {
                    if let Some(place) = Place::changed_by(&reference.expr) {
                        if !self.scopes.binds(&place.base) {
                            self.visitor.changed(&place);
                        }
                    }
                }
                self.visit_expr_mut(&mut reference.expr);
            }
            Expr::Await(expr) => {
                self.visit_expr_mut(&mut expr.base);
                if self.jumps.in_task() {
                    self.visitor.awaits(expr.await_token.span);
                }
            }
            Expr::Let(expr) => {
                self.visit_expr_mut(&mut expr.expr);
                self.bind(&mut expr.pat);
            }
            Expr::If(expr) => {
                self.scoped(|walker| {
                    walker.visit_expr_mut(&mut expr.cond);
                    walker.visit_block_mut(&mut expr.then_branch);
                });
                if let Some((_, otherwise)) = &mut expr.else_branch {
                    self.visit_expr_mut(otherwise);
                }
            }
            Expr::Macro(expr) => self.call_macro(&mut expr.mac),
            // The length of an array and a const block see constants only.
            Expr::Repeat(expr) => self.visit_expr_mut(&mut expr.expr),
            Expr::Const(_) => {}
            _ => self.visit_jumps(expr),
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.scoped(|walker| {
            walker.scopes.bind_items(&block.stmts);
            block.stmts.iter_mut().for_each(|stmt| walker.visit_stmt_mut(stmt));
        });
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Macro(stmt) => self.call_macro(&mut stmt.mac),
            _ => visit_mut::visit_stmt_mut(self, stmt),
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        if let Some(init) = &mut local.init {
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, otherwise)) = &mut init.diverge {
                self.visit_expr_mut(otherwise);
            }
        }
        self.bind(&mut local.pat);
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        // The ends of a range are constants.
        if !matches!(pat, Pat::Range(_)) {
            visit_mut::visit_pat_mut(self, pat);
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|walker| {
            walker.bind(&mut arm.pat);
            walker.visit_expr_mut(&mut arm.body);
        });
    }

    // Items see nothing of the function around them; types, paths and patterns see constants only.
    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_generic_argument_mut(&mut self, _: &mut syn::GenericArgument) {}
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}
}

/// Whether the called expression is a name, other than `self`, which is never a function.
fn is_name(func: &Expr) -> bool {
    match func {
        Expr::Path(path) => path.path.get_ident().is_none_or(|ident| ident != "self"),
        // What a `macro_rules!` macro was given as an expression.
        Expr::Group(group) => is_name(&group.expr),
        _ => false,
    }
}

fn assigns(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}
