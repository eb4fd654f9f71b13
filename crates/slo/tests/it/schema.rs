//! As much of JSON Schema as ours uses, to hold files against it.

use regex::Regex;
use serde_json::Value;

/// Says what is wrong with a value, with its place in it.
pub(crate) fn validate(value: &Value) -> Result<(), String> {
    let root = plimsoll_slo::schema::schema();
    check(&root, &root, value, "")
}

/// Reads YAML as an editor hands it to its schema.
pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{at}: {what}, found {value}"));
    for key in schema.as_object().unwrap().keys() {
        assert!(
            KNOWN.contains(&key.as_str()),
            "the test does not know {key}"
        );
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        check(root, root.pointer(pointer).unwrap(), value, at)?;
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let mut reasons = choices.iter().map(|choice| check(root, choice, value, at));
        if reasons.all(|reason| reason.is_err()) {
            return wrong("none of the choices fits".into());
        }
    }
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        names => names
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(name, value)) {
        return wrong(format!("wanted {types:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return wrong(format!("wanted {}", schema["const"]));
    }
    if schema["enum"]
        .as_array()
        .is_some_and(|all| !all.contains(value))
    {
        return wrong(format!("wanted one of {}", schema["enum"]));
    }
    if let Some(reason) = bounds(schema, value) {
        return wrong(reason);
    }
    object(root, schema, value, at)?;
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema["items"].is_object() {
            check(root, &schema["items"], item, &format!("{at}[{index}]"))?;
        }
    }
    Ok(())
}

const KNOWN: [&str; 26] = [
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "examples",
];

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("the test does not know {other}"),
    }
}

fn bounds(schema: &Value, value: &Value) -> Option<String> {
    let number = value.as_f64();
    let limit = |name: &str| schema[name].as_f64();
    let outside = number.is_some_and(|number| {
        limit("minimum").is_some_and(|least| number < least)
            || limit("maximum").is_some_and(|most| number > most)
            || limit("exclusiveMinimum").is_some_and(|least| number <= least)
            || limit("exclusiveMaximum").is_some_and(|most| number >= most)
    });
    let length = match value {
        Value::Array(items) => Some((items.len(), "Items")),
        Value::Object(fields) => Some((fields.len(), "Properties")),
        Value::String(text) => Some((text.chars().count(), "Length")),
        _ => None,
    };
    let wrong_length = length.is_some_and(|(length, what)| {
        let length = length as f64;
        limit(&format!("min{what}")).is_some_and(|least| length < least)
            || limit(&format!("max{what}")).is_some_and(|most| length > most)
    });
    let pattern = schema["pattern"].as_str().zip(value.as_str());
    let unlike =
        pattern.is_some_and(|(pattern, text)| !Regex::new(pattern).unwrap().is_match(text));
    (outside || wrong_length || unlike).then(|| "out of bounds".to_owned())
}

fn object(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(fields) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in fields {
        let at = format!("{at}.{name}");
        match (
            schema["properties"].get(name),
            &schema["additionalProperties"],
        ) {
            (Some(known), _) => check(root, known, field, &at)?,
            (None, Value::Bool(false)) => return Err(format!("{at}: unknown field")),
            (None, others @ Value::Object(_)) => check(root, others, field, &at)?,
            (None, _) => {}
        }
    }
    Ok(())
}

#[test]
fn the_schema_refuses_what_is_refused() {
    let file = |slo: &str| {
        yaml(&format!(
            "version: plimsoll/v1\nservice: a\nslos: [{{name: x, {slo}}}]\n"
        ))
    };
    let sli = "sli: {events: {valid: a, bad: b}}";
    assert_eq!(validate(&file(&format!("objective: 99.9, {sli}"))), Ok(()));
    for slo in [
        "objective: 100, sli: {events: {valid: a, bad: b}}",
        "objective: 99, sli: {events: {valid: a, bda: b}}",
        "objective: 99, sli: {}",
        "objective: 99, sli: {events: {}, ratio: {}}",
        "objective: 99, sli: {freshness: {timestamp: a}}",
        "objective: 99",
        "objective: 99, window: 30, sli: {events: {}}",
        "objective: 99, window: {calendar: fortnight}, sli: {events: {}}",
        "objective: 99, no_data: perhaps, sli: {events: {}}",
        "objective: 99, budget: {leave_by: 5}, sli: {events: {}}",
    ] {
        assert!(validate(&file(slo)).is_err(), "{slo}");
    }
}
