//! `/api/v1/alerting/inhibitions`: the rules of inhibition, and which alerts keep which others back now.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_alerting::{
    AlertQuery, AlertView, Fingerprint, InhibitRule, Inhibitor, matchers::display_one,
};
use plimsoll_types::Matcher;
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer, enveloped};
use crate::error::ApiError;
use crate::openapi::Described;
use crate::openapi::values::Labels;
use crate::v2::Desk;

/// Pairs of alerts that are named; all alerts are counted.
const PAIRS_MAX: usize = 1000;
/// Sources that are named of each alert that is kept back.
const SOURCES_MAX: usize = 20;

/// The rules of inhibition, and what they do now.
#[derive(Serialize, ToSchema)]
#[schema(as = Inhibitions)]
struct View<'a> {
    rules: Vec<RuleView<'a>>,
    /// The first 1000 pairs, rule by rule.
    pairs: Vec<PairView<'a>>,
}

/// A rule of inhibition.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InhibitionRule)]
struct RuleView<'a> {
    /// Empty when it has none.
    name: &'a str,
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    equal: &'a [String],
    /// Alerts that fulfil `sourceMatchers`.
    sources: usize,
    /// Alerts that fulfil `targetMatchers`.
    targets: usize,
    /// Alerts that it keeps back.
    inhibited: usize,
}

/// An alert that keeps another one back.
#[derive(Serialize, ToSchema)]
#[schema(as = InhibitionPair)]
struct PairView<'a> {
    /// The number of the rule, from 0.
    rule: usize,
    source: InhibitionAlert<'a>,
    target: InhibitionAlert<'a>,
}

/// An alert on one side of a rule.
#[derive(Serialize, ToSchema)]
struct InhibitionAlert<'a> {
    fingerprint: String,
    labels: Labels<'a>,
}

/// Describes it.
pub(super) fn describe(to: &mut Described) {
    let summary = "Lists the rules of inhibition, and which alerts keep which others back now.";
    to.get("/api/v1/alerting/inhibitions", summary)
        .answers::<View<'static>>();
}

/// Lists the rules in the order of the file.
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Result<Response, ApiError> {
    answer(&desk, |desk| {
        let config = desk.alerting.status().config;
        let alerts = desk.look(|engine, now| engine.alerts(&AlertQuery::default(), now));
        Ok(enveloped(&view(&config.inhibit_rules, &alerts)))
    })
    .await
}

fn view<'a>(rules: &'a [InhibitRule], alerts: &'a [AlertView]) -> View<'a> {
    let known = alerts.iter().map(|alert| (alert.fingerprint, alert));
    let known: HashMap<Fingerprint, &AlertView> = known.collect();
    let mut pairs = Vec::new();
    let rules = rules.iter().enumerate();
    let rules = rules.map(|(at, rule)| rule_view(at, rule, &known, alerts, &mut pairs));
    View {
        rules: rules.collect(),
        pairs,
    }
}

/// Asks one rule alone, so that what others keep back does not count.
fn rule_view<'a>(
    at: usize,
    rule: &'a InhibitRule,
    known: &HashMap<Fingerprint, &'a AlertView>,
    alerts: &'a [AlertView],
    pairs: &mut Vec<PairView<'a>>,
) -> RuleView<'a> {
    let mut inhibitor = Inhibitor::new(slice::from_ref(rule));
    for alert in alerts {
        inhibitor.upsert(alert.fingerprint, &alert.labels);
    }
    let (mut targets, mut inhibited) = (0, 0);
    for target in alerts {
        targets += inhibitor.could_be_inhibited_by(&target.labels).count();
        let mut sources = inhibitor
            .inhibited_by(&target.labels)
            .take(SOURCES_MAX)
            .peekable();
        inhibited += usize::from(sources.peek().is_some());
        let sources = sources.filter_map(|one| known.get(&one.source));
        let room = PAIRS_MAX - pairs.len();
        pairs.extend(sources.take(room).map(|source| PairView {
            rule: at,
            source: alert_view(source),
            target: alert_view(target),
        }));
    }
    RuleView {
        name: &rule.name,
        source_matchers: written(&rule.source_matchers),
        target_matchers: written(&rule.target_matchers),
        equal: &rule.equal,
        sources: inhibitor.source_count(),
        targets,
        inhibited,
    }
}

fn alert_view(alert: &AlertView) -> InhibitionAlert<'_> {
    InhibitionAlert {
        fingerprint: alert.fingerprint.to_string(),
        labels: Labels(&alert.labels),
    }
}

fn written(matchers: &[Matcher]) -> Vec<String> {
    matchers.iter().map(display_one).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_alerting::AlertState;
    use plimsoll_types::{Annotations, MatchOp, Timestamp};

    use super::*;

    fn alert(pairs: &[(&str, &str)]) -> AlertView {
        let labels = plimsoll_types::Labels::from_pairs(pairs.iter().copied());
        AlertView {
            fingerprint: Fingerprint::of(&labels),
            labels,
            annotations: Annotations::from_pairs::<&str, &str>([]),
            generator_url: "".into(),
            starts_at: Timestamp::MIN,
            ends_at: Timestamp::MAX,
            updated_at: Timestamp::MIN,
            state: AlertState::Active,
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
            receivers: Vec::new(),
        }
    }

    fn rule(source: &str, target: &str, equal: &[&str]) -> InhibitRule {
        let severity = |value| vec![Matcher::new(MatchOp::Regex, "severity", value).unwrap()];
        InhibitRule {
            name: String::new(),
            source_matchers: severity(source),
            target_matchers: severity(target),
            equal: equal.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn each_rule_says_what_it_keeps_back() {
        let alerts = [
            alert(&[("severity", "page"), ("job", "db")]),
            alert(&[("severity", "page"), ("job", "web")]),
            alert(&[("severity", "ticket"), ("job", "db")]),
            alert(&[("severity", "ticket"), ("job", "mail")]),
        ];
        let rules = [
            rule("page", "ticket", &["job"]),
            rule("page", "ticket|page", &[]),
            rule("none", "ticket", &[]),
        ];
        let view = view(&rules, &alerts);
        let counts = view
            .rules
            .iter()
            .map(|rule| (rule.sources, rule.targets, rule.inhibited));
        // Pages are on both sides of the second rule, and do not keep one another back.
        assert_eq!(
            counts.collect::<Vec<_>>(),
            [(2, 2, 1), (2, 4, 2), (0, 2, 0)]
        );
        assert_eq!(view.pairs.len(), 1 + 2 * 2);
        let first = &view.pairs[0];
        assert_eq!(first.source.fingerprint, alerts[0].fingerprint.to_string());
        assert_eq!(first.target.fingerprint, alerts[2].fingerprint.to_string());
        assert_eq!(view.rules[0].target_matchers, [r#"severity=~"ticket""#]);
    }

    #[test]
    fn no_more_than_a_thousand_pairs_are_named() {
        let target = |number: usize| alert(&[("severity", "ticket"), ("id", &number.to_string())]);
        let mut alerts: Vec<_> = (0..1500).map(target).collect();
        alerts.push(alert(&[("severity", "page")]));
        let rules = [rule("page", "ticket", &[])];
        let view = view(&rules, &alerts);
        assert_eq!(view.rules[0].inhibited, 1500);
        assert_eq!(view.pairs.len(), PAIRS_MAX);
    }
}
