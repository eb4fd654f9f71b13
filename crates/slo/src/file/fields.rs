//! That the schema and what is read know the same fields.

use plimsoll_testkit::check_fields as check;
use serde_json::Value;

use super::raw::{
    RawAlerts, RawBudget, RawBurnRule, RawComponent, RawComposite, RawCorrection, RawDimensions,
    RawEvidence, RawFile, RawGroupTarget, RawHysteresis, RawLoudness, RawMethod, RawObjective,
    RawRatioTimeslices, RawSlo, RawState, RawStates, RawTimeslices, RawWindow,
};
use crate::schema::schema;
use crate::sli::{self, ForEach, Kind, RawSli};

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
