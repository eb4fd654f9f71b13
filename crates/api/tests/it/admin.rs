//! Deleting, cleaning up and snapshots.

use crate::harness::Server;

const FORM: &str = "application/x-www-form-urlencoded";

fn admin() -> Server {
    Server::surfaced(|surface| surface.is_admin_enabled = true)
}

#[tokio::test]
async fn nothing_is_done_unless_it_was_enabled() {
    let server = Server::new();
    for path in ["delete_series?match[]=up", "clean_tombstones", "snapshot"] {
        let answer = server
            .post(&format!("/api/v1/admin/tsdb/{path}"), "", "")
            .await;
        answer.is_error(500, "unavailable", "admin APIs disabled");
    }
    assert!(server.admin.calls().is_empty());
}

#[tokio::test]
async fn series_are_deleted_in_their_range() {
    let server = admin();
    let path = "/api/v1/admin/tsdb/delete_series";
    let answer = server
        .post(path, FORM, "match[]=up&match[]={a=\"b\"}&start=1&end=2.5")
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    server
        .post(path, "", "")
        .await
        .is_error(400, "bad_data", "no match[] parameter provided");
    let bad = server.post(&format!("{path}?match[]=up("), "", "").await;
    bad.is_error(400, "bad_data", "invalid parameter \"match[]\": 1:");
    let bad = server
        .post(&format!("{path}?match[]=up&start=x"), "", "")
        .await;
    bad.is_error(
        400,
        "bad_data",
        "invalid time value for 'start': cannot parse \"x\"",
    );
    let empty = server
        .post(&format!("{path}?match[]=up&start=2&end=1"), "", "")
        .await;
    assert_eq!(empty.status, 204);
    let calls = server.admin.calls();
    assert_eq!(calls, [r#"delete {__name__="up"} {a="b"} 1000..=2500"#]);
}

#[tokio::test]
async fn the_store_seals_and_merges_when_it_is_told_to() {
    let server = admin();
    let post = async |path: &str| server.post(&format!("/internal/{path}"), "", "").await;
    assert_eq!(post("force_flush").await.status, 200);
    assert_eq!(post("force_merge").await.status, 200);
    assert_eq!(
        post("force_merge?partition_prefix=2026_11").await.status,
        200
    );
    let bad = post("force_merge?partition_prefix=November").await;
    bad.is_error(
        400,
        "bad_data",
        "invalid parameter \"partition_prefix\": expected YYYY, YYYY_MM or YYYY_MM_DD, found \"November\"",
    );
    let expected = [
        "flush".to_owned(),
        format!("merge {}..={}", i64::MIN, i64::MAX),
        "merge 1793491200000..=1796083199999".to_owned(),
    ];
    assert_eq!(server.admin.calls(), expected);
    let disabled = Server::new();
    for path in ["force_flush", "force_merge"] {
        let answer = disabled.post(&format!("/internal/{path}"), "", "").await;
        answer.is_error(500, "unavailable", "admin APIs disabled");
    }
}

#[tokio::test]
async fn the_store_cleans_up_and_copies() {
    let server = admin();
    let clean = server
        .post("/api/v1/admin/tsdb/clean_tombstones", "", "")
        .await;
    assert_eq!(clean.status, 204);
    let path = "/api/v1/admin/tsdb/snapshot";
    let expected = r#"{"name":"20260102T150405Z-0123456789abcdef"}"#;
    server.post(path, "", "").await.is_data(expected);
    server
        .post(&format!("{path}?skip_head=true"), "", "")
        .await
        .is_data(expected);
    let bad = server.post(&format!("{path}?skip_head=x"), "", "").await;
    bad.is_error(
        400,
        "bad_data",
        "invalid parameter \"skip_head\": unable to parse boolean: strconv.ParseBool: parsing \"x\": invalid syntax",
    );
    let calls = server.admin.calls();
    assert_eq!(
        calls,
        [
            "clean",
            "snapshot skip_head=false",
            "snapshot skip_head=true"
        ]
    );
    server.admin.fill_disk();
    server
        .post(path, "", "")
        .await
        .is_error(503, "unavailable", "no space is left");
}
