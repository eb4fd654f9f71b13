//! Every example of the documentation: read without a finding, and as the schema has it.

use std::path::Path;

use serde_json::Value;

use crate::config::{parse, schema};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_good(text: &str) {
    let loaded = parse("example.yml".as_ref(), text).unwrap_or_else(|error| panic!("{error}"));
    assert!(loaded.warnings.is_empty(), "{:?}\n{text}", loaded.warnings);
    assert_eq!(validate(text), Ok(()), "{text}");
}

/// Reads YAML as an editor hands it to its schema.
fn validate(text: &str) -> Result<(), String> {
    let value: Value = plimsoll_runtime::config::parse("example.yml".as_ref(), text).unwrap();
    let root = schema();
    check(&root, &root, &value, "")
}

#[test]
fn examples_are_good() {
    is_good(&file("examples/gateway.yml"));
    let page = file("docs/gateway-config.md");
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    // A part of a file, such as one that names certificates, is no file.
    let whole: Vec<_> = blocks
        .filter(|block| block.starts_with("version:"))
        .collect();
    assert!(whole.len() >= 8, "found {}", whole.len());
    whole.into_iter().for_each(is_good);
}

#[test]
fn the_whole_vocabulary_is_in_the_schema() {
    let sections = include_str!("whole.yml").replace('\n', "\n  ");
    let text = format!("version: plimsoll/v1\ngateway:\n  {sections}\n");
    assert_eq!(validate(&text), Ok(()));
}

#[test]
fn the_schema_refuses_what_is_refused() {
    let file = |route: &str| {
        format!(
            "version: plimsoll/v1\ngateway:\n  listeners: [{{name: web, address: a}}]\n  routes: [{{name: r, {route}}}]\n"
        )
    };
    assert_eq!(validate(&file("to: a")), Ok(()));
    for route in [
        "timeout: 1s",
        "to: a, timeot: 1s",
        "to: a, timeout: 1",
        "to: {split: [], redirect: {}}",
        "to: {answer: {status: 99}}",
        "to: a, criticality: high",
        "to: a, retry: never",
        "to: a, match: [{path: {prefix: shop}}]",
        "to: a, limits: [{name: l, key: ip, rate: 1/s}]",
        "to: a, limits: [{name: l, key: client, rate: fast}]",
        "to: a, mirror: {backend: b, share: 5}",
        "to: a, body_max: 5",
    ] {
        let text = file(route);
        assert!(validate(&text).is_err(), "{route}");
        // What the schema refuses is no file: it is not stricter than we are.
        assert!(parse("g.yml".as_ref(), &text).is_err(), "{route}");
    }
}

/// As much of JSON Schema as ours uses.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for key in schema.as_object().unwrap().keys() {
        assert!(
            KNOWN.contains(&key.as_str()),
            "the test does not know {key}"
        );
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        let target = root.pointer(pointer);
        let target = target.unwrap_or_else(|| panic!("{reference} is not there"));
        check(root, target, value, at)?;
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let tried: Vec<_> = choices
            .iter()
            .map(|choice| check(root, choice, value, at))
            .collect();
        if tried.iter().all(Result::is_err) {
            return Err(format!("{at}: none fits: {tried:?}"));
        }
    }
    let is_right = is_of(&schema["type"], value) && is_among(schema, value) && fits(schema, value);
    if !is_right {
        return Err(format!("{at}: {schema} does not have {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let own = schema["properties"].get(name);
        let others = &schema["additionalProperties"];
        match own.or(others.is_object().then_some(others)) {
            Some(known) => check(root, known, field, &format!("{at}.{name}"))?,
            None if others == &Value::Bool(false) => return Err(format!("{at}: unknown {name}")),
            None => {}
        }
    }
    for item in value.as_array().into_iter().flatten() {
        if schema["items"].is_object() {
            check(root, &schema["items"], item, &format!("{at}[]"))?;
        }
    }
    Ok(())
}

const KNOWN: [&str; 21] = [
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
    "items",
    "maxProperties",
    "maximum",
    "minItems",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("the test does not know {other}"),
    };
    match types {
        Value::Null => true,
        Value::Array(all) => all.iter().any(is),
        one => is(one),
    }
}

fn is_among(schema: &Value, value: &Value) -> bool {
    let only = schema.get("const").is_none_or(|only| only == value);
    only && schema["enum"]
        .as_array()
        .is_none_or(|all| all.contains(value))
}

fn fits(schema: &Value, value: &Value) -> bool {
    let limit = |name: &str| schema[name].as_f64();
    let within = |number: f64, least: &str, most: &str| {
        limit(least).is_none_or(|least| number >= least)
            && limit(most).is_none_or(|most| number <= most)
    };
    let pattern = schema["pattern"].as_str().zip(value.as_str());
    let is_like = |(pattern, text)| regex::Regex::new(pattern).unwrap().is_match(text);
    pattern.is_none_or(is_like)
        && match value {
            Value::Number(number) => within(number.as_f64().unwrap(), "minimum", "maximum"),
            Value::Array(items) => within(items.len() as f64, "minItems", "maxItems"),
            Value::Object(fields) => within(fields.len() as f64, "minProperties", "maxProperties"),
            _ => true,
        }
}
