//! The engine of one rule group: results in, samples, notices and durable changes out.

mod active;
mod alerting;
mod decide;
mod emit;
mod end;
mod life;
mod recording;
mod restore;
mod shown;
mod templates;
mod texts;
mod written;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::Expr;
use plimsoll_types::{Labels, Sample, Timestamp};

use self::alerting::{Alerting, Step};
use self::recording::Recording;
use self::texts::Moment;
use self::written::{Written, marker};
use crate::batches::batches;
use crate::element::{Ask, Element};
use crate::globals::Globals;
use crate::key::{GroupKey, RuleId, hash_of_pairs, hash_of_text};
use crate::model::{Group, Kind, Rule};
use crate::outcome::Outcome;
use crate::schedule::Schedule;
use crate::view::Health;

pub(crate) use self::active::{ALERTS, ALERTS_FOR_STATE};

pub(crate) use self::templates::Templates;
pub(crate) use self::texts::is_template;

/// A rule group that is evaluated: its rules with their state.
///
/// Per slot its owner evaluates the rules' queries (those of one [batch](Self::batches) at the same time if it likes)
/// at [`evaluated_at`](Self::evaluated_at), gives each result to [`step`](Self::step), makes the changes of the
/// outcome durable, then stores its samples and sends its notices, and after the last rule calls
/// [`finish`](Self::finish). When changes cannot be made durable, they must be before those of the next slot, in order.
///
/// ```
/// use std::sync::Arc;
/// use plimsoll_promql::Features;
/// use plimsoll_rules::{Ask, AskNothing, Element, Globals, GroupEngine, GroupKey, check};
/// use plimsoll_runtime::config::Source;
/// use plimsoll_types::Timestamp;
///
/// let text = "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 1m}]}]";
/// let source = Source::new("rules.yml".as_ref(), text).expect("a text");
/// let group = check(&source, &Features::default()).expect("a good file").groups.remove(0);
/// let key = GroupKey::new("rules.yml", "g");
/// let mut engine = GroupEngine::new(key, Arc::new(group), &Globals::default());
/// let ask: Arc<dyn Ask> = Arc::new(AskNothing);
/// let slot = engine.schedule().first(Timestamp::from_millis(1_700_000_000_000));
/// let pending = engine.step(0, slot, Ok(vec![Element::scalar(0.0)]), &ask);
/// assert_eq!((pending.changes.len(), pending.notices.len()), (1, 0));
/// let firing = engine.step(0, engine.schedule().due(slot), Ok(vec![Element::scalar(0.0)]), &ask);
/// assert_eq!(firing.notices[0].labels.to_string(), r#"{alertname="Down"}"#);
/// ```
#[derive(Debug)]
pub struct GroupEngine {
    key: GroupKey,
    definition: Arc<Group>,
    globals: Globals,
    schedule: Schedule,
    query_offset: Duration,
    rules: Vec<RuleEngine>,
    batches: Vec<Vec<usize>>,
    /// Series of rules that are no more, and of rules before a restart; ended unless a rule writes them again.
    orphans: HashSet<Labels>,
    last_slot: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    missed: u64,
    last_evaluation: Option<Timestamp>,
    evaluation_time: Duration,
}

/// One rule with its state.
#[derive(Debug)]
struct RuleEngine {
    id: RuleId,
    /// `file;group;name`, as decisions name it.
    shown: Arc<str>,
    query: Arc<str>,
    labels: Arc<BTreeMap<String, String>>,
    annotations: Arc<BTreeMap<String, String>>,
    body: Body,
    written: Written,
    health: Health,
    last_error: Option<Arc<str>>,
    last_evaluation: Option<Timestamp>,
    evaluation_time: Duration,
}

#[derive(Debug)]
enum Body {
    Recording(Recording),
    Alerting(Box<Alerting>),
}

impl GroupEngine {
    /// Makes the engine of a group without any state; [`adopt`](Self::adopt) or [`restore`](Self::restore) gives it one.
    pub fn new(key: GroupKey, definition: Arc<Group>, globals: &Globals) -> Self {
        let interval = definition.interval.unwrap_or(globals.interval);
        let mut alike = HashMap::new();
        let templates = Templates::new(&globals.external_url);
        let rules = definition.rules.iter();
        Self {
            rules: rules
                .map(|rule| RuleEngine::new(&key, &definition, rule, &templates, &mut alike))
                .collect(),
            batches: batches(&definition),
            schedule: Schedule::new(&key, interval),
            query_offset: definition.query_offset.unwrap_or(globals.query_offset),
            globals: globals.clone(),
            key,
            definition,
            orphans: HashSet::new(),
            last_slot: None,
            settled_at: None,
            missed: 0,
            last_evaluation: None,
            evaluation_time: Duration::ZERO,
        }
    }

    /// Returns file and name.
    pub fn key(&self) -> &GroupKey {
        &self.key
    }

    /// Returns what the file says.
    pub fn definition(&self) -> &Arc<Group> {
        &self.definition
    }

    /// Returns when the group is evaluated.
    pub fn schedule(&self) -> Schedule {
        self.schedule
    }

    /// Returns the slot that was finished last; `None` before the first.
    pub fn last_slot(&self) -> Option<Timestamp> {
        self.last_slot
    }

    /// Returns the rules in batches that have to run one after the other; those of one batch may run at the same time.
    pub fn batches(&self) -> &[Vec<usize>] {
        &self.batches
    }

    /// Returns what rule `rule` evaluates.
    ///
    /// # Panics
    /// When there is no such rule, as all methods that take one.
    pub fn query(&self, rule: usize) -> &Expr {
        &self.definition.rules[rule].expr
    }

    /// Returns the same as it is printed, once.
    pub fn query_text(&self, rule: usize) -> &Arc<str> {
        &self.rules[rule].query
    }

    /// Says how durable rows name a rule.
    pub fn rule_id(&self, rule: usize) -> &RuleId {
        &self.rules[rule].id
    }

    /// Returns when queries of a slot are evaluated, which is the timestamp of all its samples.
    pub fn evaluated_at(&self, slot: Timestamp) -> Timestamp {
        slot - self.query_offset
    }

    /// Says whether a [`step`](Self::step) of the rule may ask queries for its templates, and so may wait.
    pub fn asks(&self, rule: usize) -> bool {
        match &self.rules[rule].body {
            Body::Recording(_) => false,
            Body::Alerting(alerting) => alerting.asks(),
        }
    }

    /// Takes the result of a rule's query at [`evaluated_at`](Self::evaluated_at)`(slot)`; slots ascend but when the
    /// clock was set back, and then the times of alerts move back with it. A result that is neither vector nor scalar is
    /// the error [`NOT_A_VECTOR`](crate::NOT_A_VECTOR).
    pub fn step(
        &mut self,
        rule: usize,
        slot: Timestamp,
        result: Result<Vec<Element>, String>,
        ask: &Arc<dyn Ask>,
    ) -> Outcome {
        let at = self.evaluated_at(slot);
        let engine = &mut self.rules[rule];
        let mut outcome = Outcome::default();
        let done = result.and_then(|elements| match &mut engine.body {
            Body::Recording(recording) => recording
                .step(elements, at, self.definition.limit, &mut engine.written)
                .map(|samples| outcome.samples = samples),
            Body::Alerting(alerting) => {
                let step = Step {
                    group: &self.key,
                    id: &engine.id,
                    rule_name: &engine.shown,
                    query: &engine.query,
                    globals: &self.globals,
                    interval: self.schedule.interval(),
                    limit: self.definition.limit,
                    slot,
                    is_settling: self.settled_at.is_some_and(|settled| slot < settled),
                    set_back: self
                        .last_slot
                        .map_or(0, |last| last.millis_since(slot))
                        .max(0),
                    at,
                    moment: Moment {
                        now: slot,
                        ask,
                        globals: &self.globals,
                    },
                };
                alerting.step(elements, &step, &mut engine.written, &mut outcome)
            }
        });
        match done {
            Ok(()) => engine.succeed(at, &mut outcome),
            Err(error) => engine.fail(error, &mut outcome),
        }
        outcome
    }

    /// Tells that samples of an outcome were not stored: the rule is not well, and markers among them are tried again.
    pub fn append_failed(&mut self, rule: usize, error: &str, samples: &[(Labels, Sample)]) {
        let engine = &mut self.rules[rule];
        engine.health = Health::Bad;
        engine.last_error = Some(Arc::from(error));
        for (labels, sample) in samples {
            if sample.value.is_stale() {
                engine.written.inherit(labels.clone());
            }
        }
    }

    /// Tells when the evaluation of a rule began and how long it took, for those who look at it.
    pub fn measured(&mut self, rule: usize, began: Timestamp, took: Duration) {
        let engine = &mut self.rules[rule];
        engine.last_evaluation = Some(began);
        engine.evaluation_time = took;
    }

    /// Ends a slot after its last rule; returns the markers of series whose rule is no more.
    ///
    /// A series from before a restart waits until all rules that may write it were evaluated well.
    pub fn finish(&mut self, slot: Timestamp) -> Vec<(Labels, Sample)> {
        self.last_slot = Some(slot);
        if self.orphans.is_empty() {
            return Vec::new();
        }
        let at = self.evaluated_at(slot);
        self.ended_orphans()
            .into_iter()
            .map(|labels| marker(labels, at))
            .collect()
    }

    /// Tells when the evaluation of the whole group began, how long it took, and how many slots were left out before.
    pub fn group_measured(&mut self, began: Timestamp, took: Duration, missed: u64) {
        self.last_evaluation = Some(began);
        self.evaluation_time = took;
        self.missed += missed;
    }
}

impl RuleEngine {
    fn new(
        key: &GroupKey,
        group: &Group,
        rule: &Rule,
        templates: &Templates,
        alike: &mut HashMap<(Arc<str>, u64), u32>,
    ) -> Self {
        let name: Arc<str> = Arc::from(rule.name());
        let mut labels = group.labels.clone();
        labels.extend(rule.labels.clone());
        let pairs = labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let labels_hash = hash_of_pairs(pairs);
        let query: Arc<str> = Arc::from(rule.expr.to_string());
        let ordinal = alike.entry((name.clone(), labels_hash)).or_default();
        let id = RuleId {
            name: name.clone(),
            labels_hash,
            expr_hash: hash_of_text(&query),
            ordinal: *ordinal,
        };
        *ordinal += 1;
        let shown = Arc::from(format!("{key};{name}"));
        let labels = Arc::new(labels);
        let none = BTreeMap::new();
        let (body, annotations) = match &rule.kind {
            Kind::Record { .. } => (Body::Recording(Recording::new(name, labels.clone())), &none),
            Kind::Alert {
                hold,
                keep_firing_for,
                annotations,
                ..
            } => {
                let alerting = Alerting::new(
                    name,
                    *hold,
                    *keep_firing_for,
                    &labels,
                    annotations,
                    templates,
                );
                (Body::Alerting(Box::new(alerting)), annotations)
            }
        };
        Self {
            id,
            shown,
            query,
            labels,
            annotations: Arc::new(annotations.clone()),
            body,
            written: Written::default(),
            health: Health::Unknown,
            last_error: None,
            last_evaluation: None,
            evaluation_time: Duration::ZERO,
        }
    }

    fn succeed(&mut self, at: Timestamp, outcome: &mut Outcome) {
        self.health = Health::Good;
        self.last_error = None;
        outcome.results = outcome.samples.len();
        let vanished = self.written.turn();
        outcome
            .samples
            .extend(vanished.into_iter().map(|labels| marker(labels, at)));
    }

    fn fail(&mut self, error: String, outcome: &mut Outcome) {
        self.health = Health::Bad;
        self.last_error = Some(Arc::from(&*error));
        self.written.discard();
        outcome.samples.clear();
        outcome.notices.clear();
        outcome.error = Some(error);
    }
}
