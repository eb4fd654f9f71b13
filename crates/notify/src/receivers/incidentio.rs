//! incident.io: the group as JSON to an alert source.

use std::sync::Arc;

use plimsoll_runtime::config::http_client::RawHttpClient;
use plimsoll_runtime::config::{DurationValue, Findings, Span, Spanned};
use plimsoll_runtime::http::{ClientConfig, Secret, SecretSource};
use serde::Deserialize;

use super::{address, group_json};
use crate::config::{Checked, Globals, Section, secret};
use crate::{HttpRequest, Notice, Receiver, RenderError, Rendering, Request};

/// The most bytes of a body that incident.io takes.
const BODY_BYTES_MAX: usize = 512 * 1024;

/// `incidentio_configs`: a POST of the group as JSON. Alerts for which the body has no room are counted in
/// `truncatedAlerts`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawIncidentIo {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP. Its `authorization` takes the place of the token.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// The URL of the alert source.
    /// Default: none; this or `url_file` is required.
    pub(crate) url: Option<Spanned<Secret>>,
    /// A file with the URL, read anew for each notice; excludes `url`. Relative to the configuration.
    /// Default: none.
    pub(crate) url_file: Option<Spanned<String>>,
    /// The token of the alert source.
    /// Default: none; this, `alert_source_token_file` or `authorization` in `http_config` is required.
    pub(crate) alert_source_token: Option<Spanned<Secret>>,
    /// A file with the token, read anew for each notice; excludes `alert_source_token`. Relative to the configuration.
    /// Default: none.
    pub(crate) alert_source_token_file: Option<Spanned<String>>,
    /// The most alerts in one body; the others are counted in `truncatedAlerts`.
    /// Default: `0`, which means all.
    pub(crate) max_alerts: u64,
    /// The longest time for one attempt.
    /// Default: `0s`, which leaves it to the sender.
    pub(crate) timeout: Option<DurationValue>,
}

impl Section for RawIncidentIo {
    const KIND: &'static str = "incidentio";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        let url = address::required(
            (Self::KIND, "url"),
            place,
            raw.url.take(),
            raw.url_file.take(),
            findings,
        );
        let own = raw.http_config.is_some();
        let http = globals.http(raw.http_config.take(), findings);
        let has_authorization = own && http.authorization.is_some();
        let http = raw.authorized(place, has_authorization, &http, findings);
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: super::timeout(raw.timeout),
            http: http?,
            receiver: Arc::new(IncidentIo {
                url: url?,
                alerts_max: usize::try_from(raw.max_alerts).unwrap_or(usize::MAX),
            }),
        })
    }
}

impl RawIncidentIo {
    /// Says who we are in one way: by the token, or by the entry's own `http_config`.
    fn authorized(
        &mut self,
        place: Span,
        has_authorization: bool,
        http: &Arc<ClientConfig>,
        findings: &mut Findings<'_>,
    ) -> Option<Arc<ClientConfig>> {
        let (inline, file) = (
            self.alert_source_token.take(),
            self.alert_source_token_file.take(),
        );
        let is_given = super::is_given(&inline, &file);
        let token = secret("alert_source_token", inline, file, findings);
        match (token, has_authorization) {
            (Some(_), true) => {
                let message =
                    "`alert_source_token` and `authorization` in `http_config` exclude each other";
                findings.error(place, message);
                None
            }
            (Some(token), false) => Some(address::authorized(http, "Bearer", token)),
            (None, true) => Some(Arc::clone(http)),
            (None, false) => {
                if !is_given {
                    let message = "an `incidentio` receiver needs an `alert_source_token`, an `alert_source_token_file`, or an `authorization` in `http_config`";
                    findings.error(place, message);
                }
                None
            }
        }
    }
}

#[derive(Debug)]
struct IncidentIo {
    url: SecretSource,
    alerts_max: usize,
}

impl Receiver for IncidentIo {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let url = address::read(&self.url, "url", rendering)?;
        let mut alerts_max = self.alerts_max;
        let mut body = group_json::write(notice, rendering, alerts_max);
        while body.len() > BODY_BYTES_MAX && alerts_max != 1 {
            let present = match alerts_max {
                0 => notice.alerts.len(),
                max => max.min(notice.alerts.len()),
            };
            // Less by the share that is too much, and by one at least.
            let share = present * BODY_BYTES_MAX / body.len();
            alerts_max = share.clamp(1, present.saturating_sub(1).max(1));
            body = group_json::write(notice, rendering, alerts_max);
        }
        Ok(vec![Request::Http(HttpRequest::post_json(url, body))])
    }
}
