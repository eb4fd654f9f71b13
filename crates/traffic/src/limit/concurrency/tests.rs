use std::collections::BinaryHeap;
use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const BOUNDS: Bounds = Bounds {
    initial: 20,
    min: 4,
    max: 1000,
};

fn adaptive() -> impl Iterator<Item = &'static Kind> {
    let is_adaptive = |kind: &&Kind| kind.name != "fixed";
    ALL.iter().copied().filter(is_adaptive)
}

/// A server: so many requests at a time, the others queue up to a bound in the order in which they came.
#[derive(Debug)]
struct Server {
    workers: usize,
    service: f64,
    queue_max: usize,
    queue: VecDeque<f64>,
    /// Ends of what runs with when it came, the earliest first.
    running: BinaryHeap<(std::cmp::Reverse<u64>, u64)>,
    chance: u64,
}

impl Server {
    fn new(workers: usize, service: f64) -> Self {
        Self {
            workers,
            service,
            queue_max: 150,
            queue: VecDeque::new(),
            running: BinaryHeap::new(),
            chance: 1,
        }
    }

    /// Returns whether the request is not refused.
    fn arrive(&mut self, now: f64) -> bool {
        if self.running.len() < self.workers {
            self.run(now, now);
            return true;
        }
        let fits = self.queue.len() < self.queue_max;
        if fits {
            self.queue.push_back(now);
        }
        fits
    }

    fn run(&mut self, came: f64, now: f64) {
        let end = now + self.service * (0.5 + self.chance());
        self.running
            .push((std::cmp::Reverse((end * 1e9) as u64), (came * 1e9) as u64));
    }

    fn next_end(&self) -> Option<f64> {
        self.running.peek().map(|(end, _)| end.0 as f64 / 1e9)
    }

    /// Ends the next one; returns when it had come.
    fn end(&mut self) -> f64 {
        let (end, came) = self.running.pop().unwrap();
        if self.running.len() < self.workers
            && let Some(came) = self.queue.pop_front()
        {
            self.run(came, end.0 as f64 / 1e9);
        }
        came as f64 / 1e9
    }

    /// 0 to 1.
    fn chance(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.chance ^ (self.chance >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = mixed ^ (mixed >> 29);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn moment(seconds: f64) -> Moment {
    Moment::from_origin(Duration::from_secs_f64(seconds))
}

/// What was seen in a stretch of time.
#[derive(Debug, Default)]
struct Seen {
    served_per_second: f64,
    mean_latency: f64,
    mean_limit: f64,
    highest_limit: u32,
}

/// A limiter before a server.
#[derive(Debug)]
struct World {
    limiter: Limiter,
    server: Server,
    now: f64,
    next_arrival: f64,
}

impl World {
    fn new(options: Options, server: Server) -> Self {
        Self {
            limiter: Limiter::new(options, 5),
            server,
            now: 0.0,
            next_arrival: 0.0,
        }
    }

    /// Lets time pass in which so many requests come per second.
    fn pass(&mut self, seconds: f64, rate: f64) -> Seen {
        let until = self.now + seconds;
        let mut seen = Seen::default();
        let (mut served, mut latencies, mut limits, mut events) = (0u32, 0.0, 0.0, 0.0);
        loop {
            let end = self.server.next_end().unwrap_or(f64::MAX);
            self.now = end.min(self.next_arrival);
            if self.now >= until {
                break;
            }
            if end <= self.next_arrival {
                let latency = self.now - self.server.end();
                self.release(latency, Meaning::Served);
                served += 1;
                latencies += latency;
            } else {
                // Poisson.
                self.next_arrival += -(1.0 - self.server.chance()).ln() / rate;
                if self.limiter.acquire() && !self.server.arrive(self.now) {
                    self.release(0.0, Meaning::Dropped);
                }
            }
            limits += f64::from(self.limiter.limit());
            events += 1.0;
            seen.highest_limit = seen.highest_limit.max(self.limiter.limit());
        }
        self.now = until;
        seen.served_per_second = f64::from(served) / seconds;
        seen.mean_latency = latencies / f64::from(served.max(1));
        seen.mean_limit = limits / f64::max(events, 1.0);
        seen
    }

    fn release(&mut self, latency: f64, meaning: Meaning) {
        let latency = Duration::from_secs_f64(latency.max(0.0));
        self.limiter.release(latency, meaning, moment(self.now));
    }
}

#[test]
fn twice_the_load_is_served_at_full_speed_with_a_short_queue() {
    // Fifty at a time, 20 ms each: 2,500 per second, and the knee is at 50.
    for kind in adaptive() {
        let mut world = World::new((kind.options)(BOUNDS), Server::new(50, 0.020));
        world.pass(60.0, 5000.0);
        let seen = world.pass(120.0, 5000.0);
        let (limits, latency) = match kind.name {
            "vegas" => (50.0..=65.0, 1.4),
            "gradient2" => (60.0..=95.0, 1.9),
            // It knows nothing of latency: what it finds is where the server's queue of 150 overflows.
            _ => (150.0..=200.0, 4.2),
        };
        assert!(limits.contains(&seen.mean_limit), "{}: {seen:?}", kind.name);
        assert!(
            seen.mean_latency < 0.020 * latency,
            "{}: {seen:?}",
            kind.name
        );
        assert!(
            seen.served_per_second > 2500.0 * 0.97,
            "{}: {seen:?}",
            kind.name
        );
    }
}

#[test]
fn a_limit_that_starts_too_low_does_not_take_its_own_queue_for_the_normal() {
    // The knee is at 4; the limit starts at 20, so nothing is ever seen without a queue but in dips.
    for kind in adaptive().filter(|kind| kind.name != "aimd") {
        let bounds = Bounds { min: 1, ..BOUNDS };
        let mut world = World::new((kind.options)(bounds), Server::new(4, 0.020));
        world.pass(120.0, 1000.0);
        let seen = world.pass(600.0, 1000.0);
        assert!(seen.highest_limit < 25, "{}: {seen:?}", kind.name);
        assert!(
            seen.served_per_second > 200.0 * 0.95,
            "{}: {seen:?}",
            kind.name
        );
    }
}

#[test]
fn a_server_that_loses_most_of_itself_and_returns_is_followed_down_and_up() {
    for kind in adaptive() {
        let mut world = World::new((kind.options)(BOUNDS), Server::new(50, 0.020));
        world.pass(60.0, 5000.0);
        world.server.workers = 5;
        world.pass(20.0, 5000.0);
        let slow = world.pass(40.0, 5000.0);
        assert!(
            slow.served_per_second > 250.0 * 0.9,
            "{}: {slow:?}",
            kind.name
        );
        if kind.name != "aimd" {
            assert!(slow.mean_limit < 25.0, "{}: {slow:?}", kind.name);
        }
        world.server.workers = 50;
        world.pass(20.0, 5000.0);
        let back = world.pass(40.0, 5000.0);
        assert!(
            back.served_per_second > 2500.0 * 0.95,
            "{}: {back:?}",
            kind.name
        );
    }
}

#[test]
fn a_service_that_becomes_slower_for_good_is_given_its_new_limit() {
    // The same fifty at a time, each takes five times as long: the knee stays at 50.
    for kind in adaptive() {
        let mut world = World::new((kind.options)(BOUNDS), Server::new(50, 0.020));
        world.pass(60.0, 5000.0);
        world.server.service = 0.100;
        world.pass(90.0, 5000.0);
        let seen = world.pass(60.0, 5000.0);
        assert!(
            seen.served_per_second > 500.0 * 0.95,
            "{}: {seen:?}",
            kind.name
        );
    }
}

#[test]
fn a_baseline_of_worse_times_is_given_up() {
    // Hands, what a request takes, and how much longer it does in worse times.
    let servers = [(42, 0.052, 2.8), (4, 0.012, 4.8), (4, 0.1, 3.4)];
    for (kind, (workers, service, worse)) in adaptive()
        .filter(|kind| kind.name != "aimd")
        .flat_map(|kind| servers.map(|server| (kind, server)))
    {
        let mut server = Server::new(workers, service);
        server.queue_max = workers + 10;
        let capacity = workers as f64 / service;
        let bounds = Bounds { min: 1, ..BOUNDS };
        let mut world = World::new((kind.options)(bounds), server);
        world.pass(60.0, capacity * 2.0);
        world.server.service = service * worse;
        world.pass(60.0 + 300.0 * service, capacity);
        world.server.service = service;
        // What a change of times fell into is measured again 200 latencies later at the latest, and a latency is up to
        // four services until then, but the limit's doubts are mostly quicker.
        world.pass(40.0 + 600.0 * service, capacity * 2.0);
        let seen = world.pass(15.0 + 600.0 * service, capacity * 2.0);
        let times = seen.mean_latency / service;
        assert!(
            times < 1.8 + 6.0 / workers as f64,
            "{}: {seen:?}",
            kind.name
        );
        assert!(
            seen.served_per_second > capacity * 0.95,
            "{}: {seen:?}",
            kind.name
        );
    }
}

#[test]
fn a_thousand_at_a_time_are_found_within_a_minute() {
    for kind in adaptive().filter(|kind| kind.name != "aimd") {
        let mut server = Server::new(800, 0.050);
        server.queue_max = 1000;
        let mut world = World::new((kind.options)(BOUNDS), server);
        world.pass(60.0, 30_000.0);
        let seen = world.pass(20.0, 30_000.0);
        assert!(
            seen.served_per_second > 16_000.0 * 0.95,
            "{}: {seen:?}",
            kind.name
        );
    }
}

#[test]
fn a_limit_that_does_not_bind_stays() {
    for kind in adaptive() {
        let mut world = World::new((kind.options)(BOUNDS), Server::new(50, 0.020));
        // Two in flight on the average, ten seldom.
        let seen = world.pass(300.0, 100.0);
        assert!(seen.highest_limit <= 22, "{}: {seen:?}", kind.name);
        assert!(!world.limiter.is_measuring());
    }
}

#[test]
fn measuring_costs_little_throughput() {
    for kind in adaptive().filter(|kind| kind.name != "aimd") {
        let mut world = World::new((kind.options)(BOUNDS), Server::new(50, 0.020));
        world.pass(60.0, 5000.0);
        let (mut measuring, mut total) = (0, 0);
        for _ in 0..60_000 {
            world.pass(0.01, 5000.0);
            measuring += u32::from(world.limiter.is_measuring());
            total += 1;
        }
        let share = f64::from(measuring) / f64::from(total);
        assert!((0.0001..0.01).contains(&share), "{}: {share}", kind.name);
    }
}

#[test]
fn a_burst_of_drops_shrinks_aimd_once() {
    let mut limiter = Limiter::new((aimd::KIND.options)(BOUNDS), 0);
    for _ in 0..20 {
        assert!(limiter.acquire());
    }
    for _ in 0..20 {
        limiter.release(Duration::from_millis(100), Meaning::Dropped, moment(1.0));
    }
    assert_eq!(limiter.limit(), 18);
    assert!(limiter.acquire());
    limiter.release(Duration::from_millis(100), Meaning::Dropped, moment(1.2));
    assert_eq!(limiter.limit(), 16);
}

#[test]
fn what_says_nothing_of_load_moves_nothing() {
    for kind in ALL {
        let mut limiter = Limiter::new((kind.options)(BOUNDS), 0);
        for turn in 0..1000 {
            assert!(limiter.acquire());
            limiter.release(Duration::ZERO, Meaning::Nothing, moment(f64::from(turn)));
        }
        assert_eq!((limiter.limit(), limiter.in_flight()), (20, 0));
    }
}

#[test]
fn a_reload_with_the_same_options_forgets_nothing() {
    let mut world = World::new(Options::Vegas(BOUNDS), Server::new(50, 0.020));
    world.pass(30.0, 5000.0);
    let limiter = &mut world.limiter;
    let (limit, in_flight) = (limiter.limit(), limiter.in_flight());
    limiter.reconfigure(Options::Vegas(BOUNDS));
    assert_eq!((limiter.limit(), limiter.in_flight()), (limit, in_flight));
    limiter.reconfigure(Options::Fixed(3));
    assert_eq!((limiter.limit(), limiter.in_flight()), (3, in_flight));
    assert!(!limiter.acquire());
}

#[test]
fn names_are_unique_and_options_know_their_kind() {
    for (place, kind) in ALL.iter().enumerate() {
        assert!(ALL[..place].iter().all(|other| other.name != kind.name));
        assert_eq!((kind.options)(BOUNDS).kind().name, kind.name);
        assert!(kind.summary.ends_with('.'));
    }
}

proptest! {
    /// Whatever is answered, the limit stays within its bounds and nothing in flight is lost.
    #[test]
    fn limits_stay_within_their_bounds(
        kind in 0..ALL.len(),
        (min, initial, max) in (0u32..50, 0u32..2000, 0u32..2000),
        answers in proptest::collection::vec((0u64..u64::MAX, 0u8..10, 0u64..10_000_000_000), 1..400),
    ) {
        let bounds = Bounds { min, initial, max };
        let mut limiter = Limiter::new((ALL[kind].options)(bounds), 3);
        let is_fixed = ALL[kind].name == "fixed";
        let least = if is_fixed { initial } else { min.max(1) };
        let most = if is_fixed { initial } else { max.max(least) };
        let mut now = Moment::ORIGIN;
        let mut in_flight = 0;
        for (latency, meaning, elapsed) in answers {
            now = now.after(Duration::from_nanos(elapsed));
            while limiter.acquire() {
                in_flight += 1;
            }
            let meaning = match meaning {
                0..6 => Meaning::Served,
                6..9 => Meaning::Dropped,
                _ => Meaning::Nothing,
            };
            if in_flight > 0 {
                in_flight -= 1;
                limiter.release(Duration::from_nanos(latency >> (latency % 64)), meaning, now);
            }
            prop_assert_eq!(limiter.in_flight(), in_flight);
            prop_assert!((least..=most).contains(&limiter.limit()), "{}", limiter.limit());
        }
    }
}
