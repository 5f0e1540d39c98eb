//! What is captured, in the cases where a macro can get it wrong.

use super::{Captured, Surroundings, find};
use crate::block::{Block, parse};
use crate::errors::Errors;
use std::str::FromStr;

fn read(block: &str) -> Block {
    let tokens = proc_macro2::TokenStream::from_str(block).expect("the test is tokens");
    let mut errors = Errors::default();
    let read = parse(tokens, &mut errors);
    assert!(errors.is_empty(), "{block}: {:?}", errors.messages());
    read
}

fn found(expr: &str) -> (Captured, Errors) {
    let block = read(&format!("t => {expr}"));
    let task = &block.tasks[0];
    let mut errors = Errors::default();
    let list = task.list.as_ref();
    let captured = find(&task.body, list, &Surroundings::default(), &mut errors);
    (captured, errors)
}

fn captured(expr: &str) -> Vec<String> {
    let (captured, errors) = found(expr);
    assert!(errors.is_empty(), "{:?}", errors.messages());
    captured.captures.iter().map(|capture| capture.place.joined(".")).collect()
}

fn rewritten(expr: &str) -> String {
    let (captured, errors) = found(expr);
    assert!(errors.is_empty(), "{:?}", errors.messages());
    captured.body.to_string().replace(' ', "")
}

fn messages(expr: &str) -> Vec<String> {
    found(expr).1.messages()
}

/// `captures!("expression" => "a", "b")`
macro_rules! captures {
    ($($expr:literal => [$($place:literal),*];)*) => {$(
        let expected: &[&str] = &[$($place),*];
        assert_eq!(captured($expr), expected, "in `{}`", $expr);
    )*};
}

#[test]
fn free_variables_are_captured_in_order_and_once() {
    captures! {
        "b + a * b" => ["b", "a"];
        "f(b, &a)?" => ["b", "a"];
        "1 + 2" => [];
        "r#type + _x" => ["type", "_x"];
        "[a, b][i]" => ["a", "b", "i"];
        "a..=b" => ["a", "b"];
        "-a as u8" => ["a"];
    }
}

#[test]
fn functions_types_constants_and_paths_are_not_captured() {
    captures! {
        "count(1)" => [];
        "LIMIT + Some(1).unwrap_or(Default::default())" => [];
        "items.iter().map(double).map(Into::into).map(crate::f).sum::<u8>()" => ["items", "double"];
        "module::value + x::<u8>" => [];
        "<T as Trait>::f(x)" => ["x"];
        "(f)(x)" => ["f", "x"];
        "(self.f)(x)" => ["self.f", "x"];
        "[f] f(x)" => ["f"];
        "[0u8; n]" => [];
        "[x; N] as [T; n]" => ["x"];
    }
}

#[test]
fn fields_are_captured_by_the_longest_path() {
    captures! {
        "self.shop.region" => ["self.shop.region"];
        "self.total()" => ["self"];
        "self.shop.region.len()" => ["self.shop.region"];
        "pair.0 + pair.1.0" => ["pair.0", "pair.1.0"];
        "list[i.j].name" => ["list", "i.j"];
        "f(x)?.name.len()" => ["x"];
        "(self.shop).region" => ["self.shop.region"];
        "*a.b + (*c).d" => ["a.b", "c"];
        "future.handle.await" => ["future.handle"];
    }
}

#[test]
fn a_path_comes_with_its_prefix() {
    captures! {
        "f(a.b, z, a)" => ["a", "z"];
        "f(a, a.b)" => ["a"];
        "f(a.b.c, a.d, a.b)" => ["a.b", "a.d"];
        "f(self.x, self.go())" => ["self"];
    }
}

#[test]
fn what_the_task_binds_is_its_own() {
    captures! {
        "{ let x = x; x }" => ["x"];
        "{ let x = 1; g({ let y = x; y }) + y }" => ["y"];
        "{ { let x = 1; x }; x }" => ["x"];
        "{ let (a, [b, .., c @ d]) = z; a + b + c + d }" => ["z"];
        "{ let S { a, b: ref c, .. } = z; a + c + b }" => ["z", "b"];
        "{ let Some(x) = y else { panic!(\"{x}\") }; x }" => ["y", "x"];
        "{ let x; x = 1; x }" => [];
    }
}

#[test]
fn matches_and_conditions_bind_in_their_arms() {
    captures! {
        "match x { Some(y) if y > z => y, Some(y) | Ok(y) => y, None => y }" => ["x", "z", "y"];
        "match x { 1..=9 => a, n @ (10 | 11) => n, other => other }" => ["x", "a"];
        "if let Some(y) = x { y } else { y }" => ["x", "y"];
        "if let Some(y) = x && let Ok(z) = f(y) && z > w { y } else { 0 }" => ["x", "w"];
        "while let Some(y) = x.next() { g(y, y2) }" => ["x", "y2"];
        "{ for (i, x) in x.iter().enumerate() { f(i, x) } i }" => ["x", "i"];
    }
}

#[test]
fn closures_and_functions_bind_their_parameters() {
    captures! {
        "xs.iter().map(|x| x + y).sum()" => ["xs", "y"];
        "xs.map(|(a, S { b, .. }): T| a + b)" => ["xs"];
        "{ fn f(x: u8) -> u8 { x + y } f(a) }" => ["a"];
        "{ go(helper); fn helper() {} }" => [];
        "{ use m::{imported, other as renamed}; f(imported, renamed, other) }" => ["other"];
        "{ const limit: u8 = 1; static all: u8 = 2; limit + all }" => [];
        "async { x.await }.await" => ["x"];
        "async move |a| a + b" => ["b"];
        "unsafe { f(p) }" => ["p"];
        "const { N + m }" => [];
    }
}

#[test]
fn struct_expressions_capture_their_values() {
    captures! {
        "S { a, b: c, d: self.e, ..rest }" => ["a", "c", "self.e", "rest"];
        "S { a: 1 }.a" => [];
    }
    assert_eq!(rewritten("S { a, d: self.d }"), "S{a,d:__concur_self_d}");
}

#[test]
fn labels_are_no_variables() {
    captures! {
        "'a: loop { break 'a x }" => ["x"];
        "'b: { if a { break 'b 1 } 2 }" => ["a"];
    }
}

#[test]
fn standard_macros_are_read() {
    captures! {
        "format!(\"{} {a} {b:?}\", c)" => ["a", "b", "c"];
        "format!(\"{a:w$.p$} {{no}}\")" => ["a", "w", "p"];
        "format!(\"{a} {b}\", a = x.y, )" => ["b", "x.y"];
        "println!(\"{A} {x}\")" => ["x"];
        "{ let a = 1; format!(\"{a} {b}\") }" => ["b"];
        "std::write!(out, \"{a}\")" => ["out", "a"];
        "::std::format!(\"{a}\")" => ["a"];
        "{ assert!(a > b, \"{c}\"); assert_eq!(a, d, \"{e} {}\", f); }" => ["a", "b", "c", "d", "e", "f"];
        "vec![x; n]" => ["x", "n"];
        "vec![a, b.c, g(d)]" => ["a", "b.c", "d"];
        "dbg!(a, b)" => ["a", "b"];
        "std::pin::pin!(f(a))" => ["a"];
        "core::task::ready!(a.b)" => ["a.b"];
        "matches!(a, Some(b) | Ok(b) if b > c)" => ["a", "c"];
        "format!(concat!(\"{\", \"}\"), a)" => ["a"];
        "panic!()" => [];
        "format!(\"{type}\")" => ["type"];
    }
}

#[test]
fn other_macros_are_left_alone() {
    captures! {
        "my!(a, b)" => [];
        "tracing::format!(\"{a}\")" => [];
        "[a, self.b] my!(a, self.b)" => ["a", "self.b"];
    }
    assert_eq!(
        rewritten("[self.b.c, self.n, p.0.1] my!(self.b.c.d, x.self.b.c, self.b, [self.n], p.0.1)"),
        "my!(__concur_self_b_c.d,x.self.b.c,self.b,[__concur_self_n],__concur_p_0_1)"
    );
    assert_eq!(rewritten("[self.x] my!(0..self.x)"), "my!(0..__concur_self_x)");
    assert_eq!(rewritten("[self] my!(self.x, self::f)"), "my!(__concur_self.x,self::f)");
    assert_eq!(rewritten("{ f(self.x); my!(self.x) }"), "{f(__concur_self_x);my!(self.x)}");
}

#[test]
fn blocks_in_a_task_are_read() {
    captures! {
        "concurrent! { a => x, b => [y, self.z] f(y) }.run()?" => ["x", "y", "self.z"];
        "concur::concurrent! { for u in us.list => u + k }" => ["us.list", "k"];
        "concurrent! { a => 1, b => a }" => [];
        "concurrent! { a => { return 1 } }" => [];
    }
    assert_eq!(
        rewritten("concurrent! { b => [self.z, k] self.z + k }"),
        "concurrent!{b=>[__concur_self_z,k]__concur_self_z+k,}"
    );
    assert!(found("concurrent! { a => f().await }").0.awaits.is_none());
}

#[test]
fn places_without_a_name_get_one() {
    assert_eq!(rewritten("self.a.b + self.a.c.len()"), "__concur_self_a_b+__concur_self_a_c.len()");
    assert_eq!(
        rewritten("(self.f)(self.x, p.0)"),
        "(__concur_self_f)(__concur_self_x,__concur_p_0)"
    );
    assert_eq!(rewritten("self.go(self.x.y)"), "__concur_self.go(__concur_self.x.y)");
    assert_eq!(rewritten("{ let p = p.0; p.0 }"), "{letp=__concur_p_0;p.0}");
    assert_eq!(
        rewritten("f(a.b_c, a_b.c)"),
        "f(__concur_a_b_c,__concur_a_b_c_2)",
        "two places never share a name"
    );
}

#[test]
fn places_in_macros_are_renamed() {
    assert_eq!(
        rewritten("println!(\"{} {}\", self.x, n = self.y)"),
        "println!(\"{}{}\",__concur_self_x,n=__concur_self_y)"
    );
    assert_eq!(rewritten("vec![self.x; self.n]"), "vec![__concur_self_x;__concur_self_n]");
    assert_eq!(
        rewritten("matches!(self.x, Some(n) if n > self.y)"),
        "matches!(__concur_self_x,Some(n)ifn>__concur_self_y)"
    );
    assert_eq!(
        rewritten("format!(\"{self} {self:?} {a}\")"),
        "format!(\"{__concur_inline_self}{__concur_inline_self:?}{a}\",__concur_inline_self=__concur_self)"
    );
}

#[test]
fn a_list_says_what_is_captured() {
    captures! {
        "[] f(x)" => [];
        "[a, self.b, c.0.1,] f(x)" => ["a", "self.b", "c.0.1"];
        "[self.a, self] f(x)" => ["self"];
        "[x] { x }" => ["x"];
        "[x] if x { 1 } else { 2 }" => ["x"];
        "[x] !x" => ["x"];
        "[x] \"a\".len()" => ["x"];
        "[x] ::std::mem::drop(x)" => ["x"];
        "[x] 'a: loop { break 'a; }" => ["x"];
    }
}

#[test]
fn an_array_is_no_list() {
    captures! {
        "[a, b]" => ["a", "b"];
        "[a, b].len()" => ["a", "b"];
        "[a][i]" => ["a", "i"];
        "[a] == [b]" => ["a", "b"];
        "[a] != [b]" => ["a", "b"];
        "[a](x)" => ["a", "x"];
        "[a] as [u8; 1]" => ["a"];
        "[a]?" => ["a"];
        "[a; 2]" => ["a"];
        "[a] - b" => ["a", "b"];
    }
    assert_eq!(read("a => [x, y], b => 1").tasks.len(), 2);
}

#[test]
fn an_await_makes_a_task_async() {
    let is_async = |expr: &str| found(expr).0.awaits.is_some();
    for expr in ["f().await", "{ g(f().await?) }", "println!(\"{}\", f().await)", "my!(f().await)"]
    {
        assert!(is_async(expr), "{expr}");
    }
    for expr in ["async { f().await }", "async || f().await", "my!(async move { f().await })"] {
        assert!(!is_async(expr), "{expr}");
    }
    assert!(!is_async("{ async fn g() { f().await } block_on(g()) }"));
}

#[test]
fn jumps_out_of_the_task_are_reported() {
    for expr in [
        "{ if a { return; } 1 }",
        "break",
        "{ continue }",
        "{ loop { break 'outer } }",
        "{ 'a: { break } }",
        "{ println!(\"{}\", return); }",
        "vec![{ break 'x }]",
        "'l: loop { async { 1 }; continue 'm }",
    ] {
        let messages = messages(expr);
        assert_eq!(messages.len(), 1, "{expr}: {messages:?}");
        assert!(messages[0].contains("would leave the task"), "{messages:?}");
    }
    assert_eq!(messages("{ if a { return 1 } if b { return 2 } 3 }").len(), 2);
}

#[test]
fn jumps_inside_the_task_are_fine() {
    for expr in [
        "xs.map(|x| { return x })",
        "async { return 1 }",
        "{ fn f() { return } f() }",
        "loop { break }",
        "for x in y { continue }",
        "'a: while b { loop { break 'a } }",
        "'a: { break 'a 1 }",
        "loop { vec![{ break }]; }",
    ] {
        assert!(messages(expr).is_empty(), "{expr}");
    }
}

#[test]
fn changes_to_a_copy_are_reported() {
    for (expr, place) in [
        ("f(&mut x)", "x"),
        ("f(&mut self.list)", "self.list"),
        ("{ x = 1 }", "x"),
        ("{ x += 1 }", "x"),
        ("{ self.n -= 1 }", "self.n"),
        ("{ x[0] = 1 }", "x"),
        ("{ *x = 1 }", "x"),
        ("{ (a.b, _) = f() }", "a.b"),
        ("{ let r = &mut x.y[3]; }", "x.y"),
    ] {
        let messages = messages(expr);
        assert_eq!(messages.len(), 1, "{expr}: {messages:?}");
        assert!(messages[0].contains(&format!("a copy of `{place}`")), "{messages:?}");
    }
    for expr in ["{ let mut x = x; x += 1; f(&mut x) }", "f(&mut g(x))", "f(&x)", "f(&mut 1)"] {
        assert!(messages(expr).is_empty(), "{expr}");
    }
}

#[test]
fn a_body_that_needs_no_new_names_stays_as_it_was_written() {
    let source = "{ a . f ( b ) ; my ! { x => y } }";
    assert_eq!(rewritten(source), source.replace(' ', ""));
}
