//! That the page is true: its example loads, and its defaults are those in force.

use plimsoll_ingest::config::{Config, Loaded, parse};
use serde_json::{Map, Value, json};

use super::shape::Shape;
use super::*;

fn load(text: &str) -> Loaded {
    match parse("prometheus.yml".as_ref(), text, &|_| None) {
        Ok(loaded) => loaded,
        Err(findings) => panic!("{findings}"),
    }
}

#[test]
fn the_example_loads_without_a_word() {
    assert!(load(EXAMPLE).warnings.is_empty());
}

#[test]
fn every_field_has_its_row() {
    let text = page().unwrap();
    for row in [
        "`scrape_interval`",
        "`type`",
        "`ca_file`",
        "`metric_series_max`",
    ] {
        assert!(text.contains(&format!("\n| {row} |")), "{row}");
    }
    assert!(!text.contains("Raw"), "a name of the source is on the page");
}

#[test]
fn a_field_that_does_not_say_enough_is_named() {
    let check = |fields: &str, expected: &str| {
        let mut sources = Sources::default();
        let text = format!("/// `a`: a section.\nstruct RawA {{ {fields} }}");
        sources.add(&text).unwrap();
        match sources.section("RawA") {
            Ok(_) => assert_eq!(expected, "", "{fields}"),
            Err(error) => assert_eq!(format!("{error:#}"), expected, "{fields}"),
        }
    };
    check("/// What it is.\n/// Default: none.\n b: String", "");
    check("/// What it is.\n/// Required.\n b: String", "");
    let no_default = "RawA.b: its comment has no line `Default: ...` or `Required.`";
    check("b: String", no_default);
    check("/// What it is.\n b: String", no_default);
    check(
        "/// Default: none.\n b: String",
        "RawA.b: its comment does not say what it means",
    );
    check(
        "/// What it is.\n/// Default: none.\n b: Unheard",
        "RawA.b: the type `Unheard` has no name for readers; give it one in \
         xtask/src/reference/config/shape.rs",
    );
}

/// Writes every key whose default is a literal at that default.
fn at_defaults(struct_name: &str, sources: &Sources) -> Map<String, Value> {
    let mut written = Map::new();
    for key in sources.section(struct_name).unwrap().keys {
        let literal = key
            .default
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'));
        if let Some(literal) = literal.filter(|literal| !literal.contains('`')) {
            let bare = ["boolean", "number", "whole number"].map(Shape::Scalar);
            let value = if bare.contains(&key.shape) {
                serde_json::from_str(literal).unwrap()
            } else {
                json!(literal)
            };
            written.insert(key.name, value);
        }
    }
    written
}

fn effect(config: &Config) -> String {
    let retention = config.retention.time_or_default();
    let (global, jobs) = (&config.global, &config.scrape_configs);
    format!(
        "{global:#?}\n{jobs:#?}\n{retention:#?}\n{:#?}",
        config.plimsoll
    )
}

/// A file with one of every section that has an effect; `fill` adds the keys of a struct to what is required.
fn file(fill: &dyn Fn(&str, Value) -> Value) -> String {
    let http_sd = fill("RawHttpSd", json!({"url": "http://sd:1/"}));
    let job = json!({
        "job_name": "web",
        "static_configs": [fill("RawStatic", json!({"targets": ["web-1:1"]}))],
        "file_sd_configs": [fill("RawFileSd", json!({"files": ["a.json"]}))],
        "http_sd_configs": [fill("RawHttpClient", http_sd)],
        "dns_sd_configs": [fill("RawDnsSd", json!({"names": ["a"]}))],
        "relabel_configs": [fill("RawRelabel", json!({"target_label": "a"}))],
        "authorization": fill("RawAuthorization", json!({"credentials": "c"})),
    });
    let plimsoll = json!({
        "wal": fill("RawWal", json!({})),
        "host_metrics": fill("RawHostMetrics", json!({})),
        "limits": fill("RawLimits", json!({})),
    });
    let retention = fill("RawRetention", json!({}));
    json!({
        "global": fill("RawGlobal", json!({})),
        "scrape_configs": [fill("RawHttpClient", fill("RawScrapeConfig", job))],
        "storage": {"tsdb": {"retention": retention}},
        "plimsoll": fill("RawPlimsoll", plimsoll),
    })
    .to_string()
}

#[test]
fn the_defaults_on_the_page_are_those_in_force() {
    let sources = Sources::read().unwrap();
    let silent = load(&file(&|_, required| required));
    let written = load(&file(&|name, required| {
        let mut keys = at_defaults(name, &sources);
        let Value::Object(required) = required else {
            panic!("a section is a mapping");
        };
        keys.extend(required);
        Value::Object(keys)
    }));
    assert_eq!(effect(&silent.config), effect(&written.config));
}

#[test]
fn the_defaults_of_sections_without_effect_are_at_least_legal() {
    let sources = Sources::read().unwrap();
    let fill = |name, required: Value| {
        let mut keys = at_defaults(name, &sources);
        keys.extend(required.as_object().unwrap().clone());
        keys
    };
    let mut write = fill("RawRemoteWrite", json!({"url": "http://a/"}));
    write.insert("queue_config".into(), fill("RawQueue", json!({})).into());
    write.insert(
        "metadata_config".into(),
        fill("RawMetadata", json!({})).into(),
    );
    load(
        &json!({
            "remote_write": [write],
            "remote_read": [fill("RawRemoteRead", json!({"url": "http://a/"}))],
            "alerting": {"alertmanagers": [fill("RawAlertmanager", json!({}))]},
            "tracing": fill("RawTracing", json!({"endpoint": "a:1"})),
            "otlp": fill("RawOtlp", json!({})),
        })
        .to_string(),
    );
}
