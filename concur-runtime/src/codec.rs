//! How values become bytes and back. The only file that names a codec.
//!
//! Two backends of one shape: bincode with fixed-size integers, and postcard for those who want no
//! bincode in their tree (it wins when both are enabled). Decoding is bounded, refuses trailing
//! bytes, and reads one value after another from a [`Reader`]; encoding appends to a [`Payload`], and
//! refuses values that leave fields out ([`whole`]).
//! `Vec<u8>` goes as one block, where serde alone would go through it element by element.

mod whole;

use std::any::Any;

use serde::{Serialize, de::DeserializeOwned};

use self::whole::Whole;
use crate::payload::{Payload, Reader};

#[cfg(feature = "postcard")]
use postcard_backend as backend;

#[cfg(all(feature = "bincode", not(feature = "postcard")))]
use bincode_backend as backend;

#[cfg(not(any(feature = "bincode", feature = "postcard")))]
compile_error!("concur needs a codec: enable its feature `bincode` (the default) or `postcard`");

/// Why a value could not be encoded or decoded, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecError(String);

impl CodecError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// Adds what to do about values that the codecs cannot carry. `said` is what the codec says as
    /// `Debug`, where the name of its error stands; `own` is the message of the type itself, if it
    /// has spoken.
    fn from_backend(said: &str, own: Option<&str>) -> Self {
        if let Some(own) = own {
            return Self(own.to_owned());
        }
        let names = |names: &[&str]| names.iter().any(|name| said.contains(name));
        if names(&["AnyNotSupported", "IdentifierNotSupported", "WontImplement"]) {
            return Self(format!(
                "{said}: a value that describes itself (`serde_json::Value`, `flatten`, `untagged`, \
                 `tag`) cannot travel by itself; wrap it in `concur::Json` (and use it as `value`: \
                 `value.0` is without it)"
            ));
        }
        if names(&["SequenceMustHaveLength", "SerializeSeqLengthUnknown"]) {
            return Self(format!(
                "{said}: a sequence must know its length before it is encoded; collect it first, or, if \
                 `flatten` makes it, wrap the value in `concur::Json`"
            ));
        }
        Self(said.to_owned())
    }

    /// What was written is not what the type reads.
    pub(crate) fn of_two_minds(said: &str) -> Self {
        Self(format!(
            "{said}: its type does not read what it writes (`skip_serializing`, `skip_deserializing`, \
             `with`?); mend that, or wrap the value in `concur::Json`"
        ))
    }
}

impl std::fmt::Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

/// Appends `value` to `payload`.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    payload: &mut Payload,
) -> Result<(), CodecError> {
    let encoded = backend::encode(&Whole(value), payload);
    if let Some(reason) = whole::refusal() {
        // One that its own type got over is no error.
        encoded.map_err(|_| CodecError::new(reason))?;
    } else {
        encoded?;
    }
    payload.check()
}

/// Appends an owned value, by the fast path where there is one.
pub(crate) fn encode_owned<T: Serialize + 'static>(
    value: &T,
    payload: &mut Payload,
) -> Result<(), CodecError> {
    match (value as &dyn Any).downcast_ref::<Vec<u8>>() {
        Some(bytes) => encode_bytes(bytes, payload),
        None => encode(value, payload),
    }
}

/// Appends bytes as one block: their number, then themselves.
pub(crate) fn encode_bytes(bytes: &[u8], payload: &mut Payload) -> Result<(), CodecError> {
    payload.write(&(bytes.len() as u64).to_le_bytes());
    payload.write(bytes);
    payload.check()
}

/// Reads the next value.
pub(crate) fn decode<T: DeserializeOwned>(reader: &mut Reader<'_>) -> Result<T, CodecError> {
    let (value, used) = backend::decode(reader.rest())?;
    reader.advance(used);
    Ok(value)
}

/// Reads the next value, by the fast path where there is one.
pub(crate) fn decode_owned<T: DeserializeOwned + 'static>(
    reader: &mut Reader<'_>,
) -> Result<T, CodecError> {
    let mut value: Option<T> = None;
    if let Some(bytes) = (&mut value as &mut dyn Any).downcast_mut::<Option<Vec<u8>>>() {
        *bytes = Some(decode_bytes(reader)?.to_vec());
    }
    match value {
        Some(value) => Ok(value),
        None => decode(reader),
    }
}

/// Reads a block of bytes; the length it claims is checked against what is there.
pub(crate) fn decode_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], CodecError> {
    let too_short = || CodecError::new("the data ends before its value does");
    let (length, rest) = reader.rest().split_first_chunk::<8>().ok_or_else(too_short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| too_short())?;
    let bytes = rest.get(..length).ok_or_else(too_short)?;
    reader.advance(8 + length);
    Ok(bytes)
}

/// Reads the one value that `bytes` hold; bytes left over are an error.
pub(crate) fn decode_all<T: DeserializeOwned + 'static>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut reader = Reader::new(bytes);
    let value = decode_owned(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Encodes a small value of our own into a plain buffer.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "frames cross processes only"))]
pub(crate) fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut payload = Payload::new();
    encode(value, &mut payload)?;
    Ok(payload.bytes().to_vec())
}

#[cfg(all(feature = "bincode", not(feature = "postcard")))]
mod bincode_backend {
    use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
    use bincode::enc::write::Writer;
    use bincode::error::{DecodeError, EncodeError};

    use super::{CodecError, DeserializeOwned, Payload, Serialize};

    /// No value may claim more than this many bytes: 16 GiB.
    const LIMIT: usize = 1 << 34;

    const CONFIG: Configuration<LittleEndian, Fixint, Limit<LIMIT>> =
        bincode::config::standard().with_fixed_int_encoding().with_limit::<LIMIT>();

    impl Writer for Payload {
        fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
            Payload::write(self, bytes);
            Ok(())
        }
    }

    pub(super) fn encode<T: Serialize + ?Sized>(
        value: &T,
        payload: &mut Payload,
    ) -> Result<(), CodecError> {
        bincode::serde::encode_into_writer(value, payload, CONFIG).map_err(|err| {
            let own = if let EncodeError::OtherString(own) = &err { Some(&**own) } else { None };
            CodecError::from_backend(&format!("{err:?}"), own)
        })
    }

    pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
        bincode::serde::decode_from_slice(bytes, CONFIG).map_err(|err| {
            let said = format!("{err:?}");
            match &err {
                DecodeError::OtherString(own) => CodecError::from_backend(&said, Some(own)),
                DecodeError::Serde(_) => CodecError::from_backend(&said, None),
                _ => CodecError::of_two_minds(&said),
            }
        })
    }
}

#[cfg(feature = "postcard")]
mod postcard_backend {
    use postcard::ser_flavors::Flavor;

    use super::{CodecError, DeserializeOwned, Payload, Serialize};

    struct Append<'a>(&'a mut Payload);

    impl Flavor for Append<'_> {
        type Output = ();

        fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
            self.0.write(&[byte]);
            Ok(())
        }

        fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
            self.0.write(bytes);
            Ok(())
        }

        fn finalize(self) -> postcard::Result<()> {
            Ok(())
        }
    }

    pub(super) fn encode<T: Serialize + ?Sized>(
        value: &T,
        payload: &mut Payload,
    ) -> Result<(), CodecError> {
        postcard::serialize_with_flavor(value, Append(payload))
            .map_err(|err| CodecError::from_backend(&format!("{err:?}"), None))
    }

    pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
        let (value, rest) = postcard::take_from_bytes(bytes).map_err(|err| {
            let said = format!("{err:?}");
            match err {
                postcard::Error::SerdeDeCustom | postcard::Error::WontImplement => {
                    CodecError::from_backend(&said, None)
                }
                _ => CodecError::of_two_minds(&said),
            }
        })?;
        Ok((value, bytes.len() - rest.len()))
    }
}
