//! A job and its ways to find targets, as they are written.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::http::section_with_http_client;
use super::relabel::RawRelabel;
use super::{RawEscaping, RawValidation};

/// Defines a section with the fields given, those of an HTTP client and those of [`RawDiscovery`], which find targets.
macro_rules! section_with_discovery {
    ($(#[$meta:meta])* $name:ident { $($fields:tt)* } elsewhere { $($elsewhere:ident,)* }) => {
        section_with_http_client! {
            $(#[$meta])*
            $name {
                $($fields)*
                pub(in crate::config) static_configs: Vec<Spanned<RawStatic>>,
                pub(in crate::config) file_sd_configs: Vec<Spanned<RawFileSd>>,
                pub(in crate::config) http_sd_configs: Vec<Spanned<RawHttpSd>>,
                pub(in crate::config) dns_sd_configs: Vec<Spanned<RawDnsSd>>,
                $(pub(in crate::config) $elsewhere: Option<Spanned<IgnoredAny>>,)*
            }
        }

        impl $name {
            /// Takes the ways to find targets out.
            pub(in crate::config) fn take_discovery(&mut self) -> RawDiscovery {
                RawDiscovery {
                    static_configs: std::mem::take(&mut self.static_configs),
                    file_sd_configs: std::mem::take(&mut self.file_sd_configs),
                    http_sd_configs: std::mem::take(&mut self.http_sd_configs),
                    dns_sd_configs: std::mem::take(&mut self.dns_sd_configs),
                    elsewhere: [$((stringify!($elsewhere), self.$elsewhere.take()),)*]
                        .into_iter()
                        .filter_map(|(name, found)| Some((name, found?.key)))
                        .collect(),
                }
            }
        }
    };
}

/// Passes the kinds of discovery that Prometheus 3.14 knows and we do not to [`section_with_discovery`].
macro_rules! section_with_all_discovery {
    ($($section:tt)*) => {
        section_with_discovery! {
            $($section)*
            elsewhere {
                aws_sd_configs, azure_sd_configs, consul_sd_configs, digitalocean_sd_configs,
                docker_sd_configs, dockerswarm_sd_configs, ec2_sd_configs, eureka_sd_configs,
                gce_sd_configs, hetzner_sd_configs, ionos_sd_configs, kubernetes_sd_configs,
                kuma_sd_configs, lightsail_sd_configs, linode_sd_configs, marathon_sd_configs,
                nerve_sd_configs, nomad_sd_configs, oci_sd_configs, openstack_sd_configs,
                outscale_sd_configs, ovhcloud_sd_configs, puppetdb_sd_configs,
                scaleway_sd_configs, serverset_sd_configs, stackit_sd_configs,
                triton_sd_configs, uyuni_sd_configs, vultr_sd_configs,
            }
        }
    };
}

section_with_all_discovery! {
    /// `scrape_configs`: one job: which targets are scraped, how, and what is kept of what they say.
    RawScrapeConfig {
        /// The name, not empty; no other job has it. It is the label `job` of every series.
        /// Required.
        pub(in crate::config) job_name: Spanned<String>,
        /// Whether a target's own labels win over those that it has from here. Otherwise its own are kept as `exported_<name>`.
        /// Default: `false`.
        pub(in crate::config) honor_labels: bool,
        /// Whether the times that a target writes are used, and not that of the scrape.
        /// Default: `true`.
        pub(in crate::config) honor_timestamps: Option<bool>,
        /// Whether series with a target's own times end with a staleness marker when they are gone.
        /// Default: `false`.
        pub(in crate::config) track_timestamps_staleness: bool,
        /// Parameters of the URL, each with a list of values.
        /// Default: none.
        pub(in crate::config) params: BTreeMap<String, Vec<String>>,
        /// Time between two scrapes of a target; `0s` counts as absent.
        /// Default: that of `global`.
        pub(in crate::config) scrape_interval: Option<Spanned<DurationValue>>,
        /// The longest a scrape may take, at most `scrape_interval`; `0s` counts as absent.
        /// Default: that of `global`, or `scrape_interval` where that is shorter.
        pub(in crate::config) scrape_timeout: Option<Spanned<DurationValue>>,
        /// Formats that targets are asked for, the preferred one first. No format twice, and at least one.
        /// Default: that of `global`.
        pub(in crate::config) scrape_protocols: Option<Spanned<Vec<Spanned<RawProtocol>>>>,
        /// The format to assume when a target names none, or one that is not known.
        /// Default: none: the scrape fails.
        pub(in crate::config) fallback_scrape_protocol: Option<RawProtocol>,
        /// Whether native histograms are kept, and protobuf, which carries them, is asked for first.
        /// Default: that of `global`.
        pub(in crate::config) scrape_native_histograms: Option<bool>,
        /// Whether the classic form of a native histogram is kept beside it.
        /// Default: that of `global`.
        pub(in crate::config) always_scrape_classic_histograms: Option<bool>,
        /// Whether classic histograms become native ones with custom buckets. No effect in this version.
        /// Default: that of `global`.
        pub(in crate::config) convert_classic_histograms_to_nhcb: Option<Spanned<bool>>,
        /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are recorded for each scrape.
        /// Default: that of `global`.
        pub(in crate::config) extra_scrape_metrics: Option<bool>,
        /// Where failed scrapes are logged. No effect in this version: the log of the program has them.
        /// Default: none.
        pub(in crate::config) scrape_failure_log_file: Option<Spanned<String>>,
        /// The path to scrape.
        /// Default: `/metrics`.
        pub(in crate::config) metrics_path: Option<Spanned<String>>,
        /// `http` or `https`.
        /// Default: `http`.
        pub(in crate::config) scheme: Option<Spanned<String>>,
        /// Whether targets are asked for gzip.
        /// Default: `true`.
        pub(in crate::config) enable_compression: Option<bool>,
        /// Bytes of one scrape's body, before and after decompression; above it the scrape fails. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) body_size_limit: SizeValue,
        /// Samples of one scrape after metric relabelling; above it the scrape fails. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) sample_limit: u64,
        /// Targets after relabelling; above it none of the job is scraped. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) target_limit: u64,
        /// Labels of one series after metric relabelling; above it the scrape fails. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) label_limit: u64,
        /// Bytes of a label name after metric relabelling; above it the scrape fails. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) label_name_length_limit: u64,
        /// Bytes of a label value after metric relabelling; above it the scrape fails. `0` is what `global` says.
        /// Default: that of `global`.
        pub(in crate::config) label_value_length_limit: u64,
        /// Buckets of a native histogram. One with more is made coarser until it fits; where that cannot be, the scrape fails.
        /// `0` is no limit.
        /// Default: `0`.
        pub(in crate::config) native_histogram_bucket_limit: u64,
        /// The least growth from one bucket of a native histogram to the next, at least 0. A finer one is made coarser.
        /// Default: `0`.
        pub(in crate::config) native_histogram_min_bucket_factor: Option<Spanned<f64>>,
        /// Targets dropped by relabelling that are remembered for display; `0` keeps 10000 of a job.
        /// Default: that of `global`.
        pub(in crate::config) keep_dropped_targets: Spanned<u64>,
        /// Which names of metrics and labels are valid: any UTF-8, or only `[a-zA-Z_:][a-zA-Z0-9_:]*`.
        /// Default: that of `global`.
        pub(in crate::config) metric_name_validation_scheme: Option<RawValidation>,
        /// How targets are asked to write names outside the classic alphabet. `allow-utf-8` needs the validation scheme `utf8`.
        /// Default: that of `global` where the validation scheme is the same, otherwise what suits it.
        pub(in crate::config) metric_name_escaping_scheme: Option<Spanned<RawEscaping>>,
        /// Rules that rewrite, keep or drop targets before they are scraped.
        /// Default: none.
        pub(in crate::config) relabel_configs: Vec<Spanned<RawRelabel>>,
        /// Rules that rewrite, keep or drop series before they are stored.
        /// Default: none.
        pub(in crate::config) metric_relabel_configs: Vec<Spanned<RawRelabel>>,
    }
}

section_with_all_discovery! {
    /// `alerting.alertmanagers`: one group of Alertmanagers.
    RawAlertmanager {
        /// `http` or `https`.
        /// Default: `http`.
        pub(in crate::config) scheme: Option<Spanned<String>>,
        /// What the path begins with, before `/api/v2/alerts`.
        /// Default: `/`.
        pub(in crate::config) path_prefix: Option<String>,
        /// The longest a request may take, above zero; `0s` counts as absent.
        /// Default: `10s`.
        pub(in crate::config) timeout: Option<Spanned<DurationValue>>,
        /// The version of Alertmanager's interface; `v2` is the only one.
        /// Default: `v2`.
        pub(in crate::config) api_version: Option<Spanned<String>>,
        /// Sign with an identity of AWS. Refused: this version does not.
        /// Default: none.
        pub(in crate::config) sigv4: Option<Spanned<super::elsewhere::RawSigv4>>,
        /// Rules that rewrite, keep or drop Alertmanagers that were found; `__alerts_path__` is the path.
        /// Default: none.
        pub(in crate::config) relabel_configs: Vec<Spanned<RawRelabel>>,
        /// Rules for the alerts of this group, after those for every alert.
        /// Default: none.
        pub(in crate::config) alert_relabel_configs: Vec<Spanned<RawRelabel>>,
    }
}

section_with_http_client! {
    /// `http_sd_configs`: targets that an HTTP server lists as JSON.
    RawHttpSd {
        /// Where to ask: `http` or `https`, with a host.
        /// Required.
        pub(in crate::config) url: Spanned<String>,
        /// Time between two questions, above zero.
        /// Default: `1m`.
        pub(in crate::config) refresh_interval: Option<Spanned<DurationValue>>,
    }
}

/// Discovery: the ways to find targets. A section may have several, and several of each.
#[derive(Debug)]
pub(in crate::config) struct RawDiscovery {
    /// Targets that stand in the file itself.
    /// Default: none.
    pub(in crate::config) static_configs: Vec<Spanned<RawStatic>>,
    /// Targets in files that are watched.
    /// Default: none.
    pub(in crate::config) file_sd_configs: Vec<Spanned<RawFileSd>>,
    /// Targets that an HTTP server lists.
    /// Default: none.
    pub(in crate::config) http_sd_configs: Vec<Spanned<RawHttpSd>>,
    /// Targets that DNS lists.
    /// Default: none.
    pub(in crate::config) dns_sd_configs: Vec<Spanned<RawDnsSd>>,
    /// Kinds that we do not have: the field's name and where it is.
    pub(in crate::config) elsewhere: Vec<(&'static str, plimsoll_runtime::config::Span)>,
}

/// `static_configs`: targets that stand in the file itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawStatic {
    /// Addresses, `host:port` or `host`. Without a port the one of the scheme is asked, 80 or 443; the label `instance` stays
    /// without.
    /// Default: none.
    pub(in crate::config) targets: Vec<Spanned<String>>,
    /// Labels that each of them gets.
    /// Default: none.
    pub(in crate::config) labels: BTreeMap<super::SpannedKey, Spanned<String>>,
}

/// `file_sd_configs`: targets in files that are watched.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawFileSd {
    /// Paths that end in `.json`, `.yml` or `.yaml`, at least one, relative to the configuration. A `*` may stand in the last
    /// part.
    /// Required.
    pub(in crate::config) files: Vec<Spanned<String>>,
    /// Time between two reads whatever the watch says, above zero.
    /// Default: `5m`.
    pub(in crate::config) refresh_interval: Option<Spanned<DurationValue>>,
}

/// `dns_sd_configs`: targets that DNS lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawDnsSd {
    /// Names to look up, at least one.
    /// Required.
    pub(in crate::config) names: Vec<Spanned<String>>,
    /// The type of record: `SRV`, `A`, `AAAA`, `MX` or `NS`.
    /// Default: `SRV`.
    #[serde(rename = "type")]
    pub(in crate::config) kind: Option<Spanned<String>>,
    /// The port of the targets, 1 to 65535. Required unless the type is `SRV`, whose records tell it.
    /// Default: none.
    pub(in crate::config) port: Option<Spanned<u64>>,
    /// Time between two look-ups, above zero.
    /// Default: `30s`.
    pub(in crate::config) refresh_interval: Option<Spanned<DurationValue>>,
}

/// A format in which metrics are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::config) enum RawProtocol {
    #[serde(rename = "PrometheusProto")]
    PrometheusProto,
    #[serde(rename = "PrometheusText0.0.4")]
    PrometheusText0_0_4,
    #[serde(rename = "PrometheusText1.0.0")]
    PrometheusText1_0_0,
    #[serde(rename = "OpenMetricsText0.0.1")]
    OpenMetricsText0_0_1,
    #[serde(rename = "OpenMetricsText1.0.0")]
    OpenMetricsText1_0_0,
}
