//! Orders, weights and clients that stick.

use super::*;

fn sticking_to(bench: &mut Bench, name: &str) -> (String, Why) {
    let sticky = Some(bench.id(name));
    let ask = Ask {
        sticky,
        ..Ask::default()
    };
    let pick = bench.upstream.pick(&ask, bench.now).unwrap();
    (bench.name(pick.endpoint), pick.why)
}

#[test]
fn a_client_sticks_while_its_endpoint_drains_and_no_longer() {
    let mut bench = Bench::new(bare(), &["a", "b"]);
    assert_eq!(sticking_to(&mut bench, "b"), ("b".to_owned(), Why::Sticky));
    bench.order("b", AdminState::Draining);
    assert_eq!(sticking_to(&mut bench, "b"), ("b".to_owned(), Why::Sticky));
    assert_eq!(bench.shares(20).len(), 1, "nobody new goes there");
    bench.order("b", AdminState::ForcedDown);
    assert_eq!(sticking_to(&mut bench, "b"), ("a".to_owned(), Why::Policy));
    assert_eq!(bench.events().len(), 2);
}

#[test]
fn a_client_falls_back_when_its_endpoint_is_ejected_or_was_tried() {
    let passive = Some(health::passive::Options::default());
    let mut bench = Bench::new(Options { passive, ..bare() }, &["a", "b"]);
    let b = bench.id("b");
    let ask = Ask {
        sticky: Some(b),
        tried: &[b],
        ..Ask::default()
    };
    let pick = bench.upstream.pick(&ask, bench.now).unwrap();
    assert_eq!(bench.name(pick.endpoint), "a");
    bench.fail("b", 5);
    assert_eq!(sticking_to(&mut bench, "b"), ("a".to_owned(), Why::Policy));
    let gone = Ask {
        sticky: Some(EndpointId(99)),
        ..Ask::default()
    };
    assert!(bench.upstream.pick(&gone, bench.now).is_ok());
}

#[test]
fn weights_are_set_live() {
    let mut bench = Bench::new(bare(), &["a*90", "b*10"]);
    let near = |share: f64, wanted: f64| (share - wanted).abs() < 0.001;
    assert!(near(bench.shares(1000)["b"], 0.1));
    bench.upstream.set_weight(bench.id("b"), 30, bench.now);
    assert!(near(bench.shares(1200)["b"], 0.25));
    bench.upstream.set_weight(bench.id("b"), 0, bench.now);
    assert_eq!(bench.shares(100).len(), 1);
    assert_eq!(bench.standing("b").0, Standing::Weightless);
    assert_eq!(sticking_to(&mut bench, "b").0, "b");
    assert_eq!(
        bench.events(),
        [
            "b: Weighted(30): set, was 10",
            "b: Weighted(0): set, was 30"
        ]
    );
}

#[test]
fn when_all_are_ordered_away_it_is_said() {
    let mut bench = Bench::new(bare(), &["a", "b", "c*0"]);
    bench.order("a", AdminState::Draining);
    bench.order("b", AdminState::ForcedDown);
    assert_eq!(bench.pick(), Err(NoEndpoint::OrderedDown));
    bench.order("b", AdminState::ForcedUp);
    assert!(bench.pick().is_ok());
}

#[test]
fn who_is_forced_up_needs_no_check() {
    let mut bench = Bench::new(checked(), &["a", "b"]);
    bench.order("a", AdminState::ForcedUp);
    let pick = bench.pick().unwrap();
    assert_eq!(bench.name(pick.endpoint), "a");
    assert_eq!(bench.standing("a").0, Standing::ForcedUp);
}
