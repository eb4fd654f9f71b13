//! The text exposition format 0.0.4 as it is being built: families by name, series by labels.
//!
//! Both are kept sorted, so that two scrapes of an unchanged host differ in values only and the
//! scrape side recognises every line by its raw bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The type that a family declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows, until the machine restarts.
    Counter,
    /// May go up and down.
    Gauge,
    /// Not declared: node_exporter does not say which of the kernel's fields are which.
    Untyped,
}

/// A metric's name, type and help.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family<'a> {
    /// The name; characters outside `[a-zA-Z0-9_:]` are exposed as `_`.
    pub(crate) name: &'a str,
    /// The declared type.
    pub(crate) kind: Kind,
    /// One sentence on one line.
    pub(crate) help: &'static str,
}

impl<'a> Family<'a> {
    /// Names a counter.
    pub(crate) const fn counter(name: &'a str, help: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Counter,
            help,
        }
    }

    /// Names a gauge.
    pub(crate) const fn gauge(name: &'a str, help: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Gauge,
            help,
        }
    }

    /// Names a family without a type.
    pub(crate) const fn untyped(name: &'a str, help: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Untyped,
            help,
        }
    }
}

/// Families and their series.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    families: BTreeMap<String, Series>,
}

#[derive(Debug)]
struct Series {
    kind: Kind,
    help: &'static str,
    values: BTreeMap<String, f64>,
}

impl Exposition {
    /// Adds one series. Of two with the same name and labels the first stays: the kernel lists a
    /// mount or a processor twice at most in a race, and a scrape with duplicates would be refused
    /// whole.
    pub(crate) fn add(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        self.families
            .entry(metric_name(family.name))
            .or_insert_with(|| Series {
                kind: family.kind,
                help: family.help,
                values: BTreeMap::new(),
            })
            .values
            .entry(label_set(labels))
            .or_insert(value);
    }

    /// Returns the text, which ends with a line feed unless it is empty.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, series) in &self.families {
            let kind = match series.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Untyped => "untyped",
            };
            let help = series.help;
            write_line(
                &mut text,
                format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
            );
            for (labels, value) in &series.values {
                write_line(&mut text, format_args!("{name}{labels} {value}\n"));
            }
        }
        text
    }
}

fn write_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line)
        .expect("writing to a string cannot fail");
}

fn metric_name(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.chars()
        .map(|c| if valid(c) { c } else { '_' })
        .collect()
}

fn label_set(labels: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (index, (name, value)) in labels.iter().enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        text.push_str(name);
        text.push_str("=\"");
        escape(value, &mut text);
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
    text
}

fn escape(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            other => into.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_escapes_and_keeps_the_first_of_two() {
        let mut out = Exposition::default();
        let second = Family::gauge("node_b", "B.");
        out.add(&second, &[("device", "a\\b\"c\nd")], 1.5);
        out.add(&second, &[("device", "a\\b\"c\nd")], 2.0);
        out.add(&Family::counter("node_a-x", "A."), &[], 1e21);
        insta::assert_snapshot!(out.to_text(), @r#"
        # HELP node_a_x A.
        # TYPE node_a_x counter
        node_a_x 1000000000000000000000
        # HELP node_b B.
        # TYPE node_b gauge
        node_b{device="a\\b\"c\nd"} 1.5
        "#);
    }

    #[test]
    fn is_empty_without_families() {
        assert_eq!(Exposition::default().to_text(), "");
    }
}
