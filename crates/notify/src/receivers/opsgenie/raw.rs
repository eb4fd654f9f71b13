//! `opsgenie_configs` as alertmanager.yml has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_runtime::config::http_client::{self, RawHttpClient};
use plimsoll_runtime::config::{Findings, Span, Spanned};
use plimsoll_runtime::http::{ClientConfig, Secret, SecretSource};
use serde::Deserialize;

use super::Opsgenie;
use crate::config::{Checked, Globals, Section, secret};
use crate::receivers::is_given;

/// Who may be responsible; `teams` is ours and Alertmanager's for several names with commas between.
const RESPONDER_TYPES: [&str; 5] = ["team", "teams", "user", "escalation", "schedule"];

/// `opsgenie_configs`: alerts of Opsgenie, one for each group; closed when all is resolved.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawOpsgenie {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP. What it says about who we are does not count: that is the key.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// The key of the API; a template.
    /// Default: `opsgenie_api_key` of `global`.
    pub(crate) api_key: Option<Spanned<Secret>>,
    /// A file with the key, read anew for each notice; excludes `api_key`. Relative to the configuration.
    /// Default: `opsgenie_api_key_file` of `global`.
    pub(crate) api_key_file: Option<Spanned<String>>,
    /// Where the API is.
    /// Default: `opsgenie_api_url` of `global`.
    pub(crate) api_url: Option<Spanned<String>>,
    /// What people see first, cut to 130 characters; a template.
    /// Default: `{{ template "opsgenie.default.message" . }}`.
    pub(crate) message: Option<String>,
    /// The text, cut to 15,000 characters; a template.
    /// Default: `{{ template "opsgenie.default.description" . }}`.
    pub(crate) description: Option<String>,
    /// A link to who sends it; a template.
    /// Default: `{{ template "opsgenie.default.source" . }}`.
    pub(crate) source: Option<String>,
    /// More about it, by name; templates. The labels that all alerts share are added.
    /// Default: none.
    pub(crate) details: BTreeMap<String, String>,
    /// What the alert is about; a template.
    /// Default: empty.
    pub(crate) entity: String,
    /// Who is responsible.
    /// Default: none.
    pub(crate) responders: Vec<Spanned<RawResponder>>,
    /// Actions that people can choose, with commas between; a template.
    /// Default: none.
    pub(crate) actions: String,
    /// Tags, with commas between; a template.
    /// Default: none.
    pub(crate) tags: String,
    /// A note, cut to 25,000 characters; a template.
    /// Default: empty.
    pub(crate) note: String,
    /// `P1` to `P5`; a template.
    /// Default: empty, which leaves it to Opsgenie.
    pub(crate) priority: String,
    /// Whether message and description of an alert that is open already are changed.
    /// Default: `false`.
    pub(crate) update_alerts: bool,
}

/// `responders`: who is responsible. One that comes out without `id`, `name` and `username` is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawResponder {
    /// The id; a template. One of `id`, `name` and `username` is required.
    /// Default: empty.
    pub(crate) id: String,
    /// The name; a template.
    /// Default: empty.
    pub(crate) name: String,
    /// The user; a template.
    /// Default: empty.
    pub(crate) username: String,
    /// `team`, `user`, `escalation`, `schedule`, or `teams` for several names with commas between; a template.
    /// Required.
    pub(crate) r#type: String,
}

impl Section for RawOpsgenie {
    const KIND: &'static str = "opsgenie";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        let key = raw.key(place, globals, findings);
        for responder in &raw.responders {
            check_responder(responder, findings);
        }
        let api_url = match raw.api_url.take() {
            Some(url) => http_client::url(&url, findings),
            None => Some(globals.opsgenie_api_url.clone()),
        };
        let http = globals.http(raw.http_config.take(), findings);
        let http = ClientConfig {
            authorization: None,
            ..ClientConfig::clone(&http)
        };
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: None,
            http: Arc::new(http),
            receiver: Arc::new(Opsgenie::new(raw, key?, api_url?)),
        })
    }
}

impl RawOpsgenie {
    fn key(
        &mut self,
        place: Span,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<SecretSource> {
        let (inline, file) = (self.api_key.take(), self.api_key_file.take());
        let is_given = is_given(&inline, &file);
        let own = secret("api_key", inline, file, findings);
        let key = own.or_else(|| globals.opsgenie_api_key.clone());
        if key.is_none() && !is_given {
            let message = "an `opsgenie` receiver needs an `api_key` or an `api_key_file`, here or as `opsgenie_api_key`";
            findings.error(place, message);
        }
        key
    }
}

fn check_responder(responder: &Spanned<RawResponder>, findings: &mut Findings<'_>) {
    if responder.id.is_empty() && responder.name.is_empty() && responder.username.is_empty() {
        let message = "a responder needs an `id`, a `name` or a `username`";
        findings.error(responder.span, message);
    }
    let kind = responder.r#type.to_ascii_lowercase();
    if !kind.contains("{{") && !RESPONDER_TYPES.contains(&kind.as_str()) {
        findings.error_with_hint(
            responder.span,
            format!("unknown `type` of a responder `{}`", responder.r#type),
            format!("expected one of {}", RESPONDER_TYPES.join(", ")),
        );
    }
}
