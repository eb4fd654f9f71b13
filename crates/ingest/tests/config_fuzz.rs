//! No prometheus.yml makes the reader panic, and whatever it refuses has a reason.

use std::path::Path;

use plimsoll_ingest::config;

fn check(text: &str) {
    match config::parse(Path::new("fuzz.yml"), text, &|name| Some(name.to_owned())) {
        Ok(loaded) => {
            for job in &loaded.config.scrape_configs {
                assert!(!job.job_name.is_empty());
                assert!(job.scrape_timeout <= job.scrape_interval);
                assert!(!job.scrape_protocols.is_empty());
            }
        }
        Err(findings) => {
            assert!(findings.has_errors());
            assert!(!findings.to_string().is_empty());
        }
    }
}

#[test]
fn survives_any_text() {
    bolero::check!().for_each(|bytes: &[u8]| check(&String::from_utf8_lossy(bytes)));
}

/// Sections that are nearly right reach deeper than random bytes.
#[test]
fn survives_any_mixture_of_sections() {
    const LINES: [&str; 32] = [
        "global:\n",
        "scrape_configs:\n",
        "  - job_name: a\n",
        "  - job_name: 'b'\n",
        "  scrape_interval: 5s\n",
        "    scrape_interval: 0\n",
        "    scrape_timeout: 1h\n",
        "    scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0]\n",
        "    static_configs:\n",
        "      - targets: [x, 'y:1', \"\"]\n",
        "        labels: {a: $b, '': c}\n",
        "    relabel_configs:\n",
        "    metric_relabel_configs:\n",
        "      - action: labelmap\n",
        "        regex: '[[](x{'\n",
        "        replacement: ${1}$\n",
        "        target_label: $x\n",
        "        modulus: 18446744073709551615\n",
        "    tls_config: {cert: a, min_version: TLS13, max_version: TLS10}\n",
        "    basic_auth:\n",
        "    bearer_token: x\n",
        "    proxy_url: 'http://[::'\n",
        "    http_sd_configs: [{url: 'http://a'}]\n",
        "    dns_sd_configs: [{names: [a], port: 99999}]\n",
        "  external_labels: {a: '${', b: '$$'}\n",
        "remote_write: [{url: ':', queue_config: {min_shards: -1}}]\n",
        "remote_read: [{}]\n",
        "otlp: {promote_resource_attributes: [a, ' a']}\n",
        "storage: {tsdb: {retention: {time: 9999y, percentage: .nan}}}\n",
        "rule_files: ['*/*']\n",
        "alerting: {alertmanagers: [{static_configs: [{}]}]}\n",
        "plimsoll: {limits: {active_series_max: 0}}\n",
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        let lines = bytes
            .iter()
            .map(|byte| LINES[usize::from(*byte) % LINES.len()]);
        check(&lines.collect::<String>());
    });
}
