//! Sections that are checked but not acted on: alerting, remote write and read, tracing, OTLP.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, Spanned};
use plimsoll_runtime::http::Secret;
use serde::Deserialize;

use super::SpannedKey;
use super::http::{RawTls, section_with_http_client};
use super::relabel::RawRelabel;
use super::scrape::RawAlertmanager;

/// `alerting`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAlerting {
    pub(in crate::config) alert_relabel_configs: Vec<Spanned<RawRelabel>>,
    pub(in crate::config) alertmanagers: Vec<Spanned<RawAlertmanager>>,
}

section_with_http_client! {
    /// One entry of `remote_write`.
    RawRemoteWrite {
        pub(in crate::config) url: Spanned<String>,
        pub(in crate::config) remote_timeout: Option<DurationValue>,
        pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
        pub(in crate::config) write_relabel_configs: Vec<Spanned<RawRelabel>>,
        pub(in crate::config) name: Option<Spanned<String>>,
        pub(in crate::config) send_exemplars: bool,
        pub(in crate::config) send_native_histograms: bool,
        pub(in crate::config) round_robin_dns: bool,
        pub(in crate::config) protobuf_message: Option<Spanned<RawProtobufMessage>>,
        pub(in crate::config) queue_config: RawQueue,
        pub(in crate::config) metadata_config: RawMetadata,
        pub(in crate::config) sigv4: Option<Spanned<RawSigv4>>,
        pub(in crate::config) azuread: Option<Spanned<RawAzureAd>>,
        pub(in crate::config) google_iam: Option<Spanned<RawGoogleIam>>,
    }
}

section_with_http_client! {
    /// One entry of `remote_read`.
    RawRemoteRead {
        pub(in crate::config) url: Spanned<String>,
        pub(in crate::config) remote_timeout: Option<DurationValue>,
        pub(in crate::config) chunked_read_limit: Option<u64>,
        pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
        pub(in crate::config) read_recent: bool,
        pub(in crate::config) name: Option<Spanned<String>>,
        pub(in crate::config) required_matchers: BTreeMap<SpannedKey, String>,
        pub(in crate::config) filter_external_labels: bool,
    }
}

/// The message of remote write 1.0 or 2.0.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in crate::config) enum RawProtobufMessage {
    #[serde(rename = "prometheus.WriteRequest")]
    Version1,
    #[serde(rename = "io.prometheus.write.v2.Request")]
    Version2,
}

/// `queue_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawQueue {
    pub(in crate::config) capacity: Option<Spanned<i64>>,
    pub(in crate::config) max_shards: Option<Spanned<i64>>,
    pub(in crate::config) min_shards: Option<Spanned<i64>>,
    pub(in crate::config) max_samples_per_send: Option<Spanned<i64>>,
    pub(in crate::config) batch_send_deadline: Option<Spanned<DurationValue>>,
    pub(in crate::config) min_backoff: Option<Spanned<DurationValue>>,
    pub(in crate::config) max_backoff: Option<Spanned<DurationValue>>,
    pub(in crate::config) retry_on_http_429: bool,
    pub(in crate::config) sample_age_limit: Option<DurationValue>,
}

/// `metadata_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMetadata {
    pub(in crate::config) send: Option<bool>,
    pub(in crate::config) send_interval: Option<DurationValue>,
    pub(in crate::config) max_samples_per_send: Option<i64>,
}

/// `sigv4`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawSigv4 {
    pub(in crate::config) region: String,
    pub(in crate::config) access_key: String,
    pub(in crate::config) secret_key: Option<Secret>,
    pub(in crate::config) profile: String,
    pub(in crate::config) role_arn: String,
    pub(in crate::config) external_id: String,
    pub(in crate::config) use_fips_sts_endpoint: bool,
    pub(in crate::config) service_name: String,
}

/// `azuread`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureAd {
    pub(in crate::config) managed_identity: Option<RawAzureIdentity>,
    pub(in crate::config) workload_identity: Option<RawAzureIdentity>,
    pub(in crate::config) oauth: Option<RawAzureOauth>,
    pub(in crate::config) sdk: Option<RawAzureIdentity>,
    pub(in crate::config) cloud: String,
    pub(in crate::config) scope: String,
}

/// A managed identity, a workload's identity, or the SDK's.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureIdentity {
    pub(in crate::config) client_id: String,
    pub(in crate::config) tenant_id: String,
    pub(in crate::config) token_file_path: String,
}

/// `azuread.oauth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureOauth {
    pub(in crate::config) client_id: String,
    pub(in crate::config) client_secret: Option<Secret>,
    pub(in crate::config) tenant_id: String,
}

/// `google_iam`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawGoogleIam {
    pub(in crate::config) credentials_file: String,
}

/// `tracing`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTracing {
    pub(in crate::config) client_type: Option<RawTracingClient>,
    pub(in crate::config) endpoint: String,
    pub(in crate::config) sampling_fraction: f64,
    pub(in crate::config) insecure: bool,
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
    pub(in crate::config) compression: Option<Spanned<String>>,
    pub(in crate::config) timeout: Option<DurationValue>,
}

/// `tracing.client_type`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawTracingClient {
    Grpc,
    Http,
}

/// `otlp`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawOtlp {
    pub(in crate::config) promote_all_resource_attributes: Option<Spanned<bool>>,
    pub(in crate::config) promote_resource_attributes: Vec<Spanned<String>>,
    pub(in crate::config) ignore_resource_attributes: Vec<Spanned<String>>,
    pub(in crate::config) translation_strategy: Option<Spanned<RawTranslation>>,
    pub(in crate::config) keep_identifying_resource_attributes: bool,
    pub(in crate::config) convert_histograms_to_nhcb: bool,
    pub(in crate::config) promote_scope_metadata: bool,
    pub(in crate::config) label_name_underscore_sanitization: Option<bool>,
    pub(in crate::config) label_name_preserve_multiple_underscores: Option<bool>,
}

/// `otlp.translation_strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::config) enum RawTranslation {
    UnderscoreEscapingWithSuffixes,
    UnderscoreEscapingWithoutSuffixes,
    #[serde(rename = "NoUTF8EscapingWithSuffixes")]
    NoUtf8EscapingWithSuffixes,
    NoTranslation,
}
