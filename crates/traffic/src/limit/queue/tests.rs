use proptest::prelude::*;

use super::*;

const P0: Criticality = Criticality::P0;
const P1: Criticality = Criticality::P1;
const P2: Criticality = Criticality::P2;
const P3: Criticality = Criticality::P3;

fn queue(length_max: usize) -> Queue<u32> {
    Queue::new(Options {
        length_max,
        ..Options::default()
    })
}

fn at(millis: u64) -> Moment {
    Moment::from_origin(Duration::from_millis(millis))
}

#[test]
fn a_class_is_served_in_the_order_in_which_it_came() {
    let mut queue = queue(10);
    for token in 0..5 {
        queue.push(P2, || token, at(0)).unwrap();
    }
    let tokens: Vec<u32> = std::iter::from_fn(|| queue.pop(at(9)).map(|left| left.token)).collect();
    assert_eq!(tokens, [0, 1, 2, 3, 4]);
    assert!(queue.is_empty());
}

#[test]
fn classes_that_wait_get_their_shares_from_the_first_hundred_on() {
    let mut queue = queue(usize::MAX);
    for class in Criticality::ALL {
        for _ in 0..1000 {
            queue.push(class, || 0, at(0)).unwrap();
        }
    }
    let mut served = [0u32; 4];
    for turn in 1..=1000u32 {
        served[queue.pop(at(0)).unwrap().class.index()] += 1;
        if turn % 100 == 0 {
            for (class, weight) in Options::default().weights.iter().enumerate() {
                let share = f64::from(turn) * weight;
                assert!(
                    (f64::from(served[class]) - share).abs() <= 1.0,
                    "{turn}: {served:?}"
                );
            }
        }
    }
    assert_eq!(served, [500, 300, 150, 50]);
}

#[test]
fn what_one_class_leaves_the_others_share() {
    let mut queue = queue(usize::MAX);
    for class in [P1, P3] {
        for _ in 0..1000 {
            queue.push(class, || 0, at(0)).unwrap();
        }
    }
    let served = (0..700).map(|_| queue.pop(at(0)).unwrap().class);
    let least = served.filter(|class| *class == P3).count();
    // 0.05 of 0.35.
    assert!((99..=101).contains(&least), "{least}");
}

#[test]
fn who_goes_without_a_place_takes_nothing_from_its_class() {
    // More of the least critical come, and have to go, than are served of all.
    let mut queue = queue(8);
    let mut served = [0; 4];
    for _ in 0..1000 {
        for class in [P3, P3, P1, P3, P3] {
            let _ = queue.push(class, || 0, at(0));
        }
        let joined = queue.push(P3, || 0, at(0));
        joined
            .ok()
            .and_then(|joined| queue.cancel(joined.ticket, at(0)));
        served[queue.pop(at(0)).unwrap().class.index()] += 1;
    }
    // 0.05 of 0.35.
    assert!((140..=146).contains(&served[3]), "{served:?}");
}

#[test]
fn a_class_that_was_away_gets_no_credit_for_it() {
    let mut queue = queue(usize::MAX);
    for _ in 0..1000 {
        queue.push(P3, || 0, at(0)).unwrap();
    }
    for _ in 0..500 {
        queue.pop(at(0)).unwrap();
    }
    for _ in 0..1000 {
        queue.push(P2, || 0, at(0)).unwrap();
    }
    let served = (0..100).map(|_| queue.pop(at(0)).unwrap().class);
    let least = served.filter(|class| *class == P3).count();
    assert!((24..=26).contains(&least), "{least}");
}

#[test]
fn a_newcomer_of_the_most_critical_class_does_not_wait_for_the_long_queue_of_another() {
    let mut queue = queue(usize::MAX);
    for _ in 0..1000 {
        queue.push(P3, || 0, at(0)).unwrap();
    }
    queue.pop(at(0)).unwrap();
    queue.push(P0, || 7, at(0)).unwrap();
    assert_eq!(queue.pop(at(0)).unwrap().token, 7);
}

#[test]
fn a_full_queue_sends_the_last_of_the_least_critical_away() {
    let mut queue = queue(3);
    queue.push(P3, || 1, at(0)).unwrap();
    queue.push(P3, || 2, at(1)).unwrap();
    queue.push(P1, || 3, at(2)).unwrap();
    let joined = queue.push(P0, || 4, at(5)).unwrap();
    let displaced = joined.displaced.unwrap();
    assert_eq!(displaced.token, 2);
    assert_eq!(displaced.waited, Duration::from_millis(4));
    assert_eq!(queue.push(P3, || 5, at(5)), Err(Full));
    assert_eq!(
        queue
            .push(P2, || 6, at(5))
            .unwrap()
            .displaced
            .unwrap()
            .token,
        1
    );
    assert_eq!(queue.push(P2, || 7, at(5)), Err(Full));
    assert_eq!(queue.len(), 3);
}

#[test]
fn a_full_queue_has_room_for_one_of_each_class() {
    let mut queue = queue(4);
    for token in 0..4 {
        queue.push(P0, || token, at(0)).unwrap();
    }
    for (class, displaced) in [(P3, 3), (P1, 2), (P2, 1)] {
        let joined = queue.push(class, || 9, at(0)).unwrap();
        assert_eq!(joined.displaced.unwrap().token, displaced);
        assert_eq!(queue.push(class, || 9, at(0)), Err(Full));
    }
    assert_eq!(
        queue.push(P0, || 9, at(0)),
        Err(Full),
        "the only one of its class stays"
    );
}

#[test]
fn nobody_waits_longer_than_it_may() {
    let mut queue = queue(10);
    let joined = queue.push(P0, || 1, at(0)).unwrap();
    queue.push(P3, || 2, at(400)).unwrap();
    assert_eq!(joined.until, at(1000));
    assert_eq!(queue.next_expiry(), Some(at(1000)));
    assert_eq!(queue.expire(at(999)), None);
    assert_eq!(queue.expire(at(1000)).unwrap().token, 1);
    assert_eq!(queue.expire(at(1000)), None);
    assert_eq!(
        queue.expire(at(1400)).unwrap().waited,
        Duration::from_secs(1)
    );
    assert_eq!(queue.next_expiry(), None);
}

#[test]
fn whoever_leaves_is_out_once() {
    let mut queue = queue(10);
    let tickets: Vec<Ticket> = (0..4)
        .map(|token| queue.push(P1, || token, at(0)).unwrap().ticket)
        .collect();
    assert_eq!(queue.cancel(tickets[2], at(3)).unwrap().token, 2);
    assert_eq!(queue.cancel(tickets[2], at(3)), None);
    assert_eq!(queue.pop(at(3)).unwrap().token, 0);
    assert_eq!(queue.cancel(tickets[0], at(3)), None);
    assert_eq!(queue.pop(at(3)).unwrap().token, 1);
    assert_eq!(queue.pop(at(3)).unwrap().token, 3);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push(Criticality),
    Pop,
    Cancel(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..4).prop_map(|class| Step::Push(Criticality::ALL[class])),
        3 => Just(Step::Pop),
        1 => (0usize..50).prop_map(Step::Cancel),
        1 => (0u64..300).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whoever joins is served, sent away, cancelled or still there: once, and in the order of its class.
    #[test]
    fn nobody_is_lost_or_served_twice(
        length_max in 0usize..12,
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let mut queue = queue(length_max);
        let mut now = at(0);
        let mut tickets = Vec::new();
        let mut waiting: Vec<(Criticality, u32)> = Vec::new();
        for step in steps {
            let gone = match step {
                Step::Push(class) => {
                    let token = tickets.len() as u32;
                    let counts = Criticality::ALL.map(|class| queue.waiting(class));
                    let is_first = counts[class.index()] == 0 && length_max >= 4;
                    match queue.push(class, || token, now) {
                        Ok(joined) => {
                            tickets.push(joined.ticket);
                            waiting.push((class, token));
                            joined.displaced.inspect(|left| {
                                let last = counts[left.class.index()] == 1;
                                assert!(length_max < 4 || !last, "the only one of its class stays");
                                assert!(left.class > class || is_first);
                            })
                        }
                        Err(Full) => {
                            prop_assert!(waiting.len() >= length_max);
                            let less = &counts[class.index() + 1..];
                            prop_assert!(less.iter().all(|count| *count <= usize::from(length_max >= 4)));
                            prop_assert!(!is_first);
                            None
                        }
                    }
                }
                Step::Pop => {
                    let left = queue.pop(now);
                    if let Some(left) = left {
                        let first = waiting.iter().find(|(class, _)| *class == left.class);
                        prop_assert_eq!(first, Some(&(left.class, left.token)));
                    }
                    prop_assert_eq!(left.is_none(), waiting.is_empty());
                    left
                }
                Step::Cancel(place) => tickets.get(place).and_then(|&ticket| queue.cancel(ticket, now)),
                Step::Wait(millis) => {
                    now = now.after(Duration::from_millis(millis));
                    queue.expire(now).inspect(|left| assert!(left.waited >= Duration::from_secs(1)))
                }
            };
            if let Some(left) = gone {
                let place = waiting.iter().position(|other| *other == (left.class, left.token));
                prop_assert!(place.is_some(), "{:?} left twice", left);
                waiting.remove(place.unwrap());
            }
            prop_assert_eq!(queue.len(), waiting.len());
            for class in Criticality::ALL {
                let count = waiting.iter().filter(|(other, _)| *other == class).count();
                prop_assert_eq!(queue.waiting(class), count);
            }
        }
    }

    /// However the weights are, over any stretch in which all classes wait each gets its share within two requests.
    #[test]
    fn shares_are_those_of_the_weights(
        weights in proptest::array::uniform4(0.01f64..1.0),
        skip in 0usize..500,
    ) {
        let mut queue = Queue::new(Options { weights, length_max: usize::MAX, ..Options::default() });
        for class in Criticality::ALL {
            for _ in 0..1500 {
                queue.push(class, || 0, at(0)).unwrap();
            }
        }
        for _ in 0..skip {
            queue.pop(at(0)).unwrap();
        }
        let mut served = [0.0; 4];
        for _ in 0..500 {
            served[queue.pop(at(0)).unwrap().class.index()] += 1.0;
        }
        let total: f64 = weights.iter().sum();
        for class in 0..4 {
            let share = 500.0 * weights[class] / total;
            prop_assert!((served[class] - share).abs() <= 4.0, "{:?} {:?}", weights, served);
        }
    }
}
