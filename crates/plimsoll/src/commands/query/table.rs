//! An answer of the query API as lines for people.

use std::fmt::Write;

use plimsoll_types::Labels;
use serde_json::Value;

use crate::commands::Failure;

/// Writes one line per series (and per step of a range); notes of the server go to stderr.
pub(super) fn render(answer: &Value) -> Result<String, Failure> {
    for kind in ["warnings", "infos"] {
        for note in answer[kind].as_array().into_iter().flatten() {
            eprintln!(
                "{}: {}",
                kind.trim_end_matches('s'),
                note.as_str().unwrap_or_default()
            );
        }
    }
    let data = &answer["data"];
    let result = &data["result"];
    let mut text = String::new();
    match data["resultType"].as_str() {
        Some("scalar" | "string") => line(&mut text, "", result),
        Some("vector") => series(&mut text, result, &["value", "histogram"]),
        Some("matrix") => series(&mut text, result, &["values", "histograms"]),
        _ => return Err(Failure::failed("the server's answer has no result type")),
    }
    if text.is_empty() {
        eprintln!("no series: nothing matches at this time");
    }
    Ok(text)
}

fn series(text: &mut String, result: &Value, fields: &[&str]) {
    for entry in result.as_array().into_iter().flatten() {
        let pairs = entry["metric"].as_object().into_iter().flatten();
        let labels = Labels::from_pairs(
            pairs.map(|(name, value)| (name, value.as_str().unwrap_or_default())),
        );
        let name = harmless(&labels.to_string());
        for field in fields {
            match &entry[*field] {
                Value::Array(points) if points.first().is_some_and(Value::is_array) => {
                    points.iter().for_each(|point| line(text, &name, point));
                }
                point @ Value::Array(_) => line(text, &name, point),
                _ => {}
            }
        }
    }
}

fn line(text: &mut String, name: &str, point: &Value) {
    let value = match &point[1] {
        Value::String(value) => harmless(value),
        histogram => format!(
            "count {} sum {}",
            plain(&histogram["count"]),
            plain(&histogram["sum"])
        ),
    };
    let separator = if name.is_empty() { "" } else { " " };
    writeln!(text, "{name}{separator}{value} @{}", point[0])
        .expect("writing to a string cannot fail");
}

/// Escapes control characters: whoever may push may name series, and must not write to an operator's terminal.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: &str, expected: &str) {
        let answer = format!(r#"{{"status":"success","data":{result}}}"#);
        assert_eq!(
            render(&serde_json::from_str(&answer).unwrap()).unwrap(),
            expected
        );
    }

    #[test]
    fn one_line_per_point() {
        check(
            r#"{"resultType":"scalar","result":[1.500,"2"]}"#,
            "2 @1.5\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1,"1"]}]}"#,
            "up{job=\"a\"} 1 @1\n",
        );
        check(
            r#"{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[1,"1"],[2,"NaN"]]}]}"#,
            "{job=\"a\"} 1 @1\n{job=\"a\"} NaN @2\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"a":"\u001b[2J"},"value":[1,"1"]}]}"#,
            "{a=\"\\u{1b}[2J\"} 1 @1\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,{"count":"3","sum":"4.5"}]}]}"#,
            "h count 3 sum 4.5 @1\n",
        );
    }
}
