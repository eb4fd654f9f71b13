//! A report as text for people. What it does not have is left out, so that one walk does for directories and servers.

use std::fmt::Write;

use serde_json::Value;

/// The numbers at the top, by their names in the report and here.
const NUMBERS: [(&str, &str); 5] = [
    ("series", "series"),
    ("samples", "samples"),
    ("metrics", "metrics"),
    ("labelNames", "label names"),
    ("labelPairs", "label pairs"),
];

/// Lists of a count and a name: where they are, which field counts, what they are called.
const LISTS: [(&str, &str, &str); 7] = [
    ("/byMetric", "series", "metrics by series"),
    ("/byLabel", "values", "labels by values"),
    ("/bytesByLabel", "bytes", "labels by bytes of their values"),
    ("/byPair", "series", "label pairs by series"),
    (
        "/churnByMetric",
        "lifetimes",
        "metrics by series that come and go",
    ),
    (
        "/churnByPair",
        "lifetimes",
        "label pairs by series that come and go",
    ),
    (
        "/churnByLabel",
        "lifetimes",
        "labels by series that come and go",
    ),
];

/// Writes the lists that a report has.
pub(super) fn render(report: &Value) -> String {
    let mut text = String::new();
    if let (Some(from), Some(to)) = (report["from"].as_str(), report["to"].as_str()) {
        let _ = writeln!(text, "from {from} to {to}");
    }
    for (field, name) in NUMBERS {
        if let Some(number) = report[field].as_u64() {
            let _ = writeln!(text, "{name} {number}");
        }
    }
    for (place, count, title) in LISTS {
        if let Some(entries) = report.pointer(place).and_then(Value::as_array) {
            let _ = writeln!(text, "\n{title}:");
            entries
                .iter()
                .for_each(|entry| line(&mut text, entry, count));
        }
    }
    churn(&mut text, &report["churn"]);
    unused(&mut text, &report["unused"]);
    folding(&mut text, &report["folding"]);
    text
}

/// Writes a count, a name and what else is known of a metric.
fn line(text: &mut String, entry: &Value, count: &str) {
    let _ = write!(text, "{:>12}  {}", number(&entry[count]), name(entry));
    let queried = match entry.get("lastQueried") {
        None => None,
        Some(Value::Null) => Some("not queried"),
        Some(time) => time.as_str(),
    };
    if let (Some(share), Some(queried)) = (entry["share"].as_f64(), queried) {
        let is_time = !entry["lastQueried"].is_null();
        let queried = if is_time {
            format!("last queried {queried}")
        } else {
            queried.into()
        };
        let _ = write!(text, "  ({}, {queried})", percent(share));
    }
    text.push('\n');
}

fn churn(text: &mut String, churn: &Value) {
    let Some(entries) = churn["byMetric"].as_array() else {
        return;
    };
    let time = |field: &str| churn[field].as_str().unwrap_or_default();
    let _ = writeln!(
        text,
        "\nseries that came since {middle} and were not there since {from}: {}\n\
         series that were there since {from} and did not come since {middle}: {}\n\
         metrics by series that came and went:",
        number(&churn["created"]),
        number(&churn["ended"]),
        middle = time("middle"),
        from = time("from"),
    );
    for entry in entries {
        let (created, ended) = (number(&entry["created"]), number(&entry["ended"]));
        let series = number(&entry["series"]);
        let both = created.saturating_add(ended);
        let name = name(entry);
        let _ = writeln!(
            text,
            "{both:>12}  {name}  (+{created} -{ended} of {series})"
        );
    }
}

fn unused(text: &mut String, unused: &Value) {
    let Some(entries) = unused["byMetric"].as_array() else {
        return;
    };
    let time = |field: &str| unused[field].as_str().unwrap_or_default();
    let _ = writeln!(
        text,
        "\nunused: {} metrics with {} series ({}) were not queried since {}\n\
         queries are noted since {}",
        number(&unused["metrics"]),
        number(&unused["series"]),
        percent(unused["share"].as_f64().unwrap_or(0.0)),
        time("before").max(time("recordedSince")),
        time("recordedSince"),
    );
    entries.iter().for_each(|entry| line(text, entry, "series"));
}

fn folding(text: &mut String, folding: &Value) {
    let entries = folding.as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nfolded because of limits:");
    for entry in entries {
        let word = |field: &str| entry[field].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "{:>12}  {}  (on {}, into {} series, limit {}, since {})",
            number(&entry["members"]),
            word("metric"),
            if word("label").is_empty() {
                "nothing"
            } else {
                word("label")
            },
            number(&entry["overflowSeries"]),
            word("limit"),
            word("since"),
        );
    }
}

fn name(entry: &Value) -> &str {
    entry["name"].as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_what_a_report_has() {
        let report = json!({
            "series": 4, "metrics": 2, "labelNames": 2, "labelPairs": 5,
            "byMetric": [
                {"name": "up", "series": 3, "share": 0.75, "lastQueried": "2026-01-02T03:04:05Z"},
                {"name": "idle", "series": 1, "share": 0.25, "lastQueried": null},
            ],
            "byPair": [{"name": "job=a", "series": 2, "share": 0.5}],
            "unused": {
                "recordedSince": "2026-01-02T03:03:05Z", "before": "2026-01-02T03:03:35Z", "metrics": 1, "series": 1,
                "share": 0.25, "byMetric": [{"name": "idle", "series": 1, "share": 0.25, "lastQueried": null}],
            },
            "churn": {
                "from": "A", "middle": "B", "to": "C", "created": 1, "ended": 2,
                "byMetric": [{"name": "up", "created": 1, "ended": 2, "series": 3}],
            },
            "folding": [{
                "metric": "x_total", "label": "path", "limit": "values_per_label", "members": 90,
                "overflowSeries": 3, "since": "2026-01-02T03:04:05Z",
            }],
        });
        insta::assert_snapshot!(render(&report), @r"
        series 4
        metrics 2
        label names 2
        label pairs 5

        metrics by series:
                   3  up  (75.0 %, last queried 2026-01-02T03:04:05Z)
                   1  idle  (25.0 %, not queried)

        label pairs by series:
                   2  job=a

        series that came since B and were not there since A: 1
        series that were there since A and did not come since B: 2
        metrics by series that came and went:
                   3  up  (+1 -2 of 3)

        unused: 1 metrics with 1 series (25.0 %) were not queried since 2026-01-02T03:03:35Z
        queries are noted since 2026-01-02T03:03:05Z
                   1  idle  (25.0 %, not queried)

        folded because of limits:
                  90  x_total  (on path, into 3 series, limit values_per_label, since 2026-01-02T03:04:05Z)
        ");
    }

    #[test]
    fn an_empty_report_is_no_trouble() {
        assert_eq!(render(&json!({})), "");
    }
}
