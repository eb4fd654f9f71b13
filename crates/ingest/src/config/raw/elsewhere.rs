//! Alerting, and sections that are checked but not acted on: remote write and read, tracing, OTLP.

use std::collections::BTreeMap;

use plimsoll_runtime::config::http_client::RawTls;
use plimsoll_runtime::config::{DurationValue, Spanned};
use plimsoll_runtime::http::Secret;
use serde::Deserialize;

use super::SpannedKey;
use super::http::section_with_http_client;
use super::relabel::RawRelabel;
use super::scrape::RawAlertmanager;

/// `alerting`: where alerts go. Each goes to all Alertmanagers of all groups; each of them has a queue of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAlerting {
    /// Rules for every alert, applied after `external_labels` were added where an alert has no such label.
    /// Default: none.
    pub(in crate::config) alert_relabel_configs: Vec<Spanned<RawRelabel>>,
    /// Groups of Alertmanagers.
    /// Default: none.
    pub(in crate::config) alertmanagers: Vec<Spanned<RawAlertmanager>>,
}

section_with_http_client! {
    /// `remote_write`: one place that samples are sent on to; checked and without effect. To receive what a Prometheus sends, no
    /// key is needed.
    RawRemoteWrite {
        /// Where to send.
        /// Required.
        pub(in crate::config) url: Spanned<String>,
        /// The longest a request may take.
        /// Default: `30s`.
        pub(in crate::config) remote_timeout: Option<DurationValue>,
        /// Headers to add, by name.
        /// Default: none.
        pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
        /// Rules for series.
        /// Default: none.
        pub(in crate::config) write_relabel_configs: Vec<Spanned<RawRelabel>>,
        /// A name for logs and metrics; no other entry has it.
        /// Default: none.
        pub(in crate::config) name: Option<Spanned<String>>,
        /// Whether exemplars are sent.
        /// Default: `false`.
        pub(in crate::config) send_exemplars: bool,
        /// Whether native histograms are sent.
        /// Default: `false`.
        pub(in crate::config) send_native_histograms: bool,
        /// Whether each connection takes another of the host's addresses.
        /// Default: `false`.
        pub(in crate::config) round_robin_dns: bool,
        /// The message: that of remote write 1.0 or 2.0.
        /// Default: `prometheus.WriteRequest`.
        pub(in crate::config) protobuf_message: Option<Spanned<RawProtobufMessage>>,
        /// How samples wait and are sent.
        /// Default: see there.
        pub(in crate::config) queue_config: RawQueue,
        /// Whether types and help texts are sent.
        /// Default: see there.
        pub(in crate::config) metadata_config: RawMetadata,
        /// Sign with an identity of AWS; excludes the other ways to say who we are.
        /// Default: none.
        pub(in crate::config) sigv4: Option<Spanned<RawSigv4>>,
        /// Identify by Azure AD; excludes the other ways to say who we are.
        /// Default: none.
        pub(in crate::config) azuread: Option<Spanned<RawAzureAd>>,
        /// Identify by Google IAM; excludes the other ways to say who we are.
        /// Default: none.
        pub(in crate::config) google_iam: Option<Spanned<RawGoogleIam>>,
    }
}

section_with_http_client! {
    /// `remote_read`: one place that further samples are read from; checked and without effect.
    RawRemoteRead {
        /// Where to ask.
        /// Required.
        pub(in crate::config) url: Spanned<String>,
        /// The longest a request may take.
        /// Default: `1m`.
        pub(in crate::config) remote_timeout: Option<DurationValue>,
        /// Bytes of one frame of a streamed answer.
        /// Default: `50000000`.
        pub(in crate::config) chunked_read_limit: Option<u64>,
        /// Headers to add, by name.
        /// Default: none.
        pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
        /// Whether it is asked for times that the own storage covers.
        /// Default: `false`.
        pub(in crate::config) read_recent: bool,
        /// A name for logs and metrics; no other entry has it.
        /// Default: none.
        pub(in crate::config) name: Option<Spanned<String>>,
        /// Labels with values that a query must ask for before this place is asked.
        /// Default: none.
        pub(in crate::config) required_matchers: BTreeMap<SpannedKey, String>,
        /// Whether `external_labels` are added to what is asked for.
        /// Default: `true`.
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

/// `remote_write.queue_config`: how samples wait and are sent; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawQueue {
    /// Samples that wait in one shard, at least 1.
    /// Default: `10000`.
    pub(in crate::config) capacity: Option<Spanned<i64>>,
    /// The most requests at a time, at least 1.
    /// Default: `50`.
    pub(in crate::config) max_shards: Option<Spanned<i64>>,
    /// The fewest requests at a time, 1 to `max_shards`.
    /// Default: `1`.
    pub(in crate::config) min_shards: Option<Spanned<i64>>,
    /// Samples of one request, at least 1.
    /// Default: `2000`.
    pub(in crate::config) max_samples_per_send: Option<Spanned<i64>>,
    /// The longest a sample waits for its request to fill.
    /// Default: `5s`.
    pub(in crate::config) batch_send_deadline: Option<Spanned<DurationValue>>,
    /// The pause before the first repetition, at most `max_backoff`.
    /// Default: `30ms`.
    pub(in crate::config) min_backoff: Option<Spanned<DurationValue>>,
    /// The longest pause before a repetition.
    /// Default: `5s`.
    pub(in crate::config) max_backoff: Option<Spanned<DurationValue>>,
    /// Whether a request answered with 429 is repeated.
    /// Default: `false`.
    pub(in crate::config) retry_on_http_429: bool,
    /// The age above which samples are not sent; `0s` is no limit.
    /// Default: `0s`.
    pub(in crate::config) sample_age_limit: Option<DurationValue>,
}

/// `remote_write.metadata_config`: types and help texts of metrics; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMetadata {
    /// Whether they are sent.
    /// Default: `true`.
    pub(in crate::config) send: Option<bool>,
    /// Time between two sendings.
    /// Default: `1m`.
    pub(in crate::config) send_interval: Option<DurationValue>,
    /// Metrics of one request.
    /// Default: `2000`.
    pub(in crate::config) max_samples_per_send: Option<i64>,
}

/// `sigv4`: an identity of AWS; in `remote_write` checked and without effect, in `alerting` refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawSigv4 {
    /// The region.
    /// Default: that of the environment.
    pub(in crate::config) region: String,
    /// The key; goes with `secret_key`.
    /// Default: that of the environment.
    pub(in crate::config) access_key: String,
    /// The secret of the key.
    /// Default: that of the environment.
    pub(in crate::config) secret_key: Option<Secret>,
    /// The profile to take them from.
    /// Default: none.
    pub(in crate::config) profile: String,
    /// The role to take on.
    /// Default: none.
    pub(in crate::config) role_arn: String,
    /// The id to take it on with.
    /// Default: none.
    pub(in crate::config) external_id: String,
    /// Whether the FIPS endpoint hands out the role.
    /// Default: `false`.
    pub(in crate::config) use_fips_sts_endpoint: bool,
    /// The service that is signed for.
    /// Default: as in Prometheus.
    pub(in crate::config) service_name: String,
}

/// `azuread`: an identity of Azure; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureAd {
    /// A managed identity.
    /// Default: none.
    pub(in crate::config) managed_identity: Option<RawAzureIdentity>,
    /// The identity of a workload.
    /// Default: none.
    pub(in crate::config) workload_identity: Option<RawAzureIdentity>,
    /// An application and its secret.
    /// Default: none.
    pub(in crate::config) oauth: Option<RawAzureOauth>,
    /// What the SDK of Azure finds.
    /// Default: none.
    pub(in crate::config) sdk: Option<RawAzureIdentity>,
    /// The cloud.
    /// Default: `AzurePublic`.
    pub(in crate::config) cloud: String,
    /// The scope of the token.
    /// Default: that of the cloud's Monitor.
    pub(in crate::config) scope: String,
}

/// `azuread` identities: which one, for any kind; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureIdentity {
    /// The id of the application.
    /// Default: none.
    pub(in crate::config) client_id: String,
    /// The id of the tenant.
    /// Default: none.
    pub(in crate::config) tenant_id: String,
    /// The file with the token of a workload.
    /// Default: that of the environment.
    pub(in crate::config) token_file_path: String,
}

/// `azuread.oauth`: an application and its secret; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAzureOauth {
    /// The id of the application.
    /// Default: none.
    pub(in crate::config) client_id: String,
    /// Its secret.
    /// Default: none.
    pub(in crate::config) client_secret: Option<Secret>,
    /// The id of the tenant.
    /// Default: none.
    pub(in crate::config) tenant_id: String,
}

/// `google_iam`: an identity of Google; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawGoogleIam {
    /// A file with its credentials.
    /// Default: those of the environment.
    pub(in crate::config) credentials_file: String,
}

/// `tracing`: where traces of the program itself go; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTracing {
    /// The protocol.
    /// Default: `grpc`.
    pub(in crate::config) client_type: Option<RawTracingClient>,
    /// Where to send.
    /// Required.
    pub(in crate::config) endpoint: String,
    /// The share of traces that are kept, 0 to 1.
    /// Default: `0`.
    pub(in crate::config) sampling_fraction: f64,
    /// Whether TLS is left out.
    /// Default: `false`.
    pub(in crate::config) insecure: bool,
    /// How to speak TLS.
    /// Default: the authorities that the system trusts.
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    /// Headers to add, by name.
    /// Default: none.
    pub(in crate::config) headers: BTreeMap<SpannedKey, String>,
    /// `gzip` or nothing.
    /// Default: none.
    pub(in crate::config) compression: Option<Spanned<String>>,
    /// The longest a sending may take.
    /// Default: `10s`.
    pub(in crate::config) timeout: Option<DurationValue>,
}

/// `tracing.client_type`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawTracingClient {
    Grpc,
    Http,
}

/// `otlp`: how OTLP metrics become series; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawOtlp {
    /// Whether every attribute of a resource becomes a label.
    /// Default: `false`.
    pub(in crate::config) promote_all_resource_attributes: Option<Spanned<bool>>,
    /// Attributes of a resource that become labels; excludes `promote_all_resource_attributes`. None empty, none twice.
    /// Default: none.
    pub(in crate::config) promote_resource_attributes: Vec<Spanned<String>>,
    /// Attributes that do not; needs `promote_all_resource_attributes`. None empty, none twice.
    /// Default: none.
    pub(in crate::config) ignore_resource_attributes: Vec<Spanned<String>>,
    /// How names are made. The last two need the validation scheme `utf8`.
    /// Default: `UnderscoreEscapingWithSuffixes`.
    pub(in crate::config) translation_strategy: Option<Spanned<RawTranslation>>,
    /// Whether `service.name` and the like stay on `target_info`.
    /// Default: `false`.
    pub(in crate::config) keep_identifying_resource_attributes: bool,
    /// Whether histograms with explicit bounds become native ones with custom buckets.
    /// Default: `false`.
    pub(in crate::config) convert_histograms_to_nhcb: bool,
    /// Whether name and version of a scope become labels.
    /// Default: `false`.
    pub(in crate::config) promote_scope_metadata: bool,
    /// Whether a label name that begins with an underscore gets a prefix.
    /// Default: `true`.
    pub(in crate::config) label_name_underscore_sanitization: Option<bool>,
    /// Whether several underscores in a row stay.
    /// Default: `true`.
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
