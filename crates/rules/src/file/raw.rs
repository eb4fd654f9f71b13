//! The fields of a rule file as they are written.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, Span, Spanned};
use serde::Deserialize;

use crate::model::{ExprSpans, FieldSpan, FieldSpans, RuleSpans};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) groups: Vec<Spanned<RawGroup>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGroup {
    pub(super) name: Spanned<String>,
    pub(super) interval: Option<DurationValue>,
    pub(super) query_offset: Option<DurationValue>,
    pub(super) limit: Spanned<f64>,
    pub(super) labels: Texts,
    pub(super) rules: Vec<Spanned<RawRule>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) record: Spanned<String>,
    pub(super) alert: Spanned<String>,
    pub(super) expr: Spanned<String>,
    #[serde(rename = "for")]
    pub(super) hold: Option<Spanned<DurationValue>>,
    pub(super) keep_firing_for: Option<Spanned<DurationValue>>,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
}

pub(super) type Texts = BTreeMap<String, Spanned<String>>;

pub(super) fn texts(raw: Texts) -> BTreeMap<String, String> {
    let pairs = raw.into_iter();
    pairs.map(|(name, value)| (name, value.value)).collect()
}

pub(super) fn rule_spans(raw: &Spanned<RawRule>) -> RuleSpans {
    let duration = |value: &Option<Spanned<DurationValue>>| {
        value.as_ref().map_or(Span::default(), |value| value.span)
    };
    RuleSpans {
        whole: raw.span,
        name: match raw.alert.is_empty() {
            true => raw.record.span,
            false => raw.alert.span,
        },
        expr: ExprSpans {
            whole: raw.expr.span,
            text: raw.expr.value.clone(),
        },
        hold: duration(&raw.hold),
        keep_firing_for: duration(&raw.keep_firing_for),
        labels: field_spans(&raw.labels),
        annotations: field_spans(&raw.annotations),
    }
}

pub(super) fn field_spans(texts: &Texts) -> FieldSpans {
    let span = |text: &Spanned<String>| FieldSpan {
        name: text.key,
        value: text.span,
    };
    let pairs = texts.iter();
    pairs
        .map(|(name, text)| (name.clone(), span(text)))
        .collect()
}
