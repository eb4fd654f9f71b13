//! The world of one test: its samples, its groups, and time that goes on in steps.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_promql::{Control, Engine, Expr, Features, Value, parse_with};
use plimsoll_rules::{
    AlertState, Ask, Element, Globals, GroupEngine, GroupKey, NOT_A_VECTOR, view::AlertView,
};
use plimsoll_types::{Labels, Sample, Timestamp};

use super::FileGroup;
use super::file::{InputSeries, Test, TestFile};
use super::store::Store;

/// The world of one test.
pub(super) struct World<'a> {
    store: Arc<Store>,
    engine: Engine,
    ask: Arc<dyn Ask>,
    groups: Vec<GroupEngine>,
    input: Vec<Input<'a>>,
}

/// A series and how much of it has come.
struct Input<'a> {
    series: &'a InputSeries,
    next: usize,
}

/// A rule that could not be evaluated.
pub(super) struct RuleError {
    pub(super) file: Arc<str>,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) rule: Arc<str>,
    pub(super) error: String,
}

impl<'a> World<'a> {
    pub(super) fn new(
        file: &TestFile,
        test: &'a Test,
        rules: &[FileGroup],
        engine: &Engine,
        features: &Features,
    ) -> Self {
        let store = Arc::new(Store::default());
        let globals = Globals {
            interval: file.interval,
            external_labels: test.external_labels.clone(),
            external_url: Arc::from(test.external_url.as_str()),
            ..Globals::default()
        };
        let group = |(file, definition): &FileGroup| {
            let key = GroupKey::new(Arc::clone(file), definition.name.as_str());
            GroupEngine::new(key, Arc::clone(definition), &globals)
        };
        let mut groups: Vec<GroupEngine> = rules.iter().map(group).collect();
        let places = file.order.iter().enumerate();
        let places: HashMap<&str, usize> = places.map(|(at, name)| (name.as_str(), at)).collect();
        // Groups that the order does not name stand with its first, as in promtool; there by chance, here by file.
        groups.sort_by_key(|group| places.get(&*group.key().name).copied().unwrap_or(0));
        let input = test.series.iter();
        Self {
            ask: Arc::new(Templates {
                store: Arc::clone(&store),
                engine: engine.clone(),
                features: *features,
            }),
            store,
            engine: engine.clone(),
            groups,
            input: input.map(|series| Input { series, next: 0 }).collect(),
        }
    }

    /// Stores the samples up to a time and evaluates all groups.
    ///
    /// # Errors
    /// The rules that could not be evaluated, or whose results were not stored.
    pub(super) fn step(&mut self, now: Timestamp) -> Result<(), Vec<RuleError>> {
        for input in &mut self.input {
            let rest = &input.series.samples[input.next..];
            for sample in rest.iter().take_while(|sample| sample.timestamp <= now) {
                input.next += 1;
                // A rule may have written there before; its test fails where the rule is evaluated.
                let _ = self.store.append(&input.series.labels, sample);
            }
        }
        let mut errors = Vec::new();
        for group in &mut self.groups {
            for rule in 0..group.definition().rules.len() {
                let at = group.evaluated_at(now);
                let result = evaluate(&self.engine, &self.store, group.query(rule), at);
                let outcome = group.step(rule, now, result, &self.ask);
                let error = match outcome.error {
                    Some(error) => Some(error),
                    None => append(&self.store, &outcome.samples),
                };
                let Some(error) = error else {
                    continue;
                };
                let place = group.definition().rules[rule].place;
                errors.push(RuleError {
                    file: Arc::clone(&group.key().file),
                    line: place.line,
                    column: place.column,
                    rule: Arc::clone(&group.rule_id(rule).name),
                    error,
                });
            }
            group.finish(now);
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors),
        }
    }

    /// Returns the alerts of a name that fire, of all groups.
    pub(super) fn firing(&self, name: &str) -> Vec<AlertView> {
        let rules = self.groups.iter().flat_map(|group| group.view().rules);
        let named = rules.filter(|rule| &*rule.name == name);
        let alerts = named
            .filter_map(|rule| rule.alerting)
            .flat_map(|rule| rule.alerts);
        alerts
            .filter(|alert| alert.state == AlertState::Firing)
            .collect()
    }

    /// Evaluates an expression over what is there now.
    ///
    /// # Errors
    /// Why there is no vector.
    pub(super) fn evaluate(&self, expr: &Expr, at: Timestamp) -> Result<Vec<Element>, String> {
        evaluate(&self.engine, &self.store, expr, at)
    }

    /// Returns all samples, sorted by labels.
    pub(super) fn dump(&self) -> Vec<(Labels, Vec<Sample>)> {
        self.store.dump()
    }
}

/// Stores the results of a rule; returns the last reason why one was not taken. A marker for a series that another rule
/// still writes is of no use to anybody, and not told.
fn append(store: &Store, samples: &[(Labels, Sample)]) -> Option<String> {
    let mut failed = None;
    for (labels, sample) in samples {
        if let Err(error) = store.append(labels, sample)
            && !sample.value.is_stale()
        {
            failed = Some(error);
        }
    }
    failed
}

fn evaluate(
    engine: &Engine,
    store: &Store,
    expr: &Expr,
    at: Timestamp,
) -> Result<Vec<Element>, String> {
    let result = engine.instant(store, expr, at, &Control::unlimited());
    match result.map_err(|error| error.to_string())?.value {
        Value::Scalar(value) => Ok(vec![Element::scalar(value)]),
        Value::Vector(series) => {
            let elements = series.into_iter().map(|series| Element {
                labels: series.labels,
                value: series.value,
            });
            Ok(elements.collect())
        }
        Value::String(_) | Value::Matrix(_) => Err(NOT_A_VECTOR.into()),
    }
}

/// Answers the queries of templates.
struct Templates {
    store: Arc<Store>,
    engine: Engine,
    features: Features,
}

impl Ask for Templates {
    fn query(&self, expr: &str, at: Timestamp) -> Result<Vec<Element>, String> {
        let expr = parse_with(expr, &self.features);
        let expr = expr.map_err(|error| error.to_string())?;
        evaluate(&self.engine, &self.store, &expr, at)
    }
}
