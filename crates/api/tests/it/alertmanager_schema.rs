//! Every answer of `/api/v2` against Alertmanager's own description of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Map, Value};

use crate::alerting_node::server;
use crate::harness::{Answer, Server};

#[expect(clippy::print_stdout, reason = "tells that a test was skipped")]
fn description() -> Option<Value> {
    let named = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let path = named.unwrap_or(beside).join("alertmanager/openapi.yaml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no description of Alertmanager's API (set PLIMSOLL_TESTDATA)");
        return None;
    };
    Some(serde_saphyr::from_str(&text).expect("the description is YAML"))
}

/// As much of Swagger 2.0 as the description uses. Fields that it does not name are wrong, but for those of ours.
struct Schema<'a> {
    root: &'a Value,
    ours: &'a [&'a str],
}

impl Schema<'_> {
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let Some(path) = schema["$ref"].as_str() else {
            return schema;
        };
        let pointer = path.strip_prefix('#').expect("a place in the same file");
        self.resolve(
            self.root
                .pointer(pointer)
                .expect("what is referred to is there"),
        )
    }

    /// Collects the properties and the required names of an object, those of `allOf` among them.
    fn gather<'s>(&'s self, schema: &'s Value, into: &mut (Map<String, Value>, Vec<String>)) {
        let schema = self.resolve(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, into);
        }
        if let Some(properties) = schema["properties"].as_object() {
            into.0.extend(properties.clone());
        }
        let required = schema["required"].as_array().into_iter().flatten();
        into.1
            .extend(required.map(|name| name.as_str().expect("a name").to_owned()));
    }

    fn check(&self, value: &Value, schema: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        let wrong = |wanted: &str| Err(format!("{at}: wanted {wanted}, found {value}"));
        if schema["allOf"].is_array() {
            return self.check_object(value, schema, at);
        }
        match schema["type"].as_str() {
            Some("object") => self.check_object(value, schema, at),
            Some("array") => {
                let Some(items) = value.as_array() else {
                    return wrong("a list");
                };
                if (items.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) {
                    return wrong("more items");
                }
                let mut numbered = items.iter().enumerate();
                numbered.try_for_each(|(index, item)| {
                    self.check(item, &schema["items"], &format!("{at}[{index}]"))
                })
            }
            Some("boolean") if value.is_boolean() => Ok(()),
            Some("string") => match value.as_str() {
                Some(text) => check_text(text, schema, at),
                None => wrong("a text"),
            },
            other => wrong(other.expect("every schema has a type")),
        }
    }

    fn check_object(&self, value: &Value, schema: &Value, at: &str) -> Result<(), String> {
        let Some(object) = value.as_object() else {
            return Err(format!("{at}: wanted an object, found {value}"));
        };
        let mut known = (Map::new(), Vec::new());
        self.gather(schema, &mut known);
        if let Some(missing) = known.1.iter().find(|name| !object.contains_key(*name)) {
            return Err(format!("{at}: {missing} is required"));
        }
        for (name, field) in object {
            let schema = known
                .0
                .get(name)
                .or_else(|| schema.get("additionalProperties"));
            match schema {
                Some(schema) => self.check(field, schema, &format!("{at}.{name}"))?,
                None if self.ours.contains(&name.as_str()) => {}
                None => return Err(format!("{at}: {name} is not known")),
            }
        }
        Ok(())
    }
}

fn check_text(text: &str, schema: &Value, at: &str) -> Result<(), String> {
    if let Some(words) = schema["enum"].as_array()
        && !words.iter().any(|word| word == text)
    {
        return Err(format!("{at}: wanted one of {words:?}, found {text:?}"));
    }
    let is_good = match schema["format"].as_str() {
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("uri") => text.parse::<axum::http::Uri>().is_ok(),
        _ => true,
    };
    match is_good {
        true => Ok(()),
        false => Err(format!(
            "{at}: {text:?} has not the format {}",
            schema["format"]
        )),
    }
}

/// Checks an answer against what the description says of its path, method and status.
fn check(root: &Value, method: &str, path: &str, answer: &Answer) {
    let responses = &root["paths"][path][method]["responses"];
    let status = answer.status.as_u16().to_string();
    let at = format!("{method} {path} {status}");
    let schema = Schema {
        root,
        ours: &[
            "matcherSets",
            "receiverMatcherSets",
            "recurrence",
            "untilResolvedGrace",
        ],
    };
    let response = responses
        .get(&status)
        .unwrap_or_else(|| panic!("{at}: no such status"));
    let response = schema.resolve(response);
    match response.get("schema") {
        None => assert_eq!(answer.body, "", "{at}"),
        Some(wanted) => {
            assert_eq!(
                answer.headers[header::CONTENT_TYPE],
                "application/json",
                "{at}"
            );
            schema.check(&answer.json(), wanted, &at).unwrap();
        }
    }
}

async fn ask(server: &Server, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    server
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

const SILENCE: &str = r#"{"matchers":[{"name":"a","value":"1","isRegex":false}],"startsAt":"1970-01-01T00:00:00Z",
    "endsAt":"1970-01-01T02:00:00Z","createdBy":"me","comment":"c","annotations":{"x":"y"},
    "matcherSets":[[{"name":"a","value":"2","isRegex":false}]],"untilResolvedGrace":"1h"}"#;

#[tokio::test]
async fn every_answer_is_as_the_description_says() {
    let Some(root) = description() else { return };
    let (server, node) = server();
    let alerts = r#"[{"labels":{"a":"1"},"generatorURL":"http://h/x?y=z","annotations":{"s":"t"}},
        {"labels":{"a":"3","team":"c"}},{"labels":{"job":"x","severity":"critical"}},
        {"labels":{"job":"x","severity":"warning"}}]"#;
    let get = |path: &'static str| ask(&server, Method::GET, path, "");
    check(
        &root,
        "post",
        "/alerts",
        &ask(&server, Method::POST, "/api/v2/alerts", alerts).await,
    );
    let made = ask(&server, Method::POST, "/api/v2/silences", SILENCE).await;
    check(&root, "post", "/silences", &made);
    server.clock.advance(Duration::from_secs(60));
    node.step(plimsoll_alerting::Event::Due);
    for path in [
        "/status",
        "/receivers",
        "/alerts",
        "/alerts/groups",
        "/silences",
    ] {
        let answer = ask(&server, Method::GET, &format!("/api/v2{path}"), "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer.json().as_array().is_none_or(|list| !list.is_empty()),
            "{path}"
        );
        check(&root, "get", path, &answer);
    }
    for path in ["/alerts", "/alerts/groups", "/silences"] {
        let answer = ask(&server, Method::GET, &format!("/api/v2{path}?filter=x"), "").await;
        assert_eq!(answer.status, 400, "{path}");
        check(&root, "get", path, &answer);
    }
    check(
        &root,
        "get",
        "/receivers",
        &get("/api/v2/receivers?receiver_matchers=x").await,
    );
    let bad = ask(
        &server,
        Method::POST,
        "/api/v2/alerts",
        r#"[{"labels":{}}]"#,
    )
    .await;
    check(&root, "post", "/alerts", &bad);
    let id = made.json()["silenceID"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/silence/{id}");
    check(
        &root,
        "get",
        "/silence/{silenceID}",
        &ask(&server, Method::GET, &path, "").await,
    );
    check(
        &root,
        "delete",
        "/silence/{silenceID}",
        &ask(&server, Method::DELETE, &path, "").await,
    );
    let missing = path.replace(&id, "7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d");
    for (method, name) in [(Method::GET, "get"), (Method::DELETE, "delete")] {
        check(
            &root,
            name,
            "/silence/{silenceID}",
            &ask(&server, method, &missing, "").await,
        );
    }
    let past = SILENCE.replace("T02:00:00Z", "T00:00:01Z");
    let refused = ask(&server, Method::POST, "/api/v2/silences", &past).await;
    assert_eq!(refused.status, 400);
    check(&root, "post", "/silences", &refused);
    let unknown = SILENCE.replace("{\"matchers\"", "{\"id\":\"x\",\"matchers\"");
    let refused = ask(&server, Method::POST, "/api/v2/silences", &unknown).await;
    assert_eq!(refused.status, 404);
    check(&root, "post", "/silences", &refused);
}

#[test]
fn the_check_finds_what_is_wrong() {
    let Some(root) = description() else { return };
    let schema = Schema {
        root: &root,
        ours: &[],
    };
    let check = |text: &str, name: &str, expected: &str| {
        let value = serde_json::from_str(text).unwrap();
        let found = schema.check(&value, &root["definitions"][name], "it");
        assert_eq!(found.unwrap_err(), expected);
    };
    check("[{}]", "gettableSilences", "it[0]: id is required");
    check(
        "{\"state\":\"x\",\"silencedBy\":[],\"inhibitedBy\":[],\"mutedBy\":[]}",
        "alertStatus",
        "it.state: wanted one of [String(\"unprocessed\"), String(\"active\"), String(\"suppressed\")], found \"x\"",
    );
    check("{\"name\":\"a\",\"x\":1}", "receiver", "it: x is not known");
    check("{\"a\":1}", "labelSet", "it.a: wanted a text, found 1");
    check("[]", "matchers", "it: wanted more items, found []");
}
