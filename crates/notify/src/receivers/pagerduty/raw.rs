//! `pagerduty_configs` as alertmanager.yml has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_runtime::config::http_client::{self, RawHttpClient};
use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_runtime::http::Secret;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Key, PagerDuty};
use crate::config::{Checked, Globals, Section, secret};
use crate::receivers::timeout;

/// Where events of version 1 go, whatever `url` says: that is for version 2, as in Alertmanager.
const V1_URL: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

/// `pagerduty_configs`: events of PagerDuty, version 2 with a `routing_key`, version 1 with a `service_key`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawPagerDuty {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// The key of an integration of the type Prometheus; a template. Wins over `routing_key`.
    /// Default: none; one of the four keys is required.
    pub(crate) service_key: Option<Spanned<Secret>>,
    /// A file with that key, read anew for each notice; excludes `service_key`. Relative to the configuration.
    /// Default: none.
    pub(crate) service_key_file: Option<Spanned<String>>,
    /// The key of an integration of the type Events API v2; a template.
    /// Default: none; one of the four keys is required.
    pub(crate) routing_key: Option<Spanned<Secret>>,
    /// A file with that key, read anew for each notice; excludes `routing_key`. Relative to the configuration.
    /// Default: none.
    pub(crate) routing_key_file: Option<Spanned<String>>,
    /// Where events of version 2 go.
    /// Default: `pagerduty_url` of `global`.
    pub(crate) url: Option<Spanned<String>>,
    /// Who sends it; a template.
    /// Default: `{{ template "pagerduty.default.client" . }}`.
    pub(crate) client: Option<String>,
    /// A link to who sends it; a template.
    /// Default: `{{ template "pagerduty.default.clientURL" . }}`.
    pub(crate) client_url: Option<String>,
    /// What people see first, cut to 1024 characters; a template.
    /// Default: `{{ template "pagerduty.default.description" . }}`.
    pub(crate) description: Option<String>,
    /// More about it, by name: texts are templates, lists and sections may nest. A template that gives a JSON list or
    /// object is put there as such. Left out where the event would have more than 512 KB.
    /// Default: `firing`, `resolved`, `num_firing` and `num_resolved`, to which those given are added.
    pub(crate) details: BTreeMap<String, Value>,
    /// Images.
    /// Default: none.
    pub(crate) images: Vec<RawImage>,
    /// Links.
    /// Default: none.
    pub(crate) links: Vec<RawLink>,
    /// What is affected; a template.
    /// Default: what `client` is.
    pub(crate) source: Option<String>,
    /// How bad it is: `critical`, `error`, `warning` or `info`; a template. Anything else is sent as `error`, because
    /// PagerDuty refuses it.
    /// Default: `error`.
    pub(crate) severity: Option<String>,
    /// The class of the event; a template.
    /// Default: empty.
    pub(crate) class: String,
    /// The part that is affected; a template.
    /// Default: empty.
    pub(crate) component: String,
    /// The group of parts that it belongs to; a template.
    /// Default: empty.
    pub(crate) group: String,
    /// The longest time for one attempt.
    /// Default: `0s`, which leaves it to the sender.
    pub(crate) timeout: Option<DurationValue>,
}

/// `images`: an image in an event. One whose `src` comes out empty is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawImage {
    /// The URL of the image; a template.
    /// Default: empty.
    pub(crate) src: String,
    /// What stands in for it; a template.
    /// Default: empty.
    pub(crate) alt: String,
    /// Where it links to; a template.
    /// Default: empty.
    pub(crate) href: String,
}

/// `links`: a link in an event. One whose `href` comes out empty is left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLink {
    /// Where it goes; a template.
    /// Default: empty.
    pub(crate) href: String,
    /// What stands there; a template.
    /// Default: empty.
    pub(crate) text: String,
}

impl Section for RawPagerDuty {
    const KIND: &'static str = "pagerduty";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        let is_written = raw.has_key();
        let key = raw.key(findings);
        if !is_written {
            let message =
                "a `pagerduty` receiver needs a `routing_key`, a `service_key` or a file with one";
            findings.error(place, message);
        }
        let url = match raw.url.take() {
            Some(url) => http_client::url(&url, findings)?,
            None => globals.pagerduty_url.clone(),
        };
        let key = key?;
        let url = match key {
            Key::Routing(_) => url,
            Key::Service(_) => Url::parse(V1_URL).expect("a constant is a URL"),
        };
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: timeout(raw.timeout),
            http: globals.http(raw.http_config.take(), findings),
            receiver: Arc::new(PagerDuty::new(raw, key, url)),
        })
    }
}

impl RawPagerDuty {
    fn has_key(&self) -> bool {
        let keys = [&self.service_key, &self.routing_key].into_iter().flatten();
        let files = [&self.service_key_file, &self.routing_key_file];
        keys.into_iter().any(|key| !key.expose().is_empty())
            || files.into_iter().flatten().any(|file| !file.is_empty())
    }

    fn key(&mut self, findings: &mut Findings<'_>) -> Option<Key> {
        let service = secret(
            "service_key",
            self.service_key.take(),
            self.service_key_file.take(),
            findings,
        );
        let routing = secret(
            "routing_key",
            self.routing_key.take(),
            self.routing_key_file.take(),
            findings,
        );
        service.map(Key::Service).or(routing.map(Key::Routing))
    }
}
