//! A PostgreSQL that fails: connections that break in the middle, a server that restarts, is slow or says nothing.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_state::{Change, ErrorKind, Parts, Store, open};
use plimsoll_testkit::Postgres;

use crate::leases::database;
use crate::proxy::{Mode, Proxy};
use crate::stores::{
    alert, alerts, decision, location, new_database, new_name, real_time, shared_server,
};

const TTL: Duration = Duration::from_secs(60);
/// A short statement that is waited for in vain. Not shorter, because a loaded machine must still do in it what it can.
const SHORT: Duration = Duration::from_secs(1);
/// For calls that must end well, however loaded the machine is.
const LONG: Duration = Duration::from_mins(2);

async fn behind_proxy(server: &Postgres, parts: Parts) -> (Proxy, String, Arc<dyn Store>) {
    let name = new_name();
    server.create_database(&name);
    let proxy = Proxy::start(server.socket(), &parts.tasks).await;
    let store = open(&location(&proxy.url(&name)), parts).await.unwrap();
    (proxy, name, store)
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_commit_is_no_loss_and_nothing_is_twice() {
    let Some(server) = shared_server() else {
        return;
    };
    let (proxy, name, store) = behind_proxy(&server, real_time()).await;
    let lease = store.acquire("name", "a", TTL).await.unwrap().unwrap();
    for (round, mode) in [Mode::CutAfterCommit, Mode::CutBeforeCommit]
        .into_iter()
        .enumerate()
    {
        proxy.set(mode);
        let changes = vec![
            Change::put(&alert("g", round)),
            Change::put(&decision(round as i64)),
        ];
        store.commit(Some(&lease), changes).await.unwrap();
        assert_eq!(proxy.cuts(), round as u64 + 1, "{mode:?}");
        assert_eq!(alerts(&store, "g").await.len(), round + 1, "{mode:?}");
    }
    let count = "SELECT count(*) FROM plimsoll.decisions";
    assert_eq!(server.execute(&name, count), "2");
}

#[tokio::test]
async fn a_commit_whose_lease_went_while_its_outcome_was_unknown_is_refused() {
    let Some(server) = shared_server() else {
        return;
    };
    let (proxy, name, store) = behind_proxy(&server, real_time()).await;
    let lease = store.acquire("name", "a", TTL).await.unwrap().unwrap();
    // Somebody takes the lease as soon as this commit is there, and before it is tried again.
    let takes = "CREATE FUNCTION plimsoll.take() RETURNS trigger AS $$ BEGIN \
                 UPDATE plimsoll.leases SET owner = 'b', fence = nextval('plimsoll.lease_fences'); RETURN NEW; END $$ \
                 LANGUAGE plpgsql; \
                 CREATE TRIGGER take AFTER INSERT ON plimsoll.alerts FOR EACH ROW EXECUTE FUNCTION plimsoll.take();";
    server.execute(&name, takes);
    proxy.set(Mode::CutAfterCommit);
    let put = vec![Change::put(&alert("g", 0))];
    let error = store.commit(Some(&lease), put).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced, "{}", error.chain());
    assert_eq!(proxy.cuts(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_is_waited_for() {
    let Some(mut server) = Postgres::start() else {
        return;
    };
    let url = server.create_database("state");
    let mut parts = real_time();
    parts.patience.call = LONG;
    let store = open(&location(&url), parts).await.unwrap();
    for round in 0..4 {
        let before = vec![Change::put(&alert("g", round * 2))];
        store.commit(None, before).await.unwrap();
        if round % 2 == 0 {
            server.crash();
        } else {
            server.stop();
        }
        let after = vec![Change::put(&alert("g", round * 2 + 1))];
        let back = std::thread::spawn(move || {
            server.resume();
            server
        });
        store.commit(None, after).await.unwrap();
        server = back.join().unwrap();
        assert_eq!(alerts(&store, "g").await.len(), round * 2 + 2);
    }
}

#[tokio::test]
async fn a_server_that_stays_away_is_told_and_found_again() {
    let Some(mut server) = Postgres::start() else {
        return;
    };
    let url = server.create_database("state");
    let mut parts = real_time();
    parts.patience.call = SHORT;
    let store = open(&location(&url), parts).await.unwrap();
    server.crash();
    let put = vec![Change::put(&alert("g", 0))];
    let error = store.commit(None, put.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.is_outcome_unknown() && error.is_retryable());
    let acquired = store.acquire("name", "a", TTL).await;
    assert_eq!(acquired.unwrap_err().kind(), ErrorKind::Unavailable);
    server.resume();
    store.commit(None, put).await.unwrap();
    assert_eq!(alerts(&store, "g").await.len(), 1);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_and_its_connections_with_it() {
    let Some(server) = shared_server() else {
        return;
    };
    let mut parts = real_time();
    parts.patience.statement = SHORT;
    parts.patience.call = SHORT;
    let (proxy, _, store) = behind_proxy(&server, parts).await;
    let put = vec![Change::put(&alert("g", 0))];
    store.commit(None, put.clone()).await.unwrap();
    proxy.set(Mode::Silent);
    let error = store.commit(None, put.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.to_string().contains("no answer within"), "{error}");
    proxy.set(Mode::Pass);
    // Connections that were given up are not asked again.
    for _ in 0..10 {
        store.commit(None, put.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_statement_ends_on_the_server_too() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let mut parts = real_time();
    parts.patience.statement = SHORT;
    let store = open(&location, parts).await.unwrap();
    let slow = "CREATE FUNCTION plimsoll.slow() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$ \
                LANGUAGE plpgsql; \
                CREATE TRIGGER slow BEFORE INSERT ON plimsoll.alerts FOR EACH ROW EXECUTE FUNCTION plimsoll.slow();";
    server.execute(&database(&location), slow);
    let error = store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.to_string().contains("too long"), "{error}");
    let name = database(&location);
    let running = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state = 'active' AND query LIKE 'INSERT%'"
    );
    assert_eq!(server.execute("postgres", &running), "0");
}

/// A commit that is there already must not wait, attempt after attempt, for old decisions to go.
#[tokio::test]
async fn old_decisions_are_tried_once_to_delete_and_their_commit_counts() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let store = open(&location, real_time()).await.unwrap();
    // A sequence counts although its transaction is rolled back.
    let fails = "CREATE SEQUENCE plimsoll.tries; \
                 CREATE FUNCTION plimsoll.fail() RETURNS trigger AS $$ BEGIN PERFORM nextval('plimsoll.tries'); \
                 RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER fail BEFORE DELETE ON plimsoll.decisions EXECUTE FUNCTION plimsoll.fail();";
    server.execute(&database(&location), fails);
    // The first commit of a decision cleans up.
    store
        .commit(None, vec![Change::put(&decision(0))])
        .await
        .unwrap();
    let tries = "SELECT last_value, is_called FROM plimsoll.tries";
    assert_eq!(server.execute(&database(&location), tries), "1|t");
    let kept = store.rows(plimsoll_state::DecisionRow::newest(9)).await;
    assert_eq!(kept.unwrap(), [decision(0)]);
}

/// A holder that stops in the middle of a commit keeps its lock on the lease; whoever wants to take over is told that it
/// is taken, and does not wait for ever.
#[tokio::test]
async fn a_lease_cannot_be_taken_over_in_the_middle_of_a_commit() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let mut parts = real_time();
    // A lock is waited for half as long; the other half is for a server that is late to notice.
    parts.patience.statement = SHORT * 4;
    parts.patience.call = SHORT * 4;
    let store = open(&location, parts).await.unwrap();
    let lease = store.acquire("name", "a", TTL).await.unwrap().unwrap();
    let mut frozen = {
        use sqlx::Connection;
        let url = server.url(&database(&location));
        sqlx::PgConnection::connect(&url).await.unwrap()
    };
    let begin = "BEGIN; UPDATE plimsoll.leases SET expires_at = 0; COMMIT; BEGIN; SELECT * FROM plimsoll.leases FOR SHARE";
    sqlx::raw_sql(begin).execute(&mut frozen).await.unwrap();
    assert_eq!(store.acquire("name", "b", TTL).await.unwrap(), None);
    store.commit(Some(&lease), Vec::new()).await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut frozen).await.unwrap();
    let second = store.acquire("name", "b", TTL).await.unwrap().unwrap();
    assert!(second.fence > lease.fence);
}

/// A replica that freezes in the middle of a commit holds a lock on its lease. The server ends its session, so that the
/// others get the lease when it has expired, and what it had begun is not there.
#[tokio::test]
async fn a_holder_that_freezes_in_the_middle_of_a_commit_blocks_nobody_for_long() {
    let Some(server) = shared_server() else {
        return;
    };
    let mut parts = real_time();
    parts.patience.statement = SHORT;
    parts.patience.call = SHORT;
    let (proxy, name, frozen) = behind_proxy(&server, parts).await;
    let mut patient = real_time();
    patient.patience.statement = LONG;
    patient.patience.call = LONG;
    let other = open(&location(&server.url(&name)), patient).await.unwrap();
    let lease = frozen
        .acquire("name", "a", Duration::from_millis(1))
        .await
        .unwrap()
        .unwrap();
    proxy.set(Mode::FreezeBeforeCommit);
    let put = vec![Change::put(&alert("g", 0))];
    let error = frozen.commit(Some(&lease), put.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert_eq!(proxy.cuts(), 1);
    // The lock went with the session.
    let second = other.acquire("name", "b", TTL).await.unwrap().unwrap();
    assert_eq!(alerts(&other, "g").await, []);
    let late = frozen.commit(Some(&lease), put).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Fenced, "{}", late.chain());
    other.commit(Some(&second), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let mut parts = real_time();
    parts.patience.connections = 3;
    parts.patience.call = LONG;
    let store = open(&location, parts).await.unwrap();
    let commits = (0..200).map(|number| store.commit(None, vec![Change::put(&alert("g", number))]));
    for done in futures_util::future::join_all(commits).await {
        done.unwrap();
    }
    assert_eq!(alerts(&store, "g").await.len(), 200);
    let name = database(&location);
    let count = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'plimsoll'"
    );
    let connections: u32 = server.execute("postgres", &count).parse().unwrap();
    assert!(connections <= 3, "{connections}");
}
