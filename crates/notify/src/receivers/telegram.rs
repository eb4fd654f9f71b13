//! Telegram: messages of a bot.

use std::sync::Arc;

use http::StatusCode;
use plimsoll_runtime::config::http_client::{self, RawHttpClient};
use plimsoll_runtime::config::{Findings, Span, Spanned};
use plimsoll_runtime::http::{Secret, SecretSource};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{address, answers, shorten};
use crate::config::{Checked, Globals, Section, secret};
use crate::{
    Answer, HttpRequest, Notice, Receiver, RenderError, RenderErrorKind, Rendering, Request,
    Verdict,
};

/// The most characters of a message.
const MESSAGE_CHARACTERS_MAX: usize = 4096;
const MESSAGE: &str = "{{ template \"telegram.default.message\" . }}";

/// `telegram_configs`: a message of a bot. What is longer than Telegram takes is cut. A message whose markup Telegram
/// refuses is sent again without markup.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTelegram {
    /// Whether it is told that alerts are resolved.
    /// Default: `true`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// Where the API is.
    /// Default: `telegram_api_url` of `global`.
    pub(crate) api_url: Option<Spanned<String>>,
    /// The token of the bot.
    /// Default: `telegram_bot_token` of `global`.
    pub(crate) bot_token: Option<Spanned<Secret>>,
    /// A file with the token, read anew for each notice; excludes `bot_token`. Relative to the configuration.
    /// Default: `telegram_bot_token_file` of `global`.
    pub(crate) bot_token_file: Option<Spanned<String>>,
    /// The number of the chat.
    /// Default: none; this or `chat_id_file` is required.
    pub(crate) chat_id: Option<Spanned<i64>>,
    /// A file with that number, read anew for each notice; excludes `chat_id`. Relative to the configuration.
    /// Default: none.
    pub(crate) chat_id_file: Option<Spanned<String>>,
    /// The number of the topic in the chat.
    /// Default: `0`, which is none.
    pub(crate) message_thread_id: i64,
    /// The text, at most 4096 characters; a template, of HTML where `parse_mode` says so.
    /// Default: `{{ template "telegram.default.message" . }}`.
    pub(crate) message: Option<String>,
    /// Whether it comes without a sound.
    /// Default: `false`.
    pub(crate) disable_notifications: bool,
    /// How Telegram reads the text: `HTML`, `Markdown`, `MarkdownV2`, or empty for plain text.
    /// Default: `HTML`.
    pub(crate) parse_mode: Option<Spanned<String>>,
}

#[derive(Debug)]
struct Telegram {
    api_url: Url,
    token: SecretSource,
    chat: Chat,
    thread: i64,
    message: String,
    is_silent: bool,
    mode: ParseMode,
}

/// Who is told.
#[derive(Debug)]
enum Chat {
    Id(i64),
    File(SecretSource),
}

/// How Telegram reads a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParseMode {
    Html,
    Markdown,
    MarkdownV2,
    Plain,
}

impl ParseMode {
    const ALL: [Self; 4] = [Self::Html, Self::Markdown, Self::MarkdownV2, Self::Plain];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Markdown => "Markdown",
            Self::MarkdownV2 => "MarkdownV2",
            Self::Plain => "",
        }
    }
}

impl Section for RawTelegram {
    const KIND: &'static str = "telegram";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        let token = raw.token(place, globals, findings);
        let chat = raw.chat(place, findings);
        let mode = parse_mode(raw.parse_mode, findings);
        let api_url = match raw.api_url {
            Some(url) => http_client::url(&url, findings),
            None => Some(globals.telegram_api_url.clone()),
        };
        let http = globals.http(raw.http_config, findings);
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(true),
            timeout: None,
            http,
            receiver: Arc::new(Telegram {
                api_url: api_url?,
                token: token?,
                chat: chat?,
                thread: raw.message_thread_id,
                message: raw.message.unwrap_or_else(|| MESSAGE.to_owned()),
                is_silent: raw.disable_notifications,
                mode: mode?,
            }),
        })
    }
}

impl RawTelegram {
    fn token(
        &mut self,
        place: Span,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<SecretSource> {
        let (inline, file) = (self.bot_token.take(), self.bot_token_file.take());
        let is_given = super::is_given(&inline, &file);
        let own = secret("bot_token", inline, file, findings);
        let token = own.or_else(|| globals.telegram_bot_token.clone());
        if token.is_none() && !is_given {
            let message = "a `telegram` receiver needs a `bot_token` or a `bot_token_file`, here or as `telegram_bot_token`";
            findings.error(place, message);
        }
        token
    }

    fn chat(&mut self, place: Span, findings: &mut Findings<'_>) -> Option<Chat> {
        let id = self.chat_id.filter(|id| id.value != 0);
        let file = self.chat_id_file.take().filter(|file| !file.is_empty());
        match (id, file) {
            (Some(id), None) => Some(Chat::Id(id.value)),
            (None, Some(file)) => Some(Chat::File(SecretSource::File(findings.resolve(&file)))),
            (Some(_), Some(file)) => {
                findings.error(file.key, "`chat_id_file` and `chat_id` exclude each other");
                None
            }
            (None, None) => {
                findings.error(
                    place,
                    "a `telegram` receiver needs a `chat_id` or a `chat_id_file`",
                );
                None
            }
        }
    }
}

fn parse_mode(written: Option<Spanned<String>>, findings: &mut Findings<'_>) -> Option<ParseMode> {
    let Some(written) = written else {
        return Some(ParseMode::Html);
    };
    let mut all = ParseMode::ALL.into_iter();
    let known = all.find(|mode| mode.as_str() == written.value);
    if known.is_none() {
        findings.unknown_word(&written, "parse_mode", &["HTML", "Markdown", "MarkdownV2"]);
    }
    known
}

impl Receiver for Telegram {
    fn requests(
        &self,
        _notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let (text, mode) = match self.mode {
            ParseMode::Html => {
                let html = rendering.html_message(&self.message);
                let html = shorten::html_to_characters(html, MESSAGE_CHARACTERS_MAX);
                (html, ParseMode::Html)
            }
            mode => {
                let text = self.plain_text(rendering);
                // What stands in for a failed template is no markup.
                let is_plain = rendering.has_failed();
                (text, if is_plain { ParseMode::Plain } else { mode })
            }
        };
        self.send(text, mode, rendering)
    }

    /// Telegram names the pause in the body, and has no header for it.
    fn judge(&self, _place: usize, answer: &Answer) -> Verdict {
        if answer.status != StatusCode::TOO_MANY_REQUESTS {
            return answer.by_status();
        }
        let body = answers::json(answer).unwrap_or_default();
        answers::retry(answer, body.pointer("/parameters/retry_after"))
    }

    /// Markup that is not closed, or a character that should have been escaped, must not cost a page.
    fn instead(
        &self,
        _notice: &Notice,
        rendering: &Rendering<'_>,
        answer: &Answer,
    ) -> Result<Option<Vec<Request>>, RenderError> {
        let is_about_markup = answer.status == StatusCode::BAD_REQUEST
            && answers::json(answer).is_some_and(|body| {
                let description = body["description"].as_str().unwrap_or_default();
                description.contains("can't parse entities")
            });
        if !is_about_markup || self.mode == ParseMode::Plain {
            return Ok(None);
        }
        let text = self.plain_text(rendering);
        self.send(text, ParseMode::Plain, rendering).map(Some)
    }
}

impl Telegram {
    fn plain_text(&self, rendering: &Rendering<'_>) -> String {
        let text = rendering.message(&self.message);
        shorten::to_characters(text, MESSAGE_CHARACTERS_MAX)
    }

    fn send(
        &self,
        text: String,
        mode: ParseMode,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let message = Message {
            chat_id: self.chat_id(rendering)?,
            message_thread_id: match self.thread {
                0 => String::new(),
                thread => thread.to_string(),
            },
            text,
            parse_mode: mode.as_str(),
            disable_web_page_preview: "true",
            disable_notification: if self.is_silent { "true" } else { "" },
        };
        let body = serde_json::to_vec(&message).expect("texts are JSON");
        let bot = format!("bot{}", rendering.secret(&self.token)?.expose());
        let url = address::join(&self.api_url, &[&bot, "sendMessage"]);
        Ok(vec![Request::Http(HttpRequest::post_json(url, body))])
    }

    fn chat_id(&self, rendering: &Rendering<'_>) -> Result<String, RenderError> {
        match &self.chat {
            Chat::Id(id) => Ok(id.to_string()),
            Chat::File(file) => {
                let text = rendering.secret(file)?;
                let is_number = text.expose().parse::<i64>().is_ok();
                is_number.then(|| text.expose().to_owned()).ok_or_else(|| {
                    let text = "what `chat_id_file` holds is not the number of a chat";
                    RenderError::new(RenderErrorKind::Unfit, text)
                })
            }
        }
    }
}

/// A call of `sendMessage`; Telegram reads numbers and booleans from texts, and Alertmanager's bot writes them so.
#[derive(Serialize)]
struct Message {
    chat_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message_thread_id: String,
    text: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    parse_mode: &'static str,
    disable_web_page_preview: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    disable_notification: &'static str,
}
