//! As much of OpenAPI 3.1 as our description uses, its fields in the order in which they stand.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) paths: InOrder<BTreeMap<String, Operation>>,
    pub(super) components: Components,
}

#[derive(Deserialize)]
pub(super) struct Components {
    pub(super) schemas: InOrder<Schema>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) responses: BTreeMap<String, Response>,
}

#[derive(Deserialize)]
pub(super) struct Response {
    #[serde(default)]
    pub(super) content: BTreeMap<String, Content>,
}

#[derive(Deserialize)]
pub(super) struct Content {
    pub(super) schema: Option<Schema>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Schema {
    #[serde(rename = "$ref")]
    pub(super) reference: Option<String>,
    pub(super) r#type: Option<Types>,
    pub(super) description: Option<String>,
    pub(super) r#enum: Vec<serde_json::Value>,
    pub(super) properties: InOrder<Schema>,
    pub(super) required: Vec<String>,
    pub(super) additional_properties: Option<Rest>,
    pub(super) items: Option<Rest>,
    pub(super) prefix_items: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) all_of: Vec<Schema>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Types {
    One(String),
    Several(Vec<String>),
}

/// What a list holds, and what an object has besides its fields: such things, or (`false`) nothing more.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Rest {
    Anything(#[expect(dead_code, reason = "ours never say that there may be anything")] bool),
    Of(Box<Schema>),
}

impl Rest {
    /// Returns what each of it is.
    pub(super) fn schema(&self) -> Option<&Schema> {
        match self {
            Self::Of(schema) => Some(schema),
            Self::Anything(_) => None,
        }
    }
}

impl Schema {
    /// Returns the name of what it refers to.
    pub(super) fn target(&self) -> Option<&str> {
        self.reference.as_deref()?.rsplit('/').next()
    }

    /// Returns the names of all that it refers to.
    pub(super) fn references(&self) -> Vec<&str> {
        let rests = [&self.items, &self.additional_properties];
        let rests = rests.into_iter().flatten().filter_map(Rest::schema);
        let fields = self.properties.0.iter().map(|(_, field)| field);
        let parts = fields
            .chain(&self.one_of)
            .chain(&self.all_of)
            .chain(&self.prefix_items)
            .chain(rests);
        let own = self.target().into_iter();
        own.chain(parts.flat_map(Self::references)).collect()
    }
}

/// An object as pairs, because the order says what belongs together.
pub(super) struct InOrder<T>(pub(super) Vec<(String, T)>);

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

struct Pairs<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
    type Value = InOrder<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(InOrder(pairs))
    }
}
