//! What a silence is about: the flags that `add` and `preview` share.

use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::{
    ListedAlert, ListedMatcher, PostedSilence, Recurrence, SilenceExtras, encode_silence,
};

use super::span::Span;
use crate::commands::Failure;
use crate::commands::alert::{Alerting, matchers, read_alerts};
use crate::commands::shown::counted;

/// Which alerts, for whom, from when to when.
#[derive(clap::Args, Default)]
pub(super) struct Draft {
    /// What alerts must fulfil, all of it: severity=page, instance=~"web.*"; a first word alone is the name of an alert
    #[arg(value_name = "MATCHER", required = true)]
    matchers: Vec<String>,
    /// Or this: another list of matchers, separated by commas, such as '{job="backup",severity!="page"}'
    #[arg(long = "or", value_name = "MATCHERS")]
    alternatives: Vec<String>,
    /// Hold it for this receiver only; may be repeated
    #[arg(long = "receiver", value_name = "NAME")]
    receivers: Vec<String>,
    #[command(flatten)]
    span: Span,
}

/// Who makes a silence and why.
#[derive(Default)]
pub(super) struct Signature {
    pub(super) author: String,
    pub(super) comment: String,
    pub(super) annotations: Vec<(String, String)>,
}

/// What a silence would keep back.
pub(super) struct Preview {
    /// How many alerts fire.
    active: u64,
    /// How many of them it is about.
    matched: u64,
    /// The first of these.
    pub(super) alerts: Vec<ListedAlert>,
}

impl Draft {
    /// Makes the silence of the flags.
    pub(super) fn silence(
        &self,
        signature: Signature,
        now: Timestamp,
    ) -> Result<PostedSilence, Failure> {
        let set = |words: &[String]| -> Result<Vec<ListedMatcher>, Failure> {
            Ok(matchers(words)?.iter().map(ListedMatcher::from).collect())
        };
        let alternatives = self.alternatives.iter();
        let alternatives = alternatives.map(|text| set(std::slice::from_ref(text)));
        let (starts_at, ends_at) = self.span.times(now)?;
        let recurrence = self.span.recurrence().map(|(rrule, time_zone)| Recurrence {
            ends_at: None,
            rrule,
            starts_at: None,
            time_zone,
        });
        Ok(PostedSilence {
            id: None,
            matchers: set(&self.matchers)?,
            // Who begins now has the server's now: clocks differ.
            starts_at,
            ends_at: Some(ends_at),
            created_by: signature.author,
            comment: signature.comment,
            annotations: signature.annotations,
            extras: SilenceExtras {
                matcher_sets: alternatives.collect::<Result<_, _>>()?,
                receiver_matcher_sets: self
                    .receivers
                    .iter()
                    .map(|name| vec![receiver(name)])
                    .collect(),
                recurrence,
                until_resolved_grace: self.span.grace(),
            },
        })
    }
}

/// Asks what a silence would keep back.
pub(super) fn preview(server: &Alerting, silence: &PostedSilence) -> Result<Preview, Failure> {
    let body = encode_silence(silence);
    let mut data = server.post("api/v1/alerting/silences/preview", body)?["data"].take();
    Ok(Preview {
        active: data["active"].as_u64().unwrap_or(0),
        matched: data["matched"].as_u64().unwrap_or(0),
        alerts: read_alerts(data["alerts"].take())?,
    })
}

impl Preview {
    /// Says in a line how much it is.
    pub(super) fn summary(&self) -> String {
        let matched = usize::try_from(self.matched).unwrap_or(usize::MAX);
        let shown = match self.alerts.len() < matched {
            true => format!("; the first {} are shown", self.alerts.len()),
            false => String::new(),
        };
        format!(
            "it is about {} of {} that fire now{shown}",
            counted(matched, "alert"),
            self.active
        )
    }
}

fn receiver(name: &str) -> ListedMatcher {
    ListedMatcher {
        is_equal: true,
        is_regex: false,
        name: "name".into(),
        value: name.to_owned(),
    }
}
