//! Small values that many answers have, each with how JSON writes it.

use std::borrow::Cow;
use std::time::Duration;

use plimsoll_types::{Timestamp, format_duration};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::number::rfc3339;

/// A point in time, RFC 3339 in UTC: `2026-11-22T02:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(as = Timestamp, value_type = String, format = DateTime)]
pub(crate) struct Time(pub(crate) Timestamp);

/// A length of time as configurations write it: `5m`, `1h30m`, `500ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(as = DurationText, value_type = String)]
pub(crate) struct Length(pub(crate) Duration);

/// Labels, or other texts by their name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'a>(pub(crate) &'a plimsoll_types::Labels);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_duration(self.0))
    }
}

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

impl PartialSchema for Labels<'_> {
    fn schema() -> RefOr<Schema> {
        let value = ObjectBuilder::new().schema_type(Type::String);
        ObjectBuilder::new()
            .description(Some("Labels, or other texts by their name."))
            .additional_properties(Some(value))
            .into()
    }
}

impl ToSchema for Labels<'_> {
    fn name() -> Cow<'static, str> {
        "LabelSet".into()
    }
}
