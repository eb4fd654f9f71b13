//! `global`: what applies to all receivers unless an entry says otherwise.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::config::http_client::{self, RawHttpClient, RawTls};
use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_runtime::http::{ClientConfig, Secret, SecretSource, TlsConfig};
use serde::Deserialize;
use url::Url;

use super::{secret, secret_url};

/// `global`: what applies to all receivers unless an entry says otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawGlobal {
    /// How long an alert that was posted without an end is taken for firing.
    /// Default: `5m`.
    pub resolve_timeout: Option<Spanned<DurationValue>>,
    /// How to speak HTTP to receivers.
    /// Default: straight, following redirects.
    pub http_config: Option<Spanned<RawHttpClient>>,
    /// The sender of mails.
    /// Default: none.
    pub smtp_from: String,
    /// The name that we give ourselves to mail servers.
    /// Default: `localhost`.
    pub smtp_hello: Option<String>,
    /// The mail server, as `host:port`. Port 465 means TLS from the first byte.
    /// Default: none.
    pub smtp_smarthost: Option<Spanned<String>>,
    /// Who we are to the mail server.
    /// Default: nobody.
    pub smtp_auth_username: String,
    /// The password for the mechanisms PLAIN and LOGIN.
    /// Default: none.
    pub smtp_auth_password: Option<Spanned<Secret>>,
    /// A file with the password, read anew for each mail; excludes `smtp_auth_password`. Relative to the configuration.
    /// Default: none.
    pub smtp_auth_password_file: Option<Spanned<String>>,
    /// The secret for the mechanism CRAM-MD5.
    /// Default: none.
    pub smtp_auth_secret: Option<Spanned<Secret>>,
    /// A file with the secret, read anew for each mail; excludes `smtp_auth_secret`. Relative to the configuration.
    /// Default: none.
    pub smtp_auth_secret_file: Option<Spanned<String>>,
    /// Whom the mechanism PLAIN shall let us act for.
    /// Default: the user.
    pub smtp_auth_identity: String,
    /// Whether a mail server must offer STARTTLS.
    /// Default: `true`.
    pub smtp_require_tls: Option<bool>,
    /// Whether TLS begins with the first byte: `true`, `false`, or by the port (465).
    /// Default: by the port.
    pub smtp_force_implicit_tls: Option<bool>,
    /// Whom to trust among mail servers, and how to be known to them.
    /// Default: the authorities that the system trusts.
    pub smtp_tls_config: Option<Spanned<RawTls>>,
    /// The URL of Slack's incoming webhook.
    /// Default: none.
    pub slack_api_url: Option<Spanned<Secret>>,
    /// A file with that URL, read anew for each notice; excludes `slack_api_url`. Relative to the configuration.
    /// Default: none.
    pub slack_api_url_file: Option<Spanned<String>>,
    /// The token of a Slack app; excludes `slack_api_url`.
    /// Default: none.
    pub slack_app_token: Option<Spanned<Secret>>,
    /// A file with that token, read anew for each notice; excludes `slack_app_token`. Relative to the configuration.
    /// Default: none.
    pub slack_app_token_file: Option<Spanned<String>>,
    /// Where Slack takes messages of apps.
    /// Default: `https://slack.com/api/chat.postMessage`.
    pub slack_app_url: Option<Spanned<String>>,
    /// Where PagerDuty takes events.
    /// Default: `https://events.pagerduty.com/v2/enqueue`.
    pub pagerduty_url: Option<Spanned<String>>,
    /// Where Opsgenie's API is.
    /// Default: `https://api.opsgenie.com/`.
    pub opsgenie_api_url: Option<Spanned<String>>,
    /// The key of Opsgenie's API.
    /// Default: none.
    pub opsgenie_api_key: Option<Spanned<Secret>>,
    /// A file with that key, read anew for each notice; excludes `opsgenie_api_key`. Relative to the configuration.
    /// Default: none.
    pub opsgenie_api_key_file: Option<Spanned<String>>,
    /// Where Telegram's API is.
    /// Default: `https://api.telegram.org`.
    pub telegram_api_url: Option<Spanned<String>>,
    /// The token of a Telegram bot.
    /// Default: none.
    pub telegram_bot_token: Option<Spanned<Secret>>,
    /// A file with that token, read anew for each notice; excludes `telegram_bot_token`. Relative to the configuration.
    /// Default: none.
    pub telegram_bot_token_file: Option<Spanned<String>>,
    /// For Jira, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub jira_api_url: Option<Spanned<String>>,
    /// For Mattermost, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub mattermost_webhook_url: Option<Spanned<Secret>>,
    /// For Mattermost, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub mattermost_webhook_url_file: Option<Spanned<String>>,
    /// For Rocket.Chat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub rocketchat_api_url: Option<Spanned<String>>,
    /// For Rocket.Chat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub rocketchat_token: Option<Spanned<Secret>>,
    /// For Rocket.Chat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub rocketchat_token_file: Option<Spanned<String>>,
    /// For Rocket.Chat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub rocketchat_token_id: Option<Spanned<Secret>>,
    /// For Rocket.Chat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub rocketchat_token_id_file: Option<Spanned<String>>,
    /// For VictorOps, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub victorops_api_url: Option<Spanned<String>>,
    /// For VictorOps, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub victorops_api_key: Option<Spanned<Secret>>,
    /// For VictorOps, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub victorops_api_key_file: Option<Spanned<String>>,
    /// For Webex, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub webex_api_url: Option<Spanned<String>>,
    /// For WeChat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub wechat_api_url: Option<Spanned<String>>,
    /// For WeChat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub wechat_api_secret: Option<Spanned<Secret>>,
    /// For WeChat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub wechat_api_secret_file: Option<Spanned<String>>,
    /// For WeChat, which is no receiver of ours: checked, without effect.
    /// Default: none.
    pub wechat_api_corp_id: String,
}

/// What applies to all receivers unless an entry says otherwise.
#[derive(Clone, Debug)]
pub struct Globals {
    /// How long an alert that was posted without an end is taken for firing.
    pub resolve_timeout: Duration,
    /// How to speak HTTP.
    pub http: Arc<ClientConfig>,
    /// How to send mail.
    pub smtp: SmtpGlobals,
    /// The URL of Slack's incoming webhook.
    pub slack_api_url: Option<SecretSource>,
    /// The token of a Slack app.
    pub slack_app_token: Option<SecretSource>,
    /// Where Slack takes messages of apps.
    pub slack_app_url: Url,
    /// Where PagerDuty takes events.
    pub pagerduty_url: Url,
    /// Where Opsgenie's API is.
    pub opsgenie_api_url: Url,
    /// The key of Opsgenie's API.
    pub opsgenie_api_key: Option<SecretSource>,
    /// Where Telegram's API is.
    pub telegram_api_url: Url,
    /// The token of a Telegram bot.
    pub telegram_bot_token: Option<SecretSource>,
}

/// How to send mail.
#[derive(Clone, Debug, PartialEq)]
pub struct SmtpGlobals {
    /// The sender; may be empty.
    pub from: String,
    /// The name that we give ourselves.
    pub hello: String,
    /// The server.
    pub smarthost: Option<HostPort>,
    /// Who we are; empty: nobody.
    pub username: String,
    /// The password for PLAIN and LOGIN.
    pub password: Option<SecretSource>,
    /// The secret for CRAM-MD5.
    pub secret: Option<SecretSource>,
    /// Whom PLAIN shall let us act for; may be empty.
    pub identity: String,
    /// Whether the server must offer STARTTLS.
    pub requires_tls: bool,
    /// Whether TLS begins with the first byte; `None` goes by the port.
    pub forces_implicit_tls: Option<bool>,
    /// How to know the server, and to be known by it.
    pub tls: TlsConfig,
}

impl Default for SmtpGlobals {
    fn default() -> Self {
        Self {
            from: String::new(),
            hello: "localhost".into(),
            smarthost: None,
            username: String::new(),
            password: None,
            secret: None,
            identity: String::new(),
            requires_tls: true,
            forces_implicit_tls: None,
            tls: TlsConfig::default(),
        }
    }
}

/// A server's name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The name or address, without the brackets of IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// Reads `host:port` or `[address]:port`.
    ///
    /// No host is this machine; a port may have one of the names that mail has.
    ///
    /// # Errors
    /// One line that says what is wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = || format!("expected `host:port`, found `{text}`");
        let (host, port) = text.rsplit_once(':').ok_or_else(wanted)?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').ok_or_else(wanted)?,
            None if host.contains(':') => return Err(wanted()),
            None => host,
        };
        let port = match port {
            "smtp" => 25,
            "smtps" | "submissions" => 465,
            "submission" => 587,
            number => number.parse().map_err(|_| wanted())?,
        };
        let host = if host.is_empty() { "localhost" } else { host };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl RawGlobal {
    /// Checks the section and fills the defaults in; of what is wrong the default takes the place.
    pub fn check(self, findings: &mut Findings<'_>) -> Globals {
        let mut raw = self;
        raw.check_elsewhere(findings);
        raw.check_slack(findings);
        Globals {
            resolve_timeout: raw.resolve_timeout(findings),
            http: Arc::new(http(raw.http_config.take(), findings).unwrap_or_default()),
            smtp: raw.smtp(findings),
            slack_api_url: secret_url(
                "slack_api_url",
                raw.slack_api_url,
                raw.slack_api_url_file,
                findings,
            ),
            slack_app_token: secret(
                "slack_app_token",
                raw.slack_app_token,
                raw.slack_app_token_file,
                findings,
            ),
            slack_app_url: url(
                raw.slack_app_url,
                "https://slack.com/api/chat.postMessage",
                findings,
            ),
            pagerduty_url: url(
                raw.pagerduty_url,
                "https://events.pagerduty.com/v2/enqueue",
                findings,
            ),
            opsgenie_api_url: url(raw.opsgenie_api_url, "https://api.opsgenie.com/", findings),
            opsgenie_api_key: secret(
                "opsgenie_api_key",
                raw.opsgenie_api_key,
                raw.opsgenie_api_key_file,
                findings,
            ),
            telegram_api_url: url(raw.telegram_api_url, "https://api.telegram.org", findings),
            telegram_bot_token: secret(
                "telegram_bot_token",
                raw.telegram_bot_token,
                raw.telegram_bot_token_file,
                findings,
            ),
        }
    }

    /// An app and a webhook exclude each other, unless the "webhook" is where messages of apps go: so apps were written
    /// before there was a field for their token.
    fn check_slack(&self, findings: &mut Findings<'_>) {
        const APP_URL: &str = "https://slack.com/api/chat.postMessage";
        let is_there =
            |file: &Option<Spanned<String>>| file.as_ref().is_some_and(|file| !file.is_empty());
        let token = self.slack_app_token.as_ref();
        let has_token = token.is_some_and(|token| !token.expose().is_empty())
            || is_there(&self.slack_app_token_file);
        let app_url = self.slack_app_url.as_ref().filter(|url| !url.is_empty());
        let app_url = app_url.map_or(APP_URL, |url| url.as_str());
        let url = self.slack_api_url.as_ref();
        let webhook = url.filter(|url| !url.expose().is_empty() && url.expose() != app_url);
        let file = self
            .slack_api_url_file
            .as_ref()
            .filter(|file| !file.is_empty());
        let place = webhook.map(|url| url.key).or(file.map(|file| file.key));
        if let Some(place) = place.filter(|_| has_token) {
            let message = "a URL of a webhook and the token of an app exclude each other: `slack_api_url`, `slack_app_token`";
            findings.error(place, message);
        }
    }

    fn resolve_timeout(&self, findings: &mut Findings<'_>) -> Duration {
        let Some(written) = &self.resolve_timeout else {
            return Duration::from_secs(300);
        };
        if written.value.0.is_zero() {
            let message = "alerts that are posted without an end will be resolved at once";
            findings.warning(written.span, message);
        }
        written.value.0
    }

    fn smtp(&mut self, findings: &mut Findings<'_>) -> SmtpGlobals {
        SmtpGlobals {
            from: std::mem::take(&mut self.smtp_from),
            hello: self.smtp_hello.take().unwrap_or_else(|| "localhost".into()),
            smarthost: host_port(self.smtp_smarthost.take(), findings),
            username: std::mem::take(&mut self.smtp_auth_username),
            password: secret(
                "smtp_auth_password",
                self.smtp_auth_password.take(),
                self.smtp_auth_password_file.take(),
                findings,
            ),
            secret: secret(
                "smtp_auth_secret",
                self.smtp_auth_secret.take(),
                self.smtp_auth_secret_file.take(),
                findings,
            ),
            identity: std::mem::take(&mut self.smtp_auth_identity),
            requires_tls: self.smtp_require_tls.unwrap_or(true),
            forces_implicit_tls: self.smtp_force_implicit_tls,
            tls: self
                .smtp_tls_config
                .take()
                .map(|tls| http_client::check_tls(tls, findings))
                .unwrap_or_default(),
        }
    }

    /// Checks what only receivers need that we do not have.
    fn check_elsewhere(&mut self, findings: &mut Findings<'_>) {
        let urls = [
            self.jira_api_url.take(),
            self.rocketchat_api_url.take(),
            self.victorops_api_url.take(),
            self.webex_api_url.take(),
            self.wechat_api_url.take(),
        ];
        for written in urls.iter().flatten() {
            http_client::url(written, findings);
        }
        let secrets = [
            (
                "rocketchat_token",
                self.rocketchat_token.take(),
                self.rocketchat_token_file.take(),
            ),
            (
                "rocketchat_token_id",
                self.rocketchat_token_id.take(),
                self.rocketchat_token_id_file.take(),
            ),
            (
                "victorops_api_key",
                self.victorops_api_key.take(),
                self.victorops_api_key_file.take(),
            ),
            (
                "wechat_api_secret",
                self.wechat_api_secret.take(),
                self.wechat_api_secret_file.take(),
            ),
        ];
        for (name, inline, file) in secrets {
            secret(name, inline, file, findings);
        }
        let (inline, file) = (
            self.mattermost_webhook_url.take(),
            self.mattermost_webhook_url_file.take(),
        );
        secret_url("mattermost_webhook_url", inline, file, findings);
    }
}

/// Checks how to speak HTTP. What would have no effect is refused: a notification without its token tells nobody.
pub(super) fn http(
    written: Option<Spanned<RawHttpClient>>,
    findings: &mut Findings<'_>,
) -> Option<ClientConfig> {
    let raw = written?.into_inner();
    let grant = raw
        .oauth2
        .as_ref()
        .map(|one| (one.key, one.grant_type.as_str()));
    if let Some((place, grant)) = grant
        && !matches!(grant, "" | "client_credentials")
    {
        let message = format!("the grant `{grant}` is not supported for receivers");
        findings.error_with_hint(place, message, "supported is client_credentials");
    }
    Some(http_client::check(raw, findings))
}

/// Reads a mail server; an empty text counts as absent.
pub(crate) fn host_port(
    written: Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<HostPort> {
    let written = written.filter(|text| !text.is_empty())?;
    match HostPort::parse(&written) {
        Ok(found) => Some(found),
        Err(message) => {
            findings.error(written.span, message);
            None
        }
    }
}

fn url(written: Option<Spanned<String>>, default: &str, findings: &mut Findings<'_>) -> Url {
    written
        .and_then(|url| http_client::url(&url, findings))
        .unwrap_or_else(|| Url::parse(default).expect("the default is a URL"))
}
