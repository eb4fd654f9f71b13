//! `backends` as they are written.

use plimsoll_runtime::config::Spanned;

use super::{RawCertificate, RawDuration, RawNumber, RawText, TextOr};

/// One of `backends`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBackend {
    pub(in crate::config) name: Spanned<String>,
    pub(in crate::config) endpoints: Vec<Spanned<TextOr<RawEndpoint>>>,
    pub(in crate::config) protocol: RawText,
    pub(in crate::config) tls: Option<Spanned<RawUpstreamTls>>,
    pub(in crate::config) balance: Option<Spanned<TextOr<RawBalance>>>,
    pub(in crate::config) slow_start: RawDuration,
    pub(in crate::config) panic_below: RawText,
    pub(in crate::config) check: Option<Spanned<TextOr<RawCheck>>>,
    pub(in crate::config) ejection: Option<Spanned<TextOr<RawEjection>>>,
    pub(in crate::config) breaker: Option<Spanned<TextOr<RawBreaker>>>,
    pub(in crate::config) concurrency: Option<Spanned<TextOr<RawConcurrency>>>,
    pub(in crate::config) connect_timeout: RawDuration,
    pub(in crate::config) connections_max: RawNumber,
    pub(in crate::config) connection_age_max: RawDuration,
    pub(in crate::config) idle: RawDuration,
    pub(in crate::config) proxy_header: Option<Spanned<bool>>,
}

/// One of `endpoints`, when its URL does not say all.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawEndpoint {
    pub(in crate::config) url: Spanned<String>,
    pub(in crate::config) name: RawText,
    pub(in crate::config) weight: RawNumber,
    pub(in crate::config) priority: RawNumber,
}

/// `tls` of a backend.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawUpstreamTls {
    pub(in crate::config) ca: RawText,
    pub(in crate::config) client: Option<Spanned<RawCertificate>>,
    pub(in crate::config) server_name: RawText,
    pub(in crate::config) insecure_skip_verify: Option<Spanned<bool>>,
}

/// `balance` with options.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBalance {
    pub(in crate::config) peak_ewma: Option<Spanned<RawEwma>>,
    pub(in crate::config) maglev: Option<Spanned<RawHash>>,
    pub(in crate::config) rendezvous: Option<Spanned<RawHash>>,
}

/// `balance.peak_ewma`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawEwma {
    pub(in crate::config) decay: RawDuration,
    pub(in crate::config) default_latency: RawDuration,
    pub(in crate::config) failure_penalty: RawDuration,
}

/// `balance.maglev` and `balance.rendezvous`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHash {
    pub(in crate::config) bound: RawText,
}

/// `check`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawCheck {
    pub(in crate::config) http: Option<Spanned<RawHttpCheck>>,
    pub(in crate::config) grpc: Option<Spanned<RawGrpcCheck>>,
    pub(in crate::config) tcp: Option<Spanned<RawTcpCheck>>,
    pub(in crate::config) port: RawNumber,
    pub(in crate::config) interval: RawDuration,
    pub(in crate::config) fast_interval: RawDuration,
    pub(in crate::config) down_interval: RawDuration,
    pub(in crate::config) timeout: RawDuration,
    pub(in crate::config) fall: RawNumber,
    pub(in crate::config) rise: RawNumber,
    pub(in crate::config) jitter: RawText,
}

/// `check.http`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHttpCheck {
    pub(in crate::config) method: RawText,
    pub(in crate::config) path: RawText,
    pub(in crate::config) host: RawText,
    pub(in crate::config) statuses: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) body: RawText,
}

/// `check.grpc`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawGrpcCheck {
    pub(in crate::config) service: RawText,
}

/// `check.tcp`: there is nothing to say about it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTcpCheck {}

/// `ejection`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawEjection {
    pub(in crate::config) consecutive: RawText,
    pub(in crate::config) success_rate: Option<Spanned<TextOr<RawSuccessRate>>>,
    pub(in crate::config) latency: Option<Spanned<TextOr<RawLatency>>>,
    pub(in crate::config) interval: RawDuration,
    pub(in crate::config) base: RawDuration,
    pub(in crate::config) max: RawDuration,
    pub(in crate::config) max_ejected: RawText,
}

/// `ejection.success_rate`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawSuccessRate {
    pub(in crate::config) endpoints_min: RawNumber,
    pub(in crate::config) requests_min: RawNumber,
    pub(in crate::config) deviations: Option<Spanned<f64>>,
}

/// `ejection.latency`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawLatency {
    pub(in crate::config) factor: Option<Spanned<f64>>,
    pub(in crate::config) requests_min: RawNumber,
    pub(in crate::config) at_least: RawDuration,
}

/// `breaker`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBreaker {
    pub(in crate::config) consecutive: RawText,
    pub(in crate::config) ratio: RawText,
    pub(in crate::config) window: RawDuration,
    pub(in crate::config) volume_min: RawNumber,
    pub(in crate::config) open: RawDuration,
    pub(in crate::config) open_max: RawDuration,
    pub(in crate::config) probes: RawNumber,
}

/// `concurrency`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawConcurrency {
    pub(in crate::config) limit: RawNumber,
    pub(in crate::config) gradient2: Option<Spanned<RawBounds>>,
    pub(in crate::config) vegas: Option<Spanned<RawBounds>>,
    pub(in crate::config) aimd: Option<Spanned<RawAimd>>,
    pub(in crate::config) queue: Option<Spanned<RawQueue>>,
}

/// `concurrency.gradient2` and `concurrency.vegas`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBounds {
    pub(in crate::config) initial: RawNumber,
    pub(in crate::config) min: RawNumber,
    pub(in crate::config) max: RawNumber,
}

/// `concurrency.aimd`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAimd {
    pub(in crate::config) initial: RawNumber,
    pub(in crate::config) min: RawNumber,
    pub(in crate::config) max: RawNumber,
    pub(in crate::config) latency_max: RawDuration,
}

/// `concurrency.queue`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawQueue {
    pub(in crate::config) length_max: RawNumber,
    pub(in crate::config) wait_max: RawDuration,
    pub(in crate::config) wait_target: RawDuration,
    pub(in crate::config) window: RawDuration,
    pub(in crate::config) weights: Option<Spanned<RawWeights>>,
}

/// `concurrency.queue.weights`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawWeights {
    #[serde(rename = "P0")]
    pub(in crate::config) p0: Option<Spanned<f64>>,
    #[serde(rename = "P1")]
    pub(in crate::config) p1: Option<Spanned<f64>>,
    #[serde(rename = "P2")]
    pub(in crate::config) p2: Option<Spanned<f64>>,
    #[serde(rename = "P3")]
    pub(in crate::config) p3: Option<Spanned<f64>>,
}
