//! What blocks expand to.

use super::expansion;
use crate::block::expand;
use proc_macro2::TokenStream;
use quote::quote;

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
                (&&&&&&&&&&__concur_private::Probe::of(&db)).__concur_capture()
            };
            let __concur_capture_1 = {
                use __concur_private::arms::*;
                (&&&&&&&&&&__concur_private::Probe::of(&self.shop.region)).__concur_capture()
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
                    match (count(&db, __concur_self_shop_region)?) {
                        #[allow(unreachable_code, unreachable_patterns)]
                        ref __concur_value if false => {
                            return __concur_private::Gives::what(__concur_value).never();
                        }
                        #[allow(unreachable_code, unreachable_patterns)]
                        __concur_value => {
                            return __concur_private::Gives::what(&__concur_value)
                                .ok(__concur_value);
                        }
                    }
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
                (&&&__concur_body.1).__concur_result(__concur_body.1)
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
            (&&&&&&&&&&__concur_private::Probe::item(&__concur_items)).__concur_capture()
        };
        let __concur_capture_0 = {
            use __concur_private::arms::*;
            (&&&&&&&&&&__concur_private::Probe::of(&limit)).__concur_capture()
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
                match (fetch(url, limit)?) {
                    #[allow(unreachable_code, unreachable_patterns)]
                    ref __concur_value if false => {
                        return __concur_private::Gives::what(__concur_value).never();
                    }
                    #[allow(unreachable_code, unreachable_patterns)]
                    __concur_value => {
                        return __concur_private::Gives::what(&__concur_value).ok(__concur_value);
                    }
                }
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
            (&&&__concur_body.1).__concur_result(__concur_body.1)
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

#[test]
fn an_await_expands_to_the_async_calls() {
    let many = expansion("for x in y => x.await");
    let expansion = expansion("a => f(x).await?");
    for part in [
        "__concur_private::needs_tokio!();",
        "__concur_private::arms::waiting::body_async(&__concur_captures,|_,(x,())|{__concur_private::Box::pin(asyncmove{",
        "match(f(x).await?){",
        "return__concur_private::Gives::what(&__concur_value).ok(__concur_value);}",
        ".captures_nothing_else_async(__concur_body.0)",
        "__concur_private::arms::waiting::task_async(",
    ] {
        assert!(expansion.contains(part), "no `{part}` in {expansion}");
    }
    assert!(many.contains("__concur_private::arms::waiting::many_async("), "{many}");
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
