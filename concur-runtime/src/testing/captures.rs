//! What a task captured, read back by a test.

use std::any::type_name;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::types::Types;
use crate::codec::{self, CodecError};
use crate::payload::{Payload, Reader};

/// A tuple of what a task captures, up to 16 members: what [`Fake::captures`](super::Fake::captures)
/// gives and [`Fake::runs_with`](super::Fake::runs_with) hands to a closure.
///
/// It has a member for each captured variable, in its owned form: a `String` for a `&str`, a `Vec<T>` for
/// a `&[T]`, a `T` for a `&T`. They stand in the order of their first use in the expression; of a list in
/// brackets in the order listed; of an annotated function in that of its arguments, `self` first; and
/// in a `for` the item comes last. Functions and `()` have no bytes, and no place in the tuple. A single
/// capture is a tuple of one, `(String,)`.
///
/// It cannot be implemented outside this crate.
///
/// # Examples
///
/// ```
/// use concur::{concurrent, testing};
///
/// let fake = testing::fake();
/// fake.returns("line", String::new());
/// let (amounts, text) = ([3_u32, 4].as_slice(), "due");
/// concurrent! { line => format!("{text}: {}", amounts.len()) }.run()?;
/// assert_eq!(fake.captures::<(String, Vec<u32>)>("line"), [("due".to_owned(), vec![3, 4])]);
/// # Ok::<(), concur::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tuple of captures",
    label = "captures are read as a tuple with a member for each",
    note = "a single capture is a tuple of one: `(String,)`",
    note = "its members are owned, `DeserializeOwned` and `'static`, and 16 at the most"
)]
pub trait CaptureTuple: sealed::Sealed + 'static {}

mod sealed {
    use super::{CodecError, Reader};

    pub trait Sealed: Sized {
        fn name_types() -> Vec<&'static str>;
        fn decode(input: &mut Reader<'_>) -> Result<Self, CodecError>;
    }
}

macro_rules! capture_tuple {
    ($($T:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<$($T: DeserializeOwned + 'static),*> CaptureTuple for ($($T,)*) {}

        impl<$($T: DeserializeOwned + 'static),*> sealed::Sealed for ($($T,)*) {
            fn name_types() -> Vec<&'static str> {
                vec![$(type_name::<$T>()),*]
            }

            #[expect(clippy::allow_attributes, reason = "the empty tuple uses nothing")]
            #[allow(unused_variables, clippy::unused_unit)]
            fn decode(input: &mut Reader<'_>) -> Result<Self, CodecError> {
                Ok(($(codec::decode_owned::<$T>(input)?,)*))
            }
        }
    };
}

capture_tuple!();
capture_tuple!(A);
capture_tuple!(A B);
capture_tuple!(A B C);
capture_tuple!(A B C D);
capture_tuple!(A B C D E);
capture_tuple!(A B C D E F);
capture_tuple!(A B C D E F G);
capture_tuple!(A B C D E F G H);
capture_tuple!(A B C D E F G H I);
capture_tuple!(A B C D E F G H I J);
capture_tuple!(A B C D E F G H I J K);
capture_tuple!(A B C D E F G H I J K L);
capture_tuple!(A B C D E F G H I J K L M);
capture_tuple!(A B C D E F G H I J K L M N);
capture_tuple!(A B C D E F G H I J K L M N O);
capture_tuple!(A B C D E F G H I J K L M N O P);

/// The encoded captures of one task.
#[derive(Debug)]
pub(crate) struct Captured {
    types: Types,
    shared: Arc<Payload>,
    /// A copy: a payload may hold a descriptor, and there may be many of them.
    own: Box<[u8]>,
}

impl Captured {
    pub(super) fn new(types: Types, shared: &Arc<Payload>, own: &Payload) -> Self {
        Self { types, shared: Arc::clone(shared), own: own.bytes().into() }
    }

    /// Reads them. The codec does not know types, so the names are compared first.
    pub(super) fn decode<C: CaptureTuple>(&self) -> Result<C, String> {
        let (captured, asked) = ((self.types.captures)(), C::name_types());
        if captured != asked {
            return Err(format!(
                "it captures {}, and the test reads {}",
                tuple(&captured),
                tuple(&asked)
            ));
        }
        let mut reader = Reader::with_shared(self.shared.bytes(), &self.own);
        let decoded = C::decode(&mut reader).and_then(|captures| {
            reader.finish()?;
            Ok(captures)
        });
        decoded.map_err(|err| format!("its captures cannot be decoded: {err}"))
    }
}

fn tuple(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => format!("`({one},)`"),
        more => format!("`({})`", more.join(", ")),
    }
}
