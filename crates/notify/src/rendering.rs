//! The texts of one notice, and what stands in their place when a template fails.

use std::sync::{Mutex, PoisonError};

use plimsoll_gotemplate::Value;
use plimsoll_gotemplate::alertmanager::Data;
use plimsoll_runtime::http::{Secret, SecretSource};

use crate::{Notice, Templates, plain};

/// Stands before the main text of a notice that may be sent twice. It has no character that any markup gives a meaning.
const MARK: &str = "DEGRADED, MAY REPEAT: ";

/// What could not be made of a notice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct RenderError {
    kind: RenderErrorKind,
    text: String,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RenderErrorKind {
    /// A template failed where no other text can take the place.
    Template,
    /// A file with a secret cannot be read; it may come back.
    Secret,
    /// What came out of a template or a secret is not what the place needs, such as a URL.
    Unfit,
}

impl RenderError {
    /// Makes one; the text names no secret.
    pub fn new(kind: RenderErrorKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> RenderErrorKind {
        self.kind
    }

    /// Says whether another attempt may help.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            RenderErrorKind::Secret => true,
            RenderErrorKind::Template | RenderErrorKind::Unfit => false,
        }
    }
}

/// Makes the texts of one notice. An empty template gives an empty text.
pub struct Rendering<'a> {
    templates: &'a Templates,
    notice: &'a Notice,
    data: Data,
    dot: Value,
    failures: Mutex<Vec<String>>,
    /// What was read so far, so that it can be taken out of what the peer answers.
    secrets: Mutex<Vec<Secret>>,
}

impl<'a> Rendering<'a> {
    /// Prepares the data that templates see.
    pub fn new(templates: &'a Templates, notice: &'a Notice) -> Self {
        let data = templates.data(notice);
        Self {
            dot: data.to_value(),
            data,
            templates,
            notice,
            failures: Mutex::default(),
            secrets: Mutex::default(),
        }
    }

    /// Returns the line that readers see first. A failed template gives a subject of our own that says so.
    pub fn title(&self, template: &str) -> String {
        let title = self.text_or(template, plain::title);
        self.marked(title)
    }

    /// Returns the text where it is all that readers see. A failed template gives a plain text of our own.
    pub fn message(&self, template: &str) -> String {
        let message = self.text_or(template, plain::text);
        self.marked(message)
    }

    /// Returns [`message`](Self::message) of a template of HTML: what the actions print is escaped.
    pub fn html_message(&self, template: &str) -> String {
        let html = self.html(template);
        self.marked(html)
    }

    /// Returns [`text`](Self::text) of a template of HTML: what the actions print is escaped.
    pub fn html(&self, template: &str) -> String {
        let html = self.templates.html(template, &self.dot);
        html.unwrap_or_else(|error| plain::html(self.notice, &self.failed(error)))
    }

    /// Returns the text that stands under a title. A failed template gives a plain text of our own.
    pub fn text(&self, template: &str) -> String {
        self.text_or(template, plain::text)
    }

    /// Returns a text that readers can do without, such as a colour. A failed template gives none.
    pub fn detail(&self, template: &str) -> String {
        self.text_or(template, |_, _| String::new())
    }

    /// Returns a text that nothing can replace, such as a channel.
    ///
    /// # Errors
    /// The template failed.
    pub fn exact(&self, template: &str) -> Result<String, RenderError> {
        self.templates
            .text(template, &self.dot)
            .map_err(|error| RenderError::new(RenderErrorKind::Template, self.failed(error)))
    }

    /// Returns a secret, from its file when it has one; blocks.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn secret(&self, source: &SecretSource) -> Result<Secret, RenderError> {
        let secret = source
            .read()
            .map_err(|error| RenderError::new(RenderErrorKind::Secret, error.chain()))?;
        self.remember(secret.clone());
        Ok(secret)
    }

    /// Returns what a secret that is a template itself gives; blocks.
    ///
    /// # Errors
    /// The file cannot be read, or the template failed.
    pub fn exact_secret(&self, source: &SecretSource) -> Result<Secret, RenderError> {
        let rendered = self.exact(self.secret(source)?.expose())?;
        let rendered = Secret::new(rendered);
        self.remember(rendered.clone());
        Ok(rendered)
    }

    fn remember(&self, secret: Secret) {
        let secrets = self.secrets.lock();
        secrets.unwrap_or_else(PoisonError::into_inner).push(secret);
    }

    /// Says whether a template has failed so far. A receiver with markup leaves it off then: our own texts have none.
    pub fn has_failed(&self) -> bool {
        !self.failures().is_empty()
    }

    /// Returns what templates see, for payloads that say it without a template.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Returns the errors of the templates that failed, and the secrets that were used.
    pub(crate) fn into_parts(self) -> (Vec<String>, Vec<Secret>) {
        let failures = self.failures.into_inner();
        let secrets = self.secrets.into_inner();
        (
            failures.unwrap_or_else(PoisonError::into_inner),
            secrets.unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn text_or(&self, template: &str, plain: impl Fn(&Notice, &str) -> String) -> String {
        let text = self.templates.text(template, &self.dot);
        text.unwrap_or_else(|error| plain(self.notice, &self.failed(error)))
    }

    fn failed(&self, error: String) -> String {
        self.failures().push(error.clone());
        error
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marked(&self, text: String) -> String {
        match self.notice.is_degraded {
            true => format!("{MARK}{text}"),
            false => text,
        }
    }
}
