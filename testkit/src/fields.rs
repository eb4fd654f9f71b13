//! The fields that a type reads, to compare them with what a JSON Schema shows.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;

/// Checks that the section at a JSON pointer (RFC 6901) of a schema has exactly the fields that `T` reads.
///
/// # Panics
/// When they differ, or there is no such section.
pub fn check_fields<T: for<'de> Deserialize<'de> + fmt::Debug>(schema: &Value, pointer: &str) {
    let read = T::deserialize(Asked)
        .expect_err("there is nothing to read")
        .0;
    let section = schema
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} is not there"));
    let shown = section["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{pointer} has no properties"));
    let read: BTreeSet<&str> = read.iter().copied().collect();
    let shown: BTreeSet<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(read, shown, "{pointer}");
}

/// The fields that a type asks for, told as an error: nothing is there to be read.
#[derive(Debug)]
struct Fields(&'static [&'static str]);

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Fields {}

impl Error for Fields {
    fn custom<T: fmt::Display>(message: T) -> Self {
        panic!("no section: {message}")
    }
}

struct Asked;

impl<'de> Deserializer<'de> for Asked {
    type Error = Fields;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fields> {
        Err(Fields(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fields> {
        Err(Fields(fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
