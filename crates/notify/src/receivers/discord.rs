//! Discord: an embed of a webhook.

use std::sync::Arc;

use http::StatusCode;
use plimsoll_runtime::config::http_client::RawHttpClient;
use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_runtime::http::{Secret, SecretSource};
use serde::{Deserialize, Serialize};

use super::{address, answers, shorten};
use crate::config::{Checked, Globals, Section};
use crate::{Answer, HttpRequest, Notice, Receiver, RenderError, Rendering, Request, Verdict};

/// What Discord takes, in characters.
const TITLE_CHARACTERS_MAX: usize = 256;
const DESCRIPTION_CHARACTERS_MAX: usize = 4096;
const CONTENT_CHARACTERS_MAX: usize = 2000;
const USERNAME_CHARACTERS_MAX: usize = 80;

/// The bar beside the embed: `#992D22` and `#2ECC71`.
const RED: u32 = 10_038_562;
const GREEN: u32 = 3_066_993;

/// `discord_configs`: an embed by a webhook of a channel. What is longer than Discord takes is cut.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawDiscord {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// The URL of the webhook. Never shown.
    /// Default: none; this or `webhook_url_file` is required.
    pub(crate) webhook_url: Option<Spanned<Secret>>,
    /// A file with the URL, read anew for each notice; excludes `webhook_url`. Relative to the configuration.
    /// Default: none.
    pub(crate) webhook_url_file: Option<Spanned<String>>,
    /// The text above the embed, at most 2000 characters; a template. Mentions work here only.
    /// Default: empty.
    pub(crate) content: String,
    /// The title of the embed, at most 256 characters; a template.
    /// Default: `{{ template "discord.default.title" . }}`.
    pub(crate) title: Option<String>,
    /// The text of the embed, at most 4096 characters; a template.
    /// Default: `{{ template "discord.default.message" . }}`.
    pub(crate) message: Option<String>,
    /// The name that the message comes from; a template.
    /// Default: that of the webhook.
    pub(crate) username: String,
    /// The URL of the image beside the message; a template.
    /// Default: that of the webhook.
    pub(crate) avatar_url: String,
}

impl Section for RawDiscord {
    const KIND: &'static str = "discord";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let raw = entry.into_inner();
        let names = (Self::KIND, "webhook_url");
        let url = address::required(
            names,
            place,
            raw.webhook_url,
            raw.webhook_url_file,
            findings,
        );
        let http = globals.http(raw.http_config, findings);
        let or = |written: Option<String>, default: &str| written.unwrap_or_else(|| default.into());
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: None,
            http,
            receiver: Arc::new(Discord {
                webhook_url: url?,
                content: raw.content,
                title: or(raw.title, "{{ template \"discord.default.title\" . }}"),
                message: or(raw.message, "{{ template \"discord.default.message\" . }}"),
                username: raw.username,
                avatar_url: raw.avatar_url,
            }),
        })
    }
}

#[derive(Debug)]
struct Discord {
    webhook_url: SecretSource,
    content: String,
    title: String,
    message: String,
    username: String,
    avatar_url: String,
}

impl Receiver for Discord {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let url = address::read(&self.webhook_url, "webhook_url", rendering)?;
        let cut = shorten::to_characters;
        let message = Message {
            content: cut(rendering.detail(&self.content), CONTENT_CHARACTERS_MAX),
            embeds: [Embed {
                title: cut(rendering.title(&self.title), TITLE_CHARACTERS_MAX),
                description: cut(rendering.text(&self.message), DESCRIPTION_CHARACTERS_MAX),
                color: if notice.is_firing() { RED } else { GREEN },
            }],
            username: cut(rendering.detail(&self.username), USERNAME_CHARACTERS_MAX),
            avatar_url: rendering.detail(&self.avatar_url),
        };
        let body = serde_json::to_vec(&message).expect("texts and numbers are JSON");
        Ok(vec![Request::Http(HttpRequest::post_json(url, body))])
    }

    /// Discord names the pause in the body, with the fractions of a second that the header lacks.
    fn judge(&self, _place: usize, answer: &Answer) -> Verdict {
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS => {
                let body = answers::json(answer).unwrap_or_default();
                answers::retry(answer, body.get("retry_after"))
            }
            _ => answer.by_status(),
        }
    }
}

#[derive(Serialize)]
struct Message {
    content: String,
    embeds: [Embed; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    avatar_url: String,
}

#[derive(Serialize)]
struct Embed {
    title: String,
    description: String,
    color: u32,
}
