//! Whatever a block is, reading it ends well.

use super::tokens;
use crate::block::expand;
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;
use std::str::FromStr;

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
