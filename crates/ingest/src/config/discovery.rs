//! The ways to find targets: checked as Prometheus checks them, the ones we do not have refused by name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned, http_client};
use plimsoll_runtime::http::ClientConfig;
use plimsoll_types::Labels;
use url::Url;

use super::names::check_label_name;
use super::raw::SpannedKey;
use super::raw::scrape::{RawDiscovery, RawDnsSd, RawFileSd, RawHttpSd, RawStatic};

/// One way to find targets.
#[derive(Clone, Debug, PartialEq)]
pub enum Discovery {
    /// Targets that the file lists, at least one group; one value holds all `static_configs` of a job.
    Static(Vec<TargetGroup>),
    /// Targets in files that are watched.
    File(FileDiscovery),
    /// Targets that an HTTP server tells.
    Http(Box<HttpDiscovery>),
    /// Targets that DNS tells.
    Dns(DnsDiscovery),
}

/// Targets with labels in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Addresses, `host:port` or `host`.
    pub targets: Vec<String>,
    /// Labels that each of them gets.
    pub labels: Labels,
}

/// `file_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiscovery {
    /// Paths, at least one; the last component may hold `*`. Relative ones have been resolved.
    pub files: Vec<PathBuf>,
    /// Time between two reads whatever a watch says, above zero; default 5 min.
    pub refresh_interval: Duration,
}

/// `http_sd_configs`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpDiscovery {
    /// Where to ask: `http` or `https`, with a host.
    pub url: Url,
    /// Time between two questions, above zero; default 1 min.
    pub refresh_interval: Duration,
    /// How to ask.
    pub http: ClientConfig,
}

/// `dns_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsDiscovery {
    /// Names to look up, at least one.
    pub names: Vec<String>,
    /// Which records; default SRV.
    pub record: DnsRecord,
    /// The port of the targets, 1 to 65535; 0 only for SRV, whose records tell it.
    pub port: u16,
    /// Time between two look-ups, above zero; default 30 s.
    pub refresh_interval: Duration,
}

/// A type of DNS record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DnsRecord {
    /// Host and port.
    #[default]
    Srv,
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Mail server.
    Mx,
    /// Name server.
    Ns,
}

const FILE_REFRESH: Duration = Duration::from_mins(5);
const HTTP_REFRESH: Duration = Duration::from_secs(60);
const DNS_REFRESH: Duration = Duration::from_secs(30);

/// Checks the ways to find targets of one section.
///
/// `addresses_are_final` says that no rule rewrites addresses, so that they can be judged already.
pub(super) fn check(
    raw: RawDiscovery,
    addresses_are_final: bool,
    findings: &mut Findings<'_>,
) -> Vec<Discovery> {
    for (name, span) in raw.elsewhere {
        findings.error_with_hint(
            span,
            format!(
                "`{name}`: this version discovers targets by static_configs, file_sd, http_sd, dns_sd"
            ),
            "bridge it with http_sd_configs or file_sd_configs",
        );
    }
    let mut found = Vec::new();
    if !raw.static_configs.is_empty() {
        let groups = raw.static_configs.into_iter();
        let groups = groups.map(|group| static_group(&group, addresses_are_final, findings));
        found.push(Discovery::Static(groups.collect()));
    }
    for file in &raw.file_sd_configs {
        found.push(Discovery::File(file_discovery(file, findings)));
    }
    for http in raw.http_sd_configs {
        let http = http_discovery(http, findings);
        found.extend(http.map(|http| Discovery::Http(Box::new(http))));
    }
    for dns in &raw.dns_sd_configs {
        found.push(Discovery::Dns(dns_discovery(dns, findings)));
    }
    found
}

fn static_group(
    raw: &Spanned<RawStatic>,
    addresses_are_final: bool,
    findings: &mut Findings<'_>,
) -> TargetGroup {
    for target in raw.targets.iter().filter(|_| addresses_are_final) {
        if target.is_empty() {
            findings.error(target.span, "the address of a target is empty");
        } else if target.contains('/') {
            findings.error_with_hint(
                target.span,
                format!("`{}` is not a host with an optional port", target.value),
                "put the path into `metrics_path` and the scheme into `scheme`",
            );
        }
    }
    TargetGroup {
        targets: raw
            .targets
            .iter()
            .map(|target| target.value.clone())
            .collect(),
        labels: labels(&raw.labels, findings),
    }
}

fn labels(raw: &BTreeMap<SpannedKey, Spanned<String>>, findings: &mut Findings<'_>) -> Labels {
    for name in raw.keys() {
        check_label_name(name, findings);
    }
    Labels::from_pairs(raw.iter().map(|(name, value)| (&name.text, &value.value)))
}

fn file_discovery(raw: &Spanned<RawFileSd>, findings: &mut Findings<'_>) -> FileDiscovery {
    if raw.files.is_empty() {
        findings.error(
            raw.span,
            "`file_sd_configs` needs at least one path in `files`",
        );
    }
    for file in &raw.files {
        if !is_file_pattern(file) {
            findings.error_with_hint(
                file.span,
                format!("`{}` is not a path for file discovery", file.value),
                "it ends in .json, .yml or .yaml, with at most one `*` in its last part",
            );
        }
    }
    FileDiscovery {
        files: raw
            .files
            .iter()
            .map(|file| findings.resolve(file))
            .collect(),
        refresh_interval: refresh(raw.refresh_interval, FILE_REFRESH, findings),
    }
}

/// Prometheus allows one star, in the last part of the path, and these endings.
fn is_file_pattern(path: &str) -> bool {
    let Some((stem, ending)) = path.rsplit_once('.') else {
        return false;
    };
    let ending_fits = ["json", "yml", "yaml", "JSON", "YML", "YAML"].contains(&ending);
    let star_fits = stem
        .split_once('*')
        .is_none_or(|(_, behind)| !behind.contains('/'));
    ending_fits && star_fits
}

fn http_discovery(raw: Spanned<RawHttpSd>, findings: &mut Findings<'_>) -> Option<HttpDiscovery> {
    let whole = raw.span;
    let mut raw = raw.value;
    let refresh_interval = refresh(raw.refresh_interval, HTTP_REFRESH, findings);
    let http = http_client::check(raw.take_http_client(), findings);
    if raw.url.is_empty() {
        findings.error(whole, "`http_sd_configs` needs a `url`");
        return None;
    }
    Some(HttpDiscovery {
        url: http_client::url(&raw.url, findings)?,
        refresh_interval,
        http,
    })
}

fn dns_discovery(raw: &Spanned<RawDnsSd>, findings: &mut Findings<'_>) -> DnsDiscovery {
    if raw.names.is_empty() {
        findings.error(
            raw.span,
            "`dns_sd_configs` needs at least one name in `names`",
        );
    }
    let record = record(raw.kind.as_ref(), findings);
    let (port, place) = raw
        .port
        .map_or((0, raw.span), |port| (port.value, port.span));
    let checked = u16::try_from(port).unwrap_or_else(|_| {
        findings.error(place, format!("expected a port up to 65535, found {port}"));
        0
    });
    if port == 0 && record != DnsRecord::Srv {
        findings.error(
            place,
            "`dns_sd_configs` needs a `port`, only SRV records tell it",
        );
    }
    DnsDiscovery {
        names: raw.names.iter().map(|name| name.value.clone()).collect(),
        record,
        port: checked,
        refresh_interval: refresh(raw.refresh_interval, DNS_REFRESH, findings),
    }
}

fn record(raw: Option<&Spanned<String>>, findings: &mut Findings<'_>) -> DnsRecord {
    let Some(word) = raw else {
        return DnsRecord::Srv;
    };
    match word.to_ascii_uppercase().as_str() {
        "SRV" => DnsRecord::Srv,
        "A" => DnsRecord::A,
        "AAAA" => DnsRecord::Aaaa,
        "MX" => DnsRecord::Mx,
        "NS" => DnsRecord::Ns,
        _ => {
            findings.unknown_word(word, "record type", &["SRV", "A", "AAAA", "MX", "NS"]);
            DnsRecord::Srv
        }
    }
}

fn refresh(
    raw: Option<Spanned<DurationValue>>,
    default: Duration,
    findings: &mut Findings<'_>,
) -> Duration {
    match raw {
        Some(interval) if interval.0.is_zero() => {
            findings.error(interval.span, "`refresh_interval` must be above zero");
            default
        }
        Some(interval) => interval.0,
        None => default,
    }
}
