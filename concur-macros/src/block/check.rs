//! Whether the tasks of a block make sense: each for itself, and together.
//!
//! Reports everything it finds; the result is complete only if nothing was found. Leaves to rustc
//! what rustc says better: types, borrows, unknown names.

use super::diverge;
use super::parse::NAMELESS;
use super::tree::{Block, Body, Each, Task};
use crate::captures::{self, Captured, Surroundings};
use crate::errors::{self, Errors};
use proc_macro2::Ident;
use syn::Pat;

/// What is expanded.
pub(super) enum Checked<'a> {
    Tasks(Vec<CheckedTask<'a>>),
    Each(CheckedEach<'a>),
}

pub(super) struct CheckedTask<'a> {
    pub(super) name: &'a Ident,
    pub(super) body: CheckedBody<'a>,
}

pub(super) struct CheckedEach<'a> {
    pub(super) each: &'a Each,
    pub(super) name: String,
    pub(super) body: CheckedBody<'a>,
}

/// An expression, what it captures, and whether it never has a value.
pub(super) struct CheckedBody<'a> {
    pub(super) written: &'a Body,
    pub(super) captured: Captured,
    pub(super) diverges: bool,
}

pub(super) fn check<'a>(block: &'a Block, errors: &mut Errors) -> Checked<'a> {
    names(&block.tasks, errors);
    count(&block.tasks, errors);
    mixture(block, errors);
    let mut tasks = Vec::new();
    for task in &block.tasks {
        tasks.push(check_task(task, &block.tasks, errors));
    }
    let mut each = block.each.iter().map(|each| check_each(each, errors)).collect::<Vec<_>>();
    match each.pop() {
        Some(each) => Checked::Each(each),
        None => Checked::Tasks(tasks),
    }
}

fn names(tasks: &[Task], errors: &mut Errors) {
    let named: Vec<_> = tasks.iter().filter(|task| task.name != NAMELESS).collect();
    for (index, task) in named.iter().enumerate() {
        if let Some(first) = named[..index].iter().find(|first| first.name == task.name) {
            let (first, second) = (first.name.span(), task.name.span());
            errors.push(errors::duplicate_name(first, second, &task.name.to_string()));
        }
    }
}

fn count(tasks: &[Task], errors: &mut Errors) {
    if let Some(task) = tasks.get(errors::MOST_TASKS) {
        errors.push(errors::too_many_tasks(task.name.span(), tasks.len()));
    }
}

fn mixture(block: &Block, errors: &mut Errors) {
    for (index, each) in block.each.iter().enumerate() {
        if !block.tasks.is_empty() {
            errors.push(errors::for_among_tasks(&each.for_token));
        } else if index > 0 {
            errors.push(errors::second_for(&each.for_token));
        }
    }
}

fn check_task<'a>(task: &'a Task, tasks: &[Task], errors: &mut Errors) -> CheckedTask<'a> {
    let names = tasks.iter().map(|task| &task.name);
    let surroundings = Surroundings {
        task: Some(&task.name),
        siblings: names.filter(|name| **name != task.name).collect(),
        pattern: None,
    };
    let captured = captures::find(&task.body, task.list.as_ref(), &surroundings, errors);
    CheckedTask { name: &task.name, body: body(&task.body, captured) }
}

fn check_each<'a>(each: &'a Each, errors: &mut Errors) -> CheckedEach<'a> {
    let surroundings = Surroundings { pattern: Some(&each.pat), ..Surroundings::default() };
    let captured = captures::find(&each.body, each.list.as_ref(), &surroundings, errors);
    CheckedEach { each, name: item_name(&each.pat), body: body(&each.body, captured) }
}

fn body(written: &Body, captured: Captured) -> CheckedBody<'_> {
    CheckedBody { written, captured, diverges: diverge::diverges(&written.expr) }
}

/// What the tasks of a `for` are called: as its variable is, if it has a single one.
fn item_name(pat: &Pat) -> String {
    match pat {
        Pat::Ident(pat) if pat.subpat.is_none() => pat.ident.to_string().replace("r#", ""),
        _ => "item".to_owned(),
    }
}
