//! PagerDuty: events of the API v2, and of v1 for a `service_key`.

mod event;
mod raw;

use http::StatusCode;
use plimsoll_runtime::http::{Secret, SecretSource};
use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::raw::RawPagerDuty;

use self::event::{EventV1, EventV2, Image, Link, Payload, fitting};
use self::raw::{RawImage, RawLink};
use super::{answers, group_key, nested, shorten};
use crate::{Answer, HttpRequest, Notice, Receiver, RenderError, Rendering, Request, Verdict};

/// The most characters of the line that people see first.
const SUMMARY_CHARACTERS_MAX: usize = 1024;
/// What PagerDuty takes for a severity; it refuses events with another one.
const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];

#[derive(Debug)]
struct PagerDuty {
    key: Key,
    url: Url,
    client: String,
    client_url: String,
    description: String,
    details: Map<String, Value>,
    images: Vec<RawImage>,
    links: Vec<RawLink>,
    source: String,
    severity: String,
    class: String,
    component: String,
    group: String,
}

/// By which integration PagerDuty knows us; may hold a template.
#[derive(Debug)]
enum Key {
    /// `routing_key`: events of version 2.
    Routing(SecretSource),
    /// `service_key`: events of version 1.
    Service(SecretSource),
}

impl Receiver for PagerDuty {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let body = match &self.key {
            Key::Routing(key) => {
                let key = rendering.exact_secret(key)?;
                let event = self.event_v2(key, notice, rendering);
                fitting(event, |event| &mut event.payload.custom_details)
            }
            Key::Service(key) => {
                let key = rendering.exact_secret(key)?;
                let event = self.event_v1(key, notice, rendering);
                fitting(event, |event| &mut event.details)
            }
        };
        let request = HttpRequest::post_json(self.url.clone(), body);
        Ok(vec![Request::Http(request)])
    }

    /// The API v1 says 403 where others say 429.
    fn judge(&self, _place: usize, answer: &Answer) -> Verdict {
        let is_v1 = matches!(self.key, Key::Service(_));
        match is_v1 && answer.status == StatusCode::FORBIDDEN {
            true => answers::retry(answer, None),
            false => answer.by_status(),
        }
    }
}

impl PagerDuty {
    fn new(raw: RawPagerDuty, key: Key, url: Url) -> Self {
        let or = |written: Option<String>, default: &str| written.unwrap_or_else(|| default.into());
        let client = or(raw.client, "{{ template \"pagerduty.default.client\" . }}");
        let mut details = default_details();
        details.extend(raw.details);
        Self {
            key,
            url,
            client_url: or(
                raw.client_url,
                "{{ template \"pagerduty.default.clientURL\" . }}",
            ),
            description: or(
                raw.description,
                "{{ template \"pagerduty.default.description\" . }}",
            ),
            details,
            images: raw.images,
            links: raw.links,
            source: raw.source.unwrap_or_else(|| client.clone()),
            client,
            severity: or(raw.severity, "error"),
            class: raw.class,
            component: raw.component,
            group: raw.group,
        }
    }

    fn event_v2(&self, key: Secret, notice: &Notice, rendering: &Rendering<'_>) -> EventV2 {
        let payload = Payload {
            summary: self.summary(rendering),
            source: rendering.detail(&self.source),
            severity: self.severity(rendering),
            class: rendering.detail(&self.class),
            component: rendering.detail(&self.component),
            group: rendering.detail(&self.group),
            custom_details: self.details(rendering),
        };
        EventV2 {
            routing_key: key.expose().to_owned(),
            dedup_key: group_key::sha256(notice),
            event_action: action(notice),
            payload,
            client: rendering.detail(&self.client),
            client_url: rendering.detail(&self.client_url),
            images: self.images(rendering),
            links: self.links(rendering),
        }
    }

    fn event_v1(&self, key: Secret, notice: &Notice, rendering: &Rendering<'_>) -> EventV1 {
        let when_firing = |template| match notice.is_firing() {
            true => rendering.detail(template),
            false => String::new(),
        };
        EventV1 {
            service_key: key.expose().to_owned(),
            incident_key: group_key::sha256(notice),
            event_type: action(notice),
            description: self.summary(rendering),
            client: when_firing(&self.client),
            client_url: when_firing(&self.client_url),
            details: self.details(rendering),
        }
    }

    fn summary(&self, rendering: &Rendering<'_>) -> String {
        let summary = rendering.title(&self.description);
        shorten::to_characters(summary, SUMMARY_CHARACTERS_MAX)
    }

    fn severity(&self, rendering: &Rendering<'_>) -> &'static str {
        let wanted = rendering.detail(&self.severity).to_ascii_lowercase();
        let known = SEVERITIES.into_iter().find(|known| *known == wanted);
        known.unwrap_or("error")
    }

    fn details(&self, rendering: &Rendering<'_>) -> Map<String, Value> {
        let details = self.details.iter();
        details
            .map(|(name, value)| (name.clone(), nested::render(value, false, rendering)))
            .collect()
    }

    /// Those whose source a template left empty are left out: PagerDuty refuses them.
    fn images(&self, rendering: &Rendering<'_>) -> Vec<Image> {
        let images = self.images.iter().map(|image| Image {
            src: rendering.detail(&image.src),
            alt: rendering.detail(&image.alt),
            href: rendering.detail(&image.href),
        });
        images.filter(|image| !image.src.is_empty()).collect()
    }

    fn links(&self, rendering: &Rendering<'_>) -> Vec<Link> {
        let links = self.links.iter().map(|link| Link {
            href: rendering.detail(&link.href),
            text: rendering.detail(&link.text),
        });
        links.filter(|link| !link.href.is_empty()).collect()
    }
}

fn default_details() -> Map<String, Value> {
    let defaults = [
        (
            "firing",
            "{{ template \"pagerduty.default.instances\" .Alerts.Firing }}",
        ),
        (
            "resolved",
            "{{ template \"pagerduty.default.instances\" .Alerts.Resolved }}",
        ),
        ("num_firing", "{{ .Alerts.Firing | len }}"),
        ("num_resolved", "{{ .Alerts.Resolved | len }}"),
    ];
    let defaults = defaults.into_iter();
    defaults
        .map(|(name, template)| (name.to_owned(), template.into()))
        .collect()
}

fn action(notice: &Notice) -> &'static str {
    match notice.is_firing() {
        true => "trigger",
        false => "resolve",
    }
}
