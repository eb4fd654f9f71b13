//! Samples that are counted again for plans.

use super::*;
use crate::History;
use crate::sli::Exclusion;
use crate::view::ReplayQuestion;

/// How long samples are kept, in seconds.
const KEPT: i64 = 8 * 3600;

/// Every 15 s, two requests a scrape of each code in each region.
fn samples(from: Timestamp, to: Timestamp) -> Vec<(Labels, Sample)> {
    let mut all = Vec::new();
    for (code, region) in [("200", "eu"), ("500", "eu"), ("429", "us"), ("200", "us")] {
        for seconds in (0..=KEPT)
            .step_by(15)
            .filter(|seconds| (from..=to).contains(&at(*seconds)))
        {
            let sample = Sample::float(at(seconds), (seconds / 15 * 2) as f64);
            all.push((series(code, region), sample));
        }
    }
    all
}

/// Counts as they arrive, up to the end of the samples.
fn live(slo: Slo) -> Engine {
    let mut engine = engine(slo);
    for begin in (0..KEPT).step_by(60) {
        for (labels, sample) in samples(at(begin), at(begin + 60)) {
            observe(&mut engine, &labels, &sample);
        }
        engine.tick(at(begin + 60));
    }
    engine
}

fn without_429() -> Vec<Watch> {
    let mut watches = requests();
    for watch in &mut watches {
        watch.exclude = vec![Exclusion {
            matchers: selector(&[("code", MatchOp::Equal, "429")]),
            reason: "client".into(),
        }];
    }
    watches
}

fn question(slis: Vec<Sli>, region: Option<&str>) -> ReplayQuestion {
    ReplayQuestion {
        address: Address {
            id: "checkout/availability".into(),
            objective: None,
            group: region.map(|region| Labels::from_pairs([("region", region)])),
        },
        slis,
        from: at(0),
        to: at(KEPT),
    }
}

fn replay(engine: &Engine, question: &ReplayQuestion) -> Vec<crate::Timeline> {
    let mut replaying = engine.replaying(question).unwrap();
    while let Some(range) = replaying.catch_up().unwrap() {
        for (labels, sample) in samples(range.start, range.end) {
            assert!(replaying.observe(&labels, &sample));
        }
    }
    replaying.finish()
}

#[test]
fn each_slice_is_as_it_was_counted_live() {
    let mut slo = slo(Source::Watches(requests()));
    slo.dimensions = by_region(10);
    let engine = live(slo.clone());
    for region in [None, Some("eu"), Some("us")] {
        let lines = replay(&engine, &question(vec![slo.sli.clone()], region));
        let [line] = &lines[..] else {
            panic!("{} lines", lines.len());
        };
        assert_eq!((line.begin(), line.end()), (at(0), at(KEPT)));
        // The last minutes of the ledger are fine, all hours are whole.
        let fine = (KEPT - 600..KEPT)
            .step_by(10)
            .map(|begin| (begin, begin + 10));
        let hours = (0..KEPT).step_by(3600).map(|begin| (begin, begin + 1800));
        for (from, to) in fine.chain(hours) {
            let counted = counts(&engine, region, from, to);
            assert_eq!(line.between(at(from), at(to)), counted, "{region:?} {from}");
        }
        assert!(line.between(at(0), at(KEPT)).valid() > 0);
    }
}

#[test]
fn other_exclusions_are_counted_beside_those_in_force() {
    let slo = slo(Source::Watches(requests()));
    let engine = live(slo.clone());
    let other = Sli {
        source: Source::Watches(without_429()),
        ..slo.sli.clone()
    };
    let lines = replay(&engine, &question(vec![slo.sli, other], None));
    let [in_force, other] = [&lines[0], &lines[1]].map(|line| line.between(at(0), at(KEPT)));
    assert_eq!(in_force.excluded, 0);
    assert!(other.excluded > 0);
    assert_eq!(other.bad, in_force.bad);
    assert_eq!(other.good + other.excluded, in_force.good);
}

#[test]
fn too_many_samples_are_refused() {
    let slo = slo(Source::Watches(requests()));
    let engine = live(slo.clone());
    let mut replaying = engine.replaying(&question(vec![slo.sli], None)).unwrap();
    replaying.catch_up().unwrap().unwrap();
    let labels = series("200", "eu");
    let sample = Sample::float(at(0), 1.0);
    let fits = std::iter::repeat_with(|| replaying.observe(&labels, &sample)).take(5_000_001);
    assert_eq!(fits.filter(|fits| *fits).count(), 5_000_000);
    assert_eq!(replaying.catch_up(), Err(TooMuch::Piece));
}
