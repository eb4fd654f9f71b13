//! A job and its ways to find targets, as they are written.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::http::section_with_http_client;
use super::relabel::RawRelabel;
use super::{RawEscaping, RawValidation};

/// Defines a section with the fields given, those of an HTTP client and those that find targets.
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
    /// One entry of `scrape_configs`.
    RawScrapeConfig {
        pub(in crate::config) job_name: Spanned<String>,
        pub(in crate::config) honor_labels: bool,
        pub(in crate::config) honor_timestamps: Option<bool>,
        pub(in crate::config) track_timestamps_staleness: bool,
        pub(in crate::config) params: BTreeMap<String, Vec<String>>,
        pub(in crate::config) scrape_interval: Option<Spanned<DurationValue>>,
        pub(in crate::config) scrape_timeout: Option<Spanned<DurationValue>>,
        pub(in crate::config) scrape_protocols: Option<Spanned<Vec<Spanned<RawProtocol>>>>,
        pub(in crate::config) fallback_scrape_protocol: Option<RawProtocol>,
        pub(in crate::config) scrape_native_histograms: Option<bool>,
        pub(in crate::config) always_scrape_classic_histograms: Option<bool>,
        pub(in crate::config) convert_classic_histograms_to_nhcb: Option<bool>,
        pub(in crate::config) extra_scrape_metrics: Option<bool>,
        pub(in crate::config) scrape_failure_log_file: Option<Spanned<String>>,
        pub(in crate::config) metrics_path: Option<Spanned<String>>,
        pub(in crate::config) scheme: Option<Spanned<String>>,
        pub(in crate::config) enable_compression: Option<bool>,
        pub(in crate::config) body_size_limit: SizeValue,
        pub(in crate::config) sample_limit: u64,
        pub(in crate::config) target_limit: u64,
        pub(in crate::config) label_limit: u64,
        pub(in crate::config) label_name_length_limit: u64,
        pub(in crate::config) label_value_length_limit: u64,
        pub(in crate::config) native_histogram_bucket_limit: u64,
        pub(in crate::config) native_histogram_min_bucket_factor: Option<Spanned<f64>>,
        pub(in crate::config) keep_dropped_targets: u64,
        pub(in crate::config) metric_name_validation_scheme: Option<RawValidation>,
        pub(in crate::config) metric_name_escaping_scheme: Option<Spanned<RawEscaping>>,
        pub(in crate::config) relabel_configs: Vec<Spanned<RawRelabel>>,
        pub(in crate::config) metric_relabel_configs: Vec<Spanned<RawRelabel>>,
    }
}

section_with_all_discovery! {
    /// One entry of `alerting.alertmanagers`.
    RawAlertmanager {
        pub(in crate::config) scheme: Option<Spanned<String>>,
        pub(in crate::config) path_prefix: Option<String>,
        pub(in crate::config) timeout: Option<DurationValue>,
        pub(in crate::config) api_version: Option<Spanned<String>>,
        pub(in crate::config) sigv4: Option<Spanned<super::elsewhere::RawSigv4>>,
        pub(in crate::config) relabel_configs: Vec<Spanned<RawRelabel>>,
        pub(in crate::config) alert_relabel_configs: Vec<Spanned<RawRelabel>>,
    }
}

section_with_http_client! {
    /// One entry of `http_sd_configs`.
    RawHttpSd {
        pub(in crate::config) url: Spanned<String>,
        pub(in crate::config) refresh_interval: Option<Spanned<DurationValue>>,
    }
}

/// The ways to find targets of one section.
#[derive(Debug)]
pub(in crate::config) struct RawDiscovery {
    pub(in crate::config) static_configs: Vec<Spanned<RawStatic>>,
    pub(in crate::config) file_sd_configs: Vec<Spanned<RawFileSd>>,
    pub(in crate::config) http_sd_configs: Vec<Spanned<RawHttpSd>>,
    pub(in crate::config) dns_sd_configs: Vec<Spanned<RawDnsSd>>,
    /// Kinds that we do not have: the field's name and where it is.
    pub(in crate::config) elsewhere: Vec<(&'static str, plimsoll_runtime::config::Span)>,
}

/// One entry of `static_configs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawStatic {
    pub(in crate::config) targets: Vec<Spanned<String>>,
    pub(in crate::config) labels: BTreeMap<super::SpannedKey, Spanned<String>>,
}

/// One entry of `file_sd_configs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawFileSd {
    pub(in crate::config) files: Vec<Spanned<String>>,
    pub(in crate::config) refresh_interval: Option<Spanned<DurationValue>>,
}

/// One entry of `dns_sd_configs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawDnsSd {
    pub(in crate::config) names: Vec<Spanned<String>>,
    #[serde(rename = "type")]
    pub(in crate::config) kind: Option<Spanned<String>>,
    pub(in crate::config) port: Option<Spanned<u64>>,
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
