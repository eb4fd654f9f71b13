//! What an SLO or a composite says, as JSON.

mod sli;

use plimsoll_slo::engine::Version;
use plimsoll_slo::view::{MissingBucket, Promise, SloView};
use plimsoll_slo::{AlertPolicy, BurnRule, Component, Composite, Method, Objective, Slo, Window};
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher, is_legacy_metric_name};
use serde::Serialize;
use utoipa::ToSchema;

use self::sli::SliShown;
use crate::openapi::values::{Labels, Length, Time};
use crate::openapi::words::{SloBasis, SloCompositeKind, SloNoData, SloSeverity};

/// What lists show of a promise.
#[derive(Serialize, ToSchema)]
#[schema(as = SloHeading)]
pub(super) struct Heading<'a> {
    /// `service/name`.
    id: &'a str,
    service: &'a str,
    name: &'a str,
    /// The kind of its SLI, or `composite`.
    kind: &'a str,
    description: &'a str,
    labels: Labels<'a>,
    /// Where it is written: file and line.
    origin: &'a str,
}

/// All that a promise says: of an SLO, or of a composite, which has `composite`.
#[derive(Serialize, ToSchema)]
#[schema(as = SloDefinition)]
#[serde(untagged)]
pub(super) enum Definition<'a> {
    Slo(OfSlo<'a>),
    Composite(OfComposite<'a>),
}

/// All that an SLO says.
#[derive(Serialize, ToSchema)]
#[schema(as = SloOwnDefinition)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfSlo<'a> {
    objectives: Vec<ObjectiveShown<'a>>,
    /// Over which times, such as `30d`; the first is the one that alerts and states are of.
    windows: Vec<String>,
    method: MethodShown,
    sli: SliShown<'a>,
    /// Separate budgets by values of labels.
    dimensions: Option<DimensionsShown<'a>>,
    no_data: SloNoData,
    alerts: AlertsShown<'a>,
}

/// All that a composite says.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCompositeDefinition)]
pub(super) struct OfComposite<'a> {
    composite: SloCompositeKind,
    /// The one that it has.
    objectives: Vec<CompositeObjective>,
    of: Vec<ComponentShown<'a>>,
    windows: Vec<String>,
    alerts: AlertsShown<'a>,
}

/// A target of an SLO.
#[derive(Serialize, ToSchema)]
#[schema(as = SloObjective)]
#[serde(rename_all = "camelCase")]
struct ObjectiveShown<'a> {
    /// Empty where there is one only.
    name: &'a str,
    /// In percent: `99.9`.
    objective: String,
    /// The latency that is promised, where the SLI has one.
    threshold_seconds: Option<f64>,
}

/// The target of a composite.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCompositeObjective)]
struct CompositeObjective {
    /// Empty.
    name: &'static str,
    /// In percent.
    objective: String,
}

/// A component of a composite.
#[derive(Serialize, ToSchema)]
#[schema(as = SloComponent)]
#[serde(rename_all = "camelCase")]
struct ComponentShown<'a> {
    slo: &'a str,
    /// The index of its objective.
    objective: usize,
    weight: f64,
    no_data: SloNoData,
}

/// Groups that have budgets of their own.
#[derive(Serialize, ToSchema)]
#[schema(as = SloDimensions)]
struct DimensionsShown<'a> {
    /// Names of labels.
    by: Vec<&'a str>,
    /// How many groups are kept apart.
    limit: usize,
}

/// How counts become a budget.
#[derive(Serialize, ToSchema)]
#[schema(as = SloMethod)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MethodShown {
    Occurrences,
    #[serde(rename_all = "camelCase")]
    Timeslices {
        length: Length,
        /// The share that makes a slice good, in percent; `null` is the objective's.
        objective: Option<String>,
        rate_per_second_min: Option<f64>,
    },
    RatioTimeslices {
        length: Length,
    },
}

/// When somebody is told.
#[derive(Serialize, ToSchema)]
#[schema(as = SloAlerts)]
#[serde(rename_all = "camelCase")]
struct AlertsShown<'a> {
    /// The alert's name; `null` when there is none.
    name: Option<&'a str>,
    rules: Vec<RuleShown>,
    hysteresis: Hysteresis,
    evidence: Evidence,
    /// Alert when the budget is forecast to be used up within this time.
    exhausts_in: Option<Length>,
}

/// How long an alert stays that fires.
#[derive(Serialize, ToSchema)]
#[schema(as = SloHysteresis)]
struct Hysteresis {
    /// The share of the factor below which it may end.
    off: f64,
    keep: Length,
}

/// How much must have been seen.
#[derive(Serialize, ToSchema)]
#[schema(as = SloEvidence)]
#[serde(rename_all = "camelCase")]
struct Evidence {
    bad_min: u64,
    chance: f64,
}

/// A burn rule.
#[derive(Serialize, ToSchema)]
#[schema(as = SloRule)]
pub(super) struct RuleShown {
    severity: SloSeverity,
    /// How many times as fast as the budget allows.
    factor: f64,
    long: Length,
    short: Option<Length>,
    #[serde(rename = "for")]
    hold: Length,
    #[serde(rename = "of")]
    basis: SloBasis,
    /// The share of the long window that must burn in pieces of the short one's length; 0 asks for none.
    sustained: f64,
}

/// A way in which an SLO counted.
#[derive(Serialize, ToSchema)]
#[schema(as = SloVersion)]
pub(super) struct VersionShown<'a> {
    /// From 1 up.
    number: u32,
    since: Time,
    /// What is counted, for people.
    counts: &'a str,
}

/// An objective that has no data because no bucket ends at its threshold.
#[derive(Serialize, ToSchema)]
#[schema(as = SloMissingBucket)]
#[serde(rename_all = "camelCase")]
pub(super) struct MissingBucketShown<'a> {
    objective: &'a str,
    threshold_seconds: Option<f64>,
    /// The selector of the buckets.
    buckets: String,
    /// The edges that there are, at most 50.
    edges: &'a [String],
}

/// Says which objectives have no data because no bucket ends at their threshold, and which edges there are.
pub(super) fn missing_buckets(view: &SloView) -> Vec<MissingBucketShown<'_>> {
    let missing = view.missing_buckets.iter();
    missing.map(MissingBucketShown::from).collect()
}

impl<'a> From<&'a Promise> for Heading<'a> {
    fn from(promise: &'a Promise) -> Self {
        match promise {
            Promise::Slo(slo) => Self {
                id: &slo.id,
                service: &slo.service,
                name: &slo.name,
                kind: slo.sli.kind,
                description: &slo.description,
                labels: Labels(&slo.labels),
                origin: &slo.origin,
            },
            Promise::Composite(one) => Self {
                id: &one.id,
                service: &one.service,
                name: &one.name,
                kind: "composite",
                description: &one.description,
                labels: Labels(&one.labels),
                origin: &one.origin,
            },
        }
    }
}

impl<'a> From<&'a Promise> for Definition<'a> {
    fn from(promise: &'a Promise) -> Self {
        match promise {
            Promise::Slo(slo) => Self::Slo((&**slo).into()),
            Promise::Composite(composite) => Self::Composite((&**composite).into()),
        }
    }
}

impl<'a> From<&'a Slo> for OfSlo<'a> {
    fn from(slo: &'a Slo) -> Self {
        let dimensions = slo.dimensions.as_ref().map(|dimensions| DimensionsShown {
            by: dimensions.labels.iter().map(|name| &**name).collect(),
            limit: dimensions.limit,
        });
        Self {
            objectives: slo.objectives.iter().map(ObjectiveShown::from).collect(),
            windows: windows(&slo.windows),
            method: (&slo.method).into(),
            sli: (&slo.sli).into(),
            dimensions,
            no_data: SloNoData(slo.no_data),
            alerts: (&slo.alerts).into(),
        }
    }
}

impl<'a> From<&'a Composite> for OfComposite<'a> {
    fn from(composite: &'a Composite) -> Self {
        let components = composite.components.iter();
        Self {
            composite: SloCompositeKind(composite.kind),
            objectives: vec![CompositeObjective {
                name: "",
                objective: composite.target.to_string(),
            }],
            of: components.map(ComponentShown::from).collect(),
            windows: windows(&composite.windows),
            alerts: (&composite.alerts).into(),
        }
    }
}

impl<'a> From<&'a Component> for ComponentShown<'a> {
    fn from(component: &'a Component) -> Self {
        Self {
            slo: &component.id,
            objective: component.objective,
            weight: component.weight,
            no_data: SloNoData(component.no_data),
        }
    }
}

impl<'a> From<&'a Objective> for ObjectiveShown<'a> {
    fn from(objective: &'a Objective) -> Self {
        Self {
            name: &objective.name,
            objective: objective.target.to_string(),
            threshold_seconds: objective.threshold,
        }
    }
}

fn windows(windows: &[Window]) -> Vec<String> {
    windows.iter().map(Window::to_string).collect()
}

impl From<&Method> for MethodShown {
    fn from(method: &Method) -> Self {
        match method {
            Method::Occurrences => Self::Occurrences,
            Method::Timeslices {
                length,
                target,
                rate_min,
            } => Self::Timeslices {
                length: Length(*length),
                objective: target.map(|target| target.to_string()),
                rate_per_second_min: *rate_min,
            },
            Method::RatioTimeslices { length } => Self::RatioTimeslices {
                length: Length(*length),
            },
        }
    }
}

/// Writes conditions as a selector, the metric's name before the braces.
pub(super) fn selector(matchers: &[Matcher]) -> String {
    let is_name = |matcher: &&Matcher| {
        matcher.name() == METRIC_NAME
            && matcher.op() == MatchOp::Equal
            && is_legacy_metric_name(matcher.value())
    };
    let (name, others): (Vec<&Matcher>, Vec<&Matcher>) = matchers.iter().partition(is_name);
    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
    match name.first() {
        Some(name) if others.is_empty() => name.value().to_owned(),
        Some(name) => format!("{}{{{}}}", name.value(), others.join(",")),
        None => format!("{{{}}}", others.join(",")),
    }
}

impl<'a> From<&'a AlertPolicy> for AlertsShown<'a> {
    fn from(policy: &'a AlertPolicy) -> Self {
        Self {
            name: policy.name.as_deref(),
            rules: policy.rules.iter().map(RuleShown::from).collect(),
            hysteresis: Hysteresis {
                off: policy.hysteresis.off,
                keep: Length(policy.hysteresis.keep),
            },
            evidence: Evidence {
                bad_min: policy.bad_min,
                chance: policy.chance_max,
            },
            exhausts_in: policy.exhaustion.map(Length),
        }
    }
}

impl From<&BurnRule> for RuleShown {
    fn from(rule: &BurnRule) -> Self {
        Self {
            severity: SloSeverity(rule.severity),
            factor: rule.factor,
            long: Length(rule.long),
            short: rule.short.map(Length),
            hold: Length(rule.hold),
            basis: SloBasis(rule.basis),
            sustained: rule.sustained,
        }
    }
}

impl<'a> From<&'a Version> for VersionShown<'a> {
    fn from(version: &'a Version) -> Self {
        Self {
            number: version.number,
            since: Time(version.since),
            counts: &version.definition,
        }
    }
}

impl<'a> From<&'a MissingBucket> for MissingBucketShown<'a> {
    fn from(missing: &'a MissingBucket) -> Self {
        Self {
            objective: &missing.objective,
            threshold_seconds: missing.threshold,
            buckets: selector(&missing.buckets),
            edges: &missing.edges,
        }
    }
}
