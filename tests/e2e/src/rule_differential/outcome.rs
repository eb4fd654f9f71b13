//! What a program said it found, read back from its words.

use std::collections::BTreeMap;

use super::case::Expectations;

/// What was found, by heading (`alertname: A, time: 3m`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) findings: BTreeMap<String, Vec<String>>,
}

impl Outcome {
    /// Reads the output of `test rules`.
    pub(super) fn read(text: &str) -> Self {
        let mut outcome = Self::default();
        let (mut heading, mut is_found) = (None, false);
        for line in text.lines().map(str::trim) {
            if let Some((found, error)) = heading_of(line) {
                is_found = false;
                let items: &mut Vec<String> = outcome.findings.entry(found.clone()).or_default();
                items.extend(error);
                heading = Some(found);
            } else if line.starts_with("diff:")
                || line.starts_with("exp:")
                || line.contains(": error: ")
            {
                is_found = false;
            } else if let Some(found) = line.strip_prefix("got:") {
                is_found = true;
                outcome.add(heading.as_ref(), found);
            } else if is_found {
                outcome.add(heading.as_ref(), line);
            }
        }
        outcome
    }

    fn add(&mut self, heading: Option<&String>, line: &str) {
        let line = line.trim_start_matches(['[', ' ']);
        // `0:`, `],` and the like are the frame around alerts.
        let is_frame = line
            .trim_end_matches([']', ',', ':'])
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        if let Some(items) = heading.and_then(|heading| self.findings.get_mut(heading))
            && !is_frame
        {
            match line.strip_prefix("Annotations:") {
                Some(annotations) => {
                    let annotations = annotations.strip_suffix(',').unwrap_or(annotations);
                    let alert = items.last_mut();
                    if let Some(alert) = alert {
                        alert.push_str(" Annotations:");
                        alert.push_str(annotations);
                    }
                }
                None => items.push(line.to_owned()),
            }
        }
    }

    /// Counts alerts and samples.
    pub(super) fn items(&self) -> usize {
        self.findings.values().map(Vec::len).sum()
    }

    /// Names the first heading in which two outcomes differ.
    pub(super) fn difference(&self, other: &Self) -> String {
        let headings = self.findings.keys().chain(other.findings.keys());
        let differs =
            |heading: &&String| self.findings.get(*heading) != other.findings.get(*heading);
        match { headings }.find(differs) {
            Some(heading) => format!(
                "{heading}\n  promtool: {:?}\n  plimsoll: {:?}",
                self.findings.get(heading),
                other.findings.get(heading)
            ),
            None => "the exit codes differ".into(),
        }
    }

    /// Makes expectations of what was found; what no YAML can say is left out.
    pub(super) fn expectations(&self) -> Expectations {
        let found = self.findings.iter().filter_map(|(heading, items)| {
            let items: Option<Vec<String>> = match heading.starts_with("alertname") {
                true => items.iter().map(|item| alert(item)).collect(),
                false if items.iter().all(|item| item == "nil") => Some(Vec::new()),
                false => items.iter().flat_map(|item| samples(item)).collect(),
            };
            Some((heading.clone(), items?))
        });
        Expectations(found.collect())
    }
}

/// Takes a heading apart: what was tested, and why it could not be evaluated.
fn heading_of(line: &str) -> Option<(String, Option<String>)> {
    let is_heading = ["alertname: ", "expr: ", "rule: "]
        .iter()
        .any(|begin| line.starts_with(begin));
    if !is_heading {
        return None;
    }
    let (heading, error) = match line.split_once(", err: ") {
        // The words for queries that fail changed since 2.42; that one fails counts.
        Some((heading, error)) => (
            heading,
            Some(error.split([':', ';']).next().unwrap_or(error)),
        ),
        None => (line, None),
    };
    let heading = heading.trim_end_matches([',', ' ']).to_owned();
    Some((heading, error.map(str::to_owned)))
}

/// Turns `Labels:{a="b"} Annotations:{...}` into YAML.
fn alert(text: &str) -> Option<String> {
    let (labels, annotations) = text.strip_prefix("Labels:")?.split_once(" Annotations:")?;
    let labels = pairs(labels)?;
    let labels: Vec<&(String, String)> = labels
        .iter()
        .filter(|(name, _)| name != "alertname")
        .collect();
    let annotations = pairs(annotations)?;
    let annotations: Vec<&(String, String)> = annotations.iter().collect();
    Some(format!(
        "{{exp_labels: {}, exp_annotations: {}}}",
        mapping(&labels),
        mapping(&annotations)
    ))
}

/// Turns `{a="b"} 1E+00, {a="c"} 2E+00` into YAML.
fn samples(text: &str) -> Vec<Option<String>> {
    text.split(", {")
        .map(|sample| {
            let sample = sample.trim_start_matches('{');
            let (labels, value) = sample.rsplit_once("} ")?;
            let value = match value {
                "+Inf" => ".inf",
                "-Inf" => "-.inf",
                "NaN" => return None,
                finite => finite,
            };
            Some(format!(
                "{{labels: '{{{}}}', value: {value}}}",
                labels.replace('\'', "''")
            ))
        })
        .collect()
}

/// Reads `{a="b", c="d"}` as Go quotes it. Strings of JSON have the same escapes as far as rules make them.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
        let value = values.next()?.ok()?;
        pairs.push((name.to_owned(), value));
        rest = after[values.byte_offset()..].trim_start_matches([',', ' ']);
    }
    Some(pairs)
}

fn mapping(pairs: &[&(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}: {}", serde_json::Value::from(value.as_str())))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_from_both_programs() {
        let text = "Unit Testing:  t.yml\n  FAILED:\n    alertname: A, time: 3m, \n        exp:[\n            0:\n              \
            Labels:{x=\"y\"}\n              Annotations:{}\n            ], \n        got:[\n            0:\n              \
            Labels:{alertname=\"A\", i=\"1\"}\n              Annotations:{s=\"a \\\"b\\\"\"},\n            1:\n              \
            Labels:{alertname=\"A\"}\n              Annotations:{}\n            ]\n        diff: (- expected, + got)\n            \
            Labels:{}\n        t.yml:1:1: error: x\n    expr: \"x\", time: 3m,\n        exp: nil\n        \
            got: {__name__=\"x\"} 1E+00, {a=\"b\"} 2E+00\n    rule: r, time: 1m0s, err: no: way\n";
        let outcome = Outcome::read(text);
        assert_eq!(
            outcome.findings["alertname: A, time: 3m"],
            [
                "Labels:{alertname=\"A\", i=\"1\"} Annotations:{s=\"a \\\"b\\\"\"}",
                "Labels:{alertname=\"A\"} Annotations:{}"
            ]
        );
        assert_eq!(outcome.findings["rule: r, time: 1m0s"], ["no"]);
        let Expectations(expected) = outcome.expectations();
        assert_eq!(
            expected["alertname: A, time: 3m"][0],
            "{exp_labels: {i: \"1\"}, exp_annotations: {s: \"a \\\"b\\\"\"}}"
        );
        assert_eq!(
            expected["expr: \"x\", time: 3m"],
            [
                "{labels: '{__name__=\"x\"}', value: 1E+00}",
                "{labels: '{a=\"b\"}', value: 2E+00}"
            ]
        );
    }
}
