//! How the nouns of ours stand in the JSON of Alertmanager: texts by name, points in time, names of fields in any case.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::time as text_time;

/// A point in time as RFC 3339.
pub(super) mod time {
    use plimsoll_types::Timestamp;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text_time::write(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text: Cow<'de, str> = Deserialize::deserialize(from)?;
        match text_time::read(&text) {
            // The first moment of the year 1 is what Go writes for a time that is none.
            Ok(time) => Ok(time.unwrap_or(Timestamp::EPOCH)),
            Err(()) => Err(wrong_time(&text)),
        }
    }
}

/// A point in time as RFC 3339, or none.
pub(super) mod optional {
    use plimsoll_types::Timestamp;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(text_time::write).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        optional_time(from).map(|said| said.and_then(|said| said.0))
    }
}

/// A point in time that may not have been said: `null`, or Go's zero.
pub(super) fn optional_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Said>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(from)?;
    text.map(|text| {
        text_time::read(&text)
            .map(Said)
            .map_err(|()| wrong_time(&text))
    })
    .transpose()
}

/// A time that was there; inside is none when it was Go's zero.
#[derive(Clone, Copy)]
pub(super) struct Said(pub(super) Option<plimsoll_types::Timestamp>);

/// How many bytes of what was wrong a message repeats.
const SHOWN_MAX: usize = 64;

pub(super) fn wrong_time<E: serde::de::Error>(text: &str) -> E {
    let shown = &text[..text.floor_char_boundary(SHOWN_MAX)];
    E::custom(format_args!(
        "wanted a time such as 2026-11-21T20:00:00.000Z, found {shown:?}"
    ))
}

/// Labels as an object.
pub(super) mod labels {
    use plimsoll_types::Labels;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(labels: &Labels, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(labels.iter())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Labels, D::Error> {
        let pairs: BTreeMap<String, String> = Deserialize::deserialize(from)?;
        Ok(Labels::from_pairs(pairs))
    }
}

/// Annotations as an object.
pub(super) mod annotations {
    use plimsoll_types::Annotations;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(texts: &Annotations, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(texts.iter())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Annotations, D::Error> {
        let pairs: Option<BTreeMap<String, Option<String>>> = Deserialize::deserialize(from)?;
        let pairs = pairs.unwrap_or_default().into_iter();
        let texts = pairs.map(|(name, text)| (name, text.unwrap_or_default()));
        Ok(Annotations::from_pairs(texts))
    }
}

/// A text that several share.
pub(super) mod shared {
    use std::sync::Arc;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Arc::from)
    }
}

/// A name of something, as `{"name": ...}`.
pub(super) mod named {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Named<'a> {
        name: Cow<'a, str>,
    }

    pub(crate) fn serialize<S: Serializer>(name: &str, to: S) -> Result<S::Ok, S::Error> {
        let name = Cow::Borrowed(name);
        Named { name }.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: From<String>>(
        from: D,
    ) -> Result<T, D::Error> {
        Named::deserialize(from).map(|named| named.name.into_owned().into())
    }
}

/// Names of several things.
pub(super) mod all_named {
    use std::sync::Arc;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Named(#[serde(with = "super::named")] Arc<str>);

    pub(crate) fn serialize<S: Serializer>(names: &[Arc<str>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(names.iter().map(|name| Named(name.clone())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Arc<str>>, D::Error> {
        let named: Vec<Named> = Deserialize::deserialize(from)?;
        Ok(named.into_iter().map(|named| named.0).collect())
    }
}

/// An object whose fields have names in any case, as Go reads them; inside they are lower case. `null` is an empty one.
pub(super) struct AnyCase<T>(pub(super) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for AnyCase<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyCaseVisitor(PhantomData))
    }
}

struct AnyCaseVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for AnyCaseVisitor<T> {
    type Value = AnyCase<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<AnyCase<T>, E> {
        Ok(AnyCase(T::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnyCase<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(Lowered(map))).map(AnyCase)
    }
}

struct Lowered<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Lowered<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.0.next_key::<String>()? else {
            return Ok(None);
        };
        let name = Cow::Owned(name.to_ascii_lowercase());
        seed.deserialize(CowStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}
