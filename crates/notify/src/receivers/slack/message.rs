//! A message, and the templates that it is made of.

use serde::Serialize;

use super::raw::{RawAction, RawConfirm, RawField, RawSlack};
use crate::Rendering;
use crate::receivers::shorten;

/// What Slack takes for a title, in characters.
const TITLE_CHARACTERS_MAX: usize = 1024;
const COLOR: &str = "{{ if eq .Status \"firing\" }}danger{{ else }}good{{ end }}";

/// The templates of a message.
#[derive(Debug)]
pub(super) struct Templates {
    pub(super) channel: String,
    username: String,
    color: String,
    title: String,
    title_link: String,
    pretext: String,
    text: String,
    message_text: String,
    fields: Vec<RawField>,
    short_fields: bool,
    footer: String,
    fallback: String,
    callback_id: String,
    icon_emoji: String,
    icon_url: String,
    image_url: String,
    thumb_url: String,
    link_names: bool,
    mrkdwn_in: Vec<String>,
    actions: Vec<RawAction>,
}

impl Templates {
    pub(super) fn new(raw: RawSlack) -> Self {
        let or = |written: Option<String>, name: &str| {
            written.unwrap_or_else(|| format!("{{{{ template \"slack.default.{name}\" . }}}}"))
        };
        let mut mrkdwn_in = raw.mrkdwn_in;
        if mrkdwn_in.is_empty() {
            mrkdwn_in = ["fallback", "pretext", "text"].map(str::to_owned).into();
        }
        Self {
            channel: raw.channel.map(|channel| channel.value).unwrap_or_default(),
            username: or(raw.username, "username"),
            color: raw.color.unwrap_or_else(|| COLOR.to_owned()),
            title: or(raw.title, "title"),
            title_link: or(raw.title_link, "titlelink"),
            pretext: or(raw.pretext, "pretext"),
            text: or(raw.text, "text"),
            message_text: raw.message_text,
            fields: raw.fields.into_iter().map(|field| field.value).collect(),
            short_fields: raw.short_fields,
            footer: or(raw.footer, "footer"),
            fallback: or(raw.fallback, "fallback"),
            callback_id: or(raw.callback_id, "callbackid"),
            icon_emoji: or(raw.icon_emoji, "iconemoji"),
            icon_url: or(raw.icon_url, "iconurl"),
            image_url: raw.image_url,
            thumb_url: raw.thumb_url,
            link_names: raw.link_names,
            mrkdwn_in,
            actions: raw.actions.into_iter().map(|action| action.value).collect(),
        }
    }

    pub(super) fn render(&self, channel: String, rendering: &Rendering<'_>) -> Message {
        let title = rendering.title(&self.title);
        let attachment = Attachment {
            title: shorten::to_characters(title, TITLE_CHARACTERS_MAX),
            title_link: rendering.detail(&self.title_link),
            pretext: rendering.detail(&self.pretext),
            text: rendering.text(&self.text),
            fallback: rendering.title(&self.fallback),
            callback_id: rendering.detail(&self.callback_id),
            fields: self.fields(rendering),
            actions: self
                .actions
                .iter()
                .map(|raw| action(raw, rendering))
                .collect(),
            image_url: rendering.detail(&self.image_url),
            thumb_url: rendering.detail(&self.thumb_url),
            footer: rendering.detail(&self.footer),
            color: rendering.detail(&self.color),
            mrkdwn_in: self.mrkdwn_in.clone(),
        };
        Message {
            channel,
            ts: String::new(),
            username: rendering.detail(&self.username),
            icon_emoji: rendering.detail(&self.icon_emoji),
            icon_url: rendering.detail(&self.icon_url),
            link_names: self.link_names,
            text: rendering.detail(&self.message_text),
            attachments: [attachment],
        }
    }

    fn fields(&self, rendering: &Rendering<'_>) -> Vec<Field> {
        let fields = self.fields.iter().map(|field| Field {
            title: rendering.detail(&field.title),
            value: rendering.detail(&field.value),
            short: field.short.unwrap_or(self.short_fields),
        });
        fields.collect()
    }
}

fn action(raw: &RawAction, rendering: &Rendering<'_>) -> Action {
    // A link needs no more than its URL, and Slack would not know which of both is meant.
    let is_link = !raw.url.is_empty();
    let of_app = |template: &str| match is_link {
        true => String::new(),
        false => rendering.detail(template),
    };
    let confirm = raw.confirm.as_ref().filter(|_| !is_link);
    Action {
        kind: rendering.detail(&raw.r#type),
        text: rendering.detail(&raw.text),
        url: rendering.detail(&raw.url),
        style: rendering.detail(&raw.style),
        name: of_app(&raw.name),
        value: of_app(&raw.value),
        confirm: confirm.map(|raw| confirmation(raw, rendering)),
    }
}

fn confirmation(raw: &RawConfirm, rendering: &Rendering<'_>) -> Confirm {
    Confirm {
        text: rendering.detail(&raw.text),
        title: rendering.detail(&raw.title),
        ok_text: rendering.detail(&raw.ok_text),
        dismiss_text: rendering.detail(&raw.dismiss_text),
    }
}

/// The body of a request; with `ts` it changes the message of that name.
#[derive(Serialize)]
pub(super) struct Message {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) channel: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) ts: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_emoji: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    icon_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    link_names: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    attachments: [Attachment; 1],
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title_link: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pretext: String,
    text: String,
    fallback: String,
    callback_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thumb_url: String,
    footer: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    mrkdwn_in: Vec<String>,
}

#[derive(Serialize)]
struct Field {
    title: String,
    value: String,
    short: bool,
}

#[derive(Serialize)]
struct Action {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    style: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirm>,
}

#[derive(Serialize)]
struct Confirm {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ok_text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dismiss_text: String,
}
