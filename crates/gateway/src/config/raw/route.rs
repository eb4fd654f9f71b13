//! `routes` as they are written.

use plimsoll_runtime::config::Spanned;

use super::{RawDuration, RawNumber, RawSize, RawText, RawTexts, TextOr};

/// One of `routes`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRoute {
    pub(in crate::config) name: Spanned<String>,
    pub(in crate::config) hosts: Vec<Spanned<String>>,
    pub(in crate::config) listeners: Vec<Spanned<String>>,
    #[serde(rename = "match")]
    pub(in crate::config) matches: Vec<Spanned<RawMatch>>,
    pub(in crate::config) to: Option<Spanned<TextOr<RawAction>>>,
    pub(in crate::config) rewrite: Option<Spanned<RawRewrite>>,
    pub(in crate::config) timeout: RawDuration,
    pub(in crate::config) idle_timeout: RawDuration,
    pub(in crate::config) retry: Option<Spanned<TextOr<RawRetry>>>,
    pub(in crate::config) hedge: Option<Spanned<TextOr<RawHedge>>>,
    pub(in crate::config) criticality: RawText,
    pub(in crate::config) limits: Vec<Spanned<RawLimit>>,
    pub(in crate::config) in_flight_max: RawNumber,
    pub(in crate::config) body_max: RawSize,
    pub(in crate::config) affinity: Option<Spanned<RawAffinity>>,
    pub(in crate::config) mirror: Option<Spanned<RawMirror>>,
    pub(in crate::config) faults: Vec<Spanned<RawFault>>,
    pub(in crate::config) maintenance: Option<Spanned<RawMaintenance>>,
}

/// One of `match`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMatch {
    pub(in crate::config) path: Option<Spanned<RawPath>>,
    pub(in crate::config) methods: Vec<Spanned<String>>,
    pub(in crate::config) headers: Vec<Spanned<RawTextMatch>>,
    pub(in crate::config) cookies: Vec<Spanned<RawTextMatch>>,
    pub(in crate::config) query: Vec<Spanned<RawTextMatch>>,
}

/// `path` of a match.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawPath {
    pub(in crate::config) exact: RawText,
    pub(in crate::config) prefix: RawText,
    pub(in crate::config) regex: RawText,
}

/// A condition on a header, a cookie or a query parameter.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTextMatch {
    pub(in crate::config) name: Spanned<String>,
    pub(in crate::config) exact: RawText,
    pub(in crate::config) regex: RawText,
    pub(in crate::config) present: Option<Spanned<bool>>,
}

/// `to`, when it is more than one backend.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAction {
    pub(in crate::config) split: Option<Spanned<Vec<Spanned<RawShare>>>>,
    pub(in crate::config) redirect: Option<Spanned<RawRedirect>>,
    pub(in crate::config) answer: Option<Spanned<RawAnswer>>,
}

/// One of `to.split`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawShare {
    pub(in crate::config) backend: Spanned<String>,
    pub(in crate::config) weight: RawNumber,
}

/// `to.redirect`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRedirect {
    pub(in crate::config) status: RawNumber,
    pub(in crate::config) scheme: RawText,
    pub(in crate::config) host: RawText,
    pub(in crate::config) path: RawText,
    pub(in crate::config) prefix: RawText,
    pub(in crate::config) regex: Option<Spanned<RawReplacement>>,
}

/// A part of a path and what it becomes.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawReplacement {
    #[serde(rename = "match")]
    pub(in crate::config) pattern: Spanned<String>,
    pub(in crate::config) to: Spanned<String>,
}

/// `to.answer`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAnswer {
    pub(in crate::config) status: RawNumber,
    pub(in crate::config) body: RawText,
    pub(in crate::config) content_type: RawText,
}

/// `rewrite`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRewrite {
    pub(in crate::config) path: RawText,
    pub(in crate::config) prefix: RawText,
    pub(in crate::config) regex: Option<Spanned<RawReplacement>>,
    pub(in crate::config) host: RawText,
    pub(in crate::config) request_headers: Option<Spanned<RawHeaders>>,
    pub(in crate::config) response_headers: Option<Spanned<RawHeaders>>,
}

/// Changes of headers.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHeaders {
    pub(in crate::config) set: RawTexts,
    pub(in crate::config) add: RawTexts,
    pub(in crate::config) remove: Vec<Spanned<String>>,
}

/// `retry`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRetry {
    pub(in crate::config) retries: RawNumber,
    pub(in crate::config) try_timeout: RawDuration,
    pub(in crate::config) statuses: Option<Spanned<Vec<Spanned<u64>>>>,
    pub(in crate::config) on: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) backoff: RawDuration,
    pub(in crate::config) backoff_max: RawDuration,
    pub(in crate::config) retry_after_max: RawDuration,
    pub(in crate::config) body_max: RawSize,
}

/// `hedge`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHedge {
    pub(in crate::config) after: RawDuration,
    pub(in crate::config) percentile: RawText,
    pub(in crate::config) answers_min: RawNumber,
}

/// One of `limits`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawLimit {
    pub(in crate::config) name: Spanned<String>,
    #[serde(rename = "key")]
    pub(in crate::config) by: Option<Spanned<TextOr<RawKey>>>,
    pub(in crate::config) rate: Spanned<String>,
    pub(in crate::config) burst: RawNumber,
    pub(in crate::config) keys_max: RawNumber,
    pub(in crate::config) dry_run: Option<Spanned<bool>>,
}

/// What has a bucket, or a hash, of its own.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawKey {
    pub(in crate::config) header: RawText,
    pub(in crate::config) cookie: RawText,
}

/// `affinity`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAffinity {
    pub(in crate::config) hash: Option<Spanned<TextOr<RawKey>>>,
    pub(in crate::config) cookie: Option<Spanned<RawSticky>>,
}

/// `affinity.cookie`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawSticky {
    pub(in crate::config) name: RawText,
    pub(in crate::config) secret: RawText,
    pub(in crate::config) secret_file: RawText,
    pub(in crate::config) max_age: RawDuration,
}

/// `mirror`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMirror {
    pub(in crate::config) backend: Spanned<String>,
    pub(in crate::config) share: RawText,
    pub(in crate::config) compare: Option<Spanned<bool>>,
}

/// One of `faults`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawFault {
    pub(in crate::config) share: RawText,
    pub(in crate::config) header: Option<Spanned<RawTextMatch>>,
    pub(in crate::config) delay: RawDuration,
    pub(in crate::config) abort: RawNumber,
    pub(in crate::config) reset: Option<Spanned<bool>>,
    pub(in crate::config) until: RawText,
}

/// `maintenance`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMaintenance {
    pub(in crate::config) status: RawNumber,
    pub(in crate::config) body: RawText,
}
