//! What a tick says.

use super::*;
use crate::burn::workbook_rules;
use crate::sli::Exclusion;
use crate::{BudgetState, Correction, CorrectionKind};

fn alerting() -> Slo {
    let mut slo = slo(Source::Watches(requests()));
    slo.alerts.name = Some("CheckoutErrors".into());
    slo.alerts.rules = workbook_rules();
    slo.windows = vec![Window::Rolling(Duration::from_secs(30 * 86_400))];
    slo
}

/// Runs an hour with an outage of a fifth of all requests, and returns all steps.
fn outage(engine: &mut Engine) -> Vec<Step> {
    let (mut good, mut bad) = (0.0, 0.0);
    let mut steps = Vec::new();
    for seconds in (0..3600).step_by(10) {
        let is_out = (600..1200).contains(&seconds);
        good += if is_out { 80.0 } else { 100.0 };
        bad += if is_out { 20.0 } else { 0.0 };
        feed(engine, &series("200", "eu"), seconds, good);
        feed(engine, &series("500", "eu"), seconds, bad);
        steps.push(engine.tick(at(seconds + 10)));
    }
    steps
}

#[test]
fn an_outage_is_one_page_and_the_budget_is_counted() {
    let mut engine = engine(alerting());
    let steps = outage(&mut engine);
    let decisions = steps.iter().flat_map(|step| &step.decisions);
    let kinds: Vec<&str> = decisions.map(|decision| &*decision.kind).collect();
    let fired = kinds.iter().filter(|kind| kind.ends_with("firing")).count();
    assert_eq!(fired, 1, "{kinds:?}");
    let alerts = steps.iter().flat_map(|step| &step.alerts);
    let pages: Vec<_> = alerts
        .filter(|alert| alert.labels.get("severity") == Some("page"))
        .collect();
    assert!(
        pages
            .iter()
            .all(|alert| alert.labels == pages[0].labels && alert.starts_at == pages[0].starts_at)
    );
    assert!(
        pages
            .last()
            .is_some_and(|alert| alert.is_resolved_at(at(3600)))
    );
    assert_eq!(counts(&engine, None, 0, 3600).bad, 60 * 20);
    let states: Vec<BudgetState> = steps
        .iter()
        .flat_map(|step| &step.transitions)
        .map(|change| change.transition.to.state)
        .collect();
    assert_eq!(states, [BudgetState::Healthy, BudgetState::Exhausted]);
}

#[test]
fn rows_bring_state_and_alert_back() {
    let mut before = engine(alerting());
    let mut rows = BTreeMap::new();
    for step in outage(&mut before).into_iter().take(120) {
        rows.extend(step.rows.into_iter().map(|row| (row.key.clone(), row)));
    }
    let rows: Vec<BudgetRow> = rows.into_values().collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].firing.is_some());
    let mut after = engine(alerting());
    assert_eq!(after.restore_rows(rows.clone()), []);
    let view = after.view("checkout/availability").unwrap();
    assert_eq!(view.budgets[0].firing, rows[0].firing);
    assert_eq!(view.budgets[0].standing, rows[0].standing);
}

#[test]
fn no_data_is_a_state_and_no_page() {
    let mut engine = engine(alerting());
    let step = engine.tick(at(10));
    assert_eq!(step.transitions[0].transition.to.state, BudgetState::NoData);
    assert!(step.alerts.is_empty());
}

#[test]
fn a_correction_counts_for_the_past_and_can_be_taken_back() {
    let mut engine = engine(alerting());
    outage(&mut engine);
    let correction = Correction {
        id: "maintenance".into(),
        kind: CorrectionKind::Exclude,
        from: at(600),
        length: Duration::from_secs(600),
        repeat: None,
        matchers: Vec::new(),
        reason: "planned".into(),
        author: "me".into(),
        created: at(3600),
        revoked: None,
    };
    let slo = "checkout/availability";
    engine
        .set_corrections(slo, vec![correction.clone()])
        .unwrap();
    engine.tick(at(3610));
    let corrected = counts(&engine, None, 0, 3600);
    assert_eq!((corrected.bad, corrected.excluded), (0, 60 * 100));
    let view = engine.view(slo).unwrap();
    let crate::view::Figures::Counted { uncorrected, .. } = &view.budgets[0].windows[0].figures
    else {
        panic!("an SLO is counted");
    };
    assert_eq!(uncorrected.unwrap().counts.bad, 60 * 20);
    let revoked = Correction {
        revoked: Some(at(3620)),
        ..correction
    };
    engine.set_corrections(slo, vec![revoked]).unwrap();
    assert_eq!(counts(&engine, None, 0, 3600).bad, 60 * 20);
}

#[test]
fn slices_of_time_are_judged_and_stay_judged() {
    let mut slo = alerting();
    slo.method = Method::Timeslices {
        length: Duration::from_secs(60),
        target: Some("99".parse().unwrap()),
        rate_min: None,
    };
    let mut engine = engine(slo.clone());
    outage(&mut engine);
    assert_eq!(good_bad(counts(&engine, None, 0, 3600)), (50, 10));
    engine.tick(at(7200));
    assert_eq!(
        good_bad(counts(&engine, None, 0, 3600)),
        (50, 10),
        "sealed slices too"
    );
    slo.objectives = vec![objective("", "50")];
    slo.method = Method::Timeslices {
        length: Duration::from_secs(60),
        target: Some("50".parse().unwrap()),
        rate_min: None,
    };
    engine.reload(catalog([slo]), at(7200));
    assert_eq!(counts(&engine, None, 0, 3600).bad, 10);
}

#[test]
fn series_for_the_store_have_own_names_and_those_of_peers() {
    let mut engine = engine(alerting());
    let steps = outage(&mut engine);
    let last = steps
        .iter()
        .rev()
        .find(|step| !step.samples.is_empty())
        .unwrap();
    let find = |text: &str| {
        let mut found = last
            .samples
            .iter()
            .filter(|(labels, _)| labels.to_string().starts_with(text));
        let (_, sample) = found
            .next()
            .unwrap_or_else(|| panic!("{text} of {:?}", last.samples));
        match sample.value {
            plimsoll_types::Value::Float(value) => value,
            plimsoll_types::Value::Histogram(_) => panic!("a number"),
        }
    };
    assert_eq!(find(r#"plimsoll_slo_events_total{result="bad""#), 1200.0);
    assert_eq!(find("plimsoll_slo_budget_state"), 4.0);
    let ratio = find("slo:sli_error:ratio_rate1h");
    assert!((ratio - 1200.0 / 36_000.0).abs() < 1e-3, "{ratio}");
    assert!(find("plimsoll_slo_budget_remaining_ratio") < 0.0);
    find("pyrra_objective");
}

#[test]
fn of_groups_only_what_is_needed_is_stored_and_no_series_twice() {
    let two = ["p95", "p99"].map(|name| objective(name, "99"));
    let mut first = Slo {
        objectives: two.to_vec(),
        dimensions: Some(Dimensions {
            labels: vec!["region".into()],
            limit: 10,
            targets: Vec::new(),
        }),
        ..alerting()
    };
    first.name = "one".into();
    let second = Slo {
        id: "other/one".into(),
        service: "other".into(),
        ..first.clone()
    };
    let mut engine = Engine::new(catalog([first, second]), Options::default(), at(0));
    assert!(engine.catch_up(at(0)).is_none());
    for region in ["eu", "us"] {
        let labels = Labels::from_pairs([("__name__", "http_requests_total"), ("region", region)]);
        let id = engine.series(&labels).unwrap();
        engine.observe(id, &Sample::float(at(10), 0.0));
        engine.observe(id, &Sample::float(at(20), 7.0));
    }
    let step = engine.tick(at(40));
    let mut seen = std::collections::BTreeSet::new();
    for (labels, _) in &step.samples {
        assert!(seen.insert(labels.to_string()), "{labels} is there twice");
    }
    let of_region = |name: &str| {
        let name = format!("{name}{{");
        let of_group = seen.iter().filter(|text| text.contains("region="));
        of_group.filter(|text| text.starts_with(&name)).count()
    };
    let total = seen.iter().filter(|text| text.contains("region=")).count();
    // Two SLOs with two objectives and two regions each.
    let known = [
        (super::super::exports::names::EVENTS, 2),
        (super::super::exports::names::REMAINING, 1),
        (super::super::exports::names::STATE, 1),
    ];
    for (name, count) in known {
        assert_eq!(of_region(name), 8 * count, "{name}");
    }
    assert_eq!(total, 8 * 4);
}

#[test]
fn excluded_events_are_stored_where_the_sli_leaves_some_out() {
    let stored = |watches: Vec<Watch>| {
        let mut slo = alerting();
        slo.sli.source = Source::Watches(watches);
        let mut engine = engine(slo);
        feed(&mut engine, &series("200", "eu"), 0, 10.0);
        let step = engine.tick(at(10));
        let results = step.samples.iter().map(|(labels, _)| labels.get("result"));
        let results: Vec<String> = results.flatten().map(str::to_owned).collect();
        results.join(" ")
    };
    assert_eq!(stored(requests()), "good bad");
    let mut watches = requests();
    watches[0].exclude.push(Exclusion {
        matchers: selector(&[("code", MatchOp::Equal, "429")]),
        reason: "client".into(),
    });
    assert_eq!(stored(watches), "good bad excluded");
}

#[test]
fn objectives_take_turns_in_being_stored() {
    let slos = ["a", "b", "c", "d"].map(|name| Slo {
        id: format!("{name}/one").into(),
        service: name.into(),
        ..alerting()
    });
    let mut engine = Engine::new(catalog(slos), Options::default(), at(0));
    assert!(engine.catch_up(at(0)).is_none());
    let mut services = |seconds: i64| {
        let step = engine.tick(at(seconds));
        let labels = step.samples.iter().map(|(labels, _)| labels.get("service"));
        let services: std::collections::BTreeSet<String> =
            labels.flatten().map(str::to_owned).collect();
        services.into_iter().collect::<Vec<_>>().join("")
    };
    assert_eq!(services(3), "abcd", "the first step has all");
    let turns = [13, 23, 33, 43, 53, 63].map(&mut services);
    assert_eq!(turns, ["b", "c", "ad", "b", "c", "ad"]);
    assert_eq!(services(103), "abcd", "none is left out after a pause");
    assert_eq!(services(104), "");
}
