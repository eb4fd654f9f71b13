//! Rules applied to label sets: what Prometheus' own table covers, in cases of our own.

use plimsoll_types::Labels;
use proptest::prelude::*;

use super::*;

fn rule(parts: RuleParts) -> RelabelConfig {
    RelabelConfig::new(parts).unwrap()
}

fn parts(action: Action, sources: &[&str]) -> RuleParts {
    RuleParts {
        action,
        source_labels: sources.iter().map(ToString::to_string).collect(),
        ..RuleParts::default()
    }
}

fn replace(sources: &[&str], regex: &str, target: &str, replacement: &str) -> RuleParts {
    RuleParts {
        regex: regex.into(),
        target_label: target.into(),
        replacement: replacement.into(),
        ..parts(Action::Replace, sources)
    }
}

fn matching(action: Action, sources: &[&str], regex: &str) -> RuleParts {
    RuleParts {
        regex: regex.into(),
        ..parts(action, sources)
    }
}

fn into_target(action: Action, sources: &[&str], target: &str) -> RuleParts {
    RuleParts {
        target_label: target.into(),
        ..parts(action, sources)
    }
}

fn mapping(regex: &str, replacement: &str) -> RuleParts {
    RuleParts {
        regex: regex.into(),
        replacement: replacement.into(),
        ..parts(Action::LabelMap, &[])
    }
}

/// Applies rules to the labels `a=foo b=bar c=baz`; `None` says that the set was dropped.
fn check(rules: Vec<RuleParts>, expected: Option<&[(&str, &str)]>) {
    check_on(&[("a", "foo"), ("b", "bar"), ("c", "baz")], rules, expected);
}

fn check_on(labels: &[(&str, &str)], rules: Vec<RuleParts>, expected: Option<&[(&str, &str)]>) {
    let mut builder = Labels::from_pairs(labels.iter().copied()).to_builder();
    let shown = format!("{rules:?}");
    let rules: Vec<_> = rules.into_iter().map(rule).collect();
    let found = match apply(&rules, &mut builder) {
        Verdict::Keep => Some(builder.build()),
        Verdict::Drop => None,
    };
    let expected = expected.map(|pairs| Labels::from_pairs(pairs.iter().copied()));
    assert_eq!(found, expected, "{shown}");
}

const ABC: [(&str, &str); 3] = [("a", "foo"), ("b", "bar"), ("c", "baz")];

#[test]
fn replace_sets_a_label_when_the_whole_value_matches() {
    let with = |name, value| [ABC[0], ABC[1], ABC[2], (name, value)];
    check(
        vec![replace(&["a"], "f(.*)", "d", "ch${1}-ch${1}")],
        Some(&with("d", "choo-choo")),
    );
    check(vec![replace(&["a"], "o", "d", "x")], Some(&ABC));
    check(
        vec![replace(&["a", "b"], "foo;bar", "d", "x")],
        Some(&with("d", "x")),
    );
    check(
        vec![replace(&["a", "gone"], "foo;", "d", "x")],
        Some(&with("d", "x")),
    );
    check(
        vec![replace(&[], "(.*)", "d", "static")],
        Some(&with("d", "static")),
    );
    check(
        vec![replace(&["a"], "(?P<rest>.*)", "d", "${rest}!")],
        Some(&with("d", "foo!")),
    );
    check(
        vec![replace(&["a"], "f(x)?oo", "d", "[$1]")],
        Some(&with("d", "[]")),
    );
    check(
        vec![replace(&["a"], "(.*)", "a", "$1$1")],
        Some(&[("a", "foofoo"), ABC[1], ABC[2]]),
    );
    check_on(
        &[("a", "x\ny")],
        vec![replace(&["a"], "x.y", "b", "1")],
        Some(&[("a", "x\ny"), ("b", "1")]),
    );
}

#[test]
fn replace_removes_a_label_with_an_empty_result() {
    check(
        vec![replace(&["a"], "(f).*", "b", "$2")],
        Some(&[ABC[0], ABC[2]]),
    );
    check(vec![replace(&[], "(.*)", "c", "")], Some(&ABC[..2]));
    check(vec![replace(&["gone"], "(.*)", "c", "$1")], Some(&ABC[..2]));
    check(vec![replace(&["gone"], ".+", "c", "x")], Some(&ABC));
}

#[test]
fn replace_expands_the_target() {
    let utf8 = replace(&["a"], "(f)(.*)", "${1}-${2}", "x");
    check(
        vec![utf8.clone()],
        Some(&[ABC[0], ABC[1], ABC[2], ("f-oo", "x")]),
    );
    let legacy = RuleParts {
        legacy_names: true,
        ..utf8.clone()
    };
    assert!(RelabelConfig::new(legacy).is_err());
    let legacy = RuleParts {
        legacy_names: true,
        target_label: "${1}_$2".into(),
        ..utf8
    };
    check(
        vec![legacy.clone()],
        Some(&[ABC[0], ABC[1], ABC[2], ("f_oo", "x")]),
    );
    // The expanded name is not a classic one: nothing happens.
    check_on(&[("a", "f o")], vec![legacy], Some(&[("a", "f o")]));
    check(vec![replace(&["a"], "(x)?.*", "$1", "y")], Some(&ABC));
}

#[test]
fn keep_and_drop_judge_the_joined_sources() {
    check(vec![matching(Action::Drop, &["a"], ".*o.*")], None);
    check(vec![matching(Action::Drop, &["a"], "o")], Some(&ABC));
    check(
        vec![matching(Action::Drop, &["a", "b", "c"], "foo;bar;baz")],
        None,
    );
    check(vec![matching(Action::Drop, &["gone"], "")], None);
    check(vec![matching(Action::Keep, &["a"], "no-match")], None);
    check(vec![matching(Action::Keep, &["a"], "f.*")], Some(&ABC));
    check(vec![matching(Action::Keep, &["a"], "f")], None);
    let comma = RuleParts {
        separator: ",".into(),
        ..matching(Action::Keep, &["a", "b"], "foo,bar")
    };
    check(vec![comma], Some(&ABC));
}

#[test]
fn a_drop_ends_the_list() {
    check(
        vec![
            matching(Action::Drop, &["a"], "foo"),
            replace(&[], "(.*)", "d", "x"),
        ],
        None,
    );
    check(
        vec![
            replace(&["a"], "(.*)", "d", "$1$1"),
            matching(Action::Drop, &["d"], "foofoo"),
        ],
        None,
    );
}

#[test]
fn equality_compares_with_the_target_label() {
    let labels = [("a", "x"), ("b", "x"), ("c", "y")];
    for (action, target, kept) in [
        (Action::DropEqual, "b", false),
        (Action::DropEqual, "c", true),
        (Action::KeepEqual, "b", true),
        (Action::KeepEqual, "c", false),
        (Action::DropEqual, "gone", true),
    ] {
        check_on(
            &labels,
            vec![into_target(action, &["a"], target)],
            kept.then_some(&labels),
        );
    }
    check_on(
        &labels,
        vec![into_target(Action::KeepEqual, &["gone"], "gone2")],
        Some(&labels),
    );
}

#[test]
fn hashes_are_those_of_prometheus() {
    // md5 ends in 8 bytes that, read big end first, have these remainders; computed with md5sum.
    for (value, modulus, expected) in [
        ("foo", 1000, "696"),
        ("", 8, "6"),
        ("foo\nbar", 1000, "734"),
    ] {
        let hashed = RuleParts {
            modulus,
            ..into_target(Action::HashMod, &["a"], "h")
        };
        let mut builder = Labels::from_pairs([("a", value)]).to_builder();
        assert_eq!(apply(&[rule(hashed)], &mut builder), Verdict::Keep);
        assert_eq!(builder.get("h"), Some(expected), "{value:?}");
    }
}

#[test]
fn labelmap_copies_by_name() {
    check(
        vec![mapping("(b|c)", "bar_${1}")],
        Some(&[ABC[0], ABC[1], ABC[2], ("bar_b", "bar"), ("bar_c", "baz")]),
    );
    check_on(
        &[("__meta_my_bar", "1"), ("my_bar", "0")],
        vec![mapping("__meta_(my.*)", "${1}")],
        Some(&[("__meta_my_bar", "1"), ("my_bar", "1")]),
    );
    check(vec![mapping("(x)?a", "$1")], Some(&ABC));
    check(
        vec![mapping("a", "my label")],
        Some(&[ABC[0], ABC[1], ABC[2], ("my label", "foo")]),
    );
    let legacy = RuleParts {
        legacy_names: true,
        ..mapping("a", "my label")
    };
    assert!(RelabelConfig::new(legacy).is_err());
}

#[test]
fn labeldrop_and_labelkeep_judge_names() {
    check(
        vec![matching(Action::LabelDrop, &[], "[ab]")],
        Some(&ABC[2..]),
    );
    check(vec![matching(Action::LabelDrop, &[], "")], Some(&ABC));
    check(
        vec![matching(Action::LabelKeep, &[], "a|c")],
        Some(&[ABC[0], ABC[2]]),
    );
    check(vec![matching(Action::LabelKeep, &[], "x")], Some(&[]));
}

#[test]
fn case_changes_as_in_go() {
    let labels = [("a", "foO \u{df} \u{130} \u{3a3}")];
    for (action, expected) in [
        (Action::Lowercase, "foo \u{df} i \u{3c3}"),
        (Action::Uppercase, "FOO \u{df} \u{130} \u{3a3}"),
    ] {
        check_on(
            &labels,
            vec![into_target(action, &["a"], "b")],
            Some(&[labels[0], ("b", expected)]),
        );
    }
}

#[test]
fn names_may_be_any_utf8() {
    check_on(
        &[("node.zone", "eu")],
        vec![replace(&["node.zone"], "(.*)", "zone \u{e9}", "$1")],
        Some(&[("node.zone", "eu"), ("zone \u{e9}", "eu")]),
    );
    let legacy = RuleParts {
        legacy_names: true,
        ..replace(&["a"], "(.*)", "x.y", "$1")
    };
    assert_eq!(
        RelabelConfig::new(legacy).unwrap_err().to_string(),
        "`x.y` is not a valid label name here"
    );
}

#[test]
fn refuses_what_prometheus_refuses() {
    let set = |field: &dyn Fn(&mut RuleParts), action| {
        let mut parts = RuleParts {
            action,
            ..RuleParts::default()
        };
        field(&mut parts);
        RelabelConfig::new(parts)
            .map(|_| ())
            .map_err(|error| error.field)
    };
    let target: &dyn Fn(&mut RuleParts) = &|parts| parts.target_label = "x".into();
    for (action, needs_target) in [
        (Action::Replace, true),
        (Action::HashMod, true),
        (Action::Lowercase, true),
        (Action::Uppercase, true),
        (Action::KeepEqual, true),
        (Action::DropEqual, true),
        (Action::Keep, false),
        (Action::Drop, false),
        (Action::LabelMap, false),
        (Action::LabelDrop, false),
        (Action::LabelKeep, false),
    ] {
        let bare = set(
            &|parts| parts.modulus = u64::from(action == Action::HashMod),
            action,
        );
        assert_eq!(
            bare.err(),
            needs_target.then_some(RuleField::TargetLabel),
            "{action:?}"
        );
    }
    assert_eq!(set(target, Action::HashMod), Err(RuleField::Modulus));
    for action in [Action::LabelDrop, Action::LabelKeep] {
        assert_eq!(set(target, action), Err(RuleField::TargetLabel));
        assert_eq!(
            set(&|parts| parts.modulus = 1, action),
            Err(RuleField::Modulus)
        );
        assert_eq!(
            set(&|parts| parts.separator = ",".into(), action),
            Err(RuleField::Action)
        );
        assert_eq!(
            set(&|parts| parts.replacement = "x".into(), action),
            Err(RuleField::Replacement)
        );
        assert_eq!(
            set(&|parts| parts.source_labels.push("a".into()), action),
            Err(RuleField::SourceLabels)
        );
        assert_eq!(set(&|parts| parts.regex = "x".into(), action), Ok(()));
    }
    for action in [
        Action::KeepEqual,
        Action::DropEqual,
        Action::Lowercase,
        Action::Uppercase,
    ] {
        let wrong = |parts: &mut RuleParts| {
            target(parts);
            parts.replacement = "x".into();
        };
        assert_eq!(set(&wrong, action), Err(RuleField::Replacement));
        assert_eq!(set(target, action), Ok(()));
    }
    assert_eq!(
        set(&|parts| parts.replacement.clear(), Action::LabelMap),
        Err(RuleField::Replacement)
    );
    assert_eq!(
        set(&|parts| parts.regex = "a(".into(), Action::Keep),
        Err(RuleField::Regex)
    );
}

#[test]
fn actions_have_names_in_any_case() {
    for (name, action) in Action::ALL {
        assert_eq!(Action::from_name(&name.to_uppercase()), Some(action));
        assert_eq!(action.name(), name);
    }
    assert_eq!(Action::from_name("rename"), None);
}

proptest! {
    #[test]
    fn no_rule_breaks_a_label_set(
        labels: std::collections::BTreeMap<String, String>,
        action in 0..Action::ALL.len(),
        regex in "[a-z.*()$|\\[\\]{}0-9]{0,8}",
        target in "[a-z$1{}]{0,4}",
        replacement in "[a-z$1{}]{0,6}",
        modulus: u64,
        legacy_names: bool,
    ) {
        let source_labels: Vec<String> = labels.keys().take(2).cloned().collect();
        let parts = RuleParts {
            action: Action::ALL[action].1,
            source_labels, regex, modulus, replacement, legacy_names,
            target_label: target,
            ..RuleParts::default()
        };
        let Ok(rule) = RelabelConfig::new(parts) else { return Ok(()) };
        let mut builder = Labels::from_pairs(&labels).to_builder();
        let first = apply(std::slice::from_ref(&rule), &mut builder);
        let before = Labels::from_pairs(&labels);
        let judges = matches!(rule.action(), Action::Keep | Action::Drop | Action::KeepEqual | Action::DropEqual);
        prop_assert!(first == Verdict::Keep || judges);
        if judges {
            prop_assert_eq!(builder.build(), before);
        }
        prop_assert!(builder.iter().all(|(name, value)| !value.is_empty() && (!name.is_empty() || labels.contains_key(""))));
    }
}

#[test]
fn steps_show_what_each_rule_made_of_the_labels() {
    let rule = |action, regex: &str| {
        RelabelConfig::new(RuleParts {
            source_labels: vec!["a".into()],
            regex: regex.into(),
            target_label: if action == Action::Replace {
                "b".into()
            } else {
                String::new()
            },
            action,
            ..RuleParts::default()
        })
        .unwrap()
    };
    let rules = [
        rule(Action::Replace, "(.*)"),
        rule(Action::Drop, "x"),
        rule(Action::Replace, "(.*)"),
    ];
    let steps = steps(&rules, &Labels::from_pairs([("a", "x")]));
    let shown: Vec<_> = steps
        .iter()
        .map(|step| (step.labels.to_string(), step.is_kept))
        .collect();
    let gone = ("{}".to_owned(), false);
    assert_eq!(
        shown,
        [(r#"{a="x", b="x"}"#.to_owned(), true), gone.clone(), gone]
    );
}
