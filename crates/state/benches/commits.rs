//! What a commit costs: `cargo bench -p plimsoll-state`. Numbers depend on the disk's sync above all.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark talks to the person who runs it"
)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{
    AlertPhase, AlertRow, Change, Location, Parts, Patience, Result, Retention, Rows, Store, open,
};
use plimsoll_testkit::Postgres;
use plimsoll_types::{Annotations, Labels, Timestamp};

fn parts(clock: &Arc<SystemClock>) -> Parts {
    let metrics = Registry::new();
    Parts {
        tasks: Tasks::new(Shutdown::new(), clock.clone(), &metrics),
        clock: clock.clone(),
        metrics,
        retention: Retention::default(),
        patience: Patience::default(),
    }
}

fn alert(group: usize, number: usize) -> AlertRow {
    AlertRow {
        file: "rules/checkout.yml".into(),
        group: format!("group {group}"),
        rule: "0123456789abcdef-0123456789abcdef-0-HighErrors".into(),
        labels: Labels::from_pairs([
            ("alertname", "HighErrors".into()),
            ("instance", format!("10.0.0.{number}:9100")),
            ("job", "node".into()),
        ]),
        phase: AlertPhase::Firing,
        active_at: Timestamp::from_millis(1_800_000_000_000),
        fired_at: None,
        resolved_at: None,
        keep_firing_since: None,
        last_sent_at: None,
        valid_until: None,
        value: 0.125,
        annotations: Annotations::from_pairs([(
            "summary",
            "more than a tenth of the requests fail",
        )]),
    }
}

async fn measure(name: &str, clock: &SystemClock, store: &Arc<dyn Store>) -> Result<()> {
    let begin = clock.monotonic();
    for number in 0..200 {
        store
            .commit(None, vec![Change::put(&alert(0, number))])
            .await?;
    }
    let took = clock.monotonic().since(begin) / 200;
    println!("{name}: one caller, one row: {took:?} a commit");

    let begin = clock.monotonic();
    for number in 0..20 {
        let commit = |group| store.commit(None, vec![Change::put(&alert(group, number))]);
        let done = join_all((0..200).map(commit)).await;
        done.into_iter().collect::<Result<()>>()?;
    }
    let took = clock.monotonic().since(begin) / 4_000;
    println!("{name}: 200 callers, one row: {took:?} a commit");

    let rows = 100_000;
    let puts = (0..rows).map(|number| Change::put(&alert(1_000, number)));
    let puts = puts.collect();
    let begin = clock.monotonic();
    store.commit(None, puts).await?;
    let took = clock.monotonic().since(begin);
    println!("{name}: one commit of {rows} rows: {took:?}");

    let begin = clock.monotonic();
    let found = store.rows(Rows::<AlertRow>::all()).await?.len();
    let took = clock.monotonic().since(begin);
    println!("{name}: {found} rows read: {took:?}");

    let begin = clock.monotonic();
    let mut lease = store
        .acquire("name", "owner", Duration::from_secs(60))
        .await?;
    for _ in 0..200 {
        if let Some(held) = lease {
            lease = store.renew(&held, Duration::from_secs(60)).await?;
        }
    }
    let took = clock.monotonic().since(begin) / 200;
    println!("{name}: a lease prolonged: {took:?}");
    Ok(())
}

async fn run() -> Result<()> {
    let clock = Arc::new(SystemClock::new());
    let folder = tempfile::TempDir::new().expect("a folder for the file");
    let location = Location::in_directory(folder.path());
    let store = open(&location, parts(&clock)).await?;
    measure("sqlite", &clock, &store).await?;
    store.close().await?;
    let begin = clock.monotonic();
    let store = open(&location, parts(&clock)).await?;
    let took = clock.monotonic().since(begin);
    println!("sqlite: opened and looked through for damage: {took:?}");
    store.close().await?;
    if let Some(server) = Postgres::start_with(&[]) {
        let url = server.create_database("state");
        let location = Location::parse(&url, folder.path())?;
        let store = open(&location, parts(&clock)).await?;
        measure("postgres", &clock, &store).await?;
        store.close().await?;
    }
    Ok(())
}

fn main() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(run()).expect("the stores work");
}
