//! What an operator reads when a prometheus.yml is wrong, and what becomes of one that is right.

use std::path::Path;
use std::time::Duration;

use plimsoll_ingest::config::{
    self, Config, Discovery, DnsRecord, Escaping, Loaded, NameValidation, Scheme, ScrapeConfig,
    WalSync,
};
use plimsoll_runtime::config::Diagnostics;
use plimsoll_runtime::http::{Authorization, Proxy, SecretSource};
use plimsoll_types::{ByteCount, Labels};
use plimsoll_wire::exposition::Format;

fn parse(text: &str) -> Result<Loaded, Diagnostics> {
    let zone = |name: &str| (name == "ZONE").then(|| "eu-1".to_owned());
    config::parse(Path::new("prometheus.yml"), text, &zone)
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn loaded(text: &str) -> Loaded {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn config(text: &str) -> Config {
    loaded(text).config
}

fn job(text: &str) -> ScrapeConfig {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("scrape_configs:\n  - job_name: node\n{}", lines.concat());
    config(&text).scrape_configs.remove(0)
}

/// The warnings as `line:column message`.
fn warnings(text: &str) -> Vec<String> {
    loaded(text)
        .warnings
        .iter()
        .map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message))
        .collect()
}

#[test]
fn names_an_unknown_field_of_global() {
    let text = "global:\n  scrap_interval: 15s\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:2:3: error: unknown field `scrap_interval`
      |
    2 |   scrap_interval: 15s
      |   ^^^^^^^^^^^^^^ did you mean `scrape_interval`?
      = at global
    ");
}

#[test]
fn names_an_unknown_section() {
    let text = "scrape_config:\n  - job_name: a\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:1:1: error: unknown field `scrape_config`
      |
    1 | scrape_config:
      | ^^^^^^^^^^^^^ did you mean `scrape_configs`?
    ");
}

#[test]
fn names_both_places_of_a_job_s_name() {
    let text = "scrape_configs:\n  - job_name: node\n  - job_name: db\n  - job_name: node\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:15: error: two jobs have the name `node`
      |
    4 |   - job_name: node
      |               ^^^^ the other is at prometheus.yml:2
    ");
}

#[test]
fn compares_timeout_and_interval() {
    let text = "global:\n  scrape_interval: 10s\nscrape_configs:\n  - job_name: node\n    scrape_timeout: 1m\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:5:21: error: the scrape timeout 1m is longer than the scrape interval 10s
      |
    5 |     scrape_timeout: 1m
      |                     ^^
    ");
}

#[test]
fn explains_a_regular_expression() {
    let text = "scrape_configs:\n  - job_name: node\n    relabel_configs:\n      - source_labels: [job]\n        regex: (a|b\n        action: keep\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:5:16: error: the regular expression is malformed: unclosed group
      |
    5 |         regex: (a|b
      |                ^^^^
    ");
}

#[test]
fn refuses_fields_that_an_action_ignores() {
    let text = "scrape_configs:\n  - job_name: node\n    relabel_configs:\n      - regex: tmp_.*\n        action: labeldrop\n        replacement: x\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:6:22: error: the action `labeldrop` takes no `replacement`
      |
    6 |         replacement: x
      |                      ^
    ");
}

#[test]
fn refuses_an_unknown_action() {
    let text =
        "scrape_configs:\n  - job_name: node\n    relabel_configs:\n      - action: rename\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:17: error: unknown action `rename`
      |
    4 |       - action: rename
      |                 ^^^^^^ expected one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
    ");
}

#[test]
fn refuses_an_address_with_a_path() {
    let text = "scrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: ['http://db1:9100/metrics']\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:19: error: `http://db1:9100/metrics` is not a host with an optional port
      |
    4 |       - targets: ['http://db1:9100/metrics']
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^ put the path into `metrics_path` and the scheme into `scheme`
    ");
}

#[test]
fn refuses_two_ways_to_say_who_we_are() {
    let text = "scrape_configs:\n  - job_name: node\n    basic_auth:\n      username: a\n      password: b\n    authorization:\n      credentials: c\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:6:5: error: `authorization` and `basic_auth` exclude each other
      |
    6 |     authorization:
      |     ^^^^^^^^^^^^^
    ");
}

#[test]
fn refuses_discovery_that_we_lack_by_name() {
    let text =
        "scrape_configs:\n  - job_name: pods\n    kubernetes_sd_configs:\n      - role: pod\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:3:5: error: `kubernetes_sd_configs`: this version discovers targets by static_configs, file_sd, http_sd, dns_sd
      |
    3 |     kubernetes_sd_configs:
      |     ^^^^^^^^^^^^^^^^^^^^^ bridge it with http_sd_configs or file_sd_configs
    ");
}

#[test]
fn refuses_a_url_of_another_scheme() {
    let text = "scrape_configs:\n  - job_name: node\n    http_sd_configs:\n      - url: ftp://inventory/targets\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:14: error: expected a URL with http or https, found `ftp`
      |
    4 |       - url: ftp://inventory/targets
      |              ^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn refuses_a_file_pattern_of_another_ending() {
    let text = "scrape_configs:\n  - job_name: node\n    file_sd_configs:\n      - files: [targets/*/all.json, targets.txt]\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:17: error: `targets/*/all.json` is not a path for file discovery
      |
    4 |       - files: [targets/*/all.json, targets.txt]
      |                 ^^^^^^^^^^^^^^^^^^ it ends in .json, .yml or .yaml, with at most one `*` in its last part

    prometheus.yml:4:37: error: `targets.txt` is not a path for file discovery
      |
    4 |       - files: [targets/*/all.json, targets.txt]
      |                                     ^^^^^^^^^^^ it ends in .json, .yml or .yaml, with at most one `*` in its last part
    ");
}

#[test]
fn refuses_records_without_a_port() {
    let text = "scrape_configs:\n  - job_name: node\n    dns_sd_configs:\n      - names: [db.example.com]\n        type: A\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:9: error: `dns_sd_configs` needs a `port`, only SRV records tell it
      |
    4 |       - names: [db.example.com]
      |         ^^^^^
    ");
}

#[test]
fn refuses_a_key_without_its_certificate() {
    let text = "scrape_configs:\n  - job_name: node\n    tls_config:\n      key_file: key.pem\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:4:7: error: a client key needs a `cert` or `cert_file`
      |
    4 |       key_file: key.pem
      |       ^^^^^^^^
    ");
}

#[test]
fn refuses_a_scheme_of_another_kind() {
    let text = "scrape_configs:\n  - job_name: node\n    scheme: ftp\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:3:13: error: unknown scheme `ftp`
      |
    3 |     scheme: ftp
      |             ^^^ expected one of http, https
    ");
}

#[test]
fn refuses_a_limit_of_nothing() {
    let text = "plimsoll:\n  limits:\n    metric_series_max: 0\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:3:24: error: expected a limit from 1 to 2147483648, found 0
      |
    3 |     metric_series_max: 0
      |                        ^
    ");
}

#[test]
fn lists_everything_that_is_wrong() {
    let text = "scrape_configs:\n  - metrics_path: http://db1/metrics\n    scrape_protocols: []\n    static_configs:\n      - targets: ['']\n        labels: {'': x}\n";
    insta::assert_snapshot!(refused(text), @r"
    prometheus.yml:2:5: error: this job has no name
      |
    2 |   - metrics_path: http://db1/metrics
      |     ^^^^^^^^^^^^ add `job_name`

    prometheus.yml:3:23: error: the list of scrape protocols is empty
      |
    3 |     scrape_protocols: []
      |                       ^

    prometheus.yml:2:19: error: `metrics_path` is a path, found a URL
      |
    2 |   - metrics_path: http://db1/metrics
      |                   ^^^^^^^^^^^^^^^^^^ put the host into `targets` and the scheme into `scheme`

    prometheus.yml:5:19: error: the address of a target is empty
      |
    5 |       - targets: ['']
      |                   ^^

    prometheus.yml:6:18: error: a label name is empty
      |
    6 |         labels: {'': x}
      |                  ^^
    ");
}

#[test]
fn an_empty_file_has_every_default() {
    let Loaded {
        config, warnings, ..
    } = loaded("");
    assert_eq!(config.global.scrape_interval, Duration::from_secs(60));
    assert_eq!(config.global.scrape_timeout, Duration::from_secs(10));
    assert_eq!(config.global.evaluation_interval, Duration::from_secs(60));
    assert_eq!(config.retention.time, None);
    assert_eq!(config.plimsoll.wal_sync, WalSync::Group);
    assert_eq!(config.plimsoll.limits.metric_series_max, 100_000);
    assert!(config.plimsoll.host_metrics.is_enabled);
    assert_eq!(
        warnings[0].message,
        "the file is empty, so nothing is scraped"
    );
}

#[test]
fn a_job_has_every_default() {
    let job = job("");
    assert_eq!(job.metrics_path, "/metrics");
    assert_eq!(job.scheme, Scheme::Http);
    assert_eq!(
        (job.scrape_interval, job.scrape_timeout),
        (Duration::from_secs(60), Duration::from_secs(10))
    );
    assert_eq!(job.scrape_protocols, Format::DEFAULT_SCRAPE_PROTOCOLS);
    assert_eq!(job.fallback_scrape_protocol, None);
    assert!(job.honor_timestamps && job.enable_compression && !job.honor_labels);
    assert!(!job.track_timestamps_staleness && !job.extra_scrape_metrics);
    assert_eq!(job.metric_name_validation_scheme, NameValidation::Utf8);
    assert_eq!(job.metric_name_escaping_scheme, Escaping::AllowUtf8);
    assert_eq!(job.limits.body_size, None);
    assert_eq!(job.http, plimsoll_runtime::http::ClientConfig::default());
}

#[test]
fn a_timeout_that_is_not_written_adapts_to_the_interval() {
    let seconds = |text| {
        let job = job(text);
        (job.scrape_interval.as_secs(), job.scrape_timeout.as_secs())
    };
    assert_eq!(seconds("scrape_interval: 5s"), (5, 5));
    assert_eq!(seconds("scrape_interval: 30s"), (30, 10));
    assert_eq!(
        seconds("scrape_interval: 30s\nscrape_timeout: 30s"),
        (30, 30)
    );
    let global = config("global: {scrape_interval: 3s}").global;
    assert_eq!(global.scrape_timeout, Duration::from_secs(3));
}

#[test]
fn jobs_inherit_from_global() {
    let text = "
global:
  sample_limit: 5
  body_size_limit: 1MB
  scrape_native_histograms: true
  convert_classic_histograms_to_nhcb: yes
  extra_scrape_metrics: true
  metric_name_validation_scheme: legacy
scrape_configs:
  - job_name: a
  - job_name: b
    sample_limit: 7
    scrape_native_histograms: false
    convert_classic_histograms_to_nhcb: false
    metric_name_validation_scheme: utf8
";
    let jobs = config(text).scrape_configs;
    assert_eq!(
        (jobs[0].limits.sample, jobs[1].limits.sample),
        (Some(5), Some(7))
    );
    assert_eq!(jobs[1].limits.body_size, Some(ByteCount::MIB));
    assert_eq!(jobs[0].scrape_protocols[0], Format::PrometheusProto);
    assert_eq!(
        jobs[0].scrape_protocols[1..],
        Format::DEFAULT_SCRAPE_PROTOCOLS
    );
    assert_eq!(jobs[1].scrape_protocols, Format::DEFAULT_SCRAPE_PROTOCOLS);
    assert!(
        jobs[0].convert_classic_histograms_to_nhcb && !jobs[1].convert_classic_histograms_to_nhcb
    );
    assert!(jobs[0].extra_scrape_metrics && jobs[1].extra_scrape_metrics);
    assert_eq!(jobs[0].metric_name_escaping_scheme, Escaping::Underscores);
    assert_eq!(jobs[1].metric_name_escaping_scheme, Escaping::AllowUtf8);
}

#[test]
fn external_labels_take_variables_from_the_environment() {
    let text = "global:\n  external_labels: {zone: 'z-${ZONE}', gone: $ABSENT, price: 3$$}\n";
    assert_eq!(
        config(text).global.external_labels,
        Labels::from_pairs([("zone", "z-eu-1"), ("price", "3$")])
    );
    assert_eq!(
        warnings(text),
        ["2:46 the environment variable `ABSENT` is not set, its value is empty",]
    );
}

#[test]
fn reads_the_ways_to_find_targets() {
    let job = job("
static_configs:
  - targets: ['db1:9100', db2]
    labels: {rack: 7}
  - targets: []
file_sd_configs:
  - files: [targets/*.yml, /etc/all.json]
http_sd_configs:
  - url: https://inventory/targets
    refresh_interval: 5m
dns_sd_configs:
  - names: [a.example.com]
  - names: [b.example.com]
    type: aaaa
    port: 9100
");
    let [
        Discovery::Static(groups),
        Discovery::File(file),
        Discovery::Http(http),
        Discovery::Dns(srv),
        Discovery::Dns(aaaa),
    ] = &job.discovery[..]
    else {
        panic!("{:?}", job.discovery);
    };
    assert_eq!(groups[0].targets, ["db1:9100", "db2"]);
    assert_eq!(groups[0].labels, Labels::from_pairs([("rack", "7")]));
    assert_eq!(groups.len(), 2);
    assert_eq!(
        file.files,
        [Path::new("targets/*.yml"), Path::new("/etc/all.json")]
    );
    assert_eq!(file.refresh_interval, Duration::from_secs(300));
    assert_eq!(
        (http.url.as_str(), http.refresh_interval.as_secs()),
        ("https://inventory/targets", 300)
    );
    assert_eq!(
        (srv.record, srv.port, srv.refresh_interval.as_secs()),
        (DnsRecord::Srv, 0, 30)
    );
    assert_eq!((aaaa.record, aaaa.port), (DnsRecord::Aaaa, 9100));
}

#[test]
fn addresses_with_a_path_wait_for_rules_that_rewrite_them() {
    let rewritten = job("
static_configs:
  - targets: [http://db1/metrics]
relabel_configs:
  - {source_labels: [__address__], regex: 'http://(.*)/.*', target_label: __address__}
");
    assert_eq!(rewritten.relabel_configs.len(), 1);
}

#[test]
fn reads_who_we_are() {
    let authorization = |text| job(text).http.authorization;
    assert_eq!(
        authorization("bearer_token: abc"),
        Some(Authorization::Scheme {
            scheme: "Bearer".into(),
            credentials: SecretSource::inline("abc")
        })
    );
    assert_eq!(
        authorization("authorization: {type: APIKEY, credentials_file: keys/a}"),
        Some(Authorization::Scheme {
            scheme: "APIKEY".into(),
            credentials: SecretSource::File("keys/a".into())
        })
    );
    assert_eq!(
        authorization("basic_auth: {username: ann, password_file: /run/p}"),
        Some(Authorization::Basic {
            username: SecretSource::inline("ann"),
            password: Some(SecretSource::File("/run/p".into())),
        })
    );
    assert_eq!(authorization("basic_auth:\nbearer_token: ''"), None);
    let oauth2 = "oauth2: {client_id: a, client_secret_file: s, token_url: 'http://login/', \
                  scopes: [read], endpoint_params: {audience: api}, proxy_url: 'http://proxy:1'}";
    let Some(Authorization::OAuth2(oauth2)) = authorization(oauth2) else {
        panic!("a token is fetched");
    };
    assert_eq!(
        (oauth2.client_id.as_str(), oauth2.token_url.as_str()),
        ("a", "http://login/")
    );
    assert_eq!(oauth2.client_secret, Some(SecretSource::File("s".into())));
    assert_eq!(oauth2.scopes, ["read"]);
    assert_eq!(oauth2.parameters, [("audience".into(), "api".into())]);
    assert!(matches!(oauth2.proxy, Proxy::Url { .. }));
}

#[test]
fn reads_proxies_and_headers() {
    let http = job("proxy_url: http://proxy:3128\nno_proxy: a,b\nhttp_headers:\n  X-Team: {values: [sre], files: [team]}\nfollow_redirects: false\nenable_http2: no").http;
    assert!(matches!(&http.proxy, Proxy::Url { no_proxy, .. } if no_proxy == "a,b"));
    assert_eq!(http.headers[0].name, "x-team");
    assert_eq!(
        http.headers[0].values,
        [
            SecretSource::inline("sre"),
            SecretSource::File("team".into())
        ]
    );
    assert!(!http.follows_redirects && !http.offers_http2);
    let bare = job("proxy_url: 'proxy:3128'").http.proxy;
    assert!(matches!(bare, Proxy::Url { url, .. } if url.as_str() == "http://proxy:3128/"));
    assert_eq!(
        job("proxy_from_environment: true").http.proxy,
        Proxy::Environment
    );
}

#[test]
fn reads_our_own_section() {
    let text = "
global: {scrape_interval: 20s}
storage: {tsdb: {retention: {time: 30d}}}
plimsoll:
  retention: 60d
  wal: {sync: always}
  host_metrics: {enabled: off}
  limits: {active_series_max: 1000, metric_series_max: 10}
";
    let config = config(text);
    assert_eq!(config.retention.time, Some(Duration::from_hours(60 * 24)));
    assert_eq!(config.plimsoll.wal_sync, WalSync::Always);
    assert!(!config.plimsoll.host_metrics.is_enabled);
    assert_eq!(
        config.plimsoll.host_metrics.interval,
        Duration::from_secs(20)
    );
    assert_eq!(config.plimsoll.limits.active_series_max, 1000);
    assert_eq!(config.plimsoll.limits.metric_series_max, 10);
}

#[test]
fn warns_of_what_has_no_effect() {
    let text = "
global:
  evaluation_interval: 30s
  scrape_failure_log_file: failures.log
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ['am:9093']}]
remote_write:
  - url: http://other/push
remote_read:
  - url: http://other/read
tracing: {endpoint: 'localhost:4317'}
otlp: {keep_identifying_resource_attributes: true}
storage:
  tsdb:
    out_of_order_time_window: 30m
    retention: {time: 1d, size: 1GB}
scrape_configs:
  - job_name: node
    scrape_failure_log_file: failures.log
    convert_classic_histograms_to_nhcb: true
    keep_dropped_targets: 10
    oauth2:
      client_id: a
      token_url: 'http://login/token'
      grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer
";
    insta::assert_snapshot!(warnings(text).join("\n"), @r"
    17:5 `out_of_order_time_window` is accepted, but has no effect: samples of any age within the retention are taken
    4:3 `scrape_failure_log_file` is accepted, but this version does not act on it
    5:14 no file matches this pattern
    10:5 `remote_write` is accepted, but this version does not act on it
    12:5 `remote_read` is accepted, but this version does not act on it
    13:1 `tracing` is accepted, but this version does not act on it
    14:1 `otlp` is accepted, but this version does not act on it
    21:5 `scrape_failure_log_file` is accepted, but this version does not act on it
    22:5 `convert_classic_histograms_to_nhcb` is accepted, but this version does not act on it
    24:5 `oauth2 with the grant urn:ietf:params:oauth:grant-type:jwt-bearer` is accepted, but this version does not act on it
    ");
}

#[test]
fn rule_files_are_those_that_exist_each_once() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.yml", "b.yml", "c.txt"] {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    let path = directory.path().join("prometheus.yml");
    let text = "rule_files: ['*.yml', a.yml, c.txt]\n";
    std::fs::write(&path, text).unwrap();
    let loaded = plimsoll_ingest::config::load(&path, &|_| None).unwrap();
    let names = loaded.config.rule_files.iter();
    let names: Vec<_> = names
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["a.yml", "b.yml", "prometheus.yml", "c.txt"]);
    assert!(loaded.warnings.is_empty());
}

#[test]
fn where_the_state_is_kept_is_read() {
    let state = |text: &str| {
        config(&format!("plimsoll: {{state: {{{text}}}}}\n"))
            .plimsoll
            .state
    };
    let default = state("");
    assert_eq!(
        (default.url, default.lease),
        (None, Duration::from_secs(15))
    );
    let state = state("url: 'postgres://ann:hunter2@db/plimsoll', lease: 30s");
    assert_eq!(state.lease, Duration::from_secs(30));
    assert!(!format!("{state:?}").contains("hunter2"));
    assert_eq!(
        state.url.unwrap().read().unwrap().expose(),
        "postgres://ann:hunter2@db/plimsoll"
    );
    for (text, expected) in [
        (
            "url: 'mysql://db/x'",
            "begins with `postgres://` or `sqlite:`",
        ),
        ("url: 'sqlite:x', url_file: y", "exclude each other"),
        ("lease: 1s", "from 5s to 10m"),
        ("path: x", "unknown field"),
    ] {
        let found = refused(&format!("plimsoll: {{state: {{{text}}}}}\n"));
        assert!(found.contains(expected), "{found}");
    }
    for text in ["lease: 30s", "url: 'sqlite:x', lease: 30s"] {
        let found = warnings(&format!("plimsoll: {{state: {{{text}}}}}\n"));
        assert!(found[0].contains("`lease` has no effect"), "{found:?}");
    }
    assert!(warnings("plimsoll: {state: {url_file: x, lease: 30s}}\n").is_empty());
    // Passwords whose characters end a part of a URL; shown, the rest of one would be no secret any more.
    for url in [
        "postgres://ann:1/hunter2@db/plimsoll",
        "postgres://ann:1?hunter2@db/plimsoll",
        "postgres://ann:1#hunter2@db/plimsoll",
        "postgres://ann:hunter2/@x@db/plimsoll",
        "postgres://ann:hunter2",
        "mysql://ann:hunter2@db/plimsoll",
    ] {
        let found = refused(&format!("plimsoll: {{state: {{url: '{url}'}}}}\n"));
        assert!(found.contains("the URL of the state"), "{found}");
        assert!(!found.contains("hunter2"), "{found}");
    }
}

#[test]
fn the_files_of_objectives_are_those_that_exist() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.slo.yml", "b.slo.yml", "c.yml"] {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    let path = directory.path().join("prometheus.yml");
    let text = "plimsoll: {slo: {files: ['*.slo.yml', a.slo.yml, c.yml, d.yml], lateness: 1m, snapshot_interval: 1h}}\n";
    std::fs::write(&path, text).unwrap();
    let loaded = plimsoll_ingest::config::load(&path, &|_| None).unwrap();
    let slo = loaded.config.plimsoll.slo;
    let names = slo.files.iter();
    let names: Vec<_> = names
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["a.slo.yml", "b.slo.yml", "c.yml"]);
    let times = (slo.lateness, slo.snapshot_interval);
    assert_eq!(times, (Duration::from_mins(1), Duration::from_hours(1)));
    assert_eq!(loaded.warnings.len(), 1);
    let warning = loaded.warnings[0].to_string();
    assert!(warning.contains("no file matches"), "{warning}");
    let default = config("").plimsoll.slo;
    assert_eq!(default, plimsoll_ingest::config::Slo::default());
    for (text, expected) in [
        ("lateness: 5s", "late by 10s to 1h"),
        ("lateness: 61m", "late by 10s to 1h"),
        ("snapshot_interval: 59s", "every 1m to 1d"),
        ("file: x", "unknown field"),
    ] {
        let found = refused(&format!("plimsoll: {{slo: {{{text}}}}}\n"));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn tls_below_1_2_is_raised_with_a_warning() {
    let with = |version: &str| {
        warnings(&format!(
            "scrape_configs:\n- job_name: a\n  tls_config: {{min_version: {version}}}\n"
        ))
    };
    for version in ["TLS10", "TLS11"] {
        let expected = "3:29 TLS below 1.2 is not spoken, so this has the effect of `TLS12`";
        assert_eq!(with(version), [expected]);
    }
    assert!(with("TLS12").is_empty());
}

#[test]
fn limits_of_size_and_rules_are_read() {
    let text = "
storage: {tsdb: {retention: {size: 512MB, percentage: 80}}}
plimsoll:
  merge_bytes_per_second: 1MiB
  retention_rules:
    - {match: '{team=\"payments\", env!~\"dev.*\"}', raw: 400d, hour: 5y}
    - match: go_gc_duration_seconds
      raw: 1d
      five_minutes: 0s
";
    let found = config(text);
    let days = |days: u64| Duration::from_hours(24 * days);
    assert_eq!(found.retention.size, Some(ByteCount::MIB.times(512)));
    assert_eq!(found.retention.disk_share, Some(0.8));
    assert_eq!(found.retention.time_or_default(), days(36_500));
    assert_eq!(found.plimsoll.merge_bytes_per_second, ByteCount::MIB);
    let [payments, go] = &found.retention.rules[..] else {
        panic!("there are two rules");
    };
    let shown: Vec<_> = payments.matchers.iter().map(|m| m.to_string()).collect();
    assert_eq!(shown, ["team=\"payments\"", "env!~\"dev.*\""]);
    let times = (payments.raw, payments.five_minutes, payments.hour);
    assert_eq!(times, (Some(days(400)), None, Some(days(5 * 365))));
    assert_eq!((go.raw, go.five_minutes), (Some(days(1)), Some(days(0))));
    let silent = config("");
    assert_eq!(
        (silent.retention.size, silent.retention.disk_share),
        (None, None)
    );
    assert_eq!(silent.retention.time_or_default(), days(15));
}

#[test]
fn a_rule_that_cannot_be_is_refused_with_its_place() {
    let text = "
plimsoll:
  retention_rules:
    - {match: '{team=payments}', raw: 1d}
    - {match: '{a=~\"(\"}', raw: 1d}
    - {match: '{a=\"b\"}'}
    - {match: '{a=\"b\"}', raw: 200y}
storage: {tsdb: {retention: {percentage: 101}}}
";
    insta::assert_snapshot!(refused(text), @r#"
    prometheus.yml:4:15: error: not a selector: expected a string in quotes at character 7
      |
    4 |     - {match: '{team=payments}', raw: 1d}
      |               ^^^^^^^^^^^^^^^^^

    prometheus.yml:5:15: error: not a selector: invalid regular expression "(": unclosed group at character 8
      |
    5 |     - {match: '{a=~"("}', raw: 1d}
      |               ^^^^^^^^^^

    prometheus.yml:6:8: error: a rule says at least one of `raw`, `five_minutes`, `hour`
      |
    6 |     - {match: '{a="b"}'}
      |        ^^^^^

    prometheus.yml:7:31: error: the retention is longer than 100 years
      |
    7 |     - {match: '{a="b"}', raw: 200y}
      |                               ^^^^

    prometheus.yml:8:42: error: expected a percentage from 0 to 100, found 101
      |
    8 | storage: {tsdb: {retention: {percentage: 101}}}
      |                                          ^^^

    prometheus.yml:7:15: warning: an earlier rule has the same selector, so this one has no effect
      |
    7 |     - {match: '{a="b"}', raw: 200y}
      |               ^^^^^^^^^
    "#);
    let text = "
plimsoll:
  retention_rules:
    - {match: '{a=\"b\"}', raw: 1m}
    - {match: '{a=\"b\"}', raw: 1d}
";
    insta::assert_snapshot!(warnings(text).join("\n"), @r"
    4:31 samples are kept for at least 4h, so 1m has that effect
    5:15 an earlier rule has the same selector, so this one has no effect
    ");
}

#[test]
fn a_retention_of_zero_hides_no_other() {
    let ninety_days = Some(Duration::from_hours(90 * 24));
    for (ours, theirs, expected) in [
        ("0s", "90d", ninety_days),
        ("90d", "0s", ninety_days),
        ("90d", "30d", ninety_days),
        ("0s", "0s", None),
    ] {
        let text = format!(
            "plimsoll: {{retention: {ours}}}\nstorage: {{tsdb: {{retention: {{time: {theirs}}}}}}}\n"
        );
        assert_eq!(config(&text).retention.time, expected, "{ours} {theirs}");
    }
}

#[test]
fn a_file_for_agents_is_a_file() {
    assert!(parse("remote_write:\n  - url: http://remote1/push\n").is_ok());
}

#[test]
fn two_stars_of_included_files_mean_one() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("prometheus.yml", "scrape_config_files: ['jobs**.yml']\n");
    write("jobs1.yml", "scrape_configs: [{job_name: a}]\n");
    let path = directory.path().join("prometheus.yml");
    let Loaded {
        config, warnings, ..
    } = config::load(&path, &|_| None).unwrap();
    assert_eq!(config.scrape_configs[0].job_name, "a");
    assert_eq!(warnings, []);
}

#[test]
fn findings_of_included_files_have_their_path() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("jobs")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "prometheus.yml",
        "scrape_config_files: [jobs/*.yml, absent.yml]\nscrape_configs: [{job_name: node}]\n",
    );
    write(
        "jobs/a.yml",
        "scrape_configs:\n  - job_name: db\n    tls_config: {ca_file: ca.pem}\n",
    );
    let path = directory.path().join("prometheus.yml");
    let Loaded {
        config, warnings, ..
    } = config::load(&path, &|_| None).unwrap();
    let names: Vec<_> = config
        .scrape_configs
        .iter()
        .map(|job| job.job_name.as_str())
        .collect();
    assert_eq!(names, ["node", "db"]);
    assert_eq!(warnings[0].message, "no file matches this pattern");
    let authority = config.scrape_configs[1]
        .http
        .tls
        .certificate_authority
        .clone();
    assert_eq!(
        authority,
        Some(SecretSource::File(directory.path().join("jobs/ca.pem")))
    );

    write("jobs/b.yml", "scrape_configs:\n  - job_name: node\n");
    write("jobs/c.yml", "scrape_configs:\n  - job: node\n");
    let error = config::load(&path, &|_| None).unwrap_err();
    let places: Vec<_> = error
        .iter()
        .filter(|finding| finding.message != "no file matches this pattern")
        .map(|finding| {
            (
                finding
                    .path
                    .strip_prefix(directory.path())
                    .unwrap()
                    .to_str()
                    .unwrap(),
                finding.line,
            )
        })
        .collect();
    assert_eq!(places, [("jobs/b.yml", 2), ("jobs/c.yml", 2)]);
}

/// Generated files of large installations load; the reader's budget grows with the file.
#[test]
fn loads_twenty_thousand_jobs() {
    let mut text = "scrape_configs:\n".to_owned();
    for index in 0..20_000 {
        text.push_str(&format!(
            "  - job_name: job-{index}\n    scrape_interval: 15s\n    static_configs:\n      - targets: ['host-{index}:9100']\n"
        ));
    }
    assert_eq!(config(&text).scrape_configs.len(), 20_000);
}

#[test]
fn a_thousand_mistakes_are_counted_and_a_hundred_shown() {
    let text = format!("scrape_configs:\n{}", "  - scheme: ''\n".repeat(1000));
    let error = parse(&text).unwrap_err();
    assert_eq!(error.iter().count(), 101);
    assert!(
        error
            .to_string()
            .ends_with("900 more of this kind are not shown"),
        "{error}"
    );
}

#[test]
fn legacy_names_hold_for_external_labels_too() {
    let text = |scheme: &str| {
        format!(
            "global: {{metric_name_validation_scheme: {scheme}, external_labels: {{'a.b': x}}}}\n"
        )
    };
    let load = |text: String| config::parse(Path::new("prometheus.yml"), &text, &|_| None);
    assert!(load(text("utf8")).is_ok());
    let refused = load(text("legacy")).unwrap_err().to_string();
    assert!(refused.contains("the label name `a.b` is not"), "{refused}");
}
