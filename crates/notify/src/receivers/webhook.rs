//! Webhook: the group as JSON to a URL of the user's.

use std::sync::Arc;

use plimsoll_runtime::config::http_client::RawHttpClient;
use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_runtime::http::{Secret, SecretSource};
use serde::Deserialize;
use serde_json::Value;

use super::{address, group_json, nested};
use crate::config::{Checked, Globals, Section, secret};
use crate::{HttpRequest, Notice, Receiver, RenderError, Rendering, Request};

/// `webhook_configs`: a POST of the group as JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawWebhook {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// Where to; a template. Never shown.
    /// Default: none; this or `url_file` is required.
    pub(crate) url: Option<Spanned<Secret>>,
    /// A file with the URL, read anew for each notice; excludes `url`. Relative to the configuration.
    /// Default: none.
    pub(crate) url_file: Option<Spanned<String>>,
    /// The most alerts in one body; the others are counted in `truncatedAlerts`.
    /// Default: `0`, which means all.
    pub(crate) max_alerts: u64,
    /// The longest time for one attempt.
    /// Default: `0s`, which leaves it to the sender.
    pub(crate) timeout: Option<DurationValue>,
    /// A body of your own shape instead of ours: any YAML, in which texts and names of fields are templates. A template
    /// that gives a JSON value is put there as such.
    /// Default: none.
    pub(crate) payload: Option<Value>,
}

#[derive(Debug)]
struct Webhook {
    url: SecretSource,
    alerts_max: usize,
    payload: Option<Value>,
}

impl Section for RawWebhook {
    const KIND: &'static str = "webhook";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let raw = entry.into_inner();
        let is_template = |url: &Spanned<Secret>| url.expose().contains("{{");
        let url = match raw.url.as_ref().is_some_and(is_template) {
            true => secret("url", raw.url, raw.url_file, findings),
            false => {
                let names = (Self::KIND, "url");
                address::required(names, place, raw.url, raw.url_file, findings)
            }
        };
        let http = globals.http(raw.http_config, findings);
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: super::timeout(raw.timeout),
            http,
            receiver: Arc::new(Webhook {
                url: url?,
                alerts_max: usize::try_from(raw.max_alerts).unwrap_or(usize::MAX),
                payload: raw.payload,
            }),
        })
    }
}

impl Receiver for Webhook {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let url = match &self.url {
            SecretSource::Inline(_) => rendering.exact_secret(&self.url)?,
            SecretSource::File(_) => rendering.secret(&self.url)?,
        };
        let url = address::parse(url.expose(), "url")?;
        let body = match &self.payload {
            None => group_json::write(notice, rendering, self.alerts_max),
            Some(payload) => nested::render(payload, true, rendering).to_string().into(),
        };
        Ok(vec![Request::Http(HttpRequest::post_json(url, body))])
    }
}
