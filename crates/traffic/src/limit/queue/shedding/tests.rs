use super::*;

const WINDOW: Duration = Duration::from_secs(1);

fn window(index: u64) -> Moment {
    Moment::from_origin(WINDOW * u32::try_from(index).unwrap())
}

/// Ten thousand requests come in each window, these parts of each class.
struct World {
    threshold: Threshold,
    parts: [u32; 4],
    windows: u64,
}

impl World {
    fn new(parts: [u32; 4]) -> Self {
        Self {
            threshold: Threshold::new(&Options::default(), window(0)),
            parts,
            windows: 0,
        }
    }

    /// Lets a window pass in which everybody who comes in waits as long as this says of how many came in; returns how many
    /// of each class came in.
    fn pass(&mut self, wait: impl Fn(u32) -> Duration) -> [u32; 4] {
        let now = window(self.windows);
        let mut let_in = [0; 4];
        for class in Criticality::ALL {
            for key in 0..self.parts[class.index()] {
                let key = Some(u64::from(key).wrapping_mul(0x1234_5678_9ABC_DEF1));
                let_in[class.index()] += u32::from(self.threshold.admits(class, key, now));
            }
        }
        let wait = wait(let_in.iter().sum());
        for (class, count) in Criticality::ALL.into_iter().zip(let_in) {
            for _ in 0..count {
                self.threshold.waited(class, wait);
            }
        }
        self.windows += 1;
        let options = Options::default();
        self.threshold
            .judge(&options, Duration::ZERO, window(self.windows));
        let_in
    }
}

fn millis(millis: u64) -> impl Fn(u32) -> Duration {
    move |_| Duration::from_millis(millis)
}

#[test]
fn everybody_comes_in_while_waits_are_short() {
    let mut world = World::new([1000, 6000, 2000, 1000]);
    for _ in 0..20 {
        assert_eq!(world.pass(millis(20)), [1000, 6000, 2000, 1000]);
    }
    assert!(!world.threshold.is_shedding());
}

#[test]
fn the_least_critical_go_first_and_the_most_critical_never() {
    let mut world = World::new([1000, 6000, 2000, 1000]);
    let mut before = world.pass(millis(21));
    for _ in 0..200 {
        let let_in = world.pass(millis(21));
        for class in 1..4 {
            let is_whole = let_in[class - 1] == world.parts[class - 1];
            assert!(is_whole || let_in[class] == 0, "{let_in:?}");
            assert!(let_in[class] <= before[class], "{before:?} {let_in:?}");
        }
        before = let_in;
    }
    assert_eq!(before, [1000, 0, 0, 0]);
}

#[test]
fn a_window_takes_a_twentieth_away_and_more_when_waits_are_far_too_long() {
    let mut world = World::new([0, 10_000, 0, 0]);
    world.pass(millis(20));
    world.pass(millis(21));
    let let_in = world.pass(millis(1000))[1];
    assert!((9350..=9500).contains(&let_in), "{let_in}");
    let fewer = world.pass(millis(0))[1];
    let share = f64::from(fewer) / f64::from(let_in);
    assert!((0.73..=0.75).contains(&share), "{share}");
}

#[test]
fn it_restores_after_two_calm_windows_slowly_and_then_faster() {
    let mut world = World::new([0, 10_000, 0, 0]);
    for _ in 0..6 {
        world.pass(millis(200));
    }
    let low = world.pass(millis(19))[1];
    assert_eq!(
        world.pass(millis(19))[1],
        low,
        "above 0.9 of the target nothing is restored"
    );
    assert_eq!(world.pass(millis(17))[1], low);
    assert_eq!(
        world.pass(millis(17))[1],
        low,
        "one calm window is not enough"
    );
    let mut steps = Vec::new();
    let mut last = low;
    while world.threshold.is_shedding() {
        let let_in = world.pass(millis(17))[1];
        steps.push(let_in - last);
        last = let_in;
    }
    assert!((100..=200).contains(&steps[0]), "{steps:?}");
    assert!(steps.len() <= 10, "{steps:?}");
    assert!(
        steps.windows(2).take(3).all(|pair| pair[0] < pair[1]),
        "{steps:?}"
    );
}

#[test]
fn overload_of_one_class_settles_without_swinging() {
    // The backend serves 7,000 per window; more make waits grow with what is too much.
    let wait = |let_in: u32| Duration::from_millis(u64::from(let_in.saturating_sub(7000) / 10));
    let mut world = World::new([0, 10_000, 0, 0]);
    for _ in 0..30 {
        world.pass(wait);
    }
    let counts: Vec<u32> = (0..100).map(|_| world.pass(wait)[1]).collect();
    let mean = f64::from(counts.iter().sum::<u32>()) / 100.0;
    assert!((6600.0..=7200.0).contains(&mean), "{mean} {counts:?}");
    assert!(
        counts.iter().all(|count| (5500..=8700).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_key_keeps_its_fate_for_an_hour_and_not_for_ever() {
    let hour = |hour: u64| Moment::from_origin(STEP_KEPT * u32::try_from(hour).unwrap());
    let steps: Vec<usize> = (0..50).map(|index| step_of(77, hour(index))).collect();
    let late = hour(1).after(STEP_KEPT - Duration::from_nanos(1));
    assert_eq!(step_of(77, late), steps[1]);
    let distinct: std::collections::HashSet<usize> = steps.into_iter().collect();
    assert!(distinct.len() > 30, "{distinct:?}");
}

#[test]
fn requests_without_a_key_are_shed_evenly() {
    let mut threshold = Threshold::new(&Options::default(), window(0));
    threshold.level = STEPS + STEPS / 2;
    let fates: Vec<bool> = (0..10_000)
        .map(|_| threshold.admits(Criticality::P1, None, window(0)))
        .collect();
    let let_in = fates.iter().filter(|let_in| **let_in).count();
    assert!((4950..=5050).contains(&let_in), "{let_in}");
    // Nobody who comes four times in a row is sent away each time.
    assert!(fates.windows(4).all(|fates| fates.contains(&true)));
}

#[test]
fn a_queue_that_stands_still_is_overload_too() {
    let options = Options::default();
    let mut threshold = Threshold::new(&options, window(0));
    for key in 0..1000 {
        threshold.admits(Criticality::P2, Some(key), window(0));
    }
    threshold.judge(&options, Duration::from_millis(900), window(1));
    assert_eq!(threshold.mean_wait(), Duration::from_millis(900));
    assert!(threshold.is_shedding());
}
