//! Microsoft Teams: an adaptive card by a workflow's webhook.

use std::sync::Arc;

use plimsoll_runtime::config::http_client::RawHttpClient;
use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_runtime::http::{Secret, SecretSource};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{address, answers, shorten};
use crate::config::{Checked, Globals, Section};
use crate::{Answer, HttpRequest, Notice, Receiver, RenderError, Rendering, Request, Verdict};

/// The most bytes of a message that Teams takes: 28 KB.
const MESSAGE_BYTES_MAX: usize = 28_000;
/// A title is one line; what is longer only takes the text's room.
const TITLE_CHARACTERS_MAX: usize = 1024;

/// `msteamsv2_configs`: an adaptive card by the webhook of a workflow. What is longer than Teams takes is cut.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawMsTeamsV2 {
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
    /// The title of the card; a template.
    /// Default: `{{ template "msteamsv2.default.title" . }}`.
    pub(crate) title: Option<String>,
    /// The text of the card, cut so that the whole has at most 28 KB; a template.
    /// Default: `{{ template "msteamsv2.default.text" . }}`.
    pub(crate) text: Option<String>,
}

impl Section for RawMsTeamsV2 {
    const KIND: &'static str = "msteamsv2";

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
            receiver: Arc::new(MsTeamsV2 {
                webhook_url: url?,
                title: or(raw.title, "{{ template \"msteamsv2.default.title\" . }}"),
                text: or(raw.text, "{{ template \"msteamsv2.default.text\" . }}"),
            }),
        })
    }
}

#[derive(Debug)]
struct MsTeamsV2 {
    webhook_url: SecretSource,
    title: String,
    text: String,
}

impl Receiver for MsTeamsV2 {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let url = address::read(&self.webhook_url, "webhook_url", rendering)?;
        let title = shorten::to_characters(rendering.title(&self.title), TITLE_CHARACTERS_MAX);
        let text = rendering.text(&self.text);
        let body = fitting(text, |text| card(&title, text, notice.is_firing()));
        Ok(vec![Request::Http(HttpRequest::post_json(url, body))])
    }

    /// The service in front of Teams answers 200 also where Teams did not take the message, and says so in the body.
    fn judge(&self, _place: usize, answer: &Answer) -> Verdict {
        let body = String::from_utf8_lossy(&answer.body);
        let has_failed = body.contains("Webhook message delivery failed");
        match answer.status.is_success() && has_failed {
            true => answers::retry(answer, None),
            false => answer.by_status(),
        }
    }
}

/// Writes the message with as much of the text as Teams takes.
fn fitting(text: String, message: impl Fn(&str) -> Value) -> Vec<u8> {
    let mut body = message(&text).to_string();
    let mut characters = text.chars().count();
    while body.len() > MESSAGE_BYTES_MAX && characters > 0 {
        // Less by the share that is too much, and by one at least.
        characters = (characters * MESSAGE_BYTES_MAX / body.len()).min(characters - 1);
        body = message(&shorten::to_characters(text.clone(), characters)).to_string();
    }
    body.into_bytes()
}

fn card(title: &str, text: &str, is_firing: bool) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.2",
                "body": [
                    {
                        "type": "TextBlock",
                        "text": title,
                        "weight": "Bolder",
                        "size": "Medium",
                        "wrap": true,
                        "style": "heading",
                        "color": if is_firing { "Attention" } else { "Good" },
                    },
                    { "type": "TextBlock", "text": text, "wrap": true },
                ],
                "msteams": { "width": "full" },
            },
        }],
    })
}
