//! Counting as a whole: against a model that sees all samples at once, in any order, over restarts.

mod asking;
mod counting;
mod judging;
mod model;
mod replaying;
mod restarting;
mod size;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Annotations, Labels, MatchOp, Matcher, Sample, StartTimestamp, Timestamp};

use super::*;
use crate::sli::{Ask, Reading, Sli, Source, Watch, Weight};
use crate::view::Address;
use crate::{
    AlertPolicy, BudgetPolicy, Counts, Dimensions, Hysteresis, Method, NoData, Objective, Severity,
    Slo, Window,
};

/// Half an hour into some day.
const BEGIN: i64 = 1_700_000_000_000 / 86_400_000 * 86_400_000 + 1_800_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN + seconds * 1000)
}

fn selector(pairs: &[(&str, MatchOp, &str)]) -> Vec<Matcher> {
    let matcher =
        |(name, op, value): &(&str, MatchOp, &str)| Matcher::new(*op, name, value).unwrap();
    pairs.iter().map(matcher).collect()
}

fn watch(matchers: Vec<Matcher>, reading: Reading, good: i8, bad: i8) -> Watch {
    Watch {
        matchers,
        reading,
        weight: Weight { good, bad },
        exclude: Vec::new(),
        objective: None,
        needed: false,
    }
}

/// All requests, and those that failed.
fn requests() -> Vec<Watch> {
    let name = ("__name__", MatchOp::Equal, "http_requests_total");
    vec![
        watch(selector(&[name]), Reading::Counter, 1, 0),
        watch(
            selector(&[name, ("code", MatchOp::Regex, "5..")]),
            Reading::Counter,
            -1,
            1,
        ),
    ]
}

fn slo(source: Source) -> Slo {
    Slo {
        id: "checkout/availability".into(),
        service: "checkout".into(),
        name: "availability".into(),
        description: String::new(),
        labels: Labels::empty(),
        origin: "slo.yml:3".into(),
        sli: Sli {
            kind: "events",
            source,
            caveats: Vec::new(),
        },
        objectives: vec![objective("", "99.9")],
        windows: vec![Window::Rolling(Duration::from_secs(3600))],
        method: Method::Occurrences,
        dimensions: None,
        no_data: NoData::Ignore,
        alerts: AlertPolicy {
            name: None,
            labels: Labels::empty(),
            annotations: Annotations::default(),
            page_labels: Labels::empty(),
            ticket_labels: Labels::empty(),
            rules: Vec::new(),
            hysteresis: Hysteresis::default(),
            bad_min: 2,
            chance_max: 0.05,
            exhaustion: None,
            exhaustion_severity: Severity::Ticket,
        },
        budget: BudgetPolicy::default(),
        corrections: Vec::new(),
    }
}

fn objective(name: &str, target: &str) -> Objective {
    Objective {
        name: name.into(),
        target: target.parse().unwrap(),
        threshold: None,
    }
}

fn by_region(limit: usize) -> Option<Dimensions> {
    Some(Dimensions {
        labels: vec!["region".into()],
        limit,
        targets: Vec::new(),
    })
}

fn catalog(slos: impl IntoIterator<Item = Slo>) -> Arc<Catalog> {
    Arc::new(Catalog {
        slos: slos.into_iter().map(Arc::new).collect(),
        composites: Vec::new(),
    })
}

/// An engine that has everything that was ever stored.
fn engine(slo: Slo) -> Engine {
    let mut engine = Engine::new(catalog([slo]), Options::default(), at(0));
    assert_eq!(engine.catch_up(at(0)), None);
    engine
}

fn series(code: &str, region: &str) -> Labels {
    Labels::from_pairs([
        ("__name__", "http_requests_total"),
        ("job", "shop"),
        ("instance", "a"),
        ("code", code),
        ("region", region),
    ])
}

fn up() -> Labels {
    Labels::from_pairs([("__name__", "up"), ("job", "shop"), ("instance", "a")])
}

fn feed(engine: &mut Engine, labels: &Labels, seconds: i64, value: f64) -> Observed {
    observe(engine, labels, &Sample::float(at(seconds), value))
}

fn observe(engine: &mut Engine, labels: &Labels, sample: &Sample) -> Observed {
    let id = engine.series(labels).expect("it is watched");
    engine.observe(id, sample)
}

/// Reads the counts of `[from, to)` in seconds.
fn counts(engine: &Engine, group: Option<&str>, from: i64, to: i64) -> Counts {
    counts_of(engine, None, group, from, to)
}

fn counts_of(
    engine: &Engine,
    objective: Option<&str>,
    group: Option<&str>,
    from: i64,
    to: i64,
) -> Counts {
    let address = Address {
        id: "checkout/availability".into(),
        objective: objective.map(str::to_owned),
        group: group.map(|region| Labels::from_pairs([("region", region)])),
    };
    let read = engine.read_budget(&address, |history, _, _| history.between(at(from), at(to)));
    read.unwrap_or_else(|| panic!("there is no budget {address:?}"))
}

fn good_bad(counts: Counts) -> (i64, i64) {
    (counts.good, counts.bad)
}
