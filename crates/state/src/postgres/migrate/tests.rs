use std::path::Path;

use plimsoll_testkit::Postgres;

use super::*;
use crate::ErrorKind;
use crate::location::Location;
use crate::migrations::POSTGRES;
use crate::postgres::connect;
use crate::store::Patience;

const ADDS: Migration = Migration {
    version: POSTGRES.len() as i64 + 1,
    name: "adds",
    text: "CREATE TABLE more (id BIGINT PRIMARY KEY); INSERT INTO more VALUES (7);",
};
const FAILS: Migration = Migration {
    version: POSTGRES.len() as i64 + 2,
    name: "fails",
    text: "CREATE TABLE half (id BIGINT PRIMARY KEY); INSERT INTO nowhere VALUES (1);",
};

#[tokio::test]
async fn upgrades_and_leaves_nothing_of_a_migration_that_fails() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let url = postgres.create_database("state");
    let location = Location::parse(&url, Path::new("data")).unwrap();
    let Location::Postgres(server) = &location else {
        panic!("{location} is no server");
    };
    let errors = Errors::new(server);
    let pool = connect::pool(server, Patience::default()).unwrap();
    let now = Timestamp::from_millis(5);
    all(&pool, &errors, POSTGRES, now).await.unwrap();
    let known = [POSTGRES, &[ADDS, FAILS]].concat();
    for _ in 0..2 {
        let error = all(&pool, &errors, &known, now).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone, "{}", error.chain());
        let version = "SELECT max(version), max(applied_at) FROM plimsoll.schema_versions";
        let expected = format!("{}|5", ADDS.version);
        assert_eq!(postgres.execute("state", version), expected);
        let half = "SELECT count(*) FROM pg_class WHERE relname = 'half'";
        assert_eq!(postgres.execute("state", half), "0");
    }
    assert_eq!(
        postgres.execute("state", "SELECT id FROM plimsoll.more"),
        "7"
    );
    // A program of the version before refuses it.
    let error = all(&pool, &errors, POSTGRES, now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
}

#[tokio::test]
async fn the_tables_are_those_that_rows_know() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let url = postgres.create_database("state");
    let location = Location::parse(&url, Path::new("data")).unwrap();
    let Location::Postgres(server) = &location else {
        panic!("{location} is no server");
    };
    let pool = connect::pool(server, Patience::default()).unwrap();
    let now = Timestamp::EPOCH;
    all(&pool, &Errors::new(server), POSTGRES, now)
        .await
        .unwrap();
    for table in crate::rows::ALL {
        let columns = format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'plimsoll' AND table_name = '{}' \
             ORDER BY ordinal_position",
            table.name
        );
        let known: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(postgres.execute("state", &columns), known.join("\n"));
    }
}
