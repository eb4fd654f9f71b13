use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Moment {
    Moment::from_origin(Duration::from_millis(millis))
}

fn ask(class: Criticality) -> Ask {
    Ask { class, key: None }
}

fn admission(limit: u32, length_max: usize) -> Admission<u32> {
    let queue = queue::Options {
        length_max,
        ..queue::Options::default()
    };
    Admission::new(concurrency::Options::Fixed(limit), queue, 1, at(0))
}

fn ticket(entry: Entry<u32>) -> Ticket {
    match entry {
        Entry::Waiting { ticket, .. } => ticket,
        other => panic!("wanted somebody who waits, found {other:?}"),
    }
}

const NOTHING: Duration = Duration::ZERO;

#[test]
fn a_place_goes_to_who_waits_and_not_to_who_comes_later() {
    let mut admission = admission(1, 10);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 1, at(0)),
        Entry::Entered
    );
    ticket(admission.enter(ask(Criticality::P1), || 2, at(1)));
    let moved = admission.left(NOTHING, Meaning::Served, at(5));
    assert_eq!(moved.entered[0].token, 2);
    assert_eq!(moved.entered[0].waited, Duration::from_millis(4));
    ticket(admission.enter(ask(Criticality::P0), || 3, at(5)));
    assert_eq!(admission.view(at(5)).in_flight, 1);
}

#[test]
fn refusals_say_why_and_for_how_long() {
    let mut admission = admission(1, 1);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 1, at(0)),
        Entry::Entered
    );
    ticket(admission.enter(ask(Criticality::P3), || 2, at(0)));
    let entry = admission.enter(ask(Criticality::P1), || 3, at(7));
    let Entry::Waiting { displaced, .. } = entry else {
        panic!("{entry:?}");
    };
    let (token, refused) = displaced.unwrap();
    assert_eq!((token, refused.why), (2, Why::Full));
    assert_eq!(refused.waited, Duration::from_millis(7));
    let Entry::Refused(refused) = admission.enter(ask(Criticality::P1), || 4, at(7)) else {
        panic!("the queue is full");
    };
    assert_eq!((refused.why, refused.waited), (Why::Full, NOTHING));
    assert_eq!(refused.retry_after, Duration::from_secs(1));
    assert_eq!(admission.next_expiry(), Some(at(1007)));
    let moved = admission.advance(at(1007));
    assert_eq!(moved.refused[0].0, 3);
    assert_eq!(moved.refused[0].1.why, Why::WaitedTooLong);
    assert_eq!(moved.refused[0].1.retry_after, Duration::from_secs(3));
}

#[test]
fn who_cancels_too_late_has_entered() {
    let mut admission = admission(1, 10);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 1, at(0)),
        Entry::Entered
    );
    let second = ticket(admission.enter(ask(Criticality::P1), || 2, at(0)));
    let third = ticket(admission.enter(ask(Criticality::P1), || 3, at(0)));
    assert_eq!(admission.cancel(third, at(1)).unwrap().token, 3);
    assert_eq!(
        admission
            .left(NOTHING, Meaning::Served, at(2))
            .entered
            .len(),
        1
    );
    assert_eq!(admission.cancel(second, at(2)), None);
    assert_eq!(admission.view(at(2)).in_flight, 1);
}

#[test]
fn a_higher_limit_lets_those_in_who_wait() {
    let mut admission = admission(1, 10);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 1, at(0)),
        Entry::Entered
    );
    for token in 2..6 {
        ticket(admission.enter(ask(Criticality::P1), || token, at(0)));
    }
    let queue = queue::Options::default();
    let moved = admission.reconfigure(concurrency::Options::Fixed(3), queue, at(1));
    assert_eq!(moved.entered.len(), 2);
    let moved = admission.reconfigure(concurrency::Options::Fixed(1), queue, at(1));
    assert_eq!(moved.entered, []);
    for _ in 0..2 {
        assert_eq!(admission.left(NOTHING, Meaning::Served, at(1)).entered, []);
    }
    assert_eq!(
        admission
            .left(NOTHING, Meaning::Served, at(1))
            .entered
            .len(),
        1
    );
}

#[test]
fn long_waits_shed_the_least_critical_at_the_door() {
    let mut admission = admission(1, 1000);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 0, at(0)),
        Entry::Entered
    );
    // One is served each 10 ms; in four of five of them a person's request comes, and a batch's.
    let mut shed = [0; 4];
    for turn in 1..3000u64 {
        let now = at(turn * 10);
        for class in [Criticality::P1, Criticality::P3] {
            if turn % 5 == 0 {
                continue;
            }
            if let Entry::Refused(refused) = admission.enter(ask(class), || 0, now) {
                assert_eq!(refused.why, Why::Shed);
                shed[class.index()] += 1;
            }
        }
        if admission.view(now).in_flight > 0 {
            let _ = admission.left(Duration::from_millis(10), Meaning::Served, now);
        }
    }
    // A fifth of the places is left for batches, which is a quarter of them.
    assert_eq!(shed[1], 0);
    assert!((1600..=1800).contains(&shed[3]), "{shed:?}");
    let view = admission.view(at(30_000));
    assert!(view.longest_wait < Duration::from_millis(200), "{view:?}");
}

#[test]
fn a_class_that_is_shed_keeps_its_share_of_the_places() {
    let mut admission = admission(1, 1000);
    assert_eq!(
        admission.enter(ask(Criticality::P1), || 0, at(0)),
        Entry::Entered
    );
    // One is served each 10 ms, and three come: P1 alone would take twice what there is.
    let mut served = [0; 4];
    for turn in 1..6000u64 {
        let now = at(turn * 10);
        for class in [Criticality::P1, Criticality::P1, Criticality::P3] {
            let _ = admission.enter(ask(class), || 0, now);
        }
        for left in admission
            .left(Duration::from_millis(10), Meaning::Served, now)
            .entered
        {
            served[left.class.index()] += 1;
        }
    }
    assert_eq!(admission.view(at(60_000)).shares[3], 0.0);
    // 0.05 of 0.35, or 857 of 6,000.
    assert!((700..=860).contains(&served[3]), "{served:?}");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(Criticality),
    Leave,
    Cancel(usize),
    Advance,
    Resize(u32),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0usize..4).prop_map(|class| Step::Enter(Criticality::ALL[class])),
        4 => Just(Step::Leave),
        1 => (0usize..60).prop_map(Step::Cancel),
        1 => Just(Step::Advance),
        1 => (1u32..8).prop_map(Step::Resize),
        2 => (0u64..400).prop_map(Step::Wait),
    ]
}

/// What a caller knows.
#[derive(Default)]
struct Model {
    running: u32,
    waiting: Vec<u32>,
}

impl Model {
    fn moved(&mut self, moved: Moved<u32>) {
        for left in moved.entered {
            self.gone(left.token);
            self.running += 1;
        }
        for (token, _) in moved.refused {
            self.gone(token);
        }
    }

    fn gone(&mut self, token: u32) {
        let place = self.waiting.iter().position(|other| *other == token);
        self.waiting
            .remove(place.expect("nobody's wait ends twice"));
    }
}

proptest! {
    #[test]
    fn everybody_is_told_once_and_nobody_waits_beside_a_free_place(
        length_max in 0usize..10,
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let queue = queue::Options { length_max, ..queue::Options::default() };
        let mut limit = 2;
        let mut admission = Admission::new(concurrency::Options::Fixed(limit), queue, 1, at(0));
        let (mut model, mut now, mut tickets) = (Model::default(), at(0), Vec::new());
        for step in steps {
            match step {
                Step::Enter(class) => {
                    let token = tickets.len() as u32;
                    match admission.enter(ask(class), || token, now) {
                        Entry::Entered => model.running += 1,
                        Entry::Waiting { ticket, displaced, .. } => {
                            model.waiting.push(token);
                            tickets.push((ticket, token));
                            if let Some((token, _)) = displaced {
                                model.gone(token);
                            }
                        }
                        Entry::Refused(_) => {}
                    }
                }
                Step::Leave if model.running > 0 => {
                    model.running -= 1;
                    model.moved(admission.left(NOTHING, Meaning::Served, now));
                }
                Step::Leave => {}
                Step::Cancel(place) => {
                    if let Some((ticket, token)) = tickets.get(place) {
                        if admission.cancel(*ticket, now).is_some() {
                            model.gone(*token);
                        } else {
                            prop_assert!(!model.waiting.contains(token));
                        }
                    }
                }
                Step::Advance => model.moved(admission.advance(now)),
                Step::Resize(to) => {
                    limit = to;
                    let options = concurrency::Options::Fixed(limit);
                    model.moved(admission.reconfigure(options, queue, now));
                }
                Step::Wait(millis) => now = now.after(Duration::from_millis(millis)),
            }
            let view = admission.view(now);
            prop_assert_eq!(view.in_flight, model.running);
            prop_assert_eq!(view.waiting.iter().sum::<usize>(), model.waiting.len());
            prop_assert!(model.waiting.is_empty() || model.running >= limit);
            prop_assert!(model.waiting.len() <= length_max);
        }
    }
}
