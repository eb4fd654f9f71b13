//! Mail.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_runtime::config::http_client::{self, RawTls};
use plimsoll_runtime::config::{Findings, Spanned, SpannedKey};
use plimsoll_runtime::http::Secret;
use serde::Deserialize;

use crate::config::{Checked, Globals, Section, SmtpGlobals, host_port, secret};
use crate::mail::{Draft, Mail, Threading};
use crate::{Notice, Receiver, RenderError, Rendering, Request};

/// `email_configs`: who is told by mail. What is not said here comes from the `smtp_` keys of `global`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawEmail {
    /// Whether it is told that alerts are resolved.
    /// Default: `false`.
    pub(crate) send_resolved: Option<bool>,
    /// Who gets it: addresses with commas between; a template.
    /// Required.
    pub(crate) to: String,
    /// The sender; a template.
    /// Default: `smtp_from`.
    pub(crate) from: String,
    /// The name that we give ourselves.
    /// Default: `smtp_hello`.
    pub(crate) hello: String,
    /// The mail server, as `host:port`.
    /// Default: `smtp_smarthost`.
    pub(crate) smarthost: Option<Spanned<String>>,
    /// Who we are to the mail server.
    /// Default: `smtp_auth_username`.
    pub(crate) auth_username: String,
    /// The password for the mechanisms PLAIN and LOGIN.
    /// Default: `smtp_auth_password`.
    pub(crate) auth_password: Option<Spanned<Secret>>,
    /// A file with the password, read anew for each mail; excludes `auth_password`. Relative to the configuration.
    /// Default: `smtp_auth_password_file`.
    pub(crate) auth_password_file: Option<Spanned<String>>,
    /// The secret for the mechanism CRAM-MD5.
    /// Default: `smtp_auth_secret`.
    pub(crate) auth_secret: Option<Spanned<Secret>>,
    /// A file with the secret, read anew for each mail; excludes `auth_secret`. Relative to the configuration.
    /// Default: `smtp_auth_secret_file`.
    pub(crate) auth_secret_file: Option<Spanned<String>>,
    /// Whom the mechanism PLAIN shall let us act for.
    /// Default: `smtp_auth_identity`.
    pub(crate) auth_identity: String,
    /// Headers of the mail, by name; templates. They win over `Subject`, `To` and `From` of ours.
    /// Default: none.
    pub(crate) headers: BTreeMap<SpannedKey, String>,
    /// The body as HTML, a template; none when empty.
    /// Default: `{{ template "email.default.html" . }}`.
    pub(crate) html: Option<String>,
    /// The body as plain text, a template; none when empty.
    /// Default: empty.
    pub(crate) text: String,
    /// Whether the server must offer STARTTLS.
    /// Default: `smtp_require_tls`.
    pub(crate) require_tls: Option<bool>,
    /// Whether TLS begins with the first byte.
    /// Default: `smtp_force_implicit_tls`.
    pub(crate) force_implicit_tls: Option<bool>,
    /// Whom to trust, and how to be known.
    /// Default: `smtp_tls_config`.
    pub(crate) tls_config: Option<Spanned<RawTls>>,
    /// Whether mail programs show the mails of a group together.
    /// Default: off.
    pub(crate) threading: Option<Spanned<RawThreading>>,
}

/// `threading`: whether mail programs show the mails of a group together.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawThreading {
    /// Whether they do.
    /// Default: `false`.
    pub(crate) enabled: bool,
    /// When a new thread begins: `daily`, or `none` for never.
    /// Default: `daily`.
    pub(crate) thread_by_date: Option<Spanned<String>>,
}

/// Headers that belong to the way a mail is written down.
const SET_BY_US: [&str; 3] = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

#[derive(Debug)]
struct Email {
    smtp: Arc<SmtpGlobals>,
    to: String,
    headers: Vec<(String, String)>,
    html: String,
    text: String,
    threading: Threading,
}

impl Section for RawEmail {
    const KIND: &'static str = "email";

    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked> {
        let place = entry.span;
        let mut raw = entry.into_inner();
        let smtp = raw.smtp(globals, findings);
        if raw.to.is_empty() {
            findings.error(place, "a mail needs a `to`");
        }
        if smtp.smarthost.is_none() {
            findings.error(
                place,
                "a mail needs a `smarthost`, here or as `smtp_smarthost`",
            );
        }
        if smtp.from.is_empty() {
            findings.error(place, "a mail needs a `from`, here or as `smtp_from`");
        }
        let receiver = Email {
            smtp: Arc::new(smtp),
            to: raw.to,
            headers: headers(raw.headers, findings),
            html: raw
                .html
                .unwrap_or_else(|| "{{ template \"email.default.html\" . }}".into()),
            text: raw.text,
            threading: threading(raw.threading, findings),
        };
        Some(Checked {
            sends_resolved: raw.send_resolved.unwrap_or(false),
            timeout: None,
            http: Arc::clone(&globals.http),
            receiver: Arc::new(receiver),
        })
    }
}

impl RawEmail {
    fn smtp(&mut self, globals: &Globals, findings: &mut Findings<'_>) -> SmtpGlobals {
        let globals = &globals.smtp;
        let or = |own: &mut String, global: &String| match own.is_empty() {
            true => global.clone(),
            false => std::mem::take(own),
        };
        let password = secret(
            "auth_password",
            self.auth_password.take(),
            self.auth_password_file.take(),
            findings,
        );
        let auth_secret = secret(
            "auth_secret",
            self.auth_secret.take(),
            self.auth_secret_file.take(),
            findings,
        );
        let smarthost = host_port(self.smarthost.take(), findings);
        let tls = self.tls_config.take();
        let tls = tls.map(|tls| http_client::check_tls(tls, findings));
        SmtpGlobals {
            from: or(&mut self.from, &globals.from),
            hello: or(&mut self.hello, &globals.hello),
            smarthost: smarthost.or_else(|| globals.smarthost.clone()),
            username: or(&mut self.auth_username, &globals.username),
            password: password.or_else(|| globals.password.clone()),
            secret: auth_secret.or_else(|| globals.secret.clone()),
            identity: or(&mut self.auth_identity, &globals.identity),
            requires_tls: self.require_tls.unwrap_or(globals.requires_tls),
            forces_implicit_tls: self.force_implicit_tls.or(globals.forces_implicit_tls),
            tls: tls.unwrap_or_else(|| globals.tls.clone()),
        }
    }
}

/// Headers with the same name in other letters are the same header.
fn headers(
    raw: BTreeMap<SpannedKey, String>,
    findings: &mut Findings<'_>,
) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in raw {
        let is_name = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        if SET_BY_US
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&name.text))
        {
            let message = format!("the header `{}` is set by the mail itself", name.text);
            findings.warning(name.span, message);
        } else if name.text.is_empty() || !name.text.bytes().all(is_name) {
            findings.error(
                name.span,
                format!("`{}` is not the name of a header", name.text),
            );
        } else if headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name.text))
        {
            findings.error(
                name.span,
                format!("the header `{}` is there twice", name.text),
            );
        } else {
            headers.push((name.text, value));
        }
    }
    headers
}

fn threading(raw: Option<Spanned<RawThreading>>, findings: &mut Findings<'_>) -> Threading {
    let Some(raw) = raw else {
        return Threading::Off;
    };
    let by_date = raw.value.thread_by_date.as_ref();
    let threading = match by_date.map(|word| word.as_str()) {
        None | Some("" | "daily") => Threading::Daily,
        Some("none") => Threading::Whole,
        Some(_) => {
            if let Some(word) = by_date {
                findings.unknown_word(word, "thread_by_date", &["daily", "none"]);
            }
            Threading::Off
        }
    };
    match raw.value.enabled {
        true => threading,
        false => Threading::Off,
    }
}

impl Receiver for Email {
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError> {
        let own = |name: &str| {
            let mut headers = self.headers.iter();
            headers.find(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let subject = own("Subject").map(|(_, template)| template.as_str());
        let mut headers = Vec::new();
        let others = self.headers.iter();
        for (name, template) in others.filter(|(name, _)| !name.eq_ignore_ascii_case("Subject")) {
            // A mail without it, or with ours in its place, is better than none.
            if let Ok(value) = rendering.exact(template) {
                headers.push((name.clone(), value));
            }
        }
        let draft = Draft {
            from: rendering.exact(&self.smtp.from)?,
            to: rendering.exact(&self.to)?,
            subject: rendering
                .title(subject.unwrap_or("{{ template \"email.default.subject\" . }}")),
            headers,
            text: rendering.text(&self.text),
            html: rendering.html(&self.html),
            threading: self.threading,
        };
        let mail = Mail::new(Arc::clone(&self.smtp), draft, notice)?;
        Ok(vec![Request::Mail(Box::new(mail))])
    }
}
