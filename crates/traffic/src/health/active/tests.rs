use proptest::prelude::*;

use super::*;

fn schedule() -> Schedule {
    Schedule {
        interval: Duration::from_secs(2),
        fast_interval: Duration::from_secs(1),
        down_interval: Duration::from_secs(5),
        jitter: 0.0,
        ..Schedule::default()
    }
}

fn at(seconds: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_secs(seconds))
}

/// Checks when it is due; returns the change.
fn check(health: &mut Health, passes: bool) -> Option<Change> {
    let result = passes.then_some(()).ok_or_else(|| "status 503".to_owned());
    health.checked(result, 0.5, health.next_check())
}

#[test]
fn unchecked_is_not_up() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    assert_eq!(
        (health.status(), health.is_up()),
        (Status::Unchecked, false)
    );
    assert_eq!(check(&mut health, true), None);
    assert!(!health.is_up());
    assert_eq!(health.next_check(), at(1), "about to change");
    let change = check(&mut health, true).unwrap();
    assert_eq!(
        (change.to, change.reason.as_str()),
        (Status::Up, "2 checks in a row passed")
    );
    assert_eq!(health.next_check(), at(3));
}

#[test]
fn the_table_is_followed() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    let script = "PP FPFFF FPFPP FFF";
    let mut seen = String::new();
    for step in script.chars() {
        if step == ' ' {
            seen.push(' ');
            continue;
        }
        let change = check(&mut health, step == 'P').map(|change| change.to);
        assert!(change.is_none_or(|to| to == health.status()));
        seen.push(match (change.is_some(), health.status()) {
            (false, Status::Unchecked) => '?',
            (false, Status::Up) => 'u',
            (false, Status::Down) => 'd',
            (true, Status::Up) => 'U',
            (true, _) => 'D',
        });
    }
    assert_eq!(seen, "?U uuuuD dddd".to_owned() + "U uuD");
}

#[test]
fn an_endpoint_that_was_never_up_goes_down_after_as_many_failures() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    assert_eq!(check(&mut health, false), None);
    assert_eq!(check(&mut health, false), None);
    let change = check(&mut health, false).unwrap();
    assert_eq!(change.to, Status::Down);
    assert_eq!(
        change.reason,
        "3 checks in a row failed, the last one: status 503"
    );
    assert_eq!(health.last_error(), Some("status 503"));
    assert_eq!(health.last_check(), Some(at(2)));
    assert_eq!(
        health.next_check(),
        at(7),
        "the interval of those that are down"
    );
    check(&mut health, true);
    assert_eq!(health.last_error(), None);
    assert_eq!(health.next_check(), at(8), "about to change");
}

#[test]
fn intervals_run_from_due_to_due() {
    let mut health = Health::new(schedule(), 0.5, at(0));
    assert_eq!(health.next_check(), at(1));
    health.status = Status::Up;
    health.checked(Ok(()), 0.5, at(2));
    assert_eq!(
        health.next_check(),
        at(3),
        "a check that took a second delays nothing"
    );
    health.checked(Ok(()), 0.5, at(100));
    assert_eq!(health.next_check(), at(100), "after a pause once at once");
    health.checked(Ok(()), 0.5, at(100));
    assert_eq!(health.next_check(), at(102), "and then as always");
    health.checked(Ok(()), 0.5, at(101));
    assert_eq!(
        health.next_check(),
        at(103),
        "an early one moves the others"
    );
}

#[test]
fn long_errors_are_cut() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    health.checked(Err("\u{e4}".repeat(1000)), 0.5, at(0));
    assert_eq!(health.last_error().unwrap().len(), 512);
    health.checked(Err("x".to_owned() + &"\u{e4}".repeat(1000)), 0.5, at(0));
    assert_eq!(
        health.last_error().unwrap().len(),
        511,
        "between two characters"
    );
}

#[test]
fn suspicion_brings_the_next_check_forward() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    health.status = Status::Up;
    health.checked(Ok(()), 0.5, at(0));
    health.suspect(at(0));
    assert_eq!(health.next_check(), at(1));
    health.suspect(at(1));
    assert_eq!(health.next_check(), at(1), "never back");
}

#[test]
fn another_schedule_keeps_the_status() {
    let mut health = Health::new(schedule(), 0.0, at(0));
    check(&mut health, true);
    check(&mut health, true);
    let slow = Schedule {
        interval: Duration::from_secs(60),
        ..schedule()
    };
    health.reconfigure(slow, at(1));
    assert!(health.is_up());
    check(&mut health, true);
    assert_eq!(health.next_check(), at(63));
    health.reconfigure(schedule(), at(10));
    assert_eq!(
        health.next_check(),
        at(12),
        "not only after the old interval"
    );
}

proptest! {
    #[test]
    fn jitter_stays_within_its_share(jitter in 0.0..=0.5_f64, chance in 0.0..=1.0_f64) {
        let jittered = jittered(Duration::from_secs(10), jitter, chance).as_secs_f64();
        prop_assert!((jittered - 10.0).abs() <= 10.0 * jitter + 1e-6);
    }

    /// Against the sentence of the manual: the status is what the last row of equal results, long enough, says.
    #[test]
    fn the_status_is_that_of_the_last_row_that_was_long_enough(
        results in prop::collection::vec(any::<bool>(), 0..60), fall in 1_u32..5, rise in 1_u32..5,
    ) {
        let mut health = Health::new(Schedule { fall, rise, ..schedule() }, 0.0, at(0));
        let (mut row, mut expected) = (0, Status::Unchecked);
        let mut last = None;
        for passes in results {
            row = if last == Some(passes) { row + 1 } else { 1 };
            last = Some(passes);
            let was = expected;
            if passes && row >= rise { expected = Status::Up; }
            if !passes && row >= fall { expected = Status::Down; }
            let change = check(&mut health, passes);
            prop_assert_eq!(health.status(), expected);
            prop_assert_eq!(change.map(|change| change.to), (was != expected).then_some(expected));
        }
    }
}
