//! An answer as comma-separated values, RFC 4180: a header, then one line per sample.

use std::collections::BTreeSet;

use super::answer::Answer;

/// Writes the columns timestamp and value, then one per label that any series has.
pub(super) fn render(answer: &Answer) -> String {
    let all = match answer {
        Answer::Single(_, point) => {
            return format!(
                "timestamp,value\r\n{},{}\r\n",
                point.time,
                field(&point.value)
            );
        }
        Answer::Instant(all) | Answer::Range(all) => all,
    };
    if all.is_empty() {
        return String::new();
    }
    let names: BTreeSet<&str> = all
        .iter()
        .flat_map(|series| series.labels.iter().map(|(name, _)| name))
        .collect();
    let mut text = String::from("timestamp,value");
    for name in &names {
        text.push(',');
        text.push_str(&field(name));
    }
    text.push_str("\r\n");
    for series in all {
        let mut labels = String::new();
        for name in &names {
            labels.push(',');
            labels.push_str(&field(series.labels.get(name).unwrap_or_default()));
        }
        for point in &series.points {
            text.push_str(&format!(
                "{},{}{labels}\r\n",
                point.time,
                field(&point.value)
            ));
        }
    }
    text
}

/// Quotes what would end a field or a line.
fn field(text: &str) -> String {
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_needs_it() {
        let data = r#"{"resultType":"vector","result":[
            {"metric":{"a":"x,\"y\""},"value":[1,"1"]},{"metric":{"b":"2"},"value":[1,"NaN"]}]}"#;
        let answer = Answer::read(&serde_json::from_str(data).unwrap()).unwrap();
        assert_eq!(
            render(&answer),
            "timestamp,value,a,b\r\n1,1,\"x,\"\"y\"\"\",\r\n1,NaN,,2\r\n"
        );
    }
}
