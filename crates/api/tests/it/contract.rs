//! Every good answer of every test against the description of the API: what it has must be described, what is described
//! must be there, and of the right kind. So the description cannot say something else than the server does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{Method, StatusCode, Uri, header};
use serde_json::{Map, Value};

use crate::harness::{Answer, Server};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(plimsoll_api::openapi_json()).expect("it is JSON"));

/// Checks an answer, when its path is described.
///
/// # Panics
/// When it is not as the description says.
pub(crate) fn check(method: &Method, uri: &Uri, answer: &Answer) {
    if !answer.status.is_success() && !is_refusal(answer) {
        return;
    }
    let Some(responses) = responses(method, uri.path()) else {
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = responses.get(&status).or_else(|| responses.get("default"));
    let at = format!("{method} {uri} {status}");
    let Some(response) = response else {
        assert!(!answer.status.is_success(), "{at}: no such status");
        return;
    };
    let Some((kind, content)) = response["content"]
        .as_object()
        .and_then(|all| all.iter().next())
    else {
        assert_eq!(answer.body, "", "{at}");
        return;
    };
    let found = answer.headers[header::CONTENT_TYPE].to_str().expect("text");
    assert!(found.starts_with(kind.as_str()), "{at}: {found}");
    let schema = &content["schema"];
    let values: Vec<Value> = match kind.as_str() {
        "application/json" => vec![answer.json()],
        "text/event-stream" => lines(
            answer
                .body
                .lines()
                .filter_map(|line| line.strip_prefix("data: ")),
        ),
        _ => lines(answer.body.lines()),
    };
    for value in values {
        let wrong = valid(&value, schema, "");
        assert!(wrong.is_ok(), "{at}: {}", wrong.unwrap_err());
    }
}

/// Says whether it is a refusal in Prometheus' form; those of the router are plain texts.
fn is_refusal(answer: &Answer) -> bool {
    answer.body.starts_with("{\"status\":\"error\"")
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let lines = lines.filter(|line| !line.is_empty());
    let values = lines.map(|line| serde_json::from_str(line).expect("a line is JSON"));
    values.collect()
}

/// Finds what is said of the path that a request asked: one that is written out goes before one with names in it.
fn responses(method: &Method, path: &str) -> Option<&'static Map<String, Value>> {
    let paths = DOCUMENT["paths"].as_object().expect("there are paths");
    let exact = paths.get(path);
    let mut named = paths.iter().filter(|(template, _)| fits(template, path));
    let item = exact.or_else(|| named.next().map(|(_, item)| item))?;
    item[method.as_str().to_lowercase()]["responses"].as_object()
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    let is_same = |(wanted, found): (&str, &str)| wanted.starts_with('{') || wanted == found;
    template.clone().count() == path.clone().count() && template.zip(path).all(is_same)
}

fn resolve(schema: &'static Value) -> &'static Value {
    let Some(reference) = schema["$ref"].as_str() else {
        return schema;
    };
    let place = reference
        .strip_prefix('#')
        .expect("a place in the document");
    let found = DOCUMENT.pointer(place);
    resolve(found.unwrap_or_else(|| panic!("{reference} is not there")))
}

fn valid(value: &Value, schema: &'static Value, at: &str) -> Result<(), String> {
    let schema = resolve(schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return one_of(value, choices, at);
    }
    if schema["allOf"].is_array() {
        return object(value, schema, at);
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        // No type is anything.
        _ => return Ok(()),
    };
    let wrong = || Err(format!("{at}: wanted {kinds:?}, found {value}"));
    match value {
        Value::Null if kinds.contains(&"null") => Ok(()),
        Value::Bool(_) if kinds.contains(&"boolean") => Ok(()),
        Value::Number(_) if kinds.contains(&"number") => Ok(()),
        Value::Number(number) if kinds.contains(&"integer") => match number.is_f64() {
            true => wrong(),
            false => Ok(()),
        },
        Value::String(text) if kinds.contains(&"string") => words(text, schema, at),
        Value::Array(items) if kinds.contains(&"array") => list(items, schema, at),
        Value::Object(_) if kinds.contains(&"object") => object(value, schema, at),
        _ => wrong(),
    }
}

fn one_of(value: &Value, choices: &'static [Value], at: &str) -> Result<(), String> {
    let mut reasons = Vec::new();
    for choice in choices {
        match valid(value, choice, at) {
            Ok(()) => return Ok(()),
            Err(reason) => reasons.push(reason),
        }
    }
    Err(format!("{at}: none of [{}]", reasons.join("; ")))
}

fn words(text: &str, schema: &'static Value, at: &str) -> Result<(), String> {
    let words = schema["enum"].as_array();
    if words.is_some_and(|words| !words.iter().any(|word| word == text)) {
        return Err(format!("{at}: wanted one of {words:?}, found {text:?}"));
    }
    let is_time = schema["format"] == "date-time";
    match is_time && text.parse::<jiff::Timestamp>().is_err() {
        true => Err(format!("{at}: {text:?} is no time")),
        false => Ok(()),
    }
}

fn list(items: &[Value], schema: &'static Value, at: &str) -> Result<(), String> {
    if let Some(places) = schema["prefixItems"].as_array() {
        if places.len() != items.len() {
            return Err(format!("{at}: wanted {} places", places.len()));
        }
        let mut pairs = items.iter().zip(places).enumerate();
        return pairs
            .try_for_each(|(index, (item, place))| valid(item, place, &format!("{at}[{index}]")));
    }
    let mut items = items.iter().enumerate();
    items.try_for_each(|(index, item)| valid(item, &schema["items"], &format!("{at}[{index}]")))
}

fn object(value: &Value, schema: &'static Value, at: &str) -> Result<(), String> {
    let Some(fields) = value.as_object() else {
        return Err(format!("{at}: wanted an object, found {value}"));
    };
    let (mut known, mut required) = (BTreeMap::new(), Vec::new());
    gather(schema, &mut known, &mut required);
    if let Some(missing) = required.iter().find(|name| !fields.contains_key(**name)) {
        return Err(format!("{at}: {missing} is missing"));
    }
    for (name, field) in fields {
        let wanted = known
            .get(name.as_str())
            .copied()
            .or_else(|| schema.get("additionalProperties"));
        let Some(wanted) = wanted else {
            return Err(format!("{at}: {name} is not described"));
        };
        valid(field, wanted, &format!("{at}.{name}"))?;
    }
    Ok(())
}

/// Collects the fields of an object, those of all its parts among them.
fn gather(
    schema: &'static Value,
    known: &mut BTreeMap<&'static str, &'static Value>,
    required: &mut Vec<&'static str>,
) {
    let schema = resolve(schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        gather(part, known, required);
    }
    if let Some(properties) = schema["properties"].as_object() {
        known.extend(
            properties
                .iter()
                .map(|(name, field)| (name.as_str(), field)),
        );
    }
    let names = schema["required"].as_array().into_iter().flatten();
    required.extend(names.filter_map(Value::as_str));
}

#[tokio::test]
async fn the_description_is_served() {
    let answer = Server::new().get("/api/v1/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.json(), *DOCUMENT);
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &'static Value) {
        resolve(value);
        match value {
            Value::Array(items) => items.iter().for_each(walk),
            Value::Object(fields) => fields.values().for_each(walk),
            _ => {}
        }
    }
    walk(&DOCUMENT);
}

#[tokio::test]
async fn every_path_is_there() {
    let server = Server::new();
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = axum::http::Request::builder().method(&method);
            let request = request.uri(path.replace(['{', '}'], ""));
            let answer = server.respond(request.body(axum::body::Body::empty()).unwrap());
            let status = answer.await.status();
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "required": ["at"], "properties": {
        "at": {"oneOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]},
        "word": {"type": "string", "enum": ["up"]},
        "count": {"type": "integer"},
        "pair": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
    }});
    let schema: &'static Value = Box::leak(Box::new(schema));
    let check = |text: &str| valid(&serde_json::from_str(text).unwrap(), schema, "it");
    for good in [
        r#"{"at":null}"#,
        r#"{"at":"2026-01-01T00:00:00Z","word":"up","count":1,"pair":[1.5,"a"]}"#,
    ] {
        assert_eq!(check(good), Ok(()));
    }
    for (bad, part) in [
        ("{}", "at is missing"),
        ("[]", "found []"),
        (r#"{"at":"now"}"#, "is no time"),
        (r#"{"at":null,"x":1}"#, "x is not described"),
        (r#"{"at":null,"word":"down"}"#, "it.word: wanted one of"),
        (r#"{"at":null,"count":1.5}"#, "it.count: wanted"),
        (r#"{"at":null,"count":null}"#, "it.count: wanted"),
        (r#"{"at":null,"pair":[1]}"#, "wanted 2 places"),
        (r#"{"at":null,"pair":["a","a"]}"#, "it.pair[0]: wanted"),
    ] {
        let reason = check(bad).unwrap_err();
        assert!(reason.contains(part), "{reason}");
    }
}
