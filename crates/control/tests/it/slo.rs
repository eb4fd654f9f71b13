//! Objectives on the clock: samples are counted as they are written, whatever happens to the process in between.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_control::slo::{Metrics, Options, Parts, Slos, Tap};
use plimsoll_promql::Features;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::Disk;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_slo::surface::{RefusedKind, Slos as _};
use plimsoll_slo::view::{Address, Figures, Promise, ReplayQuestion};
use plimsoll_slo::{BudgetState, Correction, CorrectionKind, Counts, History as _};
use plimsoll_testkit::{Seed, SimulatedDisk};
use plimsoll_types::{
    ActiveSeries, Appender, Durability, Labels, Matcher, Queryable, Sample, SeriesRef, TimeRange,
    Timestamp, WriteBatch,
};

use crate::world::{Lasting, Recorder, World};

const FILE: &str = "\
version: plimsoll/v1
service: shop
slos:
  - name: availability
    objective: 99
    window: 1d
    sli:
      events: {valid: 'requests_total', bad: 'requests_total{code=\"500\"}'}
    alerts:
      name: ShopErrors
      windows: [{severity: page, factor: 5, long: 5m, short: 1m}]
";
const ID: &str = "shop/availability";
const SCRAPE: Duration = Duration::from_secs(10);

/// What the store in memory has, as an index of active series.
struct Active(plimsoll_testkit::MemoryStore);

impl ActiveSeries for Active {
    fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        self.0.resolve(labels).ok()
    }

    fn count(&self) -> u64 {
        self.0.series_count() as u64
    }

    fn count_with(&self, name: &str, value: &str) -> u64 {
        let mut count = 0;
        self.visit_with(name, value, &mut |_| count += 1);
        count
    }

    fn visit_with(&self, name: &str, value: &str, visit: &mut dyn FnMut(&Labels)) {
        let selector = [vec![Matcher::equal(name, value)]];
        let range = TimeRange::new(Timestamp::MIN, Timestamp::MAX);
        let found = self.0.series(&selector, range, usize::MAX).unwrap();
        found.iter().for_each(visit);
    }

    fn removals(&self) -> u64 {
        0
    }
}

/// A process that counts, on what outlives it.
struct Process {
    world: World,
    slos: Slos,
    tap: Tap,
    shutdown: Shutdown,
}

struct Scene {
    lasting: Lasting,
    disk: SimulatedDisk,
    file: PathBuf,
    good: f64,
    bad: f64,
}

impl Scene {
    fn new() -> Self {
        let lasting = Lasting::new();
        let disk = SimulatedDisk::new(Seed::new(7));
        disk.create_directory("/data".as_ref()).unwrap();
        disk.sync_directory("/".as_ref()).unwrap();
        Self {
            file: lasting.file("slo.yml", FILE),
            lasting,
            disk,
            good: 0.0,
            bad: 0.0,
        }
    }

    async fn start(&self) -> Process {
        let process = self.begin(false).await;
        process.apply(std::slice::from_ref(&self.file)).await;
        process
    }

    /// Starts without the store of state, for whose answer the start waits a moment.
    async fn start_without_state(&self) -> Process {
        let process = self.begin(true).await;
        let (clock, answer) = (&self.lasting.clock, Duration::from_secs(5));
        let time = async {
            crate::world::until("it waits", || clock.sleepers_until(answer) > 1).await;
            clock.advance(answer);
        };
        tokio::join!(process.apply(std::slice::from_ref(&self.file)), time);
        process
    }

    async fn begin(&self, is_away: bool) -> Process {
        let world = self.lasting.start("a", None).await;
        world.state.set(is_away);
        let (registry, shutdown) = (Registry::new(), Shutdown::new());
        let clock: Arc<dyn Clock> = Arc::new(self.lasting.clock.clone());
        let samples = self.lasting.samples.clone();
        let active = Arc::new(Active(samples.clone()));
        let tap = Tap::new(Arc::new(samples.clone()), active);
        let parts = Parts {
            tap: tap.clone(),
            queryable: Arc::new(samples.clone()),
            appender: Arc::new(samples),
            store: world.state.clone(),
            sink: world.sink.clone(),
            disk: Arc::new(self.disk.clone()),
            tasks: Tasks::new(shutdown.clone(), Arc::clone(&clock), &registry),
            clock,
            metrics: Metrics::new(&registry),
        };
        let options = Options {
            owner: "a".into(),
            silence_max: None,
            lateness: Duration::from_secs(60),
            snapshot_interval: Duration::from_mins(5),
            directory: "/data".into(),
            external_url: String::new(),
        };
        let slos = Slos::start(parts, &world.rules, options);
        Process {
            world,
            slos,
            tap,
            shutdown,
        }
    }

    /// A scrape, in which so many requests are told beyond those of before; then the next one is due.
    async fn scrape(&mut self, process: &Process, good: f64, bad: f64) {
        self.good += good;
        self.bad += bad;
        let now = self.lasting.clock.now();
        let target = [("job", "shop"), ("instance", "one")];
        let series = |name: &'static str, code: Option<&'static str>| {
            let code = code.map(|code| ("code", code));
            let pairs = target.into_iter().chain([("__name__", name)]).chain(code);
            process.tap.resolve(&Labels::from_pairs(pairs)).unwrap()
        };
        let samples = vec![
            (series("up", None), Sample::float(now, 1.0)),
            (
                series("requests_total", Some("200")),
                Sample::float(now, self.good),
            ),
            (
                series("requests_total", Some("500")),
                Sample::float(now, self.bad),
            ),
        ];
        let batch = WriteBatch {
            samples,
            ..WriteBatch::default()
        };
        drop(process.tap.append(&batch, Durability::Periodic).unwrap());
        process.pass(&self.lasting, SCRAPE).await;
    }
}

impl Process {
    async fn apply(&self, files: &[PathBuf]) {
        let interval = Duration::from_mins(5);
        let prepared = Slos::prepare(files, interval, &Features::default()).unwrap();
        self.slos.apply(prepared).await;
    }

    /// Lets time pass, second after second, so that the loop has its pulses.
    async fn pass(&self, lasting: &Lasting, time: Duration) {
        for _ in 0..time.as_secs() {
            let clock = &lasting.clock;
            // The loop sleeps until its next pulse when it has done its work.
            crate::world::until("the loop sleeps", || {
                clock.sleepers_until(Duration::from_secs(1)) > 0
            })
            .await;
            clock.advance(Duration::from_secs(1));
        }
    }

    fn counts(&self) -> Counts {
        let (view, _) = self.slos.show(ID).unwrap();
        match &view.budgets[0].windows[0].figures {
            Figures::Counted { events, .. } => *events,
            Figures::Composed(_) => panic!("it is no composite"),
        }
    }

    fn state(&self) -> BudgetState {
        let (view, _) = self.slos.show(ID).unwrap();
        let standing = view.budgets[0].standing;
        standing.map_or(BudgetState::NoData, |standing| standing.state)
    }

    /// Lets time pass until something holds. Others sleep for a second as well, so that time may run ahead of the loop.
    async fn until(&self, lasting: &Lasting, what: &str, holds: impl Fn() -> bool) {
        crate::world::until(what, || {
            let is_so = holds();
            if !is_so && lasting.clock.sleepers_until(Duration::from_secs(1)) > 0 {
                lasting.clock.advance(Duration::from_secs(1));
            }
            is_so
        })
        .await;
    }

    /// Waits until the budget is in a state: after a start it is shown as counted before it is judged.
    async fn until_state(&self, lasting: &Lasting, state: BudgetState) {
        for _ in 0..120 {
            if self.state() == state {
                return;
            }
            self.pass(lasting, Duration::from_secs(1)).await;
        }
        panic!("wanted {state:?}, found {:?}", self.state());
    }

    /// Waits until so many good and bad requests were counted.
    async fn until_counted(&self, lasting: &Lasting, good: i64, bad: i64) {
        self.until_all_counted(lasting, good, bad, 0).await;
    }

    async fn until_all_counted(&self, lasting: &Lasting, good: i64, bad: i64, excluded: i64) {
        for _ in 0..120 {
            let counts = self.counts();
            if (counts.good, counts.bad, counts.excluded) == (good, bad, excluded) {
                return;
            }
            self.pass(lasting, Duration::from_secs(1)).await;
        }
        let counts = self.counts();
        panic!("wanted {good}, {bad}, {excluded}, found {counts:?}");
    }

    async fn stop(self) {
        self.shutdown.trigger();
        self.slos.stop().await;
        self.world.stop().await;
    }

    /// Ends it as kill -9 does: what it knew is gone.
    fn kill(self, scene: &mut Scene) {
        self.world.die_after_commits();
        self.world.state.set(true);
        self.shutdown.trigger();
        scene.disk = scene.disk.kill();
    }
}

/// Returns what was sent: the name, and whether it was over.
fn sent(sink: &Recorder, now: Timestamp) -> Vec<(String, bool)> {
    let sent = sink.take();
    let alerts = sent.iter().map(|alert| {
        let name = alert.labels.get("alertname").unwrap_or_default();
        (name.to_owned(), alert.is_resolved_at(now))
    });
    alerts.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_and_a_kill_change_no_count() {
    let mut scene = Scene::new();
    let process = scene.start().await;
    for _ in 0..40 {
        scene.scrape(&process, 10.0, 0.0).await;
    }
    // The first sample is where counting begins.
    process.until_counted(&scene.lasting, 390, 0).await;
    process
        .until_state(&scene.lasting, BudgetState::Healthy)
        .await;
    process.stop().await;

    let process = scene.start().await;
    process.until_counted(&scene.lasting, 390, 0).await;
    for _ in 0..20 {
        scene.scrape(&process, 8.0, 2.0).await;
    }
    process.until_counted(&scene.lasting, 550, 40).await;
    process.kill(&mut scene);

    let process = scene.start().await;
    process.until_counted(&scene.lasting, 550, 40).await;
    scene.scrape(&process, 1.0, 0.0).await;
    process.until_counted(&scene.lasting, 551, 40).await;
    process
        .until_state(&scene.lasting, BudgetState::Exhausted)
        .await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_snapshot_is_put_aside_and_samples_are_counted_again() {
    let mut scene = Scene::new();
    let process = scene.start().await;
    for _ in 0..40 {
        scene.scrape(&process, 10.0, 1.0).await;
    }
    process.until_counted(&scene.lasting, 390, 39).await;
    process.stop().await;
    scene.disk.flip("/data/slo.snapshot".as_ref(), 40, 0x10);
    let process = scene.start().await;
    process.until_counted(&scene.lasting, 390, 39).await;
    assert!(scene.disk.exists("/data/slo.snapshot.damaged".as_ref()));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_store_of_state_budgets_are_counted_and_alerts_are_sent() {
    let mut scene = Scene::new();
    let process = scene.start_without_state().await;
    for _ in 0..60 {
        scene.scrape(&process, 8.0, 2.0).await;
    }
    process.until_counted(&scene.lasting, 472, 118).await;
    let is_firing = || {
        let alerts = sent(&process.world.sink, scene.lasting.clock.now());
        alerts.last() == Some(&("ShopErrors".to_owned(), false))
    };
    let lasting = &scene.lasting;
    process
        .until(lasting, "an alert that fires", is_firing)
        .await;
    let correction = correction(&scene);
    let refused = process.slos.correct(ID, correction).await.unwrap_err();
    assert_eq!(refused.kind, RefusedKind::Unavailable, "{refused}");
    process.world.state.set(false);
    let is_kept = || scene.lasting.state.row_count() > 0;
    process.until(lasting, "rows of state", is_kept).await;
    process.stop().await;
}

fn correction(scene: &Scene) -> Correction {
    let now = scene.lasting.clock.now();
    Correction {
        id: "maintenance".into(),
        kind: CorrectionKind::Exclude,
        from: now - Duration::from_hours(1),
        length: Duration::from_hours(2),
        repeat: None,
        matchers: Vec::new(),
        reason: "planned".into(),
        author: "ann".into(),
        created: now,
        revoked: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_durable_before_it_is_acknowledged_and_can_be_taken_back() {
    let mut scene = Scene::new();
    let process = scene.start().await;
    for _ in 0..20 {
        scene.scrape(&process, 8.0, 2.0).await;
    }
    process.until_counted(&scene.lasting, 152, 38).await;
    let wanted = correction(&scene);
    process.slos.correct(ID, wanted.clone()).await.unwrap();
    let again = process.slos.correct(ID, wanted.clone()).await.unwrap_err();
    assert_eq!(again.kind, RefusedKind::Conflict);
    let unknown = process.slos.correct("shop/none", wanted).await.unwrap_err();
    assert_eq!(unknown.kind, RefusedKind::NotFound);
    process.kill(&mut scene);

    let process = scene.start().await;
    process.until_all_counted(&scene.lasting, 0, 0, 190).await;
    process.slos.revoke(ID, "maintenance", "bob").await.unwrap();
    process.until_counted(&scene.lasting, 152, 38).await;
    let twice = process.slos.revoke(ID, "maintenance", "bob").await;
    assert_eq!(twice.unwrap_err().kind, RefusedKind::Conflict);
    let known = process.slos.corrections(ID).await.unwrap();
    assert!(known[0].revoked.is_some());
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_samples_counted_again_agree() {
    let mut scene = Scene::new();
    let process = scene.start().await;
    for _ in 0..40 {
        scene.scrape(&process, 9.0, 1.0).await;
    }
    // What is verified ends at the last settled sample: all of them must have been counted.
    process.until_counted(&scene.lasting, 351, 39).await;
    let now = scene.lasting.clock.now();
    let found = process
        .slos
        .verify(ID, now - Duration::from_hours(1), now)
        .await;
    let found = found.unwrap();
    assert!(found.agrees(), "{found:?}");
    assert!(found.budgets[0].recounted.good > 200, "{found:?}");
    let (view, _) = process.slos.show(ID).unwrap();
    let Promise::Slo(slo) = view.promise else {
        panic!("it is no composite");
    };
    let question = ReplayQuestion {
        address: Address {
            id: ID.into(),
            ..Address::default()
        },
        slis: vec![slo.sli.clone()],
        from: found.from,
        to: found.to,
    };
    let lines = process.slos.replay(question).await.unwrap();
    let replayed = lines[0].between(found.from, found.to);
    assert_eq!(replayed, found.budgets[0].ledger);
    let nothing = process.slos.verify(ID, now, now).await.unwrap_err();
    assert_eq!(nothing.kind, RefusedKind::Invalid);
    // A date, not a number of milliseconds.
    assert!(nothing.message.contains("Z, is settled"), "{nothing}");
    process.stop().await;
}
