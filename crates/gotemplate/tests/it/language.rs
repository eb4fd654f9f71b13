//! The language by itself, as text and as HTML.

use std::sync::Arc;

use plimsoll_gotemplate::{Functions, List, Map, Set, Value, alertmanager};
use plimsoll_types::Timestamp;

use crate::check;
use crate::recorded_html::HTML;
use crate::recorded_language::{FORMATS, LANGUAGE};

fn list(items: Vec<Value>) -> Value {
    List::of_any(items).unwrap().into()
}

fn map(pairs: Vec<(&str, Value)>) -> Value {
    Map::of_any(pairs).unwrap().into()
}

fn data() -> Value {
    map(vec![
        ("s", "hello".into()),
        ("e", "".into()),
        ("n", 3.0.into()),
        ("f", 2.5.into()),
        ("b", true.into()),
        ("nil", Value::Nil),
        (
            "l",
            list(vec![
                "a".into(),
                1.0.into(),
                Value::Nil,
                map(vec![("k", "v".into())]),
            ]),
        ),
        (
            "m",
            map(vec![
                ("x", 1.0.into()),
                ("a", "two".into()),
                ("z", Value::Nil),
            ]),
        ),
        ("el", list(Vec::new())),
        ("u", "\u{fc}<\u{e9}>".into()),
    ])
}

fn document() -> Value {
    map(vec![
        ("s", "plain".into()),
        ("h", "<a href=\"x\">'&+\n</script>".into()),
        ("u", "javascript:alert(1)".into()),
        ("w", "a b=c`d".into()),
        ("q", "x?y&z=1#\u{e9} \u{fc}".into()),
        ("ok", "http://h/p?a=b&c=d e".into()),
        ("m", "mailto:x@y".into()),
        ("n", 3.5.into()),
        ("t", true.into()),
        ("nil", Value::Nil),
        ("l", list(vec!["a".into(), 1.0.into(), Value::Nil])),
        ("o", map(vec![("k", "<v>".into())])),
        ("css", "color: red".into()),
        ("x", "expression(1)".into()),
        ("e", "".into()),
        ("amp", "a&amp;b%20c%zz".into()),
    ])
}

fn render_text(template: &str) -> Result<String, String> {
    let mut set = Set::new(Functions::new());
    set.parse("t", template)
        .map_err(|error| error.to_string())?;
    set.execute_text("t", &data())
        .map_err(|error| error.to_string())
}

#[test]
fn equals_go() {
    check(LANGUAGE, render_text);
}

#[test]
fn prints_as_go_does() {
    check(FORMATS, render_text);
}

#[test]
fn escapes_html_as_go_does() {
    check(HTML, |template| {
        let mut set = Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH)));
        set.parse("t", template)
            .map_err(|error| error.to_string())?;
        set.execute_html("t", &document())
            .map_err(|error| error.to_string())
    });
}

#[test]
fn a_definition_replaces_one_of_an_earlier_text() {
    let mut set = Set::new(Functions::new());
    set.parse("a", "{{ define \"t\" }}old{{ end }}").unwrap();
    set.parse("b", "{{ define \"t\" }}new{{ end }}{{ template \"t\" }}")
        .unwrap();
    set.parse("c", "{{ define \"t\" }} {{ end }}").unwrap();
    assert_eq!(set.execute_text("b", &Value::Nil).unwrap(), "new");
    assert!(set.parse("b", "{{").is_err());
    assert_eq!(set.execute_text("b", &Value::Nil).unwrap(), "new");
}
