//! The cache against an implementation without one: whatever bodies come, the same is stored.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Labels;
use plimsoll_wire::exposition::{Entry, Format, Options, Parser};
use proptest::prelude::*;
use proptest::sample::select;

use super::Bench;
use crate::relabel::{self, Action, RelabelConfig, RuleParts, Verdict};
use crate::scrape::rules::attach;

/// Some are the same series in another spelling, some become the same by relabelling, some are dropped.
const SERIES: [&str; 14] = [
    "a",
    "a{}",
    "a{x=\"1\"}",
    "a{x=\"2\"}",
    "a{x=\"1\",y=\"2\"}",
    "a{y=\"2\",x=\"1\"}",
    "a{ y=\"2\" , x=\"1\", }",
    "a{drop=\"me\"}",
    "a{gone=\"1\"}",
    "a{gone=\"2\"}",
    "h_bucket{le=\"1\"}",
    "h_bucket{le=\"1.0\"}",
    "{\"a\",x=\"1\"}",
    "a{job=\"theirs\"}",
];

const METADATA: [&str; 4] = [
    "# TYPE h histogram",
    "# TYPE a gauge",
    "# HELP a Help.",
    "# a comment",
];

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (select(&SERIES[..]), 0..9u8).prop_map(|(series, value)| format!("{series} {value}\n")),
        2 => select(&METADATA[..]).prop_map(|line| format!("{line}\n")),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let end =
        prop_oneof![8 => Just(""), 1 => Just("a{x= 1\n"), 1 => Just("a{x=\"1\",x=\"2\"} 1\n")];
    (prop::collection::vec(line(), 0..10), end).prop_map(|(lines, end)| lines.concat() + end)
}

fn rules() -> Vec<RelabelConfig> {
    let rule = |parts| RelabelConfig::new(parts).unwrap();
    vec![
        rule(RuleParts {
            source_labels: vec!["drop".into()],
            regex: "me".into(),
            action: Action::Drop,
            ..RuleParts::default()
        }),
        rule(RuleParts {
            regex: "gone".into(),
            action: Action::LabelDrop,
            ..RuleParts::default()
        }),
    ]
}

type Stored = BTreeMap<String, Vec<(i64, String)>>;

/// Reads a body from nothing; `None` when it is refused.
fn read(body: &str, limit: u64) -> Option<BTreeMap<Labels, f64>> {
    let target = Labels::from_pairs([("job", "j")]);
    let mut parser = Parser::new(
        Format::PrometheusText004,
        body.as_bytes(),
        Options::default(),
    )
    .ok()?;
    let (mut found, mut lines, mut kept) = (BTreeMap::new(), BTreeSet::new(), 0);
    let mut kind = 0;
    while let Some(entry) = parser.next_entry().ok()? {
        let sample = match entry {
            Entry::Sample(sample) => sample,
            Entry::Type { metric_type, .. } => {
                kind = u8::from(metric_type == plimsoll_types::MetricType::Histogram);
                continue;
            }
            _ => continue,
        };
        let mut builder = attach(&sample.series.labels().ok()?, &target, false);
        if relabel::apply(&rules(), &mut builder) == Verdict::Drop {
            continue;
        }
        // The limit is for lines: what is the same series in another spelling is found out later.
        kept += u64::from(lines.insert((kind, sample.series.raw().to_string())));
        let plimsoll_types::Value::Float(value) = sample.value else {
            unreachable!("a text has no histograms");
        };
        found.entry(builder.build()).or_insert(value);
    }
    (kept <= limit).then_some(found)
}

fn naive(bodies: &[String], limit: u64) -> Stored {
    let (mut stored, mut live) = (Stored::new(), BTreeSet::new());
    for (round, body) in bodies.iter().enumerate() {
        let now = 1000 * (round as i64 + 1);
        let found = read(body, limit).unwrap_or_default();
        let came: BTreeSet<String> = found.keys().map(ToString::to_string).collect();
        for series in live.difference(&came) {
            let samples = stored.entry(String::clone(series)).or_default();
            samples.push((now, "stale".into()));
        }
        for (labels, value) in found {
            let samples = stored.entry(labels.to_string()).or_default();
            samples.push((now, value.to_string()));
        }
        live = came;
    }
    stored
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn the_cache_changes_nothing_that_is_stored(bodies in prop::collection::vec(body(), 1..8), limit in 3u64..12) {
        let mut bench = Bench::new();
        bench.rules.metric_relabel = rules();
        bench.rules.limits.sample = Some(limit);
        for body in &bodies {
            let _ = bench.scrape(body);
        }
        prop_assert_eq!(bench.store.dump(), naive(&bodies, limit));
    }
}
