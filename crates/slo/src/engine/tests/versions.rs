//! Another definition counts from its time on; what was counted stays.

use super::*;

fn only_eu() -> Slo {
    let mut watches = requests();
    for watch in &mut watches {
        watch.matchers.push(Matcher::equal("region", "eu"));
    }
    slo(Source::Watches(watches))
}

fn scrape(engine: &mut Engine, seconds: i64, value: f64) {
    for region in ["eu", "us"] {
        feed(engine, &series("200", region), seconds, value);
    }
}

#[test]
fn old_slices_keep_their_definition() {
    let mut engine = engine(slo(Source::Watches(requests())));
    scrape(&mut engine, 0, 0.0);
    scrape(&mut engine, 15, 10.0);
    engine.tick(at(20));
    let changes = engine.reload(catalog([only_eu()]), at(25));
    assert!(matches!(&changes[..], [Changed::Version(_, version)] if version.number == 2));
    // Two that belong to the first version come late, and one of them after the change.
    scrape(&mut engine, 28, 12.0);
    scrape(&mut engine, 35, 20.0);
    scrape(&mut engine, 50, 30.0);
    scrape(&mut engine, 22, 11.0);
    assert_eq!(counts(&engine, None, 0, 30).good, 24);
    assert_eq!(
        counts(&engine, None, 30, 60).good,
        10,
        "from its first sample on, in eu only"
    );
    let versions = engine.versions("checkout/availability");
    let since: Vec<_> = versions.iter().map(|version| version.since).collect();
    assert_eq!(since, [at(0), at(30)]);
}

#[test]
fn another_target_is_no_other_version() {
    let mut engine = engine(slo(Source::Watches(requests())));
    let mut changed = slo(Source::Watches(requests()));
    changed.objectives = vec![objective("", "99")];
    assert_eq!(engine.reload(catalog([changed]), at(25)), []);
}

#[test]
fn an_objective_that_comes_back_has_its_ledger() {
    let mut engine = engine(slo(Source::Watches(requests())));
    scrape(&mut engine, 0, 0.0);
    scrape(&mut engine, 15, 10.0);
    engine.tick(at(20));
    let gone = engine.reload(Arc::default(), at(25));
    assert_eq!(gone, [Changed::Removed("checkout/availability".into())]);
    assert!(engine.view("checkout/availability").is_none());
    engine.tick(at(3600));
    engine.reload(catalog([slo(Source::Watches(requests()))]), at(3600));
    assert_eq!(counts(&engine, None, 0, 3600).good, 20);
    assert_eq!(engine.versions("checkout/availability").len(), 2);
}

#[test]
fn a_new_objective_counts_series_that_are_there_from_then_on() {
    let mut engine = Engine::new(Arc::default(), Options::default(), at(0));
    assert_eq!(engine.catch_up(at(0)), None);
    engine.reload(catalog([slo(Source::Watches(requests()))]), at(12));
    scrape(&mut engine, 15, 1000.0);
    scrape(&mut engine, 25, 1010.0);
    scrape(&mut engine, 35, 1015.0);
    assert_eq!(
        counts(&engine, None, 0, 60).good,
        10,
        "the slice at 20 is the first whole one"
    );
}
