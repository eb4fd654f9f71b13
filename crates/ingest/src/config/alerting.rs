//! Where alerts go: the Alertmanagers, how they are found and spoken to, and what is changed about alerts on the way.

use std::time::Duration;

use plimsoll_runtime::config::{Findings, Spanned, http_client};
use plimsoll_runtime::http::ClientConfig;

use super::discovery::{self, Discovery};
use super::elsewhere;
use super::global::Global;
use super::raw::elsewhere::RawAlerting;
use super::raw::scrape::RawAlertmanager;
use super::relabel;
use super::scrape::{self, NameValidation, Scheme, written};
use crate::relabel::RelabelConfig;

const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// The section `alerting`. A reload replaces it whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerting {
    /// Rules for every alert, after `external_labels` were added; default: none.
    pub alert_relabel_configs: Vec<RelabelConfig>,
    /// Sets of Alertmanagers; each alert goes to all of all sets. Default: none.
    pub alertmanagers: Vec<AlertmanagerConfig>,
}

/// One set of Alertmanagers.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertmanagerConfig {
    /// How to connect; default `http`.
    pub scheme: Scheme,
    /// What the path begins with, before `/api/v2/alerts`; default: nothing.
    pub path_prefix: String,
    /// The longest a request may take, above zero; default 10 s.
    pub timeout: Duration,
    /// How to speak to them: who we are, TLS, proxy, headers, redirects.
    pub http: ClientConfig,
    /// The ways to find them, in the order: static, file, http, dns.
    pub discovery: Vec<Discovery>,
    /// Rules for what discovery finds.
    pub relabel_configs: Vec<RelabelConfig>,
    /// Rules for alerts that go to this set, after those for every alert.
    pub alert_relabel_configs: Vec<RelabelConfig>,
}

/// Checks the section.
pub(super) fn check(
    raw: Option<Spanned<RawAlerting>>,
    global: &Global,
    findings: &mut Findings<'_>,
) -> Alerting {
    let Some(raw) = raw else {
        return Alerting::default();
    };
    let legacy = global.metric_name_validation_scheme == NameValidation::Legacy;
    let raw = raw.value;
    let alertmanagers = raw.alertmanagers.into_iter();
    Alerting {
        alert_relabel_configs: relabel::rules(raw.alert_relabel_configs, legacy, findings),
        alertmanagers: alertmanagers
            .map(|raw| check_set(raw.value, legacy, findings))
            .collect(),
    }
}

fn check_set(
    mut raw: RawAlertmanager,
    legacy: bool,
    findings: &mut Findings<'_>,
) -> AlertmanagerConfig {
    if let Some(version) = raw
        .api_version
        .as_ref()
        .filter(|version| version.as_str() != "v2")
    {
        findings.unknown_word(version, "version of Alertmanager's interface", &["v2"]);
    }
    if let Some(zero) = raw.timeout.filter(|timeout| timeout.0.is_zero()) {
        findings.warning(
            zero.span,
            "a timeout of `0s` counts as absent, which is `10s`",
        );
    }
    let mut http = raw.take_http_client();
    elsewhere::check_one_identity(
        &mut http,
        [("sigv4", raw.sigv4.as_ref().map(|sigv4| sigv4.key))],
        findings,
    );
    if let Some(sigv4) = &raw.sigv4 {
        elsewhere::check_sigv4(sigv4, findings);
        findings.error_with_hint(
            sigv4.key,
            "`sigv4`: this version does not sign requests for AWS",
            "send to a proxy that signs them, and name it as the Alertmanager",
        );
    }
    AlertmanagerConfig {
        scheme: scrape::scheme(raw.scheme.as_ref(), findings),
        path_prefix: raw.path_prefix.take().unwrap_or_default(),
        timeout: written(raw.timeout).unwrap_or(TIMEOUT_DEFAULT),
        http: http_client::check(http, findings),
        discovery: discovery::check(
            raw.take_discovery(),
            raw.relabel_configs.is_empty(),
            findings,
        ),
        relabel_configs: relabel::rules(raw.relabel_configs, legacy, findings),
        alert_relabel_configs: relabel::rules(raw.alert_relabel_configs, legacy, findings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn parse(text: &str) -> Result<config::Loaded, String> {
        config::parse("prometheus.yml".as_ref(), text, &|_| None).map_err(|error| error.to_string())
    }

    fn set(fields: &str) -> Result<AlertmanagerConfig, String> {
        let text = format!("alerting: {{alertmanagers: [{{{fields}}}]}}\n");
        let mut sets = parse(&text)?.config.alerting.alertmanagers;
        Ok(sets.remove(0))
    }

    #[test]
    fn defaults_are_those_of_prometheus() {
        let found = set("static_configs: [{targets: ['am:9093']}]").unwrap();
        let expected = AlertmanagerConfig {
            scheme: Scheme::Http,
            path_prefix: String::new(),
            timeout: Duration::from_secs(10),
            http: ClientConfig::default(),
            discovery: found.discovery.clone(),
            relabel_configs: Vec::new(),
            alert_relabel_configs: Vec::new(),
        };
        assert_eq!(found, expected);
        assert!(matches!(&*found.discovery, [Discovery::Static(_)]));
        assert_eq!(parse("").unwrap().config.alerting, Alerting::default());
    }

    #[test]
    fn what_is_written_is_acted_on() {
        let found = set(
            "scheme: https, path_prefix: /am, timeout: 3s, api_version: v2, \
             basic_auth: {username: ann}, relabel_configs: [{action: drop, source_labels: [a], regex: b}], \
             alert_relabel_configs: [{action: labeldrop, regex: c}], \
             file_sd_configs: [{files: [a.json]}], dns_sd_configs: [{names: [b]}]",
        );
        let found = found.unwrap();
        assert_eq!(found.scheme, Scheme::Https);
        assert_eq!(found.path_prefix, "/am");
        assert_eq!(found.timeout, Duration::from_secs(3));
        assert!(found.http.authorization.is_some());
        assert_eq!(found.discovery.len(), 2);
        assert_eq!(
            (
                found.relabel_configs.len(),
                found.alert_relabel_configs.len()
            ),
            (1, 1)
        );
        let text = "alerting: {alert_relabel_configs: [{action: labeldrop, regex: c}]}\n";
        let loaded = parse(text).unwrap();
        assert_eq!(loaded.config.alerting.alert_relabel_configs.len(), 1);
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        for (fields, expected) in [
            (
                "api_version: v1",
                "unknown version of Alertmanager's interface `v1`",
            ),
            ("sigv4: {region: eu}", "does not sign requests for AWS"),
            ("sigv4: {}, basic_auth: {username: a}", "exclude each other"),
            ("consul_sd_configs: [{server: a}]", "`consul_sd_configs`"),
            ("scheme: ftp", "unknown scheme `ftp`"),
            (
                "static_configs: [{targets: ['http://am/']}]",
                "is not a host",
            ),
            ("relabel_configs: [null]", ""),
            ("alert_relabel_configs: [{action: replace}]", ""),
        ] {
            let error = set(fields).unwrap_err();
            assert!(error.contains(expected), "{fields}: {error}");
        }
    }

    #[test]
    fn a_timeout_of_zero_is_told_and_counts_as_absent() {
        let loaded = parse("alerting: {alertmanagers: [{timeout: 0s}]}\n").unwrap();
        assert_eq!(
            loaded.config.alerting.alertmanagers[0].timeout,
            TIMEOUT_DEFAULT
        );
        assert!(loaded.warnings[0].message.contains("`0s`"));
    }
}
