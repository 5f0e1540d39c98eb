//! Gives each captured place its name in the body, and puts that name where the place was.
//!
//! A variable keeps its own name, so most bodies stay as they are. `self` and fields cannot be
//! bound by a pattern and get a name of ours.

use super::Capture;
use super::place::Place;
use super::walk::Visitor;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprField, ExprPath, Member, Path, Token};

/// Names for all of the places, no two the same.
pub(super) fn name(places: Vec<Place>) -> Vec<Capture> {
    let mut captures: Vec<Capture> = Vec::new();
    for place in places {
        if place.is_bindable() {
            let binding = place.base.clone();
            captures.push(Capture { place, binding });
            continue;
        }
        let plain = format!("__concur_{}", place.joined("_"));
        let mut name = plain.clone();
        let mut count = 1;
        while captures.iter().any(|capture| capture.binding == name) {
            count += 1;
            name = format!("{plain}_{count}");
        }
        let binding = Ident::new(&name, ours(place.span()));
        captures.push(Capture { place, binding });
    }
    captures
}

fn ours(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

pub(super) struct Rewriter<'a> {
    captures: &'a [Capture],
    /// Whether to look into macros that cannot be read: where the user lists the captures, names
    /// in them are meant too.
    everywhere: bool,
}

impl<'a> Rewriter<'a> {
    /// Nothing, if no place has another name in the body.
    pub(super) fn new(captures: &'a [Capture], everywhere: bool) -> Option<Self> {
        let needed = captures.iter().any(|capture| !capture.place.is_bindable());
        needed.then_some(Self { captures, everywhere })
    }

    fn renamed(&self) -> impl Iterator<Item = &'a Capture> {
        self.captures.iter().filter(|capture| !capture.place.is_bindable())
    }

    /// If a captured place begins with this token: its name, and how many tokens it took.
    fn starts(&self, tokens: &[TokenTree]) -> Option<(TokenTree, usize)> {
        self.renamed().find_map(|capture| {
            let length = matching(&capture.place, tokens)?;
            let mut name = capture.binding.clone();
            name.set_span(ours(tokens[length - 1].span()));
            Some((TokenTree::Ident(name), length))
        })
    }

    fn rewrite_tokens(&self, tokens: TokenStream) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut written = TokenStream::new();
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            let is_field = follows_dot(&tokens[..index]);
            if let (false, Some((name, length))) = (is_field, self.starts(&tokens[index..])) {
                written.extend([name]);
                index += length;
                continue;
            }
            let token = match token {
                TokenTree::Group(group) => {
                    let mut new =
                        Group::new(group.delimiter(), self.rewrite_tokens(group.stream()));
                    new.set_span(group.span());
                    TokenTree::Group(new)
                }
                other => other.clone(),
            };
            written.extend([token]);
            index += 1;
        }
        written
    }
}

impl Visitor for Rewriter<'_> {
    fn place(&mut self, place: &Place) -> Option<Expr> {
        let capture = self.renamed().find(|capture| capture.place.covers(place))?;
        let (taken, rest) = place.members.split_at(capture.place.members.len());
        let taken = Place { base: place.base.clone(), members: taken.to_vec() };
        let mut name = capture.binding.clone();
        name.set_span(ours(taken.span()));
        let path = ExprPath { attrs: Vec::new(), qself: None, path: Path::from(name) };
        Some(rest.iter().fold(Expr::Path(path), |base, member| {
            Expr::Field(ExprField {
                attrs: Vec::new(),
                base: Box::new(base),
                dot_token: Token![.](place.base.span()),
                member: member.clone(),
            })
        }))
    }

    fn opaque_macro(&mut self, tokens: &TokenStream, _in_task: bool) -> Option<TokenStream> {
        self.everywhere.then(|| self.rewrite_tokens(tokens.clone()))
    }
}

/// How many tokens from the first on are this place: its parts with dots in between.
fn matching(place: &Place, tokens: &[TokenTree]) -> Option<usize> {
    let mut length = 1;
    match tokens.first()? {
        TokenTree::Ident(ident) if Place::variable(ident.clone()).covers(place) => {}
        _ => return None,
    }
    let mut members = place.members.iter().peekable();
    while let Some(member) = members.next() {
        if !is_dot(tokens.get(length)?) {
            return None;
        }
        match (tokens.get(length + 1)?, member) {
            (TokenTree::Ident(ident), Member::Named(name)) if ident == name => {}
            (TokenTree::Literal(literal), Member::Unnamed(index)) => {
                let text = literal.to_string();
                let index = index.index.to_string();
                if text != index {
                    // `.0.1` reaches a macro as one number.
                    let next = members.next().map(|next| next.to_token_stream().to_string())?;
                    if text != format!("{index}.{next}") {
                        return None;
                    }
                }
            }
            _ => return None,
        }
        length += 2;
    }
    // `self::name` is a path.
    let path =
        tokens.get(length).is_some_and(is_colon) && tokens.get(length + 1).is_some_and(is_colon);
    (!path).then_some(length)
}

/// Whether the last token is the dot of a field, not the end of `..`.
fn follows_dot(before: &[TokenTree]) -> bool {
    match before {
        [.., second, first] => is_dot(first) && !is_dot(second),
        [first] => is_dot(first),
        [] => false,
    }
}

fn is_dot(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.')
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}
