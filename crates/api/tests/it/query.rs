//! Asking: parameters, shapes, errors.

use crate::harness::Server;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn an_instant_query_answers_as_prometheus_does() {
    let server = Server::with_data().await;
    let expected = r#"{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"a"},"value":[100,"1"]},
        {"metric":{"__name__":"up","job":"b"},"value":[100,"1"]}]}"#;
    server.get("/api/v1/query?query=up").await.is_data(expected);
    server
        .post("/api/v1/query", FORM, "query=up&time=100")
        .await
        .is_data(expected);
    server
        .get("/api/v1/query?query=up&time=1970-01-01T00:01:40Z")
        .await
        .is_data(expected);
    server
        .get("/api/v1/query?query=1%2B1&time=4")
        .await
        .is_data(r#"{"resultType":"scalar","result":[4,"2"]}"#);
    let cut = server.get("/api/v1/query?query=up&limit=1").await.json();
    assert_eq!(cut["data"]["result"].as_array().map(Vec::len), Some(1));
    assert_eq!(cut["warnings"][0], "results truncated due to limit");
}

#[tokio::test]
async fn a_range_query_answers_as_prometheus_does() {
    let server = Server::with_data().await;
    server
        .get("/api/v1/query_range?query=sum(up)&start=90&end=100&step=10")
        .await
        .is_data(
            r#"{"resultType":"matrix","result":[{"metric":{},"values":[[90,"1"],[100,"2"]]}]}"#,
        );
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let server = Server::with_data().await;
    let check =
        async |path: &str, part: &str| server.get(path).await.is_error(400, "bad_data", part);
    check("/api/v1/query", "invalid parameter \"query\"").await;
    check(
        "/api/v1/query?query=up&time=yesterday",
        "invalid parameter \"time\"",
    )
    .await;
    check(
        "/api/v1/query?query=up&timeout=-1",
        "invalid parameter \"timeout\"",
    )
    .await;
    check("/api/v1/query?query=sum(", "1:5: parse error").await;
    check("/api/v1/query?query=up&lookback_delta=x", "lookback delta").await;
    check(
        "/api/v1/query_range?query=up&start=1&end=2",
        "invalid parameter \"step\"",
    )
    .await;
    check(
        "/api/v1/query_range?query=up&start=2&end=1&step=1",
        "end timestamp must not be before start",
    )
    .await;
    check(
        "/api/v1/query_range?query=up&start=1&end=2&step=0",
        "zero or negative",
    )
    .await;
    check(
        "/api/v1/query_range?query=up&start=0&end=99999999&step=1",
        "11,000 points per timeseries",
    )
    .await;
    check("/api/v1/series", "no match[]").await;
    check("/api/v1/series?match[]=%7B%7D", "match[]").await;
    check("/api/v1/labels?match[]=up[5m]", "parse error").await;
    check("/api/v1/labels?limit=many", "limit").await;
}

#[tokio::test]
async fn an_impossible_query_is_422() {
    let server = Server::with_data().await;
    let path = "/api/v1/query?query=up%20%2B%20on()%20up";
    server.get(path).await.is_error(422, "execution", "match");
}

#[tokio::test]
async fn labels_series_and_metadata() {
    let server = Server::with_data().await;
    server
        .get("/api/v1/labels")
        .await
        .is_data(r#"["__name__","job"]"#);
    server
        .get("/api/v1/label/job/values")
        .await
        .is_data(r#"["a","b"]"#);
    server
        .get("/api/v1/label/U__job/values?limit=1")
        .await
        .is_data(r#"["a"]"#);
    server
        .get("/api/v1/label/job/values?match[]=up%7Bjob!=%22a%22%7D")
        .await
        .is_data(r#"["b"]"#);
    server
        .post("/api/v1/series", FORM, "match[]=up{job=\"a\"}")
        .await
        .is_data(r#"[{"__name__":"up","job":"a"}]"#);
    server
        .get("/api/v1/labels?start=0&end=10")
        .await
        .is_data("[]");
    let typed = "# HELP t_total Told.\n# TYPE t_total counter\nt_total 1\n";
    server
        .post("/api/v1/import/prometheus", "text/plain", typed)
        .await;
    server
        .get("/api/v1/metadata?metric=t_total")
        .await
        .is_data(r#"{"t_total":[{"type":"counter","help":"Told.","unit":""}]}"#);
}

#[tokio::test]
async fn metadata_is_told_by_family() {
    let server = Server::new();
    let typed = "# HELP lat Slow?\n# TYPE lat histogram\nlat_bucket{le=\"+Inf\"} 1\nlat_count 1\nlat_sum 2\n\
                 # TYPE q summary\nq{quantile=\"0.5\"} 1\nq_count 1\nq_sum 2\n\
                 # TYPE plain_count gauge\nplain_count 1\n";
    server
        .post("/api/v1/import/prometheus", "text/plain", typed)
        .await;
    let lat = r#""lat":[{"type":"histogram","help":"Slow?","unit":""}]"#;
    let plain = r#""plain_count":[{"type":"gauge","help":"","unit":""}]"#;
    let summary = r#""q":[{"type":"summary","help":"","unit":""}]"#;
    for (query, expected) in [
        ("", format!("{{{lat},{plain},{summary}}}")),
        ("?metric=lat", format!("{{{lat}}}")),
        ("?metric=q", format!("{{{summary}}}")),
        ("?metric=plain_count", format!("{{{plain}}}")),
        ("?metric=lat_bucket", "{}".into()),
        ("?metric=plain", "{}".into()),
        ("?limit=2", format!("{{{lat},{plain}}}")),
    ] {
        server
            .get(&format!("/api/v1/metadata{query}"))
            .await
            .is_data(&expected);
    }
}

#[tokio::test]
async fn exemplars_are_found_by_any_selector_of_the_query() {
    let server = Server::new();
    let body = "# TYPE a counter\na_total{job=\"x\"} 1 90 # {trace_id=\"t\"} 0.5 89.5\n# EOF\n";
    let kind = "application/openmetrics-text; version=1.0.0";
    assert_eq!(
        server
            .post("/api/v1/import/prometheus", kind, body)
            .await
            .status,
        204
    );
    server
        .get("/api/v1/query_exemplars?query=rate(a_total[5m])&start=80&end=100")
        .await
        .is_data(
            r#"[{"seriesLabels":{"__name__":"a_total","job":"x"},
             "exemplars":[{"labels":{"trace_id":"t"},"value":"0.5","timestamp":89.500}]}]"#,
        );
    server
        .get("/api/v1/query_exemplars?query=none&start=80&end=100")
        .await
        .is_data("[]");
}

#[tokio::test]
async fn the_matchers_of_a_request_are_counted() {
    let server = Server::with_data().await;
    let many = |count: usize, one: &str| one.repeat(count);
    let path = format!("/api/v1/series?{}", many(101, "match[]=up&"));
    let part = "found 101 selectors, wanted at most 100";
    server.get(&path).await.is_error(400, "bad_data", part);
    let path = format!("/api/v1/series?{}", many(100, "match[]=up&"));
    assert_eq!(server.get(&path).await.status, 200);
    for one in ["job=\"a\",", "job=~\"a\","] {
        // Two selectors of which neither is too long by itself.
        for (count, status) in [(499, 200), (501, 400)] {
            let selector = format!("up{{{}}}", many(count, one));
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("match[]", &selector)
                .append_pair("match[]", &selector)
                .finish();
            let answer = server.post("/api/v1/labels", FORM, form).await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
            let is_counted = answer.body.contains("wanted at most 1000");
            assert_eq!(is_counted, status == 400, "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_long_list_of_words_is_an_ordinary_expression() {
    let server = Server::with_data().await;
    let word = |number: u64| format!("{:020}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let words: Vec<String> = (0..5_000).map(word).collect();
    let selector = format!("up{{job=~\"a|{}\"}}", words.join("|"));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &selector)
        .finish();
    let answer = server.post("/api/v1/query", FORM, form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.json()["data"]["result"].as_array().map(Vec::len),
        Some(1)
    );
}
