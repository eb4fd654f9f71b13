//! The index against the naive product of rules, sources and targets.

use std::collections::BTreeMap;

use plimsoll_types::MatchOp;
use proptest::prelude::*;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

fn rule(source: Vec<Matcher>, target: Vec<Matcher>, equal: &[&str]) -> InhibitRule {
    InhibitRule {
        name: String::new(),
        source_matchers: source,
        target_matchers: target,
        equal: equal.iter().map(|name| String::from(*name)).collect(),
    }
}

fn fire(inhibitor: &mut Inhibitor, labels: &Labels) -> Fingerprint {
    let fingerprint = Fingerprint::of(labels);
    inhibitor.upsert(fingerprint, labels);
    fingerprint
}

fn severity(value: &str) -> Vec<Matcher> {
    vec![Matcher::equal("severity", value)]
}

#[test]
fn a_source_inhibits_targets_with_the_same_values_as_long_as_it_fires() {
    let rules = [rule(
        severity("critical"),
        severity("warning"),
        &["cluster", "zone"],
    )];
    let mut inhibitor = Inhibitor::new(&rules);
    let target = |cluster: &str| labels(&[("severity", "warning"), ("cluster", cluster)]);
    assert!(!inhibitor.is_inhibited(&target("a")));
    // That neither has a zone counts as the same zone.
    let source = fire(
        &mut inhibitor,
        &labels(&[("severity", "critical"), ("cluster", "a")]),
    );
    let found: Vec<Inhibition> = inhibitor.inhibited_by(&target("a")).collect();
    assert_eq!(found, [Inhibition { rule: 0, source }]);
    assert!(!inhibitor.is_inhibited(&target("b")));
    assert!(!inhibitor.is_inhibited(&target("")));
    assert!(inhibitor.remove(source));
    assert!(!inhibitor.is_inhibited(&target("a")));
    assert!(!inhibitor.remove(source));
}

#[test]
fn of_several_sources_the_last_one_that_goes_counts() {
    let mut inhibitor = Inhibitor::new(&[rule(severity("critical"), severity("warning"), &[])]);
    let source = |name: &str| labels(&[("severity", "critical"), ("alertname", name)]);
    let target = labels(&[("severity", "warning")]);
    let first = fire(&mut inhibitor, &source("a"));
    let second = fire(&mut inhibitor, &source("b"));
    // Alerts are posted again and again; that counts once.
    fire(&mut inhibitor, &source("a"));
    inhibitor.remove(first);
    assert_eq!(inhibitor.inhibited_by(&target).count(), 1);
    inhibitor.remove(second);
    assert!(!inhibitor.is_inhibited(&target));
}

#[test]
fn alerts_that_match_both_sides_do_not_inhibit_one_another() {
    let everything = rule(vec![], vec![], &["cluster"]);
    let mut inhibitor = Inhibitor::new(&[everything]);
    let one = labels(&[("alertname", "a"), ("cluster", "x")]);
    let other = labels(&[("alertname", "b"), ("cluster", "x")]);
    fire(&mut inhibitor, &one);
    fire(&mut inhibitor, &other);
    assert!(!inhibitor.is_inhibited(&one) && !inhibitor.is_inhibited(&other));
    // What is a target alone is inhibited by them, what is a source alone inhibits them.
    let sides = rule(
        vec![Matcher::new(MatchOp::Regex, "kind", "s|b").unwrap()],
        vec![Matcher::new(MatchOp::Regex, "kind", "t|b").unwrap()],
        &[],
    );
    let of = |kind: &str| labels(&[("kind", kind)]);
    let mut inhibitor = Inhibitor::new(std::slice::from_ref(&sides));
    fire(&mut inhibitor, &of("b"));
    assert!(inhibitor.is_inhibited(&of("t")) && !inhibitor.is_inhibited(&of("b")));
    fire(&mut inhibitor, &of("s"));
    assert!(inhibitor.is_inhibited(&of("b")));
}

#[test]
fn two_label_sets_with_one_fingerprint_leave_nothing_behind() {
    let mut inhibitor = Inhibitor::new(&[rule(severity("critical"), severity("warning"), &["a"])]);
    let source = |a: &str| labels(&[("severity", "critical"), ("a", a)]);
    let target = |a: &str| labels(&[("severity", "warning"), ("a", a)]);
    let fingerprint = Fingerprint::from_u64(7);
    inhibitor.upsert(fingerprint, &source("1"));
    inhibitor.upsert(fingerprint, &source("2"));
    assert!(!inhibitor.is_inhibited(&target("1")) && inhibitor.is_inhibited(&target("2")));
    inhibitor.remove(fingerprint);
    assert!(!inhibitor.is_inhibited(&target("2")));
}

#[test]
fn who_can_be_inhibited_is_known_without_sources() {
    let rules = [
        rule(severity("critical"), severity("warning"), &[]),
        rule(severity("critical"), vec![Matcher::equal("team", "a")], &[]),
    ];
    let inhibitor = Inhibitor::new(&rules);
    let could = |pairs: &[(&str, &str)]| -> Vec<usize> {
        inhibitor.could_be_inhibited_by(&labels(pairs)).collect()
    };
    assert_eq!(could(&[("severity", "warning"), ("team", "a")]), [0, 1]);
    assert_eq!(could(&[("team", "a")]), [1]);
    assert_eq!(could(&[("severity", "critical")]), [0_usize; 0]);
}

fn any_labels() -> impl Strategy<Value = Labels> {
    let pair = (
        prop::sample::select(vec!["a", "b", "c"]),
        prop::sample::select(vec!["", "1", "2"]),
    );
    prop::collection::vec(pair, 0..4).prop_map(Labels::from_pairs)
}

fn any_matchers() -> impl Strategy<Value = Vec<Matcher>> {
    let op = prop::sample::select(vec![
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Regex,
        MatchOp::NotRegex,
    ]);
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let value = prop::sample::select(vec!["", "1", "2", "1|2", ".+"]);
    let matcher =
        (op, name, value).prop_map(|(op, name, value)| Matcher::new(op, name, value).unwrap());
    prop::collection::vec(matcher, 0..3)
}

fn any_rules() -> impl Strategy<Value = Vec<InhibitRule>> {
    let equal = prop::sample::subsequence(vec!["a", "b", "c"], 0..3);
    let one = (any_matchers(), any_matchers(), equal);
    let one = one.prop_map(|(source, target, equal)| rule(source, target, &equal));
    prop::collection::vec(one, 1..4)
}

/// The definition, word for word: every rule, every alert that fires.
fn naive(
    rules: &[InhibitRule],
    firing: &BTreeMap<Fingerprint, Labels>,
    target: &Labels,
) -> Vec<Inhibition> {
    let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let is = |side: &[Matcher], labels: &Labels| {
            side.iter()
                .all(|matcher| matcher.matches(&value(labels, matcher.name())))
        };
        for (source, labels) in firing {
            let has_same = rule
                .equal
                .iter()
                .all(|name| value(labels, name) == value(target, name));
            let are_both_both =
                is(&rule.source_matchers, target) && is(&rule.target_matchers, labels);
            let inhibits = is(&rule.target_matchers, target) && is(&rule.source_matchers, labels);
            if inhibits && has_same && !are_both_both {
                found.push(Inhibition {
                    rule: at,
                    source: *source,
                });
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn inhibits_what_the_naive_product_inhibits(
        rules in any_rules(),
        steps in prop::collection::vec((any_labels(), any::<bool>()), 1..40),
        targets in prop::collection::vec(any_labels(), 1..8),
    ) {
        let mut inhibitor = Inhibitor::new(&rules);
        let mut firing = BTreeMap::new();
        for (labels, fires) in steps {
            let fingerprint = Fingerprint::of(&labels);
            if fires {
                inhibitor.upsert(fingerprint, &labels);
                firing.insert(fingerprint, labels);
            } else {
                inhibitor.remove(fingerprint);
                firing.remove(&fingerprint);
            }
            for target in &targets {
                let expected = naive(&rules, &firing, target);
                let mut found: Vec<Inhibition> = inhibitor.inhibited_by(target).collect();
                prop_assert!(found.is_sorted_by_key(|one| one.rule));
                found.sort_unstable();
                prop_assert_eq!(found, expected);
            }
        }
        for fingerprint in firing.into_keys() {
            inhibitor.remove(fingerprint);
        }
        prop_assert_eq!(inhibitor.source_count(), 0);
        prop_assert!(inhibitor.rules.iter().all(|rule| rule.sources.key_count() == 0));
    }
}
