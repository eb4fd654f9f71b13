//! The kinds of receivers, one file each.

mod address;
mod answers;
mod discord;
mod email;
mod group_json;
mod group_key;
mod incidentio;
mod msteamsv2;
mod nested;
mod opsgenie;
mod pagerduty;
mod shorten;
mod slack;
mod telegram;
mod webhook;

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_runtime::http::Secret;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::{Globals, ReceiverConfig, Section, check_entries};

/// Makes the section of a receiver, and the list of kinds, from one line for each kind.
macro_rules! kinds {
    ($($section:ident: $raw:ty,)*) => {
        /// `receivers`: a name, and the ways in which it is told.
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RawReceiver {
            /// The name, by which routes refer to it.
            /// Required.
            pub name: Spanned<String>,
            $(
                /// The entries of this kind.
                /// Default: none.
                pub(crate) $section: Vec<Spanned<$raw>>,
            )*
            // Kinds of Alertmanager that we do not have: known, so that the refusal can say so.
            jira_configs: Option<Spanned<IgnoredAny>>,
            mattermost_configs: Option<Spanned<IgnoredAny>>,
            msteams_configs: Option<Spanned<IgnoredAny>>,
            pushover_configs: Option<Spanned<IgnoredAny>>,
            rocketchat_configs: Option<Spanned<IgnoredAny>>,
            sns_configs: Option<Spanned<IgnoredAny>>,
            victorops_configs: Option<Spanned<IgnoredAny>>,
            webex_configs: Option<Spanned<IgnoredAny>>,
            wechat_configs: Option<Spanned<IgnoredAny>>,
        }

        /// All kinds, as in the names of their sections without `_configs`.
        pub const ALL: &[&str] = &[$(<$raw as Section>::KIND),*];

        impl RawReceiver {
            /// Checks all entries and fills the defaults in. An entry with an error is left out; the error is in `findings`.
            pub fn check(self, globals: &Globals, findings: &mut Findings<'_>) -> ReceiverConfig {
                self.refuse_elsewhere(findings);
                let mut integrations = Vec::new();
                $(check_entries(self.$section, globals, findings, &mut integrations);)*
                let name = self.name.into_inner();
                ReceiverConfig { name, integrations }
            }
        }
    };
}

kinds! {
    webhook_configs: webhook::RawWebhook,
    email_configs: email::RawEmail,
    pagerduty_configs: pagerduty::RawPagerDuty,
    slack_configs: slack::RawSlack,
    opsgenie_configs: opsgenie::RawOpsgenie,
    msteamsv2_configs: msteamsv2::RawMsTeamsV2,
    discord_configs: discord::RawDiscord,
    telegram_configs: telegram::RawTelegram,
    incidentio_configs: incidentio::RawIncidentIo,
}

impl RawReceiver {
    fn refuse_elsewhere(&self, findings: &mut Findings<'_>) {
        let elsewhere = [
            ("jira", &self.jira_configs),
            ("mattermost", &self.mattermost_configs),
            ("msteams", &self.msteams_configs),
            ("pushover", &self.pushover_configs),
            ("rocketchat", &self.rocketchat_configs),
            ("sns", &self.sns_configs),
            ("victorops", &self.victorops_configs),
            ("webex", &self.webex_configs),
            ("wechat", &self.wechat_configs),
        ];
        for (kind, written) in elsewhere {
            if let Some(written) = written {
                findings.error_with_hint(
                    written.key,
                    format!("receivers of the kind `{kind}` are not supported"),
                    format!("supported are {}", ALL.join(", ")),
                );
            }
        }
    }
}

/// Returns the longest time for one attempt; zero leaves it to the sender.
fn timeout(written: Option<DurationValue>) -> Option<Duration> {
    let written = written.map(|written| written.0);
    written.filter(|time| !time.is_zero())
}

/// Says whether a secret or the file of one is written.
fn is_given(inline: &Option<Spanned<Secret>>, file: &Option<Spanned<String>>) -> bool {
    let has_text = inline
        .as_ref()
        .is_some_and(|text| !text.expose().is_empty());
    has_text || file.as_ref().is_some_and(|file| !file.is_empty())
}

#[cfg(test)]
mod tests;
