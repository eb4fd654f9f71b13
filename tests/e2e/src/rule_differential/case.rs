//! A rule file and a file of unit tests, before they are text.

use std::collections::BTreeMap;
use std::fmt::Write;

use plimsoll_testkit::Seed;

/// Rules and what is asked about them.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    pub(super) evaluation_interval: &'static str,
    pub(super) interval: &'static str,
    pub(super) groups: Vec<Group>,
    /// A metric and its values.
    pub(super) series: Vec<(String, String)>,
    /// Names of alerts and seconds.
    pub(super) alerts: Vec<(String, u64)>,
    /// Expressions and seconds.
    pub(super) exprs: Vec<(String, u64)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    /// Such as `limit`, with their values.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    /// `record` or `alert`, `expr`, `for` and so on, with their values.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
}

/// What is expected: by `alertname: X, time: T` and `expr: "X", time: T` the YAML of the list.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations(pub(super) BTreeMap<String, Vec<String>>);

impl Expectations {
    /// Returns the same with one expectation more, less or repeated somewhere.
    pub(super) fn spoiled(&self, random: &mut Seed) -> Self {
        let mut spoiled = self.clone();
        let count = spoiled.0.len().max(1) as u64;
        let chosen = random.below(count) as usize;
        if let Some(items) = spoiled.0.values_mut().nth(chosen) {
            match (items.pop(), random.below(3)) {
                (Some(item), 0) => items.extend([item.clone(), item]),
                (Some(item), 1) => items.push(item.replace('1', "2")),
                (Some(_), _) => {}
                (None, _) => items.push("{}".into()),
            }
        }
        spoiled
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn pairs(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}: {}", quoted(value)))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

impl Rule {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            let begin = if text.is_empty() { "  - " } else { "    " };
            text.push_str(&format!("{begin}{name}: {value}\n"));
        };
        for (name, value) in &self.fields {
            line(name, &quoted(value));
        }
        if !self.labels.is_empty() {
            line("labels", &pairs(&self.labels));
        }
        if !self.annotations.is_empty() {
            line("annotations", &pairs(&self.annotations));
        }
        text
    }
}

impl Case {
    /// Returns the rule file.
    pub(super) fn rules(&self) -> String {
        let mut text = String::from("groups:\n");
        for group in &self.groups {
            text.push_str(&format!("- name: {}\n", group.name));
            for (name, value) in &group.fields {
                text.push_str(&format!("  {name}: {value}\n"));
            }
            text.push_str("  rules:\n");
            text.extend(group.rules.iter().map(Rule::text));
        }
        text
    }

    /// Returns the unit tests; what nothing is said about is expected to be something that never is.
    pub(super) fn tests(&self, expectations: &Expectations) -> String {
        let mut text = String::new();
        let order: Vec<&str> = self
            .groups
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        let mut line =
            |line: String| writeln!(text, "{line}").expect("writing to a string never fails");
        line("rule_files: [rules.yml]".into());
        line(format!("evaluation_interval: {}", self.evaluation_interval));
        line(format!("group_eval_order: [{}]", order.join(", ")));
        line(format!("tests:\n- interval: {}", self.interval));
        line(
            "  external_labels: {region: eu, zone: ''}\n  external_url: http://x.example/p".into(),
        );
        line("  input_series:".into());
        for (metric, values) in &self.series {
            line(format!(
                "  - series: {}\n    values: {}",
                quoted(metric),
                quoted(values)
            ));
        }
        let expected = |heading: &str, never: &str| match expectations.0.get(heading) {
            Some(items) => format!("[{}]", items.join(", ")),
            None => format!("[{never}]"),
        };
        line("  alert_rule_test:".into());
        for (name, time) in &self.alerts {
            let heading = format!("alertname: {name}, time: {}", shown_time(*time));
            line(format!("  - alertname: {name}\n    eval_time: {time}s"));
            line(format!(
                "    exp_alerts: {}",
                expected(&heading, "{exp_labels: {never: is}}")
            ));
        }
        line("  promql_expr_test:".into());
        for (expr, time) in &self.exprs {
            let heading = format!("expr: {expr:?}, time: {}", shown_time(*time));
            line(format!(
                "  - expr: {}\n    eval_time: {time}s",
                quoted(expr)
            ));
            line(format!(
                "    exp_samples: {}",
                expected(&heading, "{labels: never, value: 1}")
            ));
        }
        text
    }

    /// Returns both files, for reports.
    pub(super) fn shown(&self) -> String {
        format!(
            "{}---\n{}",
            self.rules(),
            self.tests(&Expectations::default())
        )
    }
}

/// Writes seconds as Prometheus does: `1m30s`.
fn shown_time(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let parts = [(hours, "h"), (minutes, "m"), (seconds, "s")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let text: String = parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".into() } else { text }
}
