//! Against a model that counts whole records, in random order over workers, reloads and failures of the store.

use plimsoll_testkit::MemoryStore;
use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A request ends on one of three workers.
    Request { worker: usize, request: Request },
    /// A worker ends, and another begins in its place.
    Replace(usize),
    /// Time for an export; the store takes it or not.
    Export { is_away: bool },
    /// Somebody looks at `/metrics`.
    Look,
    /// The store forgets refs, as after an hour without samples.
    Forget,
    /// A reload: endpoints are there or not, under ids of their own.
    Reload { endpoints: usize },
}

#[derive(Clone, Debug)]
struct Request {
    route: Option<u32>,
    endpoints: Vec<u32>,
    criticality: usize,
    status: u16,
    reason: usize,
    millis: u64,
}

fn request() -> impl Strategy<Value = Request> {
    let parts = (
        prop::option::of(0_u32..2),
        prop::collection::vec(0_u32..2, 0..3),
        0_usize..4,
        prop::sample::select(vec![0_u16, 101, 200, 204, 302, 404, 429, 499, 500, 503]),
        0..Reason::ALL.len(),
        0_u64..5000,
    );
    parts.prop_map(
        |(route, endpoints, criticality, status, reason, millis)| Request {
            route,
            endpoints,
            criticality,
            status,
            reason,
            millis,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_usize..3, request()).prop_map(|(worker, request)| Step::Request { worker, request }),
        1 => (0_usize..3).prop_map(Step::Replace),
        4 => any::<bool>().prop_map(|is_away| Step::Export { is_away }),
        2 => Just(Step::Look),
        1 => Just(Step::Forget),
        1 => (1_usize..3).prop_map(|endpoints| Step::Reload { endpoints }),
    ]
}

/// What a metric's series should be, by their labels.
type Counted = BTreeMap<String, f64>;

#[derive(Default)]
struct Model {
    requests: Counted,
    durations: Counted,
    attempts: Counted,
    seconds: f64,
}

impl Model {
    fn count(&mut self, record: &Record) {
        let names = ["shop", "blog"];
        let endpoints = ["a", "b"];
        let endpoint = record.endpoint().map(|id| endpoints[id.0 as usize]);
        let mut labels = vec![
            ("criticality", record.criticality.as_str()),
            ("class", record.class().as_str()),
            ("endpoint", endpoint.unwrap_or_default()),
            ("route", record.route.map_or("", |id| names[id.0 as usize])),
            ("backend", record.backend.map_or("", |_| "web")),
        ];
        let shown = Labels::from_pairs(labels.iter().copied()).to_string();
        *self.durations.entry(shown).or_default() += 1.0;
        labels.push(("reason", record.reason.as_str()));
        let shown = Labels::from_pairs(labels).to_string();
        *self.requests.entry(shown).or_default() += 1.0;
        self.seconds += record.duration.as_secs_f64();
        for attempt in record.attempts.iter().filter(|_| record.backend.is_some()) {
            let labels = [
                ("backend", "web"),
                ("endpoint", endpoints[attempt.endpoint.0 as usize]),
                ("outcome", crate::signals::outcome_name(attempt.outcome)),
            ];
            let shown = Labels::from_pairs(labels).to_string();
            *self.attempts.entry(shown).or_default() += 1.0;
        }
    }
}

impl Request {
    fn record(&self) -> Record {
        let attempts = self.endpoints.iter();
        let outcomes = [Outcome::Success, Outcome::Failed(FailureKind::Closed)];
        let attempts = attempts
            .enumerate()
            .map(|(index, endpoint)| attempt(*endpoint, outcomes[index % 2]));
        Record {
            route: self.route.map(RouteId),
            backend: (!self.endpoints.is_empty()).then_some(BackendId(0)),
            criticality: Criticality::ALL[self.criticality],
            status: self.status,
            reason: Reason::ALL[self.reason],
            duration: Duration::from_millis(self.millis),
            attempts: attempts.collect(),
            ..record()
        }
    }
}

fn play(steps: Vec<Step>) -> (World, Model) {
    let world = World::new();
    let registry = plimsoll_runtime::metrics::Registry::new();
    world.signals.register(&registry);
    let mut workers: Vec<_> = (0..3).map(|_| world.signals.recorder()).collect();
    let mut model = Model::default();
    let mut seconds = 0;
    for step in steps {
        match step {
            Step::Request { worker, request } => {
                let record = request.record();
                model.count(&record);
                run(&workers[worker], &record);
            }
            Step::Replace(worker) => workers[worker] = world.signals.recorder(),
            Step::Export { is_away } => {
                seconds += 5;
                let failure = is_away.then_some(StorageErrorKind::Overloaded);
                world.store.set_failure(failure);
                let exported = world.signals.export(&world.store, at(seconds));
                world.store.set_failure(None);
                assert!(is_away || exported.unwrap().refused == 0);
            }
            Step::Look => drop(registry.render()),
            Step::Forget => world.store.forget_refs(),
            Step::Reload { endpoints } => {
                // Those that stay keep their ids.
                let names = &["a", "b"][..endpoints];
                world
                    .signals
                    .set_live(live(&world.signals, &["shop", "blog"], names));
            }
        }
    }
    drop(workers);
    world.export(seconds + 5);
    (world, model)
}

fn increase(world: &World, name: &str) -> Counted {
    let series = world.series(name).into_iter();
    series
        .map(|(labels, columns)| (labels, increase_of(&columns)))
        .collect()
}

/// Adds up what a counter rose by, from the first 0 on and over ends and new beginnings.
fn increase_of(columns: &SampleColumns) -> f64 {
    let mut before: Option<f64> = None;
    let mut sum = 0.0;
    for sample in columns.iter() {
        let value = match &sample.value {
            value if value.is_stale() => {
                before = None;
                continue;
            }
            Value::Float(value) => *value,
            Value::Histogram(histogram) => histogram.count(),
        };
        match before {
            None => assert_eq!(value, 0.0, "a series begins with 0"),
            Some(before) => assert!(value >= before, "{value} follows {before}"),
        }
        sum += value - before.unwrap_or(value);
        before = Some(value);
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_store_has_what_was_recorded(steps in prop::collection::vec(step(), 0..120)) {
        let (world, model) = play(steps);
        prop_assert_eq!(increase(&world, "plimsoll_gateway_requests_total"), model.requests);
        prop_assert_eq!(
            increase(&world, "plimsoll_gateway_request_duration_seconds"),
            model.durations
        );
        prop_assert_eq!(increase(&world, "plimsoll_gateway_attempts_total"), model.attempts);
        let in_flight = world.values("plimsoll_gateway_requests_in_flight");
        prop_assert!(in_flight.values().all(|value| *value == 0.0), "{in_flight:?}");
    }
}

#[test]
fn a_process_that_begins_anew_begins_at_zero() {
    let store = MemoryStore::new();
    let mut world = World::new();
    world.store = store.clone();
    run(&world.signals.recorder(), &record());
    world.export(5);
    let signals = Signals::new(Options::default(), Arc::new(Names::default()), at(60));
    signals.set_live(live(&signals, &["shop"], &["a"]));
    let world = World { signals, store };
    let recorder = world.signals.recorder();
    run(&recorder, &record());
    run(&recorder, &record());
    world.export(65);
    let series = world.series("plimsoll_gateway_requests_total");
    let columns = series.into_values().next().unwrap();
    let values: Vec<_> = columns
        .iter()
        .map(|sample| {
            (
                sample.timestamp.millis() - BEGIN,
                sample.start.millis() - BEGIN,
                sample.value,
            )
        })
        .collect();
    let float = Value::Float;
    assert_eq!(
        values,
        [
            (1, 1, float(0.0)),
            (5000, 1, float(1.0)),
            (60_001, 60_001, float(0.0)),
            (65_000, 60_001, float(2.0)),
        ]
    );
}
