//! Opsgenie: alerts that are created, updated and closed by an alias.

mod raw;

use std::collections::BTreeMap;

use http::Method;
use http::header::AUTHORIZATION;
use plimsoll_runtime::config::Spanned;
use plimsoll_runtime::http::SecretSource;
use serde::Serialize;
use serde_json::json;
use url::Url;

pub(crate) use self::raw::RawOpsgenie;

use self::raw::RawResponder;
use super::{address, group_key, shorten};
use crate::{HttpRequest, Notice, Receiver, RenderError, RenderErrorKind, Rendering, Request};

/// What Opsgenie takes, in characters.
const MESSAGE_CHARACTERS_MAX: usize = 130;
const DESCRIPTION_CHARACTERS_MAX: usize = 15_000;
const NOTE_CHARACTERS_MAX: usize = 25_000;

#[derive(Debug)]
struct Opsgenie {
    key: SecretSource,
    api_url: Url,
    message: String,
    description: String,
    source: String,
    details: BTreeMap<String, String>,
    entity: String,
    responders: Vec<RawResponder>,
    actions: String,
    tags: String,
    note: String,
    priority: String,
    updates: bool,
}

impl Receiver for Opsgenie {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let alias = group_key::sha256(notice);
        if !notice.is_firing() {
            let body = json!({ "source": rendering.detail(&self.source) });
            let url = self.url(&[&alias, "close"]);
            return Ok(vec![self.request(Method::POST, url, &body, rendering)?]);
        }
        let alert = self.alert(&alias, notice, rendering);
        let url = self.url(&[]);
        let mut requests = vec![self.request(Method::POST, url, &alert, rendering)?];
        if self.updates {
            let message = json!({ "message": alert.message });
            let url = self.url(&[&alias, "message"]);
            requests.push(self.request(Method::PUT, url, &message, rendering)?);
            let description = json!({ "description": alert.description });
            let url = self.url(&[&alias, "description"]);
            requests.push(self.request(Method::PUT, url, &description, rendering)?);
        }
        Ok(requests)
    }
}

impl Opsgenie {
    fn new(raw: RawOpsgenie, key: SecretSource, api_url: Url) -> Self {
        let or = |written: Option<String>, default: &str| written.unwrap_or_else(|| default.into());
        Self {
            key,
            api_url,
            message: or(raw.message, "{{ template \"opsgenie.default.message\" . }}"),
            description: or(
                raw.description,
                "{{ template \"opsgenie.default.description\" . }}",
            ),
            source: or(raw.source, "{{ template \"opsgenie.default.source\" . }}"),
            details: raw.details,
            entity: raw.entity,
            responders: raw
                .responders
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            actions: raw.actions,
            tags: raw.tags,
            note: raw.note,
            priority: raw.priority,
            updates: raw.update_alerts,
        }
    }

    /// Returns the URL of the alerts, or of a part of the one with an alias.
    fn url(&self, rest: &[&str]) -> Url {
        let mut url = address::join(&self.api_url, &["v2", "alerts"]);
        if !rest.is_empty() {
            url = address::join(&url, rest);
            url.query_pairs_mut().append_pair("identifierType", "alias");
        }
        url
    }

    fn request(
        &self,
        method: Method,
        url: Url,
        body: &impl Serialize,
        rendering: &Rendering<'_>,
    ) -> Result<Request, RenderError> {
        let key = rendering.exact_secret(&self.key)?;
        let body = serde_json::to_vec(body).expect("texts and their lists are JSON");
        let request = HttpRequest {
            method,
            ..HttpRequest::post_json(url, body)
        };
        let request =
            request.with_secret_header(AUTHORIZATION, &format!("GenieKey {}", key.expose()));
        let unfit = |text| RenderError::new(RenderErrorKind::Unfit, text);
        request.map(Request::Http).map_err(unfit)
    }

    fn alert(&self, alias: &str, notice: &Notice, rendering: &Rendering<'_>) -> Alert {
        let common = notice.common_labels();
        let common = common
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut details: BTreeMap<String, String> = common.collect();
        let own = self.details.iter();
        details.extend(own.map(|(name, template)| (name.clone(), rendering.detail(template))));
        let cut = shorten::to_characters;
        Alert {
            alias: alias.to_owned(),
            message: cut(rendering.title(&self.message), MESSAGE_CHARACTERS_MAX),
            description: cut(
                rendering.text(&self.description),
                DESCRIPTION_CHARACTERS_MAX,
            ),
            details,
            source: rendering.detail(&self.source),
            responders: self.responders(rendering),
            tags: listed(&rendering.detail(&self.tags)),
            note: cut(rendering.detail(&self.note), NOTE_CHARACTERS_MAX),
            priority: rendering.detail(&self.priority),
            entity: rendering.detail(&self.entity),
            actions: listed(&rendering.detail(&self.actions)),
        }
    }

    fn responders(&self, rendering: &Rendering<'_>) -> Vec<Responder> {
        let mut responders = Vec::new();
        for raw in &self.responders {
            let responder = Responder {
                id: rendering.detail(&raw.id),
                name: rendering.detail(&raw.name),
                username: rendering.detail(&raw.username),
                kind: rendering.detail(&raw.r#type),
            };
            match responder.kind.as_str() {
                "teams" => {
                    responders.extend(listed(&responder.name).into_iter().map(Responder::team))
                }
                _ if responder.is_somebody() => responders.push(responder),
                _ => {}
            }
        }
        responders
    }
}

/// Returns the parts of a text with commas between, without empty ones. White space within stays, as in Alertmanager.
fn listed(text: &str) -> Vec<String> {
    let parts = text.trim().split(',').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

#[derive(Serialize)]
struct Alert {
    alias: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    details: BTreeMap<String, String>,
    source: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responders: Vec<Responder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    priority: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    entity: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<String>,
}

#[derive(Serialize)]
struct Responder {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Responder {
    fn team(name: String) -> Self {
        Self {
            id: String::new(),
            name,
            username: String::new(),
            kind: "team".to_owned(),
        }
    }

    fn is_somebody(&self) -> bool {
        !(self.id.is_empty() && self.name.is_empty() && self.username.is_empty())
    }
}
