//! What a block may look like, and what is said when it does not.

use super::{accepted, refused};

#[test]
fn blocks_of_every_form_are_read() {
    accepted("");
    accepted("a => 1");
    accepted("a => 1,");
    accepted("a => f(x), b => { 1 }, r#type => if c { 1 } else { 2 } + 3, _d => |x, y| x + y,");
    accepted("a => for x in y { f(x) }, b => \"text\", c => loop {}, d => match x { y => z }");
    accepted("for x in 0..9 => x");
    accepted("for (i, S { a, .. }) in xs.iter().enumerate() => [k] { i + a },");
    accepted("for Some(x) | Ok(x) in xs => x");
}

#[test]
fn wrong_names_are_refused() {
    refused("\"users\" => 1", &["write `users => ...`"]);
    refused("\"two words\" => 1", &["write `name => ...`"]);
    refused("match => 1", &["`match` is a keyword"]);
    refused("self => 1", &["`self` is a keyword"]);
    refused("for => 1", &["`for` is a keyword"]);
    refused("_ => 1, _ => 2", &["`_` cannot name a task", "`_` cannot name a task"]);
    refused("a::b => 1", &["single plain name"]);
    refused("f(1) => 1", &["single plain name"]);
    refused("=> 1", &["this task has no name"]);
    refused("f(1), 2", &["this task has no name", "this task has no name"]);
    refused("a => 1, b => 2, a => 3", &["two tasks are named `a`", "the first task named `a`"]);
}

#[test]
fn wrong_punctuation_is_refused() {
    refused("a = 1, b: 2, c -> 3", &["`a => ...`", "`b => ...`", "`c => ...`"]);
    refused("a => 1 b => 2", &["write `,` before `b`"]);
    refused(
        "a => for x in y {} for x in y => x",
        &["write `,` before `for`", "`for` stands alone"],
    );
    refused("a => 1; b => 2", &["write `,` instead of `;`"]);
    refused("a => 1,, b => 2", &["no task before this `,`"]);
    refused("a => 1 2, b =>", &["the task `a` ended before this", "no expression after this `=>`"]);
}

#[test]
fn missing_expressions_are_refused() {
    refused("a =>", &["no expression after this `=>`"]);
    refused("a =>, b => 1", &["no expression after this `=>`"]);
    refused("a => b => 1", &["no expression after this `=>`"]);
    refused("a, b", &["`a` has no expression", "`b` has no expression"]);
    refused("for x in y =>", &["no expression after this `=>`"]);
}

#[test]
fn wrong_fors_are_refused() {
    refused("for x y => x", &["`for` needs `in`"]);
    refused("for x in y { x }", &["`for` makes one task of each item"]);
    refused("for x in y", &["`for` makes one task of each item"]);
    refused("for x in y => x, a => 1", &["`for` stands alone"]);
    refused("for x in y => x, for z in w => z", &["a block holds one `for`"]);
}

#[test]
fn wrong_lists_and_attributes_are_refused() {
    let list = "a list of captures holds";
    refused("a => [x + 1, &y, 3, z] f(z)", &[list, list, list]);
    refused("a => [x,, y] f(z)", &[list]);
    let cfg = "whose type cannot hang on a `cfg`";
    refused("#[cfg(x)] #[cfg_attr(x, y)] a => 1", &[cfg, cfg]);
    let attribute = "no attribute but `#[task(...)]`";
    refused(
        "#[inline] #[task = 3] a => 1, #[other::task] for x in y => x",
        &[attribute, attribute, attribute, "`for` stands alone"],
    );
}

#[test]
fn options_of_entries_are_read() {
    accepted("#[task(timeout = \"2s\", retries = 3)] a => 1, #[task] b => 2, /** text */ c => 3");
    accepted("#[task(isolated)] #[task(retries = 1)] /// text\n for x in y => x");
    refused("#[task(isolated)] #[task(isolated)] a => 1", &["`isolated` is said a second time"]);
    refused(
        "#[task(timeout = 2, retry = 3)] a => 1 +",
        &["`timeout` must be", "no option `retry`", "expected"],
    );
    refused(
        "#[task(name = \"b\")] a => 1, b => 2",
        &["two tasks are named `b`", "the first task named `b`"],
    );
    accepted("#[task(name = \"b\")] a => 1, #[task(name = \"a\")] b => 2");
}

#[test]
fn too_many_tasks_are_refused() {
    let block = |count| (0..count).fold(String::new(), |block, index| block + &task(index));
    accepted(&block(64));
    refused(&block(65), &["this block has 65 tasks"]);
}

fn task(index: usize) -> String {
    format!("t{index} => 1,")
}

#[test]
fn tasks_know_nothing_of_their_siblings() {
    refused("users => 1, b => users + users", &["tasks are independent: `users`"]);
    refused("users => 1, b => format!(\"{users}\")", &["tasks are independent: `users`"]);
    refused("users => 1, b => users.name.len()", &["tasks are independent: `users`"]);
    accepted("users => users, b => users(1)");
    accepted("users => 1, b => [users] users + 1");
    accepted("users => 1, b => { let users = 2; users }");
}

#[test]
fn mistakes_of_every_kind_are_reported_at_once() {
    refused(
        "a = 1, b => 1 + , c => { return 1 }, d => f(&mut x), a => 2, e => d",
        &[
            "`a => ...`",
            "expected",
            "two tasks",
            "the first task",
            "would leave",
            "a copy of `x`",
            "independent",
        ],
    );
}
