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
