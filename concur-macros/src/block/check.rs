//! Whether the tasks of a block make sense: each for itself, and together.
//!
//! Reports everything it finds; the result is complete only if nothing was found. Leaves to rustc
//! what rustc says better: types, borrows, unknown names.

use super::code::{self, Code, Gives};
use super::diverge;
use super::parse::NAMELESS;
use super::tree::{Block, Body, Each, Task};
use crate::captures::{self, Captured, Surroundings};
use crate::errors::{self, Errors};
use crate::options::Options;
use proc_macro2::{Ident, Span};
use syn::Pat;
use syn::ext::IdentExt;

/// What is expanded.
pub(super) enum Checked<'a> {
    Tasks(Vec<CheckedTask<'a>>),
    Each(CheckedEach<'a>),
}

pub(super) struct CheckedTask<'a> {
    pub(super) name: &'a Ident,
    pub(super) options: Option<&'a Options>,
    pub(super) code: Code,
}

pub(super) struct CheckedEach<'a> {
    pub(super) each: &'a Each,
    pub(super) name: String,
    pub(super) code: Code,
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
    let named = tasks.iter().filter(|task| task.name != NAMELESS || task.given_name().is_some());
    let named: Vec<(String, Span)> = named.map(Task::name).collect();
    for (index, (name, second)) in named.iter().enumerate() {
        if let Some((_, first)) = named[..index].iter().find(|(first, _)| first == name) {
            errors.push(errors::duplicate_name(*first, *second, name));
        }
    }
}

impl Task {
    /// What it is called, and where that is said.
    fn name(&self) -> (String, Span) {
        self.given_name().unwrap_or_else(|| (self.name.to_string(), self.name.span()))
    }

    /// `#[task(name = "...")]`
    fn given_name(&self) -> Option<(String, Span)> {
        let name = self.attributes.options.as_ref()?.name.as_ref()?;
        Some((name.value(), name.span()))
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
    let options = task.attributes.options.as_ref();
    CheckedTask { name: &task.name, options, code: code(&task.body, captured) }
}

fn check_each<'a>(each: &'a Each, errors: &mut Errors) -> CheckedEach<'a> {
    let surroundings = Surroundings { pattern: Some(&each.pat), ..Surroundings::default() };
    let captured = captures::find(&each.body, each.list.as_ref(), &surroundings, errors);
    CheckedEach { each, name: item_name(&each.pat), code: code(&each.body, captured) }
}

fn code(written: &Body, captured: Captured) -> Code {
    let Captured { captures, body, awaits } = captured;
    let diverges = diverge::diverges(&written.expr);
    let gives = if diverges { Gives::Nothing } else { Gives::Value };
    Code { captures, expr: body, gives, awaits, ends: code::ends(&written.tokens) }
}

/// What the tasks of a `for` are called: as its variable is, if it has a single one.
fn item_name(pat: &Pat) -> String {
    match pat {
        Pat::Ident(pat) if pat.subpat.is_none() => pat.ident.unraw().to_string(),
        _ => "item".to_owned(),
    }
}
