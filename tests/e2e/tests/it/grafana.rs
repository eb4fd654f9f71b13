//! The calls that Grafana's Prometheus data source makes.

use plimsoll_e2e::{Home, Server};
use serde_json::json;

#[test]
fn a_data_source_can_be_added_and_explored() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let reply = server
        .import_text("up{job=\"a\"} 1\nup{job=\"b\"} 0\n")
        .unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());

    // "Save & test".
    let test = [("query", "1+1"), ("time", "4")];
    let reply = server.api.post_form("/api/v1/query", &test).unwrap();
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(
        reply.json().unwrap(),
        json!({"status": "success", "data": {"resultType": "scalar", "result": [4, "2"]}})
    );
    let build = server.api.data("/api/v1/status/buildinfo", &[]).unwrap();
    assert!(
        build["version"]
            .as_str()
            .is_some_and(|version| !version.is_empty()),
        "{build}"
    );
    assert!(
        build.get("features").is_none(),
        "features would make us a Mimir: {build}"
    );

    // Explore.
    let labels = server.api.data("/api/v1/labels", &[]).unwrap();
    assert_eq!(labels, json!(["__name__", "job"]));
    let jobs = server
        .api
        .data("/api/v1/label/job/values", &[("match[]", "up")])
        .unwrap();
    assert_eq!(jobs, json!(["a", "b"]));
    let series = server
        .api
        .data("/api/v1/series", &[("match[]", "up{job=\"a\"}")])
        .unwrap();
    assert_eq!(series, json!([{"__name__": "up", "job": "a"}]));
    assert!(
        server
            .api
            .data("/api/v1/metadata", &[])
            .unwrap()
            .is_object()
    );
    let exemplars = [("query", "up"), ("start", "0"), ("end", "1")];
    assert_eq!(
        server
            .api
            .data("/api/v1/query_exemplars", &exemplars)
            .unwrap(),
        json!([])
    );

    // The label browser of recent versions, alert lists, and the query builder's hints.
    let all = [("match[]", "{__name__!=\"\"}"), ("limit", "40000")];
    for path in ["/api/v1/labels", "/api/v1/series"] {
        let reply = server.api.post_form(path, &all).unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let found = reply.json().unwrap()["data"].as_array().map(Vec::len);
        assert_eq!(found, Some(2), "{path}");
        assert_eq!(
            reply.json().unwrap(),
            server.api.get(path, &all).unwrap().json().unwrap()
        );
    }
    let names = [("limit", "40000"), ("start", "0"), ("end", "1")];
    let names = server
        .api
        .data("/api/v1/label/U____name____/values", &names)
        .unwrap();
    assert_eq!(names, json!([]));
    let rules = server
        .api
        .data("/api/v1/rules", &[("type", "alert")])
        .unwrap();
    assert_eq!(rules, json!({"groups": []}));
    let alerts = server.api.data("/api/v1/alerts", &[]).unwrap();
    assert_eq!(alerts, json!({"alerts": []}));
    let metadata = [("metric", "up"), ("limit", "1")];
    assert!(
        server
            .api
            .data("/api/v1/metadata", &metadata)
            .unwrap()
            .is_object()
    );
    let parsed = server
        .api
        .data("/api/v1/parse_query", &[("query", "up")])
        .unwrap();
    assert_eq!(parsed["type"], "vectorSelector");

    // A panel, and one whose query is wrong.
    let now = plimsoll_e2e::now_millis() / 1000;
    let (start, end) = ((now - 60).to_string(), (now + 1).to_string());
    let panel = [
        ("query", "sum(up)"),
        ("start", &*start),
        ("end", &*end),
        ("step", "15"),
    ];
    let reply = server.api.post_form("/api/v1/query_range", &panel).unwrap();
    assert_eq!(reply.json().unwrap()["data"]["resultType"], "matrix");
    let reply = server
        .api
        .post_form("/api/v1/query", &[("query", "sum(")])
        .unwrap();
    let answer = reply.json().unwrap();
    assert_eq!(
        (reply.status, &answer["errorType"]),
        (400, &json!("bad_data")),
        "{answer}"
    );
}
