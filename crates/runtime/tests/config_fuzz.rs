//! No text makes the reader of configuration files panic, and every refusal shows a place in the text.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned, parse};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    a: Vec<Section>,
    b: Option<Spanned<DurationValue>>,
    c: BTreeMap<String, Spanned<String>>,
    d: SizeValue,
    e: bool,
    f: f64,
    g: u32,
    h: i64,
}

fn check(text: &str) {
    let Err(findings) = parse::<Section>(Path::new("fuzz.yml"), text) else {
        return;
    };
    let lines = text.split('\n').count();
    for finding in findings.iter() {
        assert!((1..=lines).contains(&finding.line), "{finding:?}");
        assert!(finding.column >= 1, "{finding:?}");
        assert!(!finding.to_string().is_empty());
    }
}

#[test]
fn survives_any_text() {
    bolero::check!().for_each(|bytes: &[u8]| check(&String::from_utf8_lossy(bytes)));
}

/// Random bytes are rarely YAML; words of the grammar in random order often nearly are.
#[test]
fn survives_any_order_of_yaml_s_words() {
    const WORDS: [&str; 40] = [
        "a:",
        "b:",
        "c:",
        "d:",
        "e:",
        "f:",
        "g:",
        "h:",
        " ",
        "  ",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "&x ",
        "*x",
        "<<: ",
        "!!binary ",
        "!!str ",
        "'",
        "\"",
        "|\n",
        ">-\n",
        "#",
        "\t",
        "15s",
        "10MB",
        "yes",
        "1e9",
        "-7",
        "~",
        "---\n",
        "\u{e9}",
        "\r\n",
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        let words = bytes
            .iter()
            .map(|byte| WORDS[usize::from(*byte) % WORDS.len()]);
        check(&words.collect::<String>());
    });
}
