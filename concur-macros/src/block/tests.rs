//! What a block may look like, what is said when it does not, and what it expands to.

use super::expand;
use crate::errors::Errors;
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;
use std::str::FromStr;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("the test is tokens")
}

fn messages(block: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let block = super::parse(tokens(block), &mut errors);
    super::check::check(&block, &mut errors);
    errors.messages()
}

/// The block gives these errors, told by a part of each, and no other.
fn refused(block: &str, parts: &[&str]) {
    let messages = messages(block);
    let matching = messages.iter().zip(parts).filter(|(message, part)| message.contains(*part));
    assert!(
        matching.count() == parts.len() && messages.len() == parts.len(),
        "{block}: {messages:#?}"
    );
}

fn accepted(block: &str) {
    assert_eq!(messages(block), [""; 0], "{block}");
}

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
fn options_of_entries_are_said_to_the_runtime() {
    let task = expansion("#[task(timeout = \"2s\")] a => 1");
    assert!(task.contains("__concur_private::with_options({"), "{task}");
    assert!(
        task.contains("},__concur_private::WrittenOptions::new().timeout(2000000000u64))"),
        "{task}"
    );
    let many = expansion("#[task(retries = 1)] for x in y => x");
    assert!(many.contains("__concur_private::many_with_options(__concur_private::many("), "{many}");
    assert!(many.contains("__concur_private::WrittenOptions::new().retries(1u32))"), "{many}");
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

/// Every block that comes of these by losing a token or all tokens from one on, at any depth.
#[test]
fn no_broken_block_makes_it_panic() {
    for text in [
        "#[task(retries = 3)] a => [x, self.y.0] f(x)?, b => { let mut q = w; q.r += 1; q }, c => 1",
        "for (i, S { a, .. }) in xs.iter().enumerate() => [k.0.1] { format!(\"{k:w$.p$} {self}\", w = self.w) }",
        "a => match x { Some(y) if y > self.z => vec![y; n], None => matches!(x, Some(1..=2) if b), _ => { return } }",
        "a => concurrent! { b => [self.x] self.x, for c in d => c + e }.run()?, b => async move |z| { break 'l z.await }",
        "a => { use m::{n as o, p::*}; fn f() {} 'l: while let Some(x) = self.0.1.next() { continue 'l } loop {} }",
    ] {
        for broken in broken(tokens(text)) {
            expand(quote!((concur) #broken));
        }
    }
}

fn broken(tokens: TokenStream) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut all = vec![trees.iter().cloned().collect()];
    for (index, tree) in trees.iter().enumerate() {
        let (before, after) = (&trees[..index], &trees[index + 1..]);
        let with = |middle: TokenStream| {
            let before: TokenStream = before.iter().cloned().collect();
            let after: TokenStream = after.iter().cloned().collect();
            quote!(#before #middle #after)
        };
        all.push(before.iter().cloned().collect());
        all.push(after.iter().cloned().collect());
        all.push(with(TokenStream::new()));
        all.push(with(quote!(#tree #tree)));
        if let TokenTree::Group(group) = tree {
            for inner in broken(group.stream()) {
                let group = TokenTree::Group(Group::new(group.delimiter(), inner));
                all.push(with(quote!(#group)));
            }
        }
    }
    all
}

#[test]
fn no_input_makes_it_panic() {
    for text in [
        "=",
        "=>",
        "=> =>",
        ",",
        ",,,",
        "#",
        "#[",
        "for",
        "for for",
        "for x",
        "for x in",
        "for in x => y",
        "a",
        "a b",
        "a =",
        "a => =>",
        "a => [",
        "a => [x",
        "a => [x]",
        "[x] => 1",
        "_",
        "'a => 1",
        "'a",
        "1",
        "a => #",
        "a => 'x",
        "a => [x] =>",
        "a => 1 =>",
        "$crate => 1",
        "a::",
        "a:: => 1",
        "a => (",
        "{} => 1",
        "a => {",
        "a => x.",
        "a => matches!()",
        "a => vec![;]",
        "a => format!()",
        "a => concurrent! { = }",
        "a => x.0.1.2",
        "a => [x.0.0.0x] y",
        "a => format!(\"{\")",
        "a => format!(\"{:$}{a:$$}\")",
        "a => let x = 1",
        "a => if let",
        "a => ;",
    ] {
        if let Ok(tokens) = TokenStream::from_str(text) {
            expand(tokens.clone());
            expand(quote!((concur) #tokens));
        }
    }
}

/// The tokens, whether or not rustfmt put a comma behind the last argument.
fn printed(tokens: &TokenStream) -> String {
    tokens.to_string().replace(" ,)", ")")
}

#[test]
fn a_task_expands_to_calls_into_the_runtime() {
    let expanded = expand(quote!((concur) users => count(&db, self.shop.region)?));
    let expected = quote!({
        use concur::__private as __concur_private;
        let __concur_task_0 = {
            let __concur_capture_0 = {
                use __concur_private::arms::*;
                (&&&&&&&&&__concur_private::Probe::of(&db)).__concur_capture()
            };
            let __concur_capture_1 = {
                use __concur_private::arms::*;
                (&&&&&&&&&__concur_private::Probe::of(&self.shop.region)).__concur_capture()
            };
            let mut __concur_input = __concur_private::Input::new();
            __concur_input.put(&__concur_capture_0, &db);
            __concur_input.put(&__concur_capture_1, &self.shop.region);
            let __concur_captures = (__concur_capture_0, (__concur_capture_1, ()));
            let __concur_body = __concur_private::body(
                &__concur_captures,
                |_,
                 (db, (__concur_self_shop_region, ()))|
                 -> __concur_private::Result<_, __concur_private::Failure> {
                    #[allow(clippy::diverging_sub_expression)]
                    let __concur_value = (count(&db, __concur_self_shop_region)?);
                    #[allow(unreachable_code)]
                    return __concur_private::Ok::<_, __concur_private::Failure>(__concur_value);
                },
            );
            __concur_private::Plain::of(&__concur_captures).captures_nothing_else(__concur_body.0);
            {
                use __concur_private::arms::owning::*;
                (&&&__concur_capture_0).__concur_owning();
                (&&&__concur_capture_1).__concur_owning();
                if false {
                    let __concur_another = __concur_private::another(&db);
                    __concur_capture_0.captures_nothing(__concur_another);
                    let __concur_another = __concur_private::another(&self.shop.region);
                    __concur_capture_1.captures_nothing(__concur_another);
                }
            }
            let __concur_result = {
                use __concur_private::arms::results::*;
                (&&__concur_body.1).__concur_result(__concur_body.1)
            };
            __concur_private::task(
                __concur_private::Site::new(
                    "users",
                    __concur_private::file!(),
                    __concur_private::line!(),
                    __concur_private::column!(),
                ),
                __concur_input,
                __concur_captures,
                __concur_result,
                __concur_body.0,
            )
        };
        __concur_private::tasks((__concur_task_0,))
    });
    assert_eq!(printed(&expanded), printed(&expected));
}

#[test]
fn an_empty_block_expands_to_no_tasks() {
    let expected = quote!({
        use $crate::__private as __concur_private;
        __concur_private::tasks(())
    });
    assert_eq!(printed(&expand(quote!(($crate)))), printed(&expected));
}

#[test]
fn a_for_expands_to_many() {
    let expanded = expand(quote!((concur) for url in urls => fetch(url, limit)?));
    let expected = quote!({
        use concur::__private as __concur_private;
        let __concur_items = {
            use __concur_private::arms::NoItems;
            __concur_private::arms::Items::of(urls).__concur_items()
        };
        let __concur_item = {
            use __concur_private::arms::*;
            (&&&&&&&&&__concur_private::Probe::item(&__concur_items)).__concur_capture()
        };
        let __concur_capture_0 = {
            use __concur_private::arms::*;
            (&&&&&&&&&__concur_private::Probe::of(&limit)).__concur_capture()
        };
        let mut __concur_input = __concur_private::Input::new();
        __concur_input.put(&__concur_capture_0, &limit);
        let __concur_captures = (__concur_capture_0, (__concur_item, ()));
        let __concur_body = __concur_private::body(
            &__concur_captures,
            |_,
             (limit, (__concur_for_item, ()))|
             -> __concur_private::Result<_, __concur_private::Failure> {
                let url = __concur_for_item;
                #[allow(clippy::diverging_sub_expression)]
                let __concur_value = (fetch(url, limit)?);
                #[allow(unreachable_code)]
                return __concur_private::Ok::<_, __concur_private::Failure>(__concur_value);
            },
        );
        __concur_private::Plain::of(&__concur_captures).captures_nothing_else(__concur_body.0);
        {
            use __concur_private::arms::owning::*;
            (&&&__concur_capture_0).__concur_owning();
            (&&&__concur_item).__concur_owning();
            if false {
                let __concur_another = __concur_private::another(&limit);
                __concur_capture_0.captures_nothing(__concur_another);
            }
        }
        let __concur_result = {
            use __concur_private::arms::results::*;
            (&&__concur_body.1).__concur_result(__concur_body.1)
        };
        __concur_private::many(
            __concur_private::Site::new(
                "url",
                __concur_private::file!(),
                __concur_private::line!(),
                __concur_private::column!(),
            ),
            __concur_input,
            __concur_items,
            __concur_item,
            __concur_captures,
            __concur_result,
            __concur_body.0,
        )
    });
    assert_eq!(printed(&expanded), printed(&expected));
}

fn expansion(block: &str) -> String {
    let tokens = tokens(block);
    expand(quote!((concur) #tokens)).to_string().replace(' ', "")
}

#[test]
fn an_await_expands_to_the_async_calls() {
    let expansion = expansion("a => f(x).await?");
    for part in [
        "__concur_private::needs_tokio!();",
        "__concur_private::arms::waiting::body_async(&__concur_captures,|_,(x,())|{__concur_private::Box::pin(asyncmove{",
        "let__concur_value=(f(x).await?);",
        "__concur_private::Ok::<_,__concur_private::Failure>(__concur_value)",
        ".captures_nothing_else_async(__concur_body.0)",
        "__concur_private::arms::waiting::task_async(",
    ] {
        assert!(expansion.contains(part), "no `{part}` in {expansion}");
    }
    assert!(
        super::tests::expansion("for x in y => x.await")
            .contains("__concur_private::arms::waiting::many_async(")
    );
}

#[test]
fn a_task_that_never_has_a_value_has_the_unit_type() {
    for body in [
        "panic!(\"{x}\")",
        "std::process::exit(1)",
        "{ f(); process::abort() }",
        "loop { f() }",
        "{ todo!(); }",
        "loop { loop { break } }",
        "if a { panic!() } else { unreachable!() }",
        "match a { _ => todo!() }",
        "unsafe { std::unimplemented!() }",
        "'a: loop { (|| 1)() }",
    ] {
        let expansion = expansion(&format!("a => {body}"));
        assert!(expansion.contains("Result<(),__concur_private::Failure>"), "{expansion}");
    }
    for body in [
        "exit(1)",
        "loop { break 1 }",
        "'a: loop { loop { break 'a } }",
        "loop { my!(break) }",
        "{ todo!(); 1 }",
    ] {
        let expansion = expansion(&format!("a => {body}"));
        assert!(expansion.contains("Result<_,__concur_private::Failure>"), "{expansion}");
    }
    assert!(expansion("a => { f().await; panic!() }").contains("return__concur_private::Ok::<(),"));
}

#[test]
fn tasks_of_a_for_are_named_after_its_variable() {
    for (pat, name) in [
        ("url", "url"),
        ("mut r#type", "type"),
        ("(a, b)", "item"),
        ("a @ 1", "item"),
        ("_", "item"),
    ] {
        let expansion = expansion(&format!("for {pat} in xs => 1"));
        assert!(expansion.contains(&format!("Site::new(\"{name}\",")), "{expansion}");
    }
}

#[test]
fn mistakes_take_the_place_of_the_expansion() {
    let expansion = expansion("a => 1, a = 2");
    assert!(expansion.starts_with("{::core::compile_error!{"), "{expansion}");
    assert!(!expansion.contains("__concur"), "{expansion}");
}
