//! The real binary under a script in the language of Prometheus' promqltest: written to by remote write 2.0, asked over
//! HTTP, and made to forget by the admin API. `cargo xtask conformance promql DIR --server self` runs Prometheus' own.

use plimsoll_e2e::{Home, Server, ServerSubject};
use plimsoll_promqltest::{EngineSubject, Report, run};

/// Keeps what was measured in 1970.
const KEEP_ALL: &str = "global:\n  scrape_interval: 10y\nplimsoll:\n  retention: 100y\n  host_metrics:\n    enabled: false\n";

/// What goes through remote write and JSON: floats, gaps, markers, both kinds of histograms, start timestamps, times at
/// and before 1970, the same times again after they were deleted, annotations, failures, and all four types of values.
const SCRIPT: &str = r#"
load 1m
  requests_total{job="a"}  0+60x10
  requests_total{job="b"}  0+30x4 _x2 90 stale
  temperature              NaN Inf -Inf -0.5 1e-300
  sizes                    {{schema:1 sum:5 count:6 z_bucket:1 z_bucket_w:0.01 buckets:[2 0 1] n_buckets:[1 1]}}x5
  waits                    {{schema:-53 sum:5 count:4 custom_values:[1 5] buckets:[1 2 1]}}+{{schema:-53 sum:1 count:1 custom_values:[1 5] buckets:[1]}}x5

eval instant at 10m requests_total
  requests_total{job="a"} 600

eval instant at 0 requests_total
  requests_total{job="a"} 0
  requests_total{job="b"} 0

eval instant at -1s requests_total

eval range from -1m to 4m step 1m temperature
  temperature _ NaN Inf -Inf -0.5 1e-300

eval instant at 5m sum(sizes)
  {} {{schema:1 sum:5 count:6 z_bucket:1 z_bucket_w:0.01 buckets:[2 0 1] n_buckets:[1 1]}}

eval instant at 5m waits
  waits {{schema:-53 sum:10 count:9 custom_values:[1 5] buckets:[6 2 1]}}

eval instant at 2m requests_total[2m]
  expect range vector from 1m to 2m step 1m
  requests_total{job="a"} 60 120
  requests_total{job="b"} 30 60

eval instant at 5m sort_desc(increase(requests_total[3m]))
  expect ordered
  expect no_warn
  {job="a"} 180
  {job="b"} 90

eval instant at 5m rate(temperature[5m])
  expect info
  {} NaN

eval instant at 5m sum({__name__=~"requests_total|sizes"})
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)

eval instant at 5m temperature + on() requests_total
  expect fail regex: many-to-many|multiple matches

eval instant at 5m 2 + 3
  5

eval instant at 5m "text"
  expect string "text"

clear

load 1m
  requests_total{job="a"}    1 2 3

eval instant at 2m {__name__=~".+"}
  requests_total{job="a"} 3

eval instant at 10m {__name__=~".+"}

clear

load 1m
  deltas@st  _ -1mx4
  deltas     _ 60x4

load_with_nhcb 1m
  latency_bucket{le="1"}     1 2
  latency_bucket{le="+Inf"}  2 4
  latency_count              2 4
  latency_sum                3 6

eval instant at 1m latency
  latency {{schema:-53 sum:6 count:4 custom_values:[1] buckets:[2 2]}}

eval instant at 5m increase(deltas[4m])
  {} 240
"#;

fn check(report: &Report) {
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert!(report.is_clean(), "{}", failures.join("\n"));
    assert_eq!(report.passed, 17);
}

#[test]
fn a_script_is_answered_as_it_says_over_http_and_in_process() {
    check(&run(SCRIPT, &mut EngineSubject::default()).unwrap());
    let home = Home::new().unwrap();
    home.configure(KEEP_ALL).unwrap();
    let mut command = home.serve_command().unwrap();
    command.arg("--enable-admin-api");
    command.arg("--enable-feature=promql-delayed-name-removal,use-start-timestamps");
    let server = Server::start_with(&home, &mut command).unwrap();
    let mut subject = ServerSubject::of(server.api);
    check(&run(SCRIPT, &mut subject).unwrap());
}
