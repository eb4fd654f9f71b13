//! That the schema and what is read know the same fields.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;

use super::raw::{
    RawAlerts, RawBudget, RawBurnRule, RawComponent, RawComposite, RawCorrection, RawDimensions,
    RawEvidence, RawFile, RawGroupTarget, RawHysteresis, RawLoudness, RawMethod, RawObjective,
    RawRatioTimeslices, RawSlo, RawState, RawStates, RawTimeslices, RawWindow,
};
use crate::schema::schema;
use crate::sli::{self, ForEach, Kind, RawSli};

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

fn check<T: for<'de> Deserialize<'de> + fmt::Debug>(schema: &Value, pointer: &str) {
    let read = T::deserialize(Asked)
        .expect_err("there is nothing to read")
        .0;
    let section = schema
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} is not there"));
    let shown = section["properties"]
        .as_object()
        .expect("a section has properties");
    let read: BTreeSet<&str> = read.iter().copied().collect();
    let shown: BTreeSet<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(read, shown, "{pointer}");
}

struct Kinds(Value);

impl ForEach for Kinds {
    fn kind<K: Kind>(&mut self, name: &str) {
        check::<K::Raw>(&self.0, &format!("/$defs/sli/properties/{name}"));
    }
}

#[test]
fn the_schema_has_the_fields_that_are_read() {
    let schema = schema();
    check::<RawFile>(&schema, "");
    check::<RawSli>(&schema, "/$defs/sli");
    check::<RawSlo>(&schema, "/$defs/slo");
    check::<RawObjective>(&schema, "/$defs/slo/properties/objectives/items");
    check::<RawWindow>(&schema, "/$defs/window/anyOf/1");
    let method = "/$defs/slo/properties/method/anyOf/1";
    check::<RawMethod>(&schema, method);
    check::<RawTimeslices>(&schema, &format!("{method}/properties/timeslices"));
    check::<RawRatioTimeslices>(&schema, &format!("{method}/properties/ratio_timeslices"));
    let dimensions = "/$defs/slo/properties/dimensions";
    check::<RawDimensions>(&schema, dimensions);
    check::<RawGroupTarget>(
        &schema,
        &format!("{dimensions}/properties/objectives/items"),
    );
    let alerts = "/$defs/alerts/anyOf/1";
    check::<RawAlerts>(&schema, alerts);
    check::<RawLoudness>(&schema, &format!("{alerts}/properties/page"));
    check::<RawLoudness>(&schema, &format!("{alerts}/properties/ticket"));
    check::<RawHysteresis>(&schema, &format!("{alerts}/properties/hysteresis"));
    check::<RawEvidence>(&schema, &format!("{alerts}/properties/evidence"));
    check::<RawBurnRule>(&schema, "/$defs/burnRule");
    check::<RawBudget>(&schema, "/$defs/budget");
    check::<RawStates>(&schema, "/$defs/budget/properties/states");
    check::<RawState>(&schema, "/$defs/state/anyOf/1");
    check::<RawCorrection>(&schema, "/$defs/correction");
    check::<RawComposite>(&schema, "/$defs/composite");
    check::<RawComponent>(&schema, "/$defs/composite/properties/of/items");
    sli::each(&mut Kinds(schema));
}
