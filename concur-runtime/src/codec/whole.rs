//! Refuses values that leave fields out, before they are encoded.
//!
//! The codecs write the fields of a struct one after the other, without their names. Where one is left
//! out (`#[serde(skip_serializing_if = "..")]`), the reader takes the next one's bytes for it: an error
//! with luck, and another value without. A serializer is told of each field that is left out, and the
//! codecs do not mind; so this one stands before them, passes everything on, and does.

use std::cell::Cell;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// A value that is encoded whole, or not at all.
pub(super) struct Whole<'a, T: ?Sized>(pub(super) &'a T);

impl<T: Serialize + ?Sized> Serialize for Whole<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Refusing { inner: serializer, of: "" })
    }
}

/// Passes everything on to another serializer, or to one of its parts, but for fields that are left out.
struct Refusing<S> {
    inner: S,
    /// The type whose fields come, where they have names.
    of: &'static str,
}

thread_local! {
    /// What was refused since this was asked last: not every codec keeps what an error says.
    static REFUSED: Cell<Option<(&'static str, &'static str)>> = const { Cell::new(None) };
}

/// Why a value was refused since this was asked last, if one was.
pub(super) fn refusal() -> Option<String> {
    let (of, field) = REFUSED.take()?;
    Some(format!(
        "field `{field}` of `{of}` is left out (`skip_serializing_if`), and whoever reads it would not \
         know; wrap the value in `concur::Json`"
    ))
}

fn refuse<E: ser::Error>(of: &'static str, field: &'static str) -> E {
    REFUSED.set(Some((of, field)));
    E::custom("a field is left out")
}

/// Numbers and the like, which have no parts.
macro_rules! pass_on {
    ($($name:ident($value:ty)),* $(,)?) => {
        $(
            #[inline]
            fn $name(self, value: $value) -> Result<S::Ok, S::Error> {
                self.inner.$name(value)
            }
        )*
    };
}

impl<S: Serializer> Serializer for Refusing<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Refusing<S::SerializeSeq>;
    type SerializeTuple = Refusing<S::SerializeTuple>;
    type SerializeTupleStruct = Refusing<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Refusing<S::SerializeTupleVariant>;
    type SerializeMap = Refusing<S::SerializeMap>;
    type SerializeStruct = Refusing<S::SerializeStruct>;
    type SerializeStructVariant = Refusing<S::SerializeStructVariant>;

    pass_on! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Whole(value))
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Whole(value))
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &Whole(value))
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Refusing { inner: self.inner.serialize_seq(len)?, of: "" })
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        Ok(Refusing { inner: self.inner.serialize_tuple(len)?, of: "" })
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Ok(Refusing { inner: self.inner.serialize_tuple_struct(name, len)?, of: name })
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let inner = self.inner.serialize_tuple_variant(name, index, variant, len)?;
        Ok(Refusing { inner, of: name })
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Refusing { inner: self.inner.serialize_map(len)?, of: "" })
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        Ok(Refusing { inner: self.inner.serialize_struct(name, len)?, of: name })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let inner = self.inner.serialize_struct_variant(name, index, variant, len)?;
        Ok(Refusing { inner, of: variant })
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The parts that follow one another without names.
macro_rules! pass_on_parts {
    ($($kind:ident { $name:ident }),* $(,)?) => {
        $(
            impl<S: $kind> $kind for Refusing<S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline]
                fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                    self.inner.$name(&Whole(value))
                }

                #[inline]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

pass_on_parts! {
    SerializeSeq { serialize_element },
    SerializeTuple { serialize_element },
    SerializeTupleStruct { serialize_field },
    SerializeTupleVariant { serialize_field },
}

impl<S: SerializeMap> SerializeMap for Refusing<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(&Whole(key))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Whole(value))
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

/// Structs, and variants like them: fields with names, and the reason for all this.
macro_rules! refuse_what_is_left_out {
    ($($kind:ident),*) => {
        $(
            impl<S: $kind> $kind for Refusing<S> {
                type Ok = S::Ok;
                type Error = S::Error;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    field: &'static str,
                    value: &T,
                ) -> Result<(), S::Error> {
                    self.inner.serialize_field(field, &Whole(value))
                }

                #[cold]
                fn skip_field(&mut self, field: &'static str) -> Result<(), S::Error> {
                    Err(refuse(self.of, field))
                }

                #[inline]
                fn end(self) -> Result<S::Ok, S::Error> {
                    self.inner.end()
                }
            }
        )*
    };
}

refuse_what_is_left_out!(SerializeStruct, SerializeStructVariant);
