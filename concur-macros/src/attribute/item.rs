//! Reads what the attribute stands on: the head of a function, its body left as the tokens it is.

use proc_macro2::{Delimiter, Group};
use syn::parse::ParseStream;
use syn::{Attribute, FnArg, Receiver, Signature, Token, Visibility};

/// A function or a method.
pub(super) struct Function {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
}

pub(super) fn function(input: ParseStream<'_>) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    if input.peek(Token![default]) && !input.peek2(Token![!]) {
        input.parse::<Token![default]>()?;
    }
    let signature = input.parse()?;
    let body: Group = input.parse()?;
    if body.delimiter() == Delimiter::Brace {
        Ok(Function { attributes, visibility, signature })
    } else {
        Err(syn::Error::new(body.span(), "no body"))
    }
}

impl Function {
    pub(super) fn receiver(&self) -> Option<&Receiver> {
        match self.signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Some(receiver),
            _ => None,
        }
    }

    pub(super) fn is_method(&self) -> bool {
        self.receiver().is_some()
    }
}
