//! VictoriaMetrics' spellings: paths with a tenant, and conditions on a whole request.

use crate::harness::Server;

const ALL: &str = r#"{"resultType":"vector","result":[
    {"metric":{"__name__":"up","job":"a"},"value":[100,"1"]},
    {"metric":{"__name__":"up","job":"b"},"value":[100,"1"]}]}"#;
const ONLY_A: &str = r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[100,"1"]}]}"#;

#[tokio::test]
async fn the_tenant_0_is_this_server() {
    let server = Server::with_data().await;
    server
        .get("/select/0/prometheus/api/v1/query?query=up")
        .await
        .is_data(ALL);
    server
        .get("/select/0:0/prometheus/api/v1/query?query=up")
        .await
        .is_data(ALL);
    let form = "application/x-www-form-urlencoded";
    server
        .post("/select/0/prometheus/api/v1/query", form, "query=up")
        .await
        .is_data(ALL);
    let labels = "/select/0/prometheus/api/v1/label/job/values";
    server.get(labels).await.is_data(r#"["a","b"]"#);
    for path in [
        "/insert/0/influx/write",
        "/insert/0:0/prometheus/api/v1/import/prometheus",
    ] {
        let line = if path.contains("influx") {
            "m,x=1 y=2 99000000000"
        } else {
            "z 1 99000\n"
        };
        let answer = server.post(path, "text/plain", line).await;
        assert_eq!(answer.status, 204, "{path}: {}", answer.body);
    }
    let other = server
        .get("/select/5/prometheus/api/v1/query?query=up")
        .await;
    other.is_error(400, "bad_data", "the tenant \"5\" is not known");
    server
        .get("/select/0/graphite/find")
        .await
        .is_error(404, "not_found", "graphite");
    let answer = server
        .get("/delete/0/prometheus/api/v1/admin/tsdb/delete_series")
        .await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn conditions_of_a_request_hold_for_all_of_it() {
    let server = Server::with_data().await;
    for extra in [
        "extra_label=job=a",
        "extra_filters[]={job=%22a%22}",
        "extra_filters={job!=%22b%22}",
    ] {
        server
            .get(&format!("/api/v1/query?query=up&{extra}"))
            .await
            .is_data(ONLY_A);
        let count = server
            .get(&format!("/api/v1/query?query=count(up%20or%20up)&{extra}"))
            .await;
        assert_eq!(count.json()["data"]["result"][0]["value"][1], "1");
        let values = server
            .get(&format!("/api/v1/label/job/values?{extra}"))
            .await;
        values.is_data(r#"["a"]"#);
        let series = server
            .get(&format!("/api/v1/series?match[]=up&{extra}"))
            .await;
        series.is_data(r#"[{"__name__":"up","job":"a"}]"#);
    }
    let both = "extra_filters[]={job=%22a%22}&extra_filters[]={job=%22b%22}";
    let values = server
        .get(&format!("/api/v1/label/job/values?{both}"))
        .await;
    values.is_data(r#"["a","b"]"#);
    let refused = server.get(&format!("/api/v1/query?query=up&{both}")).await;
    refused.is_error(400, "bad_data", "found several");
    let refused = server.get("/api/v1/query?query=up&extra_label=x").await;
    refused.is_error(400, "bad_data", "wanted name=value");
}

/// Ten megabytes of form must not become a gigabyte of selectors.
#[tokio::test]
async fn long_conditions_are_not_multiplied() {
    let server = Server::with_data().await;
    let long = "x".repeat(200_000);
    let filters = "&extra_filters[]={job=\"a\"}".repeat(90);
    let form = format!("match[]={{job=\"{long}\"}}{filters}");
    let kind = "application/x-www-form-urlencoded";
    let answer = server.post("/api/v1/series", kind, form).await;
    answer.is_error(400, "bad_data", "10 MiB");
}

#[tokio::test]
async fn conditions_hold_for_federation_too() {
    let server = Server::with_data().await;
    let path = "/select/0/prometheus/federate?match[]=up&extra_label=job=a";
    let body = server.get(path).await.body;
    assert!(
        body.contains("job=\"a\"") && !body.contains("job=\"b\""),
        "{body}"
    );
    assert_eq!(server.get("/federate?extra_label=job=a").await.body, "");
}
