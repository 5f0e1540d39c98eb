//! What `#[concurrent]` makes of a function, and what it refuses.

use super::expand;
use proc_macro2::TokenStream;
use quote::quote;
use std::str::FromStr;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("the test is tokens")
}

fn expansion(options: &str, item: &str) -> String {
    expand(tokens(options), &tokens(item)).to_string().replace(' ', "")
}

/// The tokens, whether or not rustfmt put a comma behind the last argument.
fn printed(tokens: &TokenStream) -> String {
    tokens.to_string().replace(" ,)", ")")
}

#[test]
fn a_function_gets_another_one_beside_it() {
    let item = quote! {
        #[inline]
        pub(crate) fn sales(region: &str, (a, b): (u8, u8)) -> Result<Report, DbError> { body() }
    };
    let expanded = expand(quote!(timeout = "30s", crate = concur), &item);
    let expected = quote! {
        #item
        #[doc = " Makes a task of [`sales`](sales): what is given here is sent to it when it is run."]
        pub(crate) fn sales_task(region: &str, argument_2: (u8, u8))
            -> concur::__private::Task<Report>
        {
            use concur::__private as __concur_private;
            struct __ConcurFunction;
            impl __concur_private::Annotated for __ConcurFunction {
                const ABOUT: __concur_private::About = __concur_private::About::new(
                    __concur_private::Site::new(
                        "sales",
                        ::core::file!(),
                        ::core::line!(),
                        ::core::column!(),
                    ),
                    __concur_private::module_path!(),
                    "",
                    false,
                    "",
                );
                fn options() -> __concur_private::WrittenOptions {
                    __concur_private::WrittenOptions::new().timeout(30000000000u64)
                }
            }
            #[used]
            static __CONCUR_FUNCTION: fn() = __concur_private::list::<__ConcurFunction>;
            __concur_private::of_function(
                {
                    let __concur_capture_0 = {
                        use __concur_private::arms::*;
                        (&&&&&&&&&&__concur_private::Probe::of(&region)).__concur_capture()
                    };
                    let __concur_capture_1 = {
                        use __concur_private::arms::*;
                        (&&&&&&&&&&__concur_private::Probe::of(&argument_2)).__concur_capture()
                    };
                    let mut __concur_input = __concur_private::Input::new();
                    __concur_input.put(&__concur_capture_0, &region);
                    __concur_input.put(&__concur_capture_1, &argument_2);
                    let __concur_captures = (__concur_capture_0, (__concur_capture_1, ()));
                    let __concur_body = __concur_private::body(
                        &__concur_captures,
                        |_,
                         (__concur_argument_0, (__concur_argument_1, ()))|
                         -> __concur_private::Result<Report, __concur_private::Failure> {
                            match sales(__concur_argument_0, __concur_argument_1) {
                                __concur_private::Ok(value) => __concur_private::Ok(value),
                                __concur_private::Err(err) => {
                                    use __concur_private::errors::*;
                                    __concur_private::Err(
                                        (&&&&__concur_private::ErrorType::of(&err))
                                            .__concur_way()
                                            .fail(err),
                                    )
                                }
                            }
                        },
                    );
                    __concur_private::Plain::of(&__concur_captures)
                        .captures_nothing_else(__concur_body.0);
                    {
                        use __concur_private::arms::owning::*;
                        (&&&__concur_capture_0).__concur_owning();
                        (&&&__concur_capture_1).__concur_owning();
                        if false {
                            let __concur_another = __concur_private::another(&region);
                            __concur_capture_0.captures_nothing(__concur_another);
                            let __concur_another = __concur_private::another(&argument_2);
                            __concur_capture_1.captures_nothing(__concur_another);
                        }
                    }
                    let __concur_result = {
                        use __concur_private::arms::results::*;
                        (&&&__concur_body.1).__concur_result(__concur_body.1)
                    };
                    __concur_private::task(
                        __concur_private::Site::of::<__ConcurFunction>(),
                        __concur_input,
                        __concur_captures,
                        __concur_result,
                        __concur_body.0,
                    )
                },
                <__ConcurFunction as __concur_private::Annotated>::options(),
            )
        }
    };
    assert_eq!(printed(&expanded), printed(&expected));
}

/// The expansion has these parts.
fn has(options: &str, item: &str, parts: &[&str]) {
    let expansion = expansion(options, item);
    assert!(!expansion.contains("compile_error"), "{expansion}");
    for part in parts {
        assert!(expansion.contains(&part.replace(' ', "")), "no `{part}` in {expansion}");
    }
}

#[test]
fn results_decide_how_a_task_ends() {
    let ok = "__concur_private::Ok(f())";
    has("", "fn f() {}", &["Task<()>", ok, "-> __concur_private::Result<(),"]);
    has("", "fn f() -> u8 {}", &["Task<u8>", ok]);
    has("", "fn f() -> ! {}", &["Task<()>", "{ (f()) }"]);
    has("", "fn f() -> Result<u8, E> {}", &["Task<u8>", "match f() {"]);
    has("", "fn f() -> anyhow::Result<Vec<u8>> {}", &["Task<Vec<u8> >", "match f() {"]);
    let alias = ["Task<<QueryResult as ::concur::__private::Fallible>::Value>", "Given(f())"];
    has("", "fn f() -> QueryResult {}", &alias);
    has("", "fn f() -> fmt::Result {}", &["<fmt::Result as ", "Given(f())"]);
    has("fallible", "fn f() -> Outcome<u8> {}", &["<Outcome<u8> as", "Given(f())"]);
    has("fallible = false", "fn f() -> Result<u8, E> {}", &["Task<Result<u8, E> >", ok]);
}

#[test]
fn heads_of_every_form_are_kept() {
    let body = "-> u8 { 1 }";
    has("", &format!("const fn f() {body}"), &["{1}#[doc", "fn f_task() ->"]);
    has("", &format!("extern \"C\" fn f() {body}"), &["fn f_task() ->"]);
    has(
        "",
        "pub fn f<'a, T: A, const N: usize>(x: &'a T, _: u8, mut y: [T; N], z: impl B) -> T where T: C {}",
        &[
            "pub fn f_task<'a, T: A, const N: usize>(x: &'a T, argument_2: u8, y: [T; N], z: impl B)",
            "Task<T> where T: C {",
            "f::<T, N>(__concur_argument_0,",
        ],
    );
    has("", "fn r#type(r#fn: u8) {}", &["fn type_task(r#fn: u8)", "r#type(", "\"type\""]);
    has(
        "",
        "fn f(f: u8, argument_2: u8, (a, b): C) {}",
        &["f_task(f: u8, argument_2: u8, argument_3: C)"],
    );
    has("", "fn f(argument_2: u8, (a, b): C) {}", &["(argument_2: u8, argument_2_: C)"]);
    has("", "async fn f(x: &str) {}", &["needs_tokio!()", "f(__concur_argument_0).await"]);
}

#[test]
fn attributes_are_copied_where_they_mean_the_same() {
    let item = "#[cfg(a)] #[cfg_attr(b, doc(hidden), inline)] #[cfg_attr(c, inline)] #[inline] \
                #[must_use] #[allow(clippy::x, dead_code)] #[expect(unused, reason = \"r\")] \
                #[deny(w)] #[deprecated = \"d\"] #[doc(alias = \"y\")] fn f() {}";
    let expansion = expansion("", item);
    let (_, task) = expansion.split_once("fnf(){}").expect("the function is there");
    let (attributes, _) = task.split_once("fnf_task").expect("the task is there");
    assert!(
        attributes.ends_with(
            "#[cfg(a)]#[cfg_attr(b,doc(hidden))]#[allow(clippy::x)]#[deprecated=\"d\"]#[allow(deprecated)]"
        ),
        "{attributes}"
    );
}

#[test]
fn documentation_is_copied_without_its_examples() {
    let item = "/// Adds.\n///\n/// # Examples\n///\n/// ```\n/// code\n/// ```\n///\n/// # Errors\n/// Never.\nfn f() {}";
    let lines = ["", " Adds.", "", "", "", " # Errors", " Never."];
    let written = lines.map(|line| format!("#[doc=\"{line}\"]")).concat();
    let expansion = expansion("", item);
    let written = written.replace(' ', "");
    assert!(expansion.contains(&format!("whenitisrun.\"]{written}fnf_task")), "{expansion}");
}

#[test]
fn methods_call_what_they_stand_beside() {
    has(
        "",
        "fn f(&self, x: u8) {}",
        &["fn f_task(&self, x: u8)", "Self::f(__concur_self,", "of(&self)"],
    );
    has("", "fn f(mut self) {}", &["fn f_task(self)"]);
    has("", "fn f(self: &Self) {}", &["fn f_task(self: &Self)"]);
    assert!(!expansion("", "fn f(&self) {}").contains("Annotated"));
    let item = "impl<T> m::Shop<T> where T: A { const C: u8 = { 1 }; #[inline] #[attr::concurrent(retries = 1)] \
                pub fn f(&self) -> R<{ 1 }> {} #[x] fn g() {} #[task] fn h() -> Self {} }";
    let parts = [
        "const C: u8 = { 1 }; #[inline] pub fn f(&self) -> R<{ 1 }> {} #[doc",
        "pub fn f_task(&self)",
        "\"Shop\"",
        "retries(1u32)",
        "#[x] fn g() {} fn h() -> Self {}",
        "fn h_task() -> ::concur::__private::Task<Self>",
        "Self::h()",
    ];
    has("", item, &parts);
    has("", "impl Shop<u8> { #[task] fn f() {} }", &["\"Shop<u8>\""]);
    let item = "#[cfg(a)] impl m::Count for Shop { type X = u8; #[concurrent] fn f(&self) {} }";
    let parts = [
        "impl m::Count for Shop { type X = u8; fn f(&self) {} } #[cfg(a)] impl Shop {",
        "#[allow(private_interfaces, private_bounds)] pub fn f_task(&self)",
        "<Self as m::Count>::f(__concur_self)",
    ];
    has("crate = concur", item, &parts[..1]);
    has("", item, &parts);
}

/// Refused with these messages, the item as it was.
fn refused(options: &str, item: &str, parts: &[&str]) {
    let expansion = expansion(options, item);
    let kept = item.replace(' ', "");
    assert!(expansion.starts_with(&kept), "{expansion}");
    assert_eq!(expansion.matches("compile_error").count(), parts.len(), "{expansion}");
    for part in parts {
        assert!(expansion.contains(&part.replace(' ', "")), "no `{part}` in {expansion}");
    }
}

#[test]
fn what_cannot_be_a_task_is_refused() {
    refused("", "struct S;", &["goes on a function"]);
    refused("", "fn f();", &["goes on a function"]);
    refused("", "unsafe fn f() {}", &["the contract of an `unsafe fn`"]);
    refused(
        "",
        "unsafe extern \"C\" fn f(x: u8, ...) {}",
        &["the contract", "arguments without types"],
    );
    refused("", "fn f(x: &mut u8) {}", &["a copy of its arguments"]);
    refused("", "fn f(&mut self) {}", &["a copy of `self`"]);
    refused("", "fn f(self: &mut Self) {}", &["a copy of `self`"]);
    refused("", "fn f(#[cfg(a)] x: u8, #[cfg_attr(a, b)] y: u8) {}", &["hang on a `cfg`"; 2]);
    refused("", "fn f(x: Cow<'_, str>, y: &'a [&'static str], z: &S<'a>) {}", &["own its data"; 2]);
    refused(
        "",
        "fn f(x: &[&'a str], y: Cow<'a, &'a u8>) {}",
        &["take `String`", "or write `'static`"],
    );
    refused("", "fn f(x: &'static str, y: (&'static [u8])) {}", &["such as `&str`"; 2]);
    refused("", "fn f(&'static self) {}", &["take `&self`"]);
    refused("", "fn f(self: &'static Self) {}", &["take `&self`"]);
    refused("", "fn f(x: impl Fn(u8)) {}", &["a callable cannot be sent"]);
    refused("", "fn f<F>(x: F) where F: FnOnce() {}", &["a callable cannot be sent"]);
    refused("", "fn f() -> &'static str {}", &["cannot borrow"]);
    refused("", "fn f() -> Result<&'a str, E> {}", &["cannot borrow"]);
    refused("", "fn f() -> impl A {}", &["a type with a name"]);
    refused("", "fn f() -> Option<Self> {}", &["what `Self` is"]);
    refused("fallible", "fn f() {}", &["it returns nothing"]);
    refused("", "#[concurrent] fn f() {}", &["a task already"]);
    refused("", "impl<T> A for B<T> {}", &["no method here", "a generic `impl`"]);
    refused("", "fn f(a: &mut u8) -> &u8 {}", &["a copy of its arguments", "cannot borrow"]);
}

#[test]
fn mistakes_in_options_leave_the_task_there() {
    let expansion = expansion("retry = 3, timeout = \"1s\"", "fn f() {}");
    assert!(expansion.contains("fnf_task()"), "{expansion}");
    assert!(expansion.contains("timeout(1000000000u64)"), "{expansion}");
    assert!(expansion.contains("nooption`retry`"), "{expansion}");
    let item = "impl S { #[task(x)] #[task] const C: u8 = 1; #[task = 3] fn f() {} }";
    let expansion = expand(TokenStream::new(), &tokens(item)).to_string().replace(' ', "");
    assert!(expansion.starts_with("implS{constC:u8=1;fnf(){}"), "{expansion}");
    for part in ["ataskalready", "goesonafunction", "thisisnooption"] {
        assert!(expansion.contains(part), "no `{part}` in {expansion}");
    }
}

#[test]
fn no_item_makes_it_panic() {
    for item in [
        "",
        "#",
        "fn",
        "fn f",
        "fn f()",
        "fn f(self) -> {}",
        "fn f(x) {}",
        "impl",
        "impl X",
        "impl X { # }",
        "impl X { #[concurrent] }",
        "impl X { #[concurrent] fn }",
        "impl X { #[concurrent] fn f(&self) }",
        "impl !Send for X {}",
        "impl<T> X for {}",
        "impl [u8] { #[task] fn f(self: Box<Self>) {} }",
        "default unsafe impl A for B { #[task] default fn f() {} }",
        "{}",
        "#![x]",
    ] {
        expansion("", item);
        expansion("=", item);
    }
}
