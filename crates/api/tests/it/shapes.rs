//! Status, keys and words of answers, as Prometheus 3 gives them: recorded there once, by hand, and checked here.
//!
//! `paths` writes the shape of an answer as one line: the names of keys, `[]` for lists, types for values.

use serde_json::Value;

use crate::harness::Server;

const FORM: &str = "application/x-www-form-urlencoded";

/// Writes the shape of a value; of a list the shape of its first entry.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(list) => format!("[{}]", list.first().map_or(String::new(), shape)),
        Value::Object(object) => {
            let mut entries: Vec<String> = object
                .iter()
                .map(|(key, value)| format!("{key}:{}", shape(value)))
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
    }
}

#[tokio::test]
async fn good_answers_have_the_keys_of_prometheus() {
    let server = Server::with_data().await;
    let vector =
        "{result:[{metric:{__name__:string,job:string},value:[number]}],resultType:string}";
    let matrix =
        "{result:[{metric:{__name__:string,job:string},values:[[number]]}],resultType:string}";
    for (path, expected) in [
        ("query?query=up", vector),
        ("query?query=up[1m]", matrix),
        ("query_range?query=up&start=90&end=100&step=5", matrix),
        (
            "query?query=1%2B1&time=4",
            "{result:[number],resultType:string}",
        ),
        ("query_exemplars?query=up&start=0&end=100", "[]"),
        ("series?match[]=up", "[{__name__:string,job:string}]"),
        ("labels", "[string]"),
        ("label/job/values", "[string]"),
        ("metadata", "{}"),
        ("format_query?query=up", "string"),
        ("parse_query?query=1", "{type:string,val:string}"),
        ("rules", "{groups:[]}"),
        (
            "rules?type=alert&exclude_alerts=true&group_limit=3",
            "{groups:[]}",
        ),
        ("alerts", "{alerts:[]}"),
        (
            "alertmanagers",
            "{activeAlertmanagers:[],droppedAlertmanagers:[]}",
        ),
        ("scrape_pools", "{scrapePools:[]}"),
        (
            "targets",
            "{activeTargets:[],droppedTargetCounts:{},droppedTargets:[]}",
        ),
        (
            "targets?state=active",
            "{activeTargets:[],droppedTargetCounts:null,droppedTargets:[]}",
        ),
        (
            "targets?state=bogus",
            "{activeTargets:[],droppedTargetCounts:null,droppedTargets:[]}",
        ),
        ("targets/metadata", "[]"),
        ("status/config", "{yaml:string}"),
        ("status/flags", "{query.timeout:string}"),
        (
            "status/runtimeinfo",
            "{CWD:string,GODEBUG:string,GOGC:string,GOMAXPROCS:number,GOMEMLIMIT:number,corruptionCount:number,\
             goroutineCount:number,hostname:string,lastConfigTime:string,reloadConfigSuccess:bool,serverTime:string,\
             startTime:string,storageRetention:string}",
        ),
        (
            "status/buildinfo",
            "{branch:string,buildDate:string,buildUser:string,goVersion:string,revision:string,version:string}",
        ),
        (
            "status/tsdb?limit=2",
            "{headStats:{chunkCount:number,maxTime:number,minTime:number,numLabelPairs:number,numSeries:number},\
             labelValueCountByLabelName:[{name:string,value:number}],memoryInBytesByLabelName:[{name:string,value:number}],\
             seriesCountByLabelValuePair:[{name:string,value:number}],seriesCountByMetricName:[{name:string,value:number}]}",
        ),
        (
            "status/tsdb/blocks",
            "{blocks:[{compaction:{level:number,sources:[string]},maxTime:number,minTime:number,\
             stats:{numBytes:number,numChunks:number,numSamples:number,numSeries:number},ulid:string,version:number}]}",
        ),
        ("status/walreplay", "{current:number,max:number,min:number}"),
        (
            "status/self_metrics?metric_name_pattern=.*build_info",
            "[{help:string,metric:[{gauge:{value:number},label:[{name:string,value:string}]}],name:string,type:string}]",
        ),
        ("notifications", "[]"),
    ] {
        let answer = server.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/json", "{path}");
        let json = answer.json();
        assert_eq!(json["status"], "success", "{path}");
        assert_eq!(shape(&json["data"]), expected, "{path}");
    }
}

#[tokio::test]
async fn refusals_have_the_words_of_prometheus() {
    let server = Server::with_data().await;
    let query = "invalid parameter \"query\": ";
    let cases: &[(&str, String)] = &[
        ("query", format!("{query}unknown position: parse error: no expression found in input")),
        ("query?query=", format!("{query}unknown position: parse error: no expression found in input")),
        ("query?query=sum(", format!("{query}1:5: parse error: unclosed left parenthesis")),
        ("query?query=up&time=abc", "invalid parameter \"time\": invalid time value for 'time': cannot parse \"abc\" to a valid timestamp".into()),
        ("query?query=up&timeout=abc", "invalid parameter \"timeout\": cannot parse \"abc\" to a valid duration".into()),
        ("query?query=up&limit=-1", "invalid parameter \"limit\": limit must be non-negative".into()),
        ("query?query=up&limit=abc", "invalid parameter \"limit\": strconv.Atoi: parsing \"abc\": invalid syntax".into()),
        ("query_range?query=up", "invalid parameter \"start\": cannot parse \"\" to a valid timestamp".into()),
        ("query_range?query=up&start=1", "invalid parameter \"end\": cannot parse \"\" to a valid timestamp".into()),
        ("query_range?query=up&start=1&end=2", "invalid parameter \"step\": cannot parse \"\" to a valid duration".into()),
        ("query_range?query=up&start=2&end=1&step=1", "invalid parameter \"end\": end timestamp must not be before start time".into()),
        ("query_range?query=up&start=1&end=2&step=0", "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer".into()),
        ("query_range?query=up&start=1&end=2&step=-1", "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer".into()),
        ("query_range?query=up&start=1&end=2&step=x", "invalid parameter \"step\": cannot parse \"x\" to a valid duration".into()),
        ("query_range?query=up&start=1&end=2&step=1e100", "invalid parameter \"step\": cannot parse \"1e100\" to a valid duration. It overflows int64".into()),
        ("query_range?query=up&start=0&end=11001&step=1", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)".into()),
        ("query_exemplars?query=up&start=2&end=1", "end timestamp must not be before start timestamp".into()),
        ("format_query", format!("{query}unknown position: parse error: no expression found in input")),
        (
            "parse_query?query=sum(",
            format!("{query}1:5: parse error: unclosed left parenthesis"),
        ),
        ("labels?limit=x", "invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax".into()),
        ("labels?start=x", "invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp".into()),
        ("labels?match[]={a=~\".*\"}", "match[] must contain at least one non-empty matcher".into()),
        ("labels?match[]=", "unknown position: parse error: unexpected end of input".into()),
        ("label/U__/values", "invalid label name: \"\"".into()),
        ("label/%ff/values", "invalid label name: it is not UTF-8".into()),
        ("series", "no match[] parameter provided".into()),
        ("series?match[]={}", "invalid parameter \"match[]\": match[] must contain at least one non-empty matcher".into()),
        ("series?match[]=up&limit=z", "invalid parameter \"limit\": strconv.Atoi: parsing \"z\": invalid syntax".into()),
        ("metadata?limit=x", "limit must be a number".into()),
        ("metadata?limit_per_metric=x", "limit_per_metric must be a number".into()),
        ("status/tsdb?limit=0", "limit must be a positive number".into()),
        ("status/tsdb?limit=x", "limit must be a positive number".into()),
        ("status/tsdb?limit=10001", "limit must not exceed 10000".into()),
        ("targets/metadata?limit=x", "limit must be a number".into()),
        ("targets/relabel_steps", "no scrapePool parameter provided".into()),
        ("targets/relabel_steps?scrapePool=a", "no labels parameter provided".into()),
        ("targets/relabel_steps?scrapePool=nope&labels={}", "error retrieving scrape config: scrape pool \"nope\" not found".into()),
        ("rules?type=x", "invalid parameter \"type\": not supported value \"x\"".into()),
        ("rules?exclude_alerts=maybe", "invalid parameter \"exclude_alerts\": error converting exclude_alerts: strconv.ParseBool: parsing \"maybe\": invalid syntax".into()),
        ("rules?group_limit=x", "invalid parameter \"group_limit\": group_limit needs to be a valid number: strconv.ParseInt: parsing \"x\": invalid syntax".into()),
        ("rules?group_limit=-1", "invalid parameter \"group_limit\": group_limit needs to be greater than 0".into()),
        ("rules?group_next_token=abc", "invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over the groups".into()),
        ("rules?group_limit=1&group_next_token=abc", "invalid parameter \"group_next_token\": invalid group_next_token 'abc'. were rule groups changed?".into()),
        ("search/metric_names?limit=x", "invalid limit \"x\": must be a positive integer".into()),
        ("search/metric_names?limit=10001", "limit 10001 exceeds the configured maximum (10000, see --web.search.max-limit)".into()),
        ("search/label_values", "missing required parameter \"label\"".into()),
        ("search/label_names?sort_by=zz", "invalid sort_by \"zz\" for label_names: must be \"alpha\" or \"score\"".into()),
        ("search/metric_names?sort_dir=dsc", "sort_dir is only valid when sort_by is set".into()),
        ("search/metric_names?fuzz_threshold=zz", "invalid fuzz_threshold \"zz\": must be 0-100".into()),
    ];
    for (path, expected) in cases {
        let path = path.replace('"', "%22");
        let answer = server.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        let json = answer.json();
        assert_eq!(json["status"], "error", "{path}");
        assert_eq!(json["errorType"], "bad_data", "{path}");
        assert_eq!(json["error"], **expected, "{path}");
    }
}

#[tokio::test]
async fn lists_are_empty_where_the_range_is_and_cut_where_a_limit_says_so() {
    let server = Server::with_data().await;
    for path in [
        "labels?start=2&end=1",
        "label/job/values?start=2&end=1",
        "series?match[]=up&start=2&end=1",
    ] {
        server.get(&format!("/api/v1/{path}")).await.is_data("[]");
    }
    for path in [
        "labels?limit=1",
        "label/job/values?limit=1",
        "series?match[]=up&limit=1",
    ] {
        let json = server.get(&format!("/api/v1/{path}")).await.json();
        assert_eq!(json["data"].as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(
            json["warnings"][0], "results truncated due to limit",
            "{path}"
        );
    }
    server.get("/api/v1/metadata?limit=0").await.is_data("{}");
}

#[tokio::test]
async fn an_expression_that_is_wrong_is_shown_with_a_caret() {
    let server = Server::with_data().await;
    let shown = "  sum(up\n        ^";
    let asked = server.post("/api/v1/query", FORM, "query=sum(up").await;
    assert_eq!(
        asked.json().get("caret"),
        None,
        "the body is that of Prometheus"
    );
    let header: String =
        serde_json::from_str(asked.headers["plimsoll-caret"].to_str().unwrap()).unwrap();
    assert_eq!(header, shown);
    let asked = server
        .post("/api/v1/query", FORM, "query=sum(up&caret=true")
        .await;
    assert_eq!(asked.json()["caret"], shown);
    let other = server.get("/api/v1/query?query=up&time=x").await;
    assert!(!other.headers.contains_key("plimsoll-caret"));
}

#[tokio::test]
async fn names_are_searched_line_by_line() {
    let server = Server::with_data().await;
    let path = "/api/v1/search/label_values?label=job&batch_size=1";
    let answer = server.get(path).await;
    assert_eq!(
        answer.headers["content-type"],
        "application/x-ndjson; charset=utf-8"
    );
    assert_eq!(
        answer.body,
        "{\"results\":[{\"value\":\"a\"}]}\n{\"results\":[{\"value\":\"b\"}]}\n{\"status\":\"success\",\"has_more\":false}\n"
    );
    let answer = server
        .get("/api/v1/search/metric_names?search[]=p&limit=1&include_score=true")
        .await;
    assert!(
        answer
            .body
            .starts_with("{\"results\":[{\"name\":\"up\",\"score\":0."),
        "{}",
        answer.body
    );
    let answer = server.get("/api/v1/search/label_names?search[]=xyz").await;
    assert_eq!(
        answer.body,
        "{\"results\":[]}\n{\"status\":\"success\",\"has_more\":false}\n"
    );
    let path = "/api/v1/search/label_values?label=job&sort_by=alpha&sort_dir=dsc&limit=1";
    let answer = server.get(path).await;
    assert_eq!(
        answer.body,
        "{\"results\":[{\"value\":\"b\"}]}\n{\"status\":\"success\",\"has_more\":true}\n"
    );
}

#[tokio::test]
async fn features_name_what_is_switched_on() {
    let server = Server::new();
    let data = server.get("/api/v1/features").await.json()["data"].clone();
    assert_eq!(data["api"]["admin"], false);
    assert_eq!(
        data["promql"]["anchored"], true,
        "all features are on in this test"
    );
    assert_eq!(data["promql_functions"]["rate"], true);
    assert_eq!(data["promql_operators"]["limitk"], true);
    let version = server.get("/version").await;
    assert!(
        version.body.contains("\"version\":\"1.2.3\""),
        "{}",
        version.body
    );
}
