//! Reads the small parts that all sections are made of: shares, lengths of time, names, selectors, PromQL.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use plimsoll_promql::{Expr, Features, ParseError, parse_selector, parse_with};
use plimsoll_runtime::config::{DurationValue, Findings, Source, Span, Spanned};
use plimsoll_types::{
    ALERT_NAME, Annotations, Labels, METRIC_NAME, MatchOp, Matcher, is_legacy_label_name,
};

use super::raw::{RawDuration, RawTexts};
use crate::model;
use crate::{NoData, Severity, Target};

/// Labels that alerts and metrics of an SLO have from us.
const OWN_LABELS: [&str; 5] = ["slo", "service", "objective", "severity", "window"];
/// Names become parts of URLs and of label values.
const NAME_CHARACTERS_MAX: usize = 100;

/// What a file is read with: where findings go, and which PromQL is allowed.
pub(crate) struct Context<'a> {
    pub(crate) findings: Findings<'a>,
    features: &'a Features,
}

impl<'a> Context<'a> {
    pub(super) fn new(source: &'a Source, features: &'a Features) -> Self {
        Self {
            findings: Findings::new(source),
            features,
        }
    }

    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.findings.error(span, message);
    }

    /// Reads a length of time above zero in whole slices.
    pub(crate) fn slices(&mut self, raw: &RawDuration, name: &str) -> Option<Duration> {
        let length = self.above_zero(raw, name)?;
        let slice = model::Span::SLICE.as_millis();
        if !length.as_millis().is_multiple_of(slice) {
            let span = raw.as_ref().map_or(Span::default(), |raw| raw.span);
            let message = format!("`{name}` is a multiple of 10s, the length of a slice");
            self.error(span, message);
            return None;
        }
        Some(length)
    }

    /// Reads a length of time above zero.
    pub(crate) fn above_zero(&mut self, raw: &RawDuration, name: &str) -> Option<Duration> {
        let raw = raw.as_ref()?;
        let Spanned {
            value: DurationValue(length),
            span,
            ..
        } = *raw;
        if length.is_zero() {
            self.error(span, format!("`{name}` must be above 0"));
            return None;
        }
        Some(length)
    }

    /// Reads an objective such as `99.9` or `99.9%`.
    pub(crate) fn target(&mut self, raw: &Spanned<String>) -> Option<Target> {
        let text = raw.trim();
        let text = text.strip_suffix('%').unwrap_or(text).trim_end();
        match text.parse() {
            Ok(target) => Some(target),
            Err(error) => {
                self.error(raw.span, format!("{error}, found {:?}", short(raw)));
                None
            }
        }
    }

    /// Reads a share such as `5%` as a number from 0 to 1.
    pub(crate) fn share(&mut self, raw: &Spanned<String>) -> Option<f64> {
        self.share_of(raw, raw.span)
    }

    /// As [`share`](Self::share), of a text whose place is told.
    pub(crate) fn share_of(&mut self, text: &str, span: Span) -> Option<f64> {
        let percent = text.trim().strip_suffix('%').map(str::trim_end);
        let number = percent.and_then(|number| number.parse::<f64>().ok());
        let share = number.filter(|number| (0.0..=100.0).contains(number));
        if share.is_none() {
            let message = format!(
                "expected a share such as 5%, from 0% to 100%, found {:?}",
                short(text)
            );
            self.error(span, message);
        }
        share.map(|percent| percent / 100.0)
    }

    /// Reads a name that becomes part of an id.
    pub(crate) fn name(&mut self, raw: &Spanned<String>, section: Span, what: &str) -> bool {
        if raw.is_empty() {
            self.error(section, format!("{what} needs a `name`"));
            return false;
        }
        let is_plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        };
        if !raw.chars().all(is_plain) || raw.len() > NAME_CHARACTERS_MAX {
            let message = format!(
                "{:?} is no name: at most {NAME_CHARACTERS_MAX} of a-z, A-Z, 0-9, `-`, `_`, `.`",
                short(raw)
            );
            self.error(raw.span, message);
            return false;
        }
        true
    }

    /// Reads labels; those that we set are refused.
    pub(crate) fn labels(&mut self, raw: &RawTexts) -> Labels {
        for name in raw.keys() {
            if OWN_LABELS.contains(&name.text.as_str()) {
                let message = format!("the label `{}` is set by Plimsoll", name.text);
                self.error(name.span, message);
            }
            self.label_name(&name.text, name.span);
        }
        labels_of(raw)
    }

    /// Reads labels that may stand in the place of ours.
    pub(crate) fn any_labels(&mut self, raw: &RawTexts) -> Labels {
        for name in raw.keys() {
            self.label_name(&name.text, name.span);
        }
        labels_of(raw)
    }

    /// Reports a text that is no name of a label, or of one that is not free.
    pub(crate) fn label_name(&mut self, name: &str, span: Span) {
        if !is_legacy_label_name(name) {
            self.error(span, format!("{:?} is no name of a label", short(name)));
        } else if name == METRIC_NAME || name == ALERT_NAME {
            self.error(span, format!("the label `{name}` cannot be set here"));
        }
    }

    pub(crate) fn annotations(&mut self, raw: &RawTexts) -> Annotations {
        for name in raw.keys() {
            if !is_legacy_label_name(&name.text) {
                let message = format!("{:?} is no name of an annotation", short(&name.text));
                self.error(name.span, message);
            }
        }
        let pairs = raw.iter();
        Annotations::from_pairs(pairs.map(|(name, text)| (&*name.text, &*text.value)))
    }

    /// Reads a selector of the series of one metric.
    pub(crate) fn selector(&mut self, raw: &Spanned<String>) -> Option<Vec<Matcher>> {
        let matchers = match parse_selector(raw) {
            Ok(matchers) => matchers,
            Err(_) if parse_with(raw, self.features).is_ok() => {
                let message = "expected a selector of series, found an expression";
                let hint = "an expression is an SLI of the kind `queries` or `ratio`";
                self.findings.error_with_hint(raw.span, message, hint);
                return None;
            }
            Err(error) => {
                self.no_promql(raw, 0, "the selector is no PromQL", &error);
                return None;
            }
        };
        if metric_of(&matchers).is_none() {
            let message = "a selector needs the name of its metric";
            self.error(raw.span, message);
            return None;
        }
        Some(matchers)
    }

    /// Reads conditions on labels as they stand within the braces of a selector.
    pub(crate) fn conditions(&mut self, raw: &Spanned<String>) -> Option<Vec<Matcher>> {
        let is_braced = raw.trim_start().starts_with('{');
        let text = match is_braced {
            true => raw.value.clone(),
            false => format!("{{{}}}", raw.value),
        };
        match parse_selector(&text) {
            Ok(matchers) if matchers.is_empty() => {
                self.error(raw.span, "expected a condition such as code=\"429\"");
                None
            }
            Ok(matchers) => Some(matchers),
            Err(error) => {
                let shift = usize::from(!is_braced);
                self.no_promql(raw, shift, "the condition is no PromQL", &error);
                None
            }
        }
    }

    /// Reads PromQL in which `$window` stands for a length of time.
    pub(crate) fn query(&mut self, raw: &Spanned<String>) -> Option<Expr> {
        // As long as the word itself, so that places in the text stay what they are.
        let text = raw.replace("$window", "000001m");
        match parse_with(&text, self.features) {
            Ok(expr) => Some(expr),
            Err(error) => {
                self.no_promql(raw, 0, "the expression is no PromQL", &error);
                None
            }
        }
    }

    fn no_promql(&mut self, raw: &Spanned<String>, shift: usize, what: &str, error: &ParseError) {
        let part = error.span();
        let start = part.start.saturating_sub(shift);
        let end = part.end.saturating_sub(shift).max(start);
        let span = within(self.findings.source().text(), raw, start, end);
        let message = format!("{what}: {}", error.message());
        match error.hint() {
            Some(hint) => self.findings.error_with_hint(span, message, hint),
            None => self.error(span, message),
        }
    }

    /// Reads the name of a zone; none is UTC.
    pub(crate) fn zone(&mut self, raw: Option<&Spanned<String>>) -> Option<TimeZone> {
        let Some(raw) = raw else {
            return Some(TimeZone::UTC);
        };
        let zone = TimeZone::get(raw).ok();
        if zone.is_none() {
            let message = format!("unknown time zone {:?}", short(raw));
            let hint = "expected an IANA name such as Europe/Athens";
            self.findings.error_with_hint(raw.span, message, hint);
        }
        zone
    }

    /// Reads one of a few words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        raw: &Spanned<String>,
        what: &str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|one| word(*one) == raw.value);
        if found.is_none() {
            let known: Vec<_> = all.iter().copied().map(word).collect();
            self.findings.unknown_word(raw, what, &known);
        }
        found
    }

    pub(crate) fn no_data(&mut self, raw: Option<&Spanned<String>>) -> NoData {
        let read = raw.and_then(|raw| self.word(raw, "value", NoData::ALL, NoData::as_str));
        read.unwrap_or_default()
    }

    pub(crate) fn severity(&mut self, raw: &Spanned<String>) -> Option<Severity> {
        self.word(raw, "severity", Severity::ALL, Severity::as_str)
    }
}

fn labels_of(raw: &RawTexts) -> Labels {
    let pairs: BTreeMap<&str, &str> = raw
        .iter()
        .map(|(name, value)| (&*name.text, &*value.value))
        .collect();
    Labels::from_pairs(pairs)
}

/// Returns the metric that a selector names by equality.
pub(crate) fn metric_of(matchers: &[Matcher]) -> Option<&str> {
    let named =
        |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    let found = matchers.iter().find(named)?;
    Some(found.value()).filter(|name| !name.is_empty())
}

/// Keeps messages short, whatever the file holds.
pub(crate) fn short(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text.chars().take(CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

/// Returns the place of a part of a text, where the file shows the text as it is; otherwise that of all of it.
fn within(file: &str, text: &Spanned<String>, start: usize, end: usize) -> Span {
    let whole = text.span;
    let written = file.get(whole.start as usize..whole.end as usize);
    let Some(at) = written.and_then(|written| written.find(text.as_str())) else {
        return whole;
    };
    let length = text.len();
    let place = |part: usize| whole.start + (at + part.min(length)) as u32;
    Span {
        start: place(start),
        end: place(end.max(start + 1)),
    }
}
