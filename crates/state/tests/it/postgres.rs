//! A PostgreSQL: what is opened, what is refused, and two replicas that start at once.

use plimsoll_state::{Change, ErrorKind, Rows, open};
use plimsoll_testkit::Postgres;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::leases::database;
use crate::stores::{alert, alerts, location, new_database, new_name, real_time, shared_server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_migrate_once() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let stores = (0..5).map(|_| open(&location, real_time()));
    let stores = futures_util::future::join_all(stores).await;
    let count = "SELECT count(*), max(version) FROM plimsoll.schema_versions";
    assert_eq!(server.execute(&database(&location), count), "3|3");
    for (number, store) in stores.into_iter().enumerate() {
        let store = store.unwrap();
        store
            .commit(None, vec![Change::put(&alert("g", number))])
            .await
            .unwrap();
        assert_eq!(alerts(&store, "g").await.len(), number + 1);
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    open(&location, real_time())
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    let database = database(&location);
    let newer = "INSERT INTO plimsoll.schema_versions VALUES (999, 'future', 'x', 0)";
    server.execute(&database, newer);
    let dump = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'plimsoll' ORDER BY 1, 2; \
                SELECT * FROM plimsoll.schema_versions";
    let before = server.execute(&database, dump);
    let error = open(&location, real_time()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(error.to_string().contains("version 999"), "{error}");
    assert_eq!(server.execute(&database, dump), before);
}

#[tokio::test]
async fn what_is_missing_is_named_and_no_password_is() {
    let Some(server) = shared_server() else {
        return;
    };
    server.execute("postgres", "CREATE ROLE powerless LOGIN");
    let database = new_name();
    let url = server.create_database(&database);
    for (url, kind, named) in [
        (server.url("nowhere"), ErrorKind::Config, "CREATE DATABASE"),
        (
            url.replace("plimsoll@", "stranger@"),
            ErrorKind::Denied,
            "pg_hba.conf",
        ),
        (
            url.replace("plimsoll@", "powerless@"),
            ErrorKind::Denied,
            "CREATE SCHEMA",
        ),
    ] {
        let url = url.replacen('@', ":hunter2@", 1);
        let error = open(&location(&url), real_time()).await.err().unwrap();
        let chain = error.chain();
        assert_eq!(error.kind(), kind, "{chain}");
        assert!(
            chain.contains(named) && !chain.contains("hunter2"),
            "{chain}"
        );
        assert!(!error.is_retryable(), "{chain}");
    }
    // With a schema of its own, the same user needs no other right.
    server.execute(&database, "CREATE SCHEMA plimsoll AUTHORIZATION powerless");
    let url = url.replace("plimsoll@", "powerless@");
    let store = open(&location(&url), real_time()).await.unwrap();
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    assert!(!store.place().contains("hunter2"));
}

#[tokio::test]
async fn databases_that_cannot_keep_our_rows_are_refused() {
    let Some(server) = shared_server() else {
        return;
    };
    let latin = new_name();
    server.execute(
        "postgres",
        &format!("CREATE DATABASE {latin} ENCODING 'LATIN1' TEMPLATE template0"),
    );
    let error = open(&location(&server.url(&latin)), real_time())
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("LATIN1"), "{error}");
    let frozen = new_name();
    let url = server.create_database(&frozen);
    let read_only = format!("ALTER DATABASE {frozen} SET default_transaction_read_only TO on");
    server.execute("postgres", &read_only);
    let error = open(&location(&url), real_time()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ReadOnly, "{}", error.chain());
}

#[tokio::test]
async fn nobody_there_is_told_within_the_patience() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut parts = real_time();
    parts.patience.call = std::time::Duration::from_millis(300);
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/state");
    let error = open(&location(&url), parts).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.is_retryable() && !error.chain().contains("hunter2"));
}

#[tokio::test]
async fn commits_are_durable_whatever_the_server_prefers() {
    let Some(server) = Postgres::start_with(&["fsync=off", "synchronous_commit=off"]) else {
        return;
    };
    let url = server.create_database("state");
    let store = open(&location(&url), real_time()).await.unwrap();
    // A trigger shows what the session of a commit is set to.
    let spy = "CREATE TABLE plimsoll.spied (setting text); \
               CREATE FUNCTION plimsoll.spy() RETURNS trigger AS $$ BEGIN \
               INSERT INTO plimsoll.spied VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$ LANGUAGE plpgsql; \
               CREATE TRIGGER spy BEFORE INSERT ON plimsoll.alerts FOR EACH ROW EXECUTE FUNCTION plimsoll.spy();";
    server.execute("state", spy);
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    assert_eq!(
        server.execute("state", "SELECT * FROM plimsoll.spied"),
        "on"
    );
}

#[tokio::test]
async fn a_table_that_somebody_dropped_is_named() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let store = open(&location, real_time()).await.unwrap();
    server.execute(&database(&location), "DROP TABLE plimsoll.alerts");
    let error = store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{}", error.chain());
    let error = store
        .rows(Rows::<plimsoll_state::AlertRow>::all())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone, "{}", error.chain());
}

#[tokio::test]
async fn the_servers_certificate_is_checked_when_the_url_says_so() {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    let certificate = certificate.signed_by(&key, &ca).unwrap();
    let Some(server) = Postgres::start_encrypted(&certificate.pem(), &key.serialize_pem()) else {
        return;
    };
    server.create_database("state");
    let folder = tempfile::TempDir::new().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, ca.pem()).unwrap();
    let url = server.url_by_port("state");
    let trusting = format!("{url}?sslmode=verify-full&sslrootcert={}", root.display());
    let store = open(&location(&trusting), real_time()).await.unwrap();
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'plimsoll'";
    assert_eq!(server.execute("state", encrypted), "t");
    // Nobody it knows has signed it.
    let error = open(
        &location(&format!("{url}?sslmode=verify-full")),
        real_time(),
    )
    .await;
    let error = error.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Denied, "{}", error.chain());
    assert!(error.chain().contains("sslrootcert"), "{}", error.chain());
    let error = open(&location(&format!("{url}?sslmode=disable")), real_time()).await;
    assert_eq!(error.err().unwrap().kind(), ErrorKind::Denied);
}
