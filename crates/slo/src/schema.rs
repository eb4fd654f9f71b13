//! The JSON Schema of our files, for editors: `slo schema` prints it.
//!
//! What all kinds of SLIs share is in `schema.json`; each kind brings the schema of its own section.

use serde_json::{Map, Value, json};

use crate::sli;

/// Returns the schema (draft 2020-12).
pub fn schema() -> Value {
    let text = include_str!("schema.json");
    let mut schema: Value = serde_json::from_str(text).expect("the file is JSON, as its test says");
    let mut kinds = Map::new();
    for kind in sli::ALL {
        let text = kind.schema;
        let mut section: Value =
            serde_json::from_str(text).expect("each kind's schema is JSON, as its test says");
        section["description"] = Value::from(kind.about);
        kinds.insert(kind.name.to_owned(), section);
    }
    schema["$defs"]["sli"] = json!({
        "type": "object",
        "description": "What is measured: one key, the kind.",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": kinds,
    });
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects all that schemas refer to.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                let own = fields.get("$ref").and_then(Value::as_str);
                found.extend(own);
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let schema = schema();
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() > 50);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
        let kinds = schema["$defs"]["sli"]["properties"].as_object().unwrap();
        assert_eq!(kinds.len(), sli::ALL.len());
    }
}
