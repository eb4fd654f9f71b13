//! A rule file as it is written, and what may be wrong with it.

mod raw;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::{Features, ParseError, parse_with};
use plimsoll_runtime::config::{
    Diagnostic, Diagnostics, DurationValue, Severity, Source, Span, Spanned,
};
use plimsoll_types::METRIC_NAME;

use self::raw::{RawFile, RawGroup, RawRule, Texts, field_spans, rule_spans, texts};
use crate::engine::{Templates, is_template};
use crate::model::{Group, GroupSpans, Kind, Rule, RuleFile};
use crate::place::{Lines, within};

/// Reads the text of a rule file; `features` says which experimental PromQL its expressions may use.
///
/// # Errors
/// Everything that is wrong with it, or the first thing that keeps it from being read at all.
pub fn check(source: &Source, features: &Features) -> Result<RuleFile, Diagnostics> {
    let (source, mut warnings) = first_document(source);
    let source = &source;
    let raw: RawFile = source.parse()?;
    warnings.extend(source.ignored());
    let mut checker = Checker {
        source,
        lines: Lines::of(source.text()),
        features,
        templates: Templates::new(&Arc::from("")),
        found: Vec::new(),
        warnings,
    };
    let groups = checker.groups(raw.groups);
    match checker.found.is_empty() {
        true => Ok(RuleFile {
            groups,
            warnings: checker.warnings,
            source: source.clone(),
        }),
        false => Err(Diagnostics(checker.found)),
    }
}

/// Cuts a file before its second YAML document. Prometheus reads the first one only and says so in its log; refusing
/// the file would refuse what works.
fn first_document(source: &Source) -> (Source, Vec<Diagnostic>) {
    let text = source.text();
    let (mut offset, mut has_content) = (0, false);
    for line in text.split_inclusive('\n') {
        let is_marker = line.trim_end() == "---" || line.starts_with("--- ");
        if is_marker && has_content {
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
            return (source.head(offset), vec![warning]);
        }
        let content = line.trim();
        has_content |= is_marker || !(content.is_empty() || content.starts_with(['#', '%']));
        offset += line.len();
    }
    (source.clone(), Vec::new())
}

struct Checker<'a> {
    source: &'a Source,
    lines: Lines<'a>,
    features: &'a Features,
    templates: Templates,
    found: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
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
            groups.push(self.group(group));
        }
        groups
    }

    fn group(&mut self, raw: Spanned<RawGroup>) -> Group {
        self.labels(&raw.labels);
        self.limit(&raw.limit);
        self.group_templates(&raw);
        let spans = GroupSpans {
            whole: raw.span,
            name: raw.name.span,
            labels: field_spans(&raw.labels),
        };
        let raw = raw.value;
        let rules = raw.rules.into_iter();
        let interval = raw.interval.map(|interval| interval.0);
        Group {
            place: self.lines.place(spans.whole),
            spans,
            name: raw.name.value,
            // As in Prometheus an interval of 0 is one that is not set, but an offset of 0 is an offset.
            interval: interval.filter(|interval| !interval.is_zero()),
            query_offset: raw.query_offset.map(|offset| offset.0),
            // Below 0 there is none, too.
            limit: raw.limit.value as u64,
            labels: texts(raw.labels),
            rules: rules.filter_map(|rule| self.rule(rule)).collect(),
        }
    }

    /// Prometheus cuts what is behind the point, so a file with such a limit works there.
    fn limit(&mut self, limit: &Spanned<f64>) {
        if limit.is_nan() || limit.abs() > i64::MAX as f64 {
            self.wrong(limit, "expected a whole number below 2^63");
            return;
        }
        if limit.fract() != 0.0 {
            let message = format!("a limit is a whole number: it is read as {}", limit.trunc());
            self.warnings.push(self.source.warning(limit.span, message));
        }
    }

    fn rule(&mut self, raw: Spanned<RawRule>) -> Option<Rule> {
        let before = self.found.len();
        self.names_and_texts(&raw);
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
        let spans = rule_spans(&raw);
        let raw = raw.value;
        let labels = texts(raw.labels);
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
            labels,
            place: self.lines.place(spans.whole),
            spans,
        })
    }

    fn names_and_texts(&mut self, raw: &Spanned<RawRule>) {
        match (raw.record.is_empty(), raw.alert.is_empty()) {
            (true, true) => self.wrong(raw, "a rule needs `record` or `alert`"),
            (false, false) => {
                let message = "a rule is either `record` or `alert`, not both";
                self.wrong(&raw.record, message);
            }
            (false, true) => self.recording(raw),
            (true, false) => {
                for (what, texts) in [("label", &raw.labels), ("annotation", &raw.annotations)] {
                    let broken = self.broken_templates(what, &raw.alert, texts);
                    self.found.extend(broken);
                }
            }
        }
        self.labels(&raw.labels);
        self.names("annotation", &raw.annotations);
    }

    fn recording(&mut self, raw: &RawRule) {
        for (name, value) in [
            ("for", &raw.hold),
            ("keep_firing_for", &raw.keep_firing_for),
        ] {
            // As in Prometheus a duration of 0 is one that is not set.
            if let Some(value) = value
                && !value.0.is_zero()
            {
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

    /// Labels of a group are templates for its alerts too, but Prometheus takes the file whatever they are; the alerts
    /// then carry what is wrong as their label.
    fn group_templates(&mut self, raw: &RawGroup) {
        let alert = raw.rules.iter().find(|rule| !rule.alert.is_empty());
        if let Some(alert) = alert {
            let broken = self.broken_templates("label", &alert.alert, &raw.labels);
            let warning = |error| Diagnostic {
                severity: Severity::Warning,
                ..error
            };
            self.warnings.extend(broken.into_iter().map(warning));
        }
    }

    fn broken_templates(&self, what: &str, alert: &str, texts: &Texts) -> Vec<Diagnostic> {
        let templates = texts.iter().filter(|(_, text)| is_template(text));
        let check = |(name, text): (&String, &Spanned<String>)| {
            let error = self.templates.parse(alert, text).err()?;
            let (start, end) = line(text, error.line());
            let span = within(self.source.text(), text, start, end);
            let message = format!("the {what} `{name}` is no template: {}", error.reason());
            Some(self.source.error(span, message))
        };
        templates.filter_map(check).collect()
    }

    fn unparsed(&mut self, expr: &Spanned<String>, error: &ParseError) {
        let span = error.span();
        let place = within(self.source.text(), expr, span.start, span.end);
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

/// Returns where line `number` of a text begins and ends, without the spaces around it.
fn line(text: &str, number: usize) -> (usize, usize) {
    let before: usize = text
        .split_inclusive('\n')
        .take(number.saturating_sub(1))
        .map(str::len)
        .sum();
    let line = text[before..].lines().next().unwrap_or_default();
    let start = before + line.len() - line.trim_start().len();
    (start, (before + line.trim_end().len()).max(start))
}

#[cfg(test)]
mod tests;
