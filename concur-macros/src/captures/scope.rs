//! What is bound at each point of a task's expression, and where a jump in it leads.
//!
//! Only stacks; `walk` pushes and pops them as it goes in and out.

use super::place::Name;
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Item, Lifetime, Pat, PatIdent, Stmt, UseTree};

/// The names bound so far, innermost last.
#[derive(Default)]
pub(super) struct Scopes {
    bound: Vec<Name>,
}

/// How many names were bound when a scope began.
pub(super) struct Mark(usize);

impl Scopes {
    pub(super) fn enter(&self) -> Mark {
        Mark(self.bound.len())
    }

    pub(super) fn leave(&mut self, mark: &Mark) {
        self.bound.truncate(mark.0);
    }

    pub(super) fn binds(&self, ident: &Ident) -> bool {
        let name = Name::of(ident);
        self.bound.contains(&name)
    }

    pub(super) fn bind(&mut self, ident: &Ident) {
        self.bound.push(Name::of(ident));
    }

    pub(super) fn bind_pattern(&mut self, pat: &Pat) {
        Bindings(self).visit_pat(pat);
    }

    /// Items hold in all of their block, also before they are written.
    pub(super) fn bind_items(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            match stmt {
                Stmt::Item(Item::Fn(item)) => self.bind_item(&item.sig.ident),
                Stmt::Item(Item::Const(item)) => self.bind_item(&item.ident),
                Stmt::Item(Item::Static(item)) => self.bind_item(&item.ident),
                Stmt::Item(Item::Use(item)) => self.bind_use(&item.tree),
                _ => {}
            }
        }
    }

    fn bind_use(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.bind_use(&path.tree),
            UseTree::Name(name) => self.bind_item(&name.ident),
            UseTree::Rename(rename) => self.bind_item(&rename.rename),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.bind_use(tree)),
            UseTree::Glob(_) => {}
        }
    }

    fn bind_item(&mut self, ident: &Ident) {
        self.bound.push(Name::of_item(ident));
    }
}

/// Binds each name of a pattern, and looks into no expression in it.
struct Bindings<'a>(&'a mut Scopes);

impl<'ast> Visit<'ast> for Bindings<'_> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.bind(&pat.ident);
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
}

/// The functions around the current point, innermost last, and in each its loops and labels.
pub(super) struct Jumps {
    functions: Vec<Vec<Target>>,
}

struct Target {
    is_loop: bool,
    label: Option<Name>,
}

impl Jumps {
    pub(super) fn new() -> Self {
        Self { functions: vec![Vec::new()] }
    }

    /// Whether the code here is the task's own, not that of a closure or async block in it.
    pub(super) fn in_task(&self) -> bool {
        self.functions.len() == 1
    }

    /// A closure, an async block, a task of a block inside: what no jump leaves.
    pub(super) fn enter_function(&mut self) {
        self.functions.push(Vec::new());
    }

    pub(super) fn leave_function(&mut self) {
        self.functions.pop();
    }

    pub(super) fn enter_loop(&mut self, label: Option<&syn::Label>) {
        self.enter(true, label);
    }

    pub(super) fn enter_block(&mut self, label: Option<&syn::Label>) {
        self.enter(false, label);
    }

    fn enter(&mut self, is_loop: bool, label: Option<&syn::Label>) {
        let label = label.map(|label| Name::of(&label.name.ident));
        if let Some(targets) = self.functions.last_mut() {
            targets.push(Target { is_loop, label });
        }
    }

    pub(super) fn leave(&mut self) {
        if let Some(targets) = self.functions.last_mut() {
            targets.pop();
        }
    }

    /// Whether a `break` or `continue` here leaves the task. In a function inside the task it may
    /// be wrong too, but then it is wrong in any Rust, and rustc says it.
    pub(super) fn leaves_task(&self, label: Option<&Lifetime>) -> bool {
        let [targets] = self.functions.as_slice() else { return false };
        match label.map(|label| Name::of(&label.ident)) {
            Some(label) => !targets.iter().any(|target| target.label.as_ref() == Some(&label)),
            None => !targets.iter().any(|target| target.is_loop),
        }
    }
}
