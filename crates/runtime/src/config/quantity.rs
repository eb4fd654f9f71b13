//! Durations and sizes as configuration files write them.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use plimsoll_types::{ByteCount, format_duration, parse_duration};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A duration: `15s`, `1h30m`, `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationValue(pub Duration);

/// A number of bytes: `512MB`, `10GiB`, `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizeValue(pub ByteCount);

impl fmt::Display for DurationValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for DurationValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor::<Self>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for SizeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor::<Self>(PhantomData))
    }
}

trait Quantity: Default {
    const WANTED: &str;

    fn read(text: &str) -> Result<Self, plimsoll_types::InvalidQuantity>;
}

impl Quantity for DurationValue {
    const WANTED: &str = "a duration such as 15s";

    fn read(text: &str) -> Result<Self, plimsoll_types::InvalidQuantity> {
        parse_duration(text).map(Self)
    }
}

impl Quantity for SizeValue {
    const WANTED: &str = "a size such as 10MB";

    fn read(text: &str) -> Result<Self, plimsoll_types::InvalidQuantity> {
        text.parse().map(Self)
    }
}

struct TextVisitor<Q>(PhantomData<Q>);

impl<Q: Quantity> Visitor<'_> for TextVisitor<Q> {
    type Value = Q;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::WANTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Q, E> {
        Q::read(text).map_err(E::custom)
    }

    /// A field without a value is the zero value, as in go-yaml.
    fn visit_unit<E: de::Error>(self) -> Result<Q, E> {
        Ok(Q::default())
    }
}
