//! Engines of small rule files, durable rows and stored series in maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_promql::Features;
use plimsoll_rules::{
    AlertChange, AlertRow, Ask, AskNothing, Element, Globals, Group, GroupEngine, GroupKey,
    Outcome, RuleFile, RuleId, check,
};
use plimsoll_runtime::config::{Diagnostics, Source};
use plimsoll_types::{Labels, Sample, Timestamp, Value};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

pub(crate) fn read(text: &str) -> Result<RuleFile, Diagnostics> {
    let source = Source::new("rules.yml".as_ref(), text)?;
    check(&source, &Features::default())
}

/// Reads a file's first group, given without the lines that every file has.
pub(crate) fn group(text: &str) -> Arc<Group> {
    let indented = text.trim_start_matches('\n').replace('\n', "\n  ");
    let file = read(&format!("groups:\n- name: g\n  {indented}\n")).unwrap();
    Arc::new(file.groups[0].clone())
}

pub(crate) fn globals() -> Globals {
    Globals {
        external_url: "http://plimsoll".into(),
        external_labels: Labels::from_pairs([("region", "north")]),
        ..Globals::default()
    }
}

pub(crate) fn engine(text: &str) -> GroupEngine {
    engine_of(group(text))
}

pub(crate) fn engine_of(group: Arc<Group>) -> GroupEngine {
    GroupEngine::new(GroupKey::new("rules.yml", "g"), group, &globals())
}

pub(crate) fn nothing_asked() -> Arc<dyn Ask> {
    Arc::new(AskNothing)
}

/// Makes an element of `name=value` pairs.
pub(crate) fn element(labels: &[(&str, &str)], value: f64) -> Element {
    Element {
        labels: Labels::from_pairs(labels.iter().copied()),
        value: Value::Float(value),
    }
}

/// Evaluates the first rule at a slot.
pub(crate) fn step(engine: &mut GroupEngine, slot: i64, elements: &[Element]) -> Outcome {
    engine.step(0, at(slot), Ok(elements.to_vec()), &nothing_asked())
}

/// Shows samples as `labels value`, markers as `labels stale`.
pub(crate) fn shown(samples: &[(Labels, Sample)]) -> Vec<String> {
    let show = |(labels, sample): &(Labels, Sample)| {
        let value = match (&sample.value, sample.value.is_stale()) {
            (_, true) => "stale".to_owned(),
            (Value::Float(value), _) => value.to_string(),
            (Value::Histogram(histogram), _) => format!("histogram({})", histogram.count()),
        };
        format!("{labels} {value}")
    };
    let mut shown: Vec<String> = samples.iter().map(show).collect();
    shown.sort();
    shown
}

/// What a durable store holds after some changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows(pub(crate) BTreeMap<(GroupKey, RuleId, Labels), AlertRow>);

impl Rows {
    pub(crate) fn apply(&mut self, changes: &[AlertChange]) {
        for change in changes {
            match change {
                AlertChange::Upsert(row) => {
                    let key = (row.group.clone(), row.rule.clone(), row.labels.clone());
                    self.0.insert(key, row.clone());
                }
                AlertChange::Delete {
                    group,
                    rule,
                    labels,
                } => {
                    let key = (group.clone(), rule.clone(), labels.clone());
                    assert!(self.0.remove(&key).is_some(), "{labels} has no row");
                }
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<AlertRow> {
        self.0.values().cloned().collect()
    }
}

/// The last sample of every series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored(BTreeMap<Labels, Sample>);

impl Stored {
    pub(crate) fn append(&mut self, samples: &[(Labels, Sample)]) {
        for (labels, sample) in samples {
            let newest = self.0.get(labels).map(|last| last.timestamp);
            if newest.is_none_or(|newest| newest < sample.timestamp) {
                self.0.insert(labels.clone(), sample.clone());
            }
        }
    }

    /// Returns the series that a query sees: those whose last sample is no marker.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&Labels, &Sample)> {
        self.0.iter().filter(|(_, last)| !last.value.is_stale())
    }

    /// Gives an engine what it may have written before a restart.
    pub(crate) fn inherit(&self, engine: &mut GroupEngine) {
        for question in engine.may_have_written() {
            for (labels, last) in self.visible() {
                let value = |name: &str| labels.get(name).unwrap_or_default().to_owned();
                if question.iter().all(|m| m.matches(&value(m.name()))) {
                    engine.inherit(labels, last.timestamp);
                }
            }
        }
    }
}

/// Rows without when they were sent: after a restart nobody knows.
pub(crate) fn unsent(rows: impl IntoIterator<Item = AlertRow>) -> Vec<AlertRow> {
    let rows = rows.into_iter();
    rows.map(|row| AlertRow {
        last_sent_at: None,
        valid_until: None,
        ..row
    })
    .collect()
}

/// The same for changes.
pub(crate) fn unsent_changes(changes: &[AlertChange]) -> Vec<AlertChange> {
    let unsent = |change: &AlertChange| match change {
        AlertChange::Upsert(row) => AlertChange::Upsert(unsent([row.clone()]).remove(0)),
        delete => delete.clone(),
    };
    changes.iter().map(unsent).collect()
}
