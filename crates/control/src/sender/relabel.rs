//! What is changed about alerts on their way out.

use std::sync::Arc;

use plimsoll_ingest::relabel::{self, RelabelConfig, Verdict};
use plimsoll_types::{Alert, Labels, LabelsBuilder};

/// Adds the external labels that an alert does not have, then applies the rules for every alert.
pub(super) fn for_all(
    alerts: Vec<Alert>,
    external_labels: &Labels,
    rules: &[RelabelConfig],
) -> Vec<Arc<Alert>> {
    let relabelled = alerts.into_iter().filter_map(|alert| {
        let mut labels = alert.labels.to_builder();
        for (name, value) in external_labels.iter() {
            if labels.get(name).is_none() {
                labels.set(name, value);
            }
        }
        let labels = kept(labels, rules)?;
        Some(Arc::new(Alert { labels, ..alert }))
    });
    relabelled.collect()
}

/// Applies the rules of one set.
pub(super) fn for_set(alerts: &[Arc<Alert>], rules: &[RelabelConfig]) -> Vec<Arc<Alert>> {
    if rules.is_empty() {
        return alerts.to_vec();
    }
    let relabelled = alerts.iter().filter_map(|alert| {
        let labels = kept(alert.labels.to_builder(), rules)?;
        Some(match labels == alert.labels {
            true => Arc::clone(alert),
            false => Arc::new(Alert {
                labels,
                ..Alert::clone(alert)
            }),
        })
    });
    relabelled.collect()
}

/// An alert that lost its last label is dropped, too: an Alertmanager refuses it.
fn kept(mut labels: LabelsBuilder, rules: &[RelabelConfig]) -> Option<Labels> {
    match relabel::apply(rules, &mut labels) {
        Verdict::Drop => None,
        Verdict::Keep => Some(labels.build()).filter(|labels| !labels.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_ingest::relabel::{Action, RuleParts};
    use plimsoll_types::{Annotations, Timestamp};

    use super::*;

    fn alert(pairs: &[(&str, &str)]) -> Alert {
        Alert {
            labels: Labels::from_pairs(pairs.iter().copied()),
            annotations: Annotations::default(),
            starts_at: Timestamp::EPOCH,
            ends_at: None,
            generator_url: String::new(),
        }
    }

    fn rule(action: Action, source: &str, regex: &str) -> RelabelConfig {
        let source_labels = match source {
            "" => Vec::new(),
            name => vec![name.into()],
        };
        let parts = RuleParts {
            source_labels,
            regex: regex.into(),
            action,
            ..RuleParts::default()
        };
        RelabelConfig::new(parts).unwrap()
    }

    fn shown(alerts: &[Arc<Alert>]) -> Vec<String> {
        alerts
            .iter()
            .map(|alert| alert.labels.to_string())
            .collect()
    }

    #[test]
    fn external_labels_are_added_where_absent_and_rules_see_them() {
        let external = Labels::from_pairs([("cluster", "eu"), ("replica", "a")]);
        let rules = [
            rule(Action::LabelDrop, "", "replica"),
            rule(Action::Drop, "cluster", "us"),
        ];
        let alerts = vec![
            alert(&[("alertname", "A")]),
            alert(&[("alertname", "B"), ("cluster", "us")]),
            alert(&[("alertname", "C"), ("cluster", "asia")]),
            alert(&[("replica", "b"), ("cluster", "")]),
        ];
        let found = shown(&for_all(alerts, &external, &rules));
        let expected = [
            r#"{alertname="A", cluster="eu"}"#,
            r#"{alertname="C", cluster="asia"}"#,
            r#"{cluster="eu"}"#,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_alert_without_labels_is_no_alert() {
        let alerts = vec![alert(&[("a", "b")])];
        let rules = [rule(Action::LabelDrop, "", "a")];
        assert!(for_all(alerts, &Labels::empty(), &rules).is_empty());
    }

    #[test]
    fn a_set_changes_its_own_copy() {
        let all = for_all(
            vec![alert(&[("a", "b"), ("c", "d")])],
            &Labels::empty(),
            &[],
        );
        let changed = for_set(&all, &[rule(Action::LabelDrop, "", "a")]);
        assert_eq!(shown(&changed), [r#"{c="d"}"#]);
        assert_eq!(shown(&all), [r#"{a="b", c="d"}"#]);
        assert!(for_set(&all, &[rule(Action::Drop, "c", "d")]).is_empty());
    }
}
