//! `slack_configs` as alertmanager.yml has it.

use std::sync::Arc;

use plimsoll_runtime::config::http_client::{self, RawHttpClient};
use plimsoll_runtime::config::{DurationValue, Findings, Span, Spanned};
use plimsoll_runtime::http::{Secret, SecretSource};
use serde::Deserialize;
use url::Url;

use super::message::Templates;
use super::{Slack, Way};
use crate::config::{Checked, Globals, Section, secret};
use crate::receivers::{address, is_given, timeout};

/// `slack_configs`: a message by an incoming webhook, or by an app.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawSlack {
    /// Whether it is told that alerts are resolved.
    /// Default: `false`.
    pub(crate) send_resolved: Option<bool>,
    /// How to speak HTTP. With an app, who we are is its token.
    /// Default: `http_config` of `global`.
    pub(crate) http_config: Option<Spanned<RawHttpClient>>,
    /// The URL of an incoming webhook. Never shown.
    /// Default: `slack_api_url` of `global`, unless there is a token.
    pub(crate) api_url: Option<Spanned<Secret>>,
    /// A file with that URL, read anew for each notice; excludes `api_url`. Relative to the configuration.
    /// Default: none.
    pub(crate) api_url_file: Option<Spanned<String>>,
    /// The token of an app; excludes `api_url`.
    /// Default: `slack_app_token` of `global`, unless there is a URL.
    pub(crate) app_token: Option<Spanned<Secret>>,
    /// A file with the token, read anew for each notice; excludes `app_token`. Relative to the configuration.
    /// Default: none.
    pub(crate) app_token_file: Option<Spanned<String>>,
    /// Where Slack takes messages of apps.
    /// Default: `slack_app_url` of `global`.
    pub(crate) app_url: Option<Spanned<String>>,
    /// The channel or the user; a template.
    /// Default: that of the webhook; an app needs one.
    pub(crate) channel: Option<Spanned<String>>,
    /// The name that the message comes from; a template.
    /// Default: `{{ template "slack.default.username" . }}`.
    pub(crate) username: Option<String>,
    /// The bar beside the message: `good`, `warning`, `danger` or `#rrggbb`; a template.
    /// Default: `{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}`.
    pub(crate) color: Option<String>,
    /// The title, cut to 1024 characters; a template.
    /// Default: `{{ template "slack.default.title" . }}`.
    pub(crate) title: Option<String>,
    /// Where the title links to; a template.
    /// Default: `{{ template "slack.default.titlelink" . }}`.
    pub(crate) title_link: Option<String>,
    /// The text above; a template.
    /// Default: `{{ template "slack.default.pretext" . }}`.
    pub(crate) pretext: Option<String>,
    /// The text; a template.
    /// Default: `{{ template "slack.default.text" . }}`.
    pub(crate) text: Option<String>,
    /// The text outside of the coloured part; a template.
    /// Default: empty.
    pub(crate) message_text: String,
    /// Fields below the text.
    /// Default: none.
    pub(crate) fields: Vec<Spanned<RawField>>,
    /// Whether fields stand beside each other where they do not say so themselves.
    /// Default: `false`.
    pub(crate) short_fields: bool,
    /// The line below; a template.
    /// Default: `{{ template "slack.default.footer" . }}`.
    pub(crate) footer: Option<String>,
    /// What notifications show; a template.
    /// Default: `{{ template "slack.default.fallback" . }}`.
    pub(crate) fallback: Option<String>,
    /// What an app gets back of an action; a template.
    /// Default: `{{ template "slack.default.callbackid" . }}`.
    pub(crate) callback_id: Option<String>,
    /// An emoji beside the message; a template.
    /// Default: `{{ template "slack.default.iconemoji" . }}`.
    pub(crate) icon_emoji: Option<String>,
    /// The URL of an image beside the message; a template.
    /// Default: `{{ template "slack.default.iconurl" . }}`.
    pub(crate) icon_url: Option<String>,
    /// The URL of an image in the message; a template.
    /// Default: empty.
    pub(crate) image_url: String,
    /// The URL of a small image in the message; a template.
    /// Default: empty.
    pub(crate) thumb_url: String,
    /// Whether names of channels and users become links.
    /// Default: `false`.
    pub(crate) link_names: bool,
    /// In which texts Slack's markup counts.
    /// Default: `fallback`, `pretext` and `text`.
    pub(crate) mrkdwn_in: Vec<String>,
    /// Buttons.
    /// Default: none.
    pub(crate) actions: Vec<Spanned<RawAction>>,
    /// Whether further notices of a group change its message instead of writing another; needs an app.
    /// Default: `false`.
    pub(crate) update_message: Option<Spanned<bool>>,
    /// The longest time for one attempt.
    /// Default: `0s`, which leaves it to the sender.
    pub(crate) timeout: Option<DurationValue>,
}

/// `fields`: a field below the text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawField {
    /// The title; a template.
    /// Required.
    pub(crate) title: String,
    /// The text; a template.
    /// Required.
    pub(crate) value: String,
    /// Whether it stands beside others.
    /// Default: `short_fields`.
    pub(crate) short: Option<bool>,
}

/// `actions`: a button.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAction {
    /// What it is, such as `button`; a template.
    /// Required.
    pub(crate) r#type: String,
    /// What stands on it; a template.
    /// Required.
    pub(crate) text: String,
    /// Where it links to; a template. Wins over `name`, `value` and `confirm`.
    /// Default: none; this or `name` is required.
    pub(crate) url: String,
    /// How it looks: `primary` or `danger`; a template.
    /// Default: empty.
    pub(crate) style: String,
    /// What the app gets as its name; a template.
    /// Default: none; this or `url` is required.
    pub(crate) name: String,
    /// What the app gets as its value; a template.
    /// Default: empty.
    pub(crate) value: String,
    /// What is asked before.
    /// Default: nothing.
    pub(crate) confirm: Option<Spanned<RawConfirm>>,
}

/// `confirm`: what is asked before an action.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawConfirm {
    /// The question; a template.
    /// Required.
    pub(crate) text: String,
    /// The title; a template.
    /// Default: empty.
    pub(crate) title: String,
    /// What stands on the button that goes on; a template.
    /// Default: empty.
    pub(crate) ok_text: String,
    /// What stands on the button that goes back; a template.
    /// Default: empty.
    pub(crate) dismiss_text: String,
}

/// By whom Slack knows us: a URL that is a secret, or a token.
enum Known {
    Webhook(SecretSource),
    Token(SecretSource),
}

impl Section for RawSlack {
    const KIND: &'static str = "slack";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        for field in &raw.fields {
            check_field(field, findings);
        }
        for action in &raw.actions {
            check_action(action, findings);
        }
        let http_config = raw.http_config.take();
        let is_own = http_config.is_some();
        let mut http = globals.http(http_config, findings);
        let has_authorization = is_own && http.authorization.is_some();
        let app_url = raw.app_url(globals, findings);
        let way = match raw.known(place, globals, findings)? {
            Known::Webhook(url) => Way::Webhook(url),
            Known::Token(token) => {
                http = address::authorized(&http, "Bearer", token);
                Way::App(app_url?)
            }
        };
        raw.check_app(place, &way, has_authorization, findings);
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(false),
            timeout: timeout(raw.timeout),
            http,
            receiver: Arc::new(Slack {
                way,
                updates: raw.update_message.is_some_and(|updates| updates.value),
                message: Templates::new(raw),
            }),
        })
    }
}

impl RawSlack {
    fn app_url(&mut self, globals: &Globals, findings: &mut Findings<'_>) -> Option<Url> {
        match self.app_url.take() {
            Some(url) => http_client::url(&url, findings),
            None => Some(globals.slack_app_url.clone()),
        }
    }

    /// Reads how Slack knows us; what the entry says wins over `global`.
    fn known(
        &mut self,
        place: Span,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Known> {
        let (url, url_file) = (self.api_url.take(), self.api_url_file.take());
        let (token, token_file) = (self.app_token.take(), self.app_token_file.take());
        let has_url = url.is_some() || url_file.as_ref().is_some_and(|file| !file.is_empty());
        let has_token = is_given(&token, &token_file);
        let url = address::optional("api_url", url, url_file, findings);
        let token = secret("app_token", token, token_file, findings);
        match (has_url, has_token) {
            (true, true) => {
                let message = "`api_url` and `app_token` exclude each other";
                findings.error(place, message);
                None
            }
            (true, false) => url.map(Known::Webhook),
            (false, true) => token.map(Known::Token),
            (false, false) => known_globally(place, globals, findings),
        }
    }

    /// Checks what only an app can do, and what it cannot do without.
    fn check_app(
        &self,
        place: Span,
        way: &Way,
        has_authorization: bool,
        findings: &mut Findings<'_>,
    ) {
        let is_webhook = matches!(way, Way::Webhook(url) if !is_web_api(url));
        if let Some(updates) = self.update_message.filter(|updates| updates.value)
            && is_webhook
        {
            findings.error_with_hint(
                updates.key,
                "`update_message` needs an app: a webhook cannot change messages",
                "use `app_token`",
            );
        }
        if !matches!(way, Way::App(_)) {
            return;
        }
        if has_authorization {
            let message =
                "the token of an app and `authorization` in `http_config` exclude each other";
            findings.error(place, message);
        }
        if self
            .channel
            .as_ref()
            .is_none_or(|channel| channel.is_empty())
        {
            findings.error(place, "a message of an app needs a `channel`");
        }
    }
}

fn known_globally(place: Span, globals: &Globals, findings: &mut Findings<'_>) -> Option<Known> {
    let token = globals.slack_app_token.clone().map(Known::Token);
    let known = token.or_else(|| globals.slack_api_url.clone().map(Known::Webhook));
    if known.is_none() {
        let message = "a `slack` receiver needs an `api_url` or an `app_token`, here or as `slack_api_url` or `slack_app_token`";
        findings.error(place, message);
    }
    known
}

/// Says whether a URL is that of the Web API: some write it as `api_url`, with the token in `http_config`.
fn is_web_api(url: &SecretSource) -> bool {
    match url {
        SecretSource::Inline(url) => Url::parse(url.expose()).is_ok_and(|url| {
            url.path()
                .trim_end_matches('/')
                .ends_with("/chat.postMessage")
        }),
        SecretSource::File(_) => false,
    }
}

fn check_field(field: &Spanned<RawField>, findings: &mut Findings<'_>) {
    for (name, value) in [("title", &field.value.title), ("value", &field.value.value)] {
        if value.is_empty() {
            findings.error(field.span, format!("a field needs a `{name}`"));
        }
    }
}

fn check_action(action: &Spanned<RawAction>, findings: &mut Findings<'_>) {
    for (name, value) in [("type", &action.r#type), ("text", &action.text)] {
        if value.is_empty() {
            findings.error(action.span, format!("an action needs a `{name}`"));
        }
    }
    if action.url.is_empty() && action.name.is_empty() {
        findings.error(action.span, "an action needs a `url` or a `name`");
    }
    if let Some(confirm) = &action.confirm
        && confirm.text.is_empty()
    {
        findings.error(confirm.span, "a `confirm` needs a `text`");
    }
}
