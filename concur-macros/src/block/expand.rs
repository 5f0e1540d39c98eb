//! Writes the calls into the runtime, for blocks; for a single task, also of an annotated function.
//!
//! Every name comes from `__private` of the crate, and is ours (mixed-site) where the user has no
//! name for it. Spans decide what rustc underlines: a variable that cannot be sent, an expression
//! whose value cannot come back. What the calls do is written in the runtime; nothing here decides
//! whether a block is right.

use super::check::{Checked, CheckedEach, CheckedTask};
use super::code::{Code, Gives};
use crate::captures::Capture;
use crate::krate::{Krate, private_at};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Index;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

pub(super) fn expand(checked: &Checked<'_>, krate: &Krate) -> TokenStream {
    match checked {
        Checked::Tasks(tasks) => expand_tasks(tasks, krate),
        Checked::Each(each) => expand_each(each, krate),
    }
}

fn expand_tasks(tasks: &[CheckedTask<'_>], krate: &Krate) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let import = krate.import();
    let names: Vec<_> =
        (0..tasks.len()).map(|index| format_ident!("__concur_task_{index}", span = ours)).collect();
    let values = tasks.iter().map(expand_entry);
    quote_spanned! {ours=>
        {
            #import
            #(let #names = #values;)*
            #private::tasks((#(#names,)*))
        }
    }
}

fn expand_entry(task: &CheckedTask<'_>) -> TokenStream {
    let ours = Span::mixed_site();
    let value = expand_task(&task.code, &site(&task.name.unraw().to_string()));
    match task.options {
        None => value,
        Some(options) => {
            let (private, options) = (private_at(ours), options.written());
            quote_spanned!(ours=> #private::with_options(#value, #options))
        }
    }
}

/// A block that gives one task, where the hidden module is in scope.
pub(crate) fn expand_task(code: &Code, site: &TokenStream) -> TokenStream {
    let ours = Span::mixed_site();
    let probes = probes(code);
    let input = input(code);
    let captures = captures(code, None);
    let closure = closure(code, None);
    let at_body = closure_at(code);
    let arguments =
        quote_spanned!(ours=> #site, __concur_input, __concur_captures, __concur_result, #at_body);
    let call = call(code, "task", &arguments);
    quote_spanned! {ours=>
        {
            #probes
            #input
            #captures
            #closure
            #call
        }
    }
}

fn expand_each(checked: &CheckedEach<'_>, krate: &Krate) -> TokenStream {
    let ours = Span::mixed_site();
    let (code, each) = (&checked.code, checked.each);
    let (pat, items) = (&each.pat, &each.items);
    let at_body = closure_at(code);
    let at_pat = located(pat.span());
    let private_at_pat = private_at(pat.span());
    let probes = probes(code);
    let input = input(code);
    let item = Ident::new("__concur_item", ours);
    let captures = captures(code, Some(&item));
    let for_item = Ident::new("__concur_for_item", at_pat);
    let closure = closure(code, Some((pat, &for_item)));
    let site = site(&checked.name);
    let import = krate.import();
    let private_at_items = private_at(items.span());
    let at_items = Ident::new("__concur_items", located(items.span()));
    let into_iter = quote_spanned! {at_items.span()=>
        {
            use #private_at_items::arms::NoItems;
            #private_at_items::arms::Items::of(#items).__concur_items()
        }
    };
    let references = references(at_pat);
    let probe = quote_spanned! {at_pat=>
        let #item = {
            use #private_at_pat::arms::*;
            (#references #private_at_pat::Probe::item(&#at_items)).__concur_capture()
        };
    };
    let item_at_pat = Ident::new("__concur_item", at_pat);
    let arguments = quote_spanned! {ours=>
        #site, __concur_input, #at_items, #item_at_pat, __concur_captures, __concur_result, #at_body
    };
    let mut call = call(code, "many", &arguments);
    if let Some(options) = &each.attributes.options {
        let (private, options) = (private_at(ours), options.written());
        call = quote_spanned!(ours=> #private::many_with_options(#call, #options));
    }
    quote_spanned! {ours=>
        {
            #import
            let __concur_items = #into_iter;
            #probe
            #probes
            #input
            #captures
            #closure
            #call
        }
    }
}

/// For each capture, the value that says how its type is sent. A type that cannot be is an error
/// at the variable.
fn probes(code: &Code) -> TokenStream {
    each_capture(code, |name, Capture { place, .. }| {
        let (span, private) = (located(place.span()), private_at(place.span()));
        let references = references(span);
        quote_spanned! {span=>
            let #name = {
                use #private::arms::*;
                (#references #private::Probe::of(&#place)).__concur_capture()
            };
        }
    })
}

/// The references that method resolution takes off one by one, trying an arm of the runtime at each:
/// as many as there are arms, or more.
fn references(span: Span) -> TokenStream {
    quote_spanned!(span=> &&&&&&&&&&)
}

fn input(code: &Code) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let mutable = (!code.captures.is_empty()).then(|| quote_spanned!(ours=> mut));
    let puts = each_capture(code, |name, Capture { place, .. }| {
        let span = located(place.span());
        let name = Ident::new(&name.to_string(), span);
        quote_spanned!(span=> __concur_input.put(&#name, &#place);)
    });
    quote_spanned! {ours=>
        let #mutable __concur_input = #private::Input::new();
        #puts
    }
}

fn each_capture(code: &Code, write: impl Fn(&Ident, &Capture) -> TokenStream) -> TokenStream {
    let captures = code.captures.iter().enumerate();
    captures.map(|(index, capture)| write(&capture_name(index), capture)).collect()
}

fn capture_name(index: usize) -> Ident {
    format_ident!("__concur_capture_{index}", span = Span::mixed_site())
}

fn captures(code: &Code, item: Option<&Ident>) -> TokenStream {
    let names = (0..code.captures.len()).map(capture_name);
    let list = nested(names.map(|name| quote!(#name)).chain(item.map(|item| quote!(#item))));
    quote_spanned!(Span::mixed_site()=> let __concur_captures = #list;)
}

/// `(a, (b, ()))`: the captures as one type, however many they are.
fn nested(items: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    let ours = Span::mixed_site();
    items.rev().fold(quote_spanned!(ours=> ()), |rest, item| quote_spanned!(ours=> (#item, #rest)))
}

/// The body as a closure of its captures, and the call that has rustc refuse it if it captures
/// anything else.
fn closure(code: &Code, item: Option<(&syn::Pat, &Ident)>) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let bindings = code.captures.iter().map(|Capture { binding, .. }| quote!(#binding));
    let item_binding = item.map(|(_, name)| quote!(#name));
    let pattern = nested(bindings.chain(item_binding));
    let take_item = item.map(|(pat, name)| quote_spanned!(ours=> let #pat = #name;));
    let at_body = closure_at(code);
    let result = result(code);
    let owning = owning(code, item);
    // The closure begins and ends with the expression, which is where a message about it points.
    let (first, last) = code.ends;
    let parameters = quote_spanned!(located(first)=> |_, #pattern|);
    let block = |statements| {
        let mut block = Group::new(Delimiter::Brace, statements);
        block.set_span(located(last));
        block
    };
    if let Some(at_await) = code.awaits {
        let private_at_await = private_at(at_await);
        let needs_tokio = quote_spanned!(located(at_await)=> #private_at_await::needs_tokio!(););
        let value = async_value(code, &private);
        let block = block(quote_spanned! {ours=>
            #private::Box::pin(async move {
                #take_item
                #value
            })
        });
        quote_spanned! {ours=>
            #needs_tokio
            let __concur_body =
                #private::arms::waiting::body_async(&__concur_captures, #parameters #block);
            #private::Plain::of(&__concur_captures).captures_nothing_else_async(#at_body);
            #owning
            #result
        }
    } else {
        let (value_type, value) = value(code);
        let block = block(quote_spanned!(ours=> #take_item #value));
        quote_spanned! {ours=>
            let __concur_body = #private::body(
                &__concur_captures,
                #parameters -> #private::Result<#value_type, #private::Failure> #block,
            );
            #private::Plain::of(&__concur_captures).captures_nothing_else(#at_body);
            #owning
            #result
        }
    }
}

/// Has rustc refuse what borrows, and callables that capture, at the variable. Stands after the body,
/// which may settle types.
fn owning(code: &Code, item: Option<(&syn::Pat, &Ident)>) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let question = |name: Ident| {
        let span = name.span();
        let ask = Ident::new("__concur_owning", span);
        quote_spanned!(span=> (&&&#name).#ask();)
    };
    let captures = each_capture(code, |name, Capture { place, .. }| {
        question(Ident::new(&name.to_string(), located(place.span())))
    });
    let item = item.map(|(pat, _)| question(Ident::new("__concur_item", located(pat.span()))));
    let callables = each_capture(code, |name, Capture { place, .. }| {
        let span = located(place.span());
        let name = Ident::new(&name.to_string(), span);
        let private = private_at(span);
        // In two steps, or else rustc would take the type it is to coerce to for that of the place.
        quote_spanned! {span=>
            let __concur_another = #private::another(&#place);
            #name.captures_nothing(__concur_another);
        }
    });
    // Not run, and by reference: a move, even one that never happens, would make a closure around
    // the block one that can be called only once.
    let callables = (!callables.is_empty()).then(|| quote_spanned!(ours=> if false { #callables }));
    quote_spanned! {ours=>
        {
            use #private::arms::owning::*;
            #captures
            #item
            #callables
        }
    }
}

/// The way that the result comes back, or an error at the expression.
fn result(code: &Code) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    let (first, _) = code.ends;
    let ask = Ident::new("__concur_result", located(first));
    let returning = body_part(code, 1);
    quote_spanned! {ours=>
        let __concur_result = {
            use #private::arms::results::*;
            (&&&__concur_body.1).#ask(#returning)
        };
    }
}

/// The expression as an `Ok`, and the type in it. In parentheses of ours, since rustc has an
/// opinion on braces that stand for a value.
///
/// One that never has a value stands alone: its type would be `!`, which cannot be sent.
fn value(code: &Code) -> (TokenStream, TokenStream) {
    let ours = Span::mixed_site();
    let expr = &code.expr;
    match &code.gives {
        Gives::Nothing => (quote_spanned!(ours=> ()), quote_spanned!(ours=> (#expr))),
        Gives::Ending(value_type) => (value_type.clone(), expr.clone()),
        Gives::Value => (quote_spanned!(ours=> _), value_as_ok(code)),
    }
}

/// [`value`] where no closure can be told its type: it is told by a `return` that is never reached.
fn async_value(code: &Code, private: &Ident) -> TokenStream {
    let ours = Span::mixed_site();
    let expr = &code.expr;
    match &code.gives {
        Gives::Nothing => quote_spanned! {ours=>
            if false {
                return #private::Ok::<(), #private::Failure>(());
            }
            (#expr)
        },
        Gives::Ending(value_type) => quote_spanned! {ours=>
            let __concur_ending: #private::Result<#value_type, #private::Failure> = #expr;
            __concur_ending
        },
        Gives::Value => value_as_ok(code),
    }
}

/// What comes after a call that never returns is unreachable, as only rustc can see, and a word about
/// that is for code of the user's; an arm can do without it. Of an arm that takes a reference, even one
/// that is never gone, rustc leaves a value of type `!` its type, and so its result can be asked for.
fn value_as_ok(code: &Code) -> TokenStream {
    let ours = Span::mixed_site();
    let expr = &code.expr;
    let (first, last) = code.ends;
    let private = private_at(first);
    let value = quote_spanned!(located(last)=> (#expr));
    let never = quote_spanned!(located(first)=> #private::Gives::what(__concur_value).never());
    let ok = quote_spanned! {located(first)=>
        #private::Gives::what(&__concur_value).ok(__concur_value)
    };
    quote_spanned! {ours=>
        #[allow(clippy::diverging_sub_expression)]
        match #value {
            #[allow(unreachable_code, unreachable_patterns)]
            ref __concur_value if false => { return #never; }
            #[allow(unreachable_code, unreachable_patterns)]
            __concur_value => { return #ok; }
        }
    }
}

/// The call that makes the task, placed at its expression: a value that cannot come back is an
/// error there.
fn call(code: &Code, name: &str, arguments: &TokenStream) -> TokenStream {
    let (first, last) = code.ends;
    let private = private_at(first);
    if code.awaits.is_some() {
        let function = Ident::new(&format!("{name}_async"), located(last));
        return quote_spanned!(located(last)=> #private::arms::waiting::#function(#arguments));
    }
    let function = Ident::new(name, located(last));
    quote_spanned!(located(last)=> #private::#function(#arguments))
}

fn site(name: &str) -> TokenStream {
    let ours = Span::mixed_site();
    let private = private_at(ours);
    quote_spanned! {ours=>
        #private::Site::new(#name, #private::file!(), #private::line!(), #private::column!())
    }
}

/// The closure, placed at its expression.
fn closure_at(code: &Code) -> TokenStream {
    body_part(code, 0)
}

/// A member of the pair that the runtime makes of the closure, placed at the expression: of two
/// tokens, the first at the first of the expression and the second at the last, rustc underlines it
/// all.
fn body_part(code: &Code, index: u32) -> TokenStream {
    let (first, last) = code.ends;
    let name = Ident::new("__concur_body", located(first));
    let index = Index { index, span: located(last) };
    quote_spanned!(located(first)=> #name.#index)
}

fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
