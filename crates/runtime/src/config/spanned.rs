//! Values that remember where they were written, so that later checks can point at them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

/// The name under which [`Spanned`] asks the deserializer for a place.
pub(super) const SPANNED: &str = "$plimsoll::Spanned";

/// A range of bytes in a configuration file; empty when a value was not written but filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Where it begins, in bytes from the start of the file.
    pub start: u32,
    /// Where it ends (exclusive).
    pub end: u32,
}

/// A value and its place in the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
    /// Where the name of its field was written; in a list the same as `span`.
    pub key: Span,
}

impl<T> Spanned<T> {
    /// Returns the value without its place.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            span: Span::default(),
            key: Span::default(),
        }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Places do not count: two values written at different lines are equal.
impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SPANNED, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    /// Any other format has no places to tell.
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(Spanned::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let absent = || de::Error::custom("a place has four parts");
        let mut number = || access.next_element()?.ok_or_else(absent);
        let span = Span {
            start: number()?,
            end: number()?,
        };
        let key = Span {
            start: number()?,
            end: number()?,
        };
        let value = access.next_element()?.ok_or_else(absent)?;
        Ok(Spanned { value, span, key })
    }
}

/// The name of a field that the file chooses, such as that of a label, and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpannedKey {
    /// The name.
    pub text: String,
    /// Where it was written.
    pub span: Span,
}

impl<'de> Deserialize<'de> for SpannedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, span, .. } = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { text: value, span })
    }
}
