//! `select` and the label questions against a model that tries every series.

use plimsoll_types::{Labels, MatchOp, Matcher, Sample, TimeRange, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::model::{self, Model, Series};
use crate::part::WriteOptions;

const HOUR: i64 = 3_600_000;

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let op = prop_oneof![
        Just(MatchOp::Equal),
        Just(MatchOp::NotEqual),
        Just(MatchOp::Regex),
        Just(MatchOp::NotRegex),
    ];
    let value = prop_oneof![
        Just(""),
        Just("a"),
        Just("bb"),
        Just("a|b"),
        Just("a.*"),
        Just(".+"),
        Just(".*"),
        Just("|ß"),
        Just("zzz"),
    ];
    (op, "[a-d]|__name__|é|zzz", value)
        .prop_map(|(op, name, value)| Matcher::new(op, &name, value).unwrap())
}

fn fulfils(labels: &Labels, matchers: &[Matcher]) -> bool {
    let value = |name: &str| labels.get(name).unwrap_or("").to_owned();
    matchers.iter().all(|m| m.matches(&value(m.name())))
}

/// Something happened in an hour that the range touches, or the range covers the whole part.
fn is_active(series: &Series, range: TimeRange, whole: TimeRange) -> bool {
    let hour = |t: Timestamp| t.millis().div_euclid(HOUR);
    let touches = |t: Timestamp| hour(range.start) <= hour(t) && hour(t) <= hour(range.end);
    let samples = series.samples.iter().map(|s| s.timestamp);
    let mut times = samples.chain(series.exemplars.iter().map(|e| e.timestamp));
    range.overlaps(whole) && times.any(touches)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn finds_what_the_model_finds(
        model in model::any_model(),
        questions in vec((vec(any_matcher(), 0..4), any::<bool>(), any::<i64>(), any::<i64>()), 1..6),
    ) {
        let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
        let part = model::open(&directory).unwrap();
        let model = model::without_empty(&model);
        let whole = part.meta().range;
        for (matchers, near, a, b) in questions {
            let scale = |t: i64| if near { 1_700_000_000_000 + t % (3 * HOUR) } else { t };
            let (a, b) = (scale(a), scale(b));
            for range in [TimeRange::ALL, TimeRange::new(Timestamp::from_millis(a), Timestamp::from_millis(b))] {
                let wanted: Vec<u32> = model.iter().zip(0..)
                    .filter(|((labels, series), _)| fulfils(labels, &matchers) && is_active(series, range, whole))
                    .map(|(_, id)| id).collect();
                prop_assert_eq!(part.select(&matchers, range).unwrap(), wanted, "{:?} {:?}", &matchers, range);
            }
        }
    }

    #[test]
    fn lists_the_names_and_values_that_are_there(model in model::any_model(), every in 1usize..4) {
        let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
        let part = model::open(&directory).unwrap();
        let model = model::without_empty(&model);
        let chosen: Vec<u32> = (0..model.len() as u32).step_by(every).collect();
        for among in [None, Some(&chosen[..])] {
            let is_chosen = |id: &u32| among.is_none_or(|ids| ids.contains(id));
            let pairs = || model.keys().zip(0..).filter(|(_, id)| is_chosen(id)).flat_map(|(labels, _)| labels.iter());
            let distinct = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
            let names = distinct(pairs().map(|(name, _)| name).collect());
            prop_assert_eq!(part.label_names(among).unwrap(), names.iter().cloned().collect::<Vec<_>>());
            for name in names.iter().map(String::as_str).chain(["zzz", "zz"]) {
                let values = distinct(pairs().filter(|pair| pair.0 == name).map(|pair| pair.1).collect());
                prop_assert_eq!(part.label_values(name, among).unwrap(), values.into_iter().collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_series_counts_only_in_its_hours() {
    let series = |hours: &[i64]| Series {
        samples: hours
            .iter()
            .map(|hour| Sample::float(Timestamp::from_millis(hour * HOUR), 1.0))
            .collect(),
        ..Series::default()
    };
    let labels = |value: &str| Labels::from_pairs([("a", value)]);
    let model = Model::from([
        (labels("early"), series(&[-2, -1])),
        (labels("late"), series(&[5])),
        (labels("now and then"), series(&[-2, 0, 5])),
    ]);
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let part = model::open(&directory).unwrap();
    let check = |start: i64, end: i64, expected: &[u32]| {
        let range = TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
        assert_eq!(
            part.select(&[], range).unwrap(),
            expected,
            "{start} to {end}"
        );
    };
    check(-2 * HOUR, 5 * HOUR, &[0, 1, 2]);
    check(-HOUR, -1, &[0]);
    check(0, 0, &[2]);
    check(HOUR, 5 * HOUR - 1, &[]);
    check(5 * HOUR, 6 * HOUR, &[1, 2]);
    check(7 * HOUR, 8 * HOUR, &[]);
    check(1, 0, &[]);
}
