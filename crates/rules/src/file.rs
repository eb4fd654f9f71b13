//! A rule file as it is written, and what may be wrong with it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use plimsoll_promql::{Features, ParseError, parse_with};
use plimsoll_runtime::config::{Diagnostic, Diagnostics, DurationValue, Source, Span, Spanned};
use plimsoll_types::METRIC_NAME;
use serde::Deserialize;

use crate::model::{Group, Kind, Rule, RuleFile};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    groups: Vec<Spanned<RawGroup>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawGroup {
    name: Spanned<String>,
    interval: Option<DurationValue>,
    query_offset: Option<DurationValue>,
    limit: u64,
    labels: Texts,
    rules: Vec<Spanned<RawRule>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRule {
    record: Spanned<String>,
    alert: Spanned<String>,
    expr: Spanned<String>,
    #[serde(rename = "for")]
    hold: Option<Spanned<DurationValue>>,
    keep_firing_for: Option<Spanned<DurationValue>>,
    labels: Texts,
    annotations: Texts,
}

type Texts = BTreeMap<String, Spanned<String>>;

/// Reads the text of a rule file; `features` says which experimental PromQL its expressions may use.
///
/// # Errors
/// Everything that is wrong with it, or the first thing that keeps it from being read at all.
pub fn check(source: &Source, features: &Features) -> Result<RuleFile, Diagnostics> {
    let (source, warnings) = first_document(source)?;
    let source = &source;
    let raw: RawFile = source.parse()?;
    let mut checker = Checker {
        source,
        features,
        found: Vec::new(),
    };
    let groups = checker.groups(raw.groups);
    match checker.found.is_empty() {
        true => Ok(RuleFile { groups, warnings }),
        false => Err(Diagnostics(checker.found)),
    }
}

/// Cuts a file before its second YAML document. Prometheus reads the first one only and says so in its log; refusing
/// the file would refuse what works.
fn first_document(source: &Source) -> Result<(Source, Vec<Diagnostic>), Diagnostics> {
    let text = source.text();
    let (mut offset, mut has_content) = (0, false);
    for line in text.split_inclusive('\n') {
        let is_marker = line.trim_end() == "---" || line.starts_with("--- ");
        if is_marker && has_content {
            let first = Source::new(source.path(), &text[..offset])?;
            let span = Span {
                start: offset as u32,
                end: (offset + 3) as u32,
            };
            let warning = source
                .warning(
                    span,
                    "a second document begins here, and only the first is read",
                )
                .with_hint("make it a file of its own");
            return Ok((first, vec![warning]));
        }
        let content = line.trim();
        has_content |= is_marker || !(content.is_empty() || content.starts_with(['#', '%']));
        offset += line.len();
    }
    Ok((source.clone(), Vec::new()))
}

struct Checker<'a> {
    source: &'a Source,
    features: &'a Features,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.found.push(self.source.error(at.span, message));
    }

    fn groups(&mut self, raw: Vec<Spanned<RawGroup>>) -> Vec<Group> {
        let mut names = HashSet::new();
        let mut groups = Vec::new();
        for group in raw {
            let name = &group.name;
            if name.is_empty() {
                self.wrong(&group, "a group needs a `name`");
            } else if !names.insert(name.value.clone()) {
                let message = format!("the group {:?} is in this file twice", name.value);
                self.wrong(name, message);
            }
            self.labels(&group.labels);
            let group = group.value;
            let rules = group.rules.into_iter();
            groups.push(Group {
                name: group.name.value,
                interval: group.interval.map(|interval| interval.0),
                query_offset: group.query_offset.map(|offset| offset.0),
                limit: group.limit,
                labels: texts(group.labels),
                rules: rules.filter_map(|rule| self.rule(rule)).collect(),
            });
        }
        groups
    }

    fn rule(&mut self, raw: Spanned<RawRule>) -> Option<Rule> {
        let before = self.found.len();
        match (raw.record.is_empty(), raw.alert.is_empty()) {
            (true, true) => self.wrong(&raw, "a rule needs `record` or `alert`"),
            (false, false) => {
                self.wrong(
                    &raw.record,
                    "a rule is either `record` or `alert`, not both",
                );
            }
            (false, true) => self.recording(&raw),
            (true, false) => {}
        }
        self.labels(&raw.labels);
        self.names("annotation", &raw.annotations);
        let expr = match raw.expr.is_empty() {
            true => {
                self.wrong(&raw, "a rule needs `expr`");
                None
            }
            false => parse_with(&raw.expr, self.features)
                .map_err(|error| self.unparsed(&raw.expr, &error))
                .ok(),
        };
        let expr = expr.filter(|_| self.found.len() == before)?;
        let raw = raw.value;
        let duration = |value: Option<Spanned<DurationValue>>| {
            value.map_or(Duration::ZERO, |value| value.value.0)
        };
        let kind = match raw.alert.is_empty() {
            true => Kind::Record {
                name: raw.record.value,
            },
            false => Kind::Alert {
                name: raw.alert.value,
                hold: duration(raw.hold),
                keep_firing_for: duration(raw.keep_firing_for),
                annotations: texts(raw.annotations),
            },
        };
        Some(Rule {
            kind,
            expr,
            labels: texts(raw.labels),
        })
    }

    fn recording(&mut self, raw: &RawRule) {
        for (name, value) in [
            ("for", &raw.hold),
            ("keep_firing_for", &raw.keep_firing_for),
        ] {
            if let Some(value) = value {
                self.wrong(
                    value,
                    format!("`{name}` belongs to alerts, this rule records"),
                );
            }
        }
        if let Some(annotation) = raw.annotations.values().next() {
            self.wrong(
                annotation,
                "`annotations` belong to alerts, this rule records",
            );
        }
        // Any UTF-8 text is a metric name, but braces are what a mistaken expression looks like.
        if raw.record.contains(['{', '}']) {
            let message = format!(
                "{:?} is no name of a metric: braces belong into `expr`",
                raw.record.value
            );
            self.wrong(&raw.record, message);
        }
    }

    fn labels(&mut self, labels: &Texts) {
        self.names("label", labels);
        if let Some(value) = labels.get(METRIC_NAME) {
            self.wrong(
                value,
                "`__name__` cannot be set by a label, `record` does that",
            );
        }
    }

    fn names(&mut self, what: &str, texts: &Texts) {
        for (name, value) in texts {
            if name.is_empty() {
                self.wrong(value, format!("the name of a {what} is empty"));
            }
        }
    }

    fn unparsed(&mut self, expr: &Spanned<String>, error: &ParseError) {
        let mut place = expr.span;
        let written = &self.source.text()[place.start as usize..place.end as usize];
        // A plain text on one line is the expression byte for byte, so the caret can go to the very place.
        if written == expr.value {
            let span = error.span();
            place.end = place.start + (span.end.min(written.len())) as u32;
            place.start += span.start.min(written.len()) as u32;
        }
        let position = error.position();
        let message = format!(
            "the expression is no PromQL: {position}: {}",
            error.message()
        );
        let found = self.source.error(place, message);
        self.found.push(match error.hint() {
            Some(hint) => found.with_hint(hint),
            None => found,
        });
    }
}

fn texts(raw: Texts) -> BTreeMap<String, String> {
    let pairs = raw.into_iter();
    pairs.map(|(name, value)| (name, value.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RuleFile, Diagnostics> {
        let source = Source::new("rules.yml".as_ref(), text).unwrap();
        check(&source, &Features::default())
    }

    #[test]
    fn reads_every_field() {
        let file = read(
            "groups:\n- name: g\n  interval: 30s\n  query_offset: 1m\n  limit: 5\n  labels: {team: a}\n  rules:\n  \
             - record: job:up:sum\n    expr: sum by (job) (up)\n    labels: {x: y}\n  \
             - alert: Down\n    expr: up == 0\n    for: 5m\n    keep_firing_for: 1m\n    annotations: {summary: s}\n",
        )
        .unwrap();
        let group = &file.groups[0];
        assert_eq!((group.limit, group.labels["team"].as_str()), (5, "a"));
        assert_eq!(group.interval, Some(Duration::from_secs(30)));
        assert_eq!(group.query_offset, Some(Duration::from_secs(60)));
        assert_eq!(group.rules[0].name(), "job:up:sum");
        let Kind::Alert {
            hold,
            keep_firing_for,
            annotations,
            ..
        } = &group.rules[1].kind
        else {
            panic!("{:?}", group.rules[1]);
        };
        assert_eq!((hold.as_secs(), keep_firing_for.as_secs()), (300, 60));
        assert_eq!(annotations["summary"], "s");
    }

    #[test]
    fn tells_all_that_is_wrong_with_its_place() {
        let errors = read(
            "groups:\n- name: g\n  rules:\n  - record: x\n    expr: sum(up) by\n  - alert: y\n    record: z\n    expr: up\n  \
             - record: r\n    expr: up\n    for: 5m\n  - alert: a\n    expr: ''\n    labels: {__name__: x}\n  \
             - alert: b\n    expr: up\n    annotations: {'': x}\n- name: g\n",
        )
        .unwrap_err();
        let shown: Vec<String> = errors
            .iter()
            .map(|error| format!("{}:{} {}", error.line, error.column, error.message))
            .collect();
        let expected = [
            "5:21 the expression is no PromQL",
            "7:13 a rule is either",
            "11:10 `for` belongs to alerts",
            "14:24 `__name__` cannot",
            "12:5 a rule needs `expr`",
            "17:23 the name of a",
            "18:9 the group \"g\"",
        ];
        assert_eq!(shown.len(), expected.len(), "{shown:#?}");
        for (shown, expected) in shown.iter().zip(expected) {
            assert!(shown.starts_with(expected), "{shown} / {expected}");
        }
    }

    #[test]
    fn of_several_documents_the_first_counts() {
        let group = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: up\n";
        let file = read(&format!("# rules\n---\n{group}---\ngroups: [\n")).unwrap();
        assert_eq!(file.groups.len(), 1);
        let warning = file.warnings[0].to_string();
        assert!(warning.starts_with("rules.yml:8:1: warning: "), "{warning}");
        assert!(read(&format!("---\n{group}")).unwrap().warnings.is_empty());
        assert!(read(&format!("{group}...\n")).unwrap().warnings.is_empty());
    }

    #[test]
    fn what_may_have_been_meant_is_told() {
        let text = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: raet(up[5m])\n";
        let errors = read(text).unwrap_err().to_string();
        assert!(errors.contains("^^^^ did you mean \"rate\"?"), "{errors}");
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(read("groups:\n- name: g\n  rule: []\n").is_err());
        assert!(read("group: []\n").is_err());
        assert!(read("groups: []\n").unwrap().groups.is_empty());
        assert!(read("").unwrap().groups.is_empty());
    }
}
