//! Which alerts a command is about: one by its fingerprint, or all that fulfil conditions.

use plimsoll_alerting::Fingerprint;
use plimsoll_types::{Labels, MatchOp, Matcher};
use plimsoll_wire::alertmanager::ListedAlert;

use super::server::Alerting;
use super::words;
use crate::commands::Failure;

/// Names alerts.
#[derive(clap::Args)]
pub(super) struct Named {
    /// A fingerprint of 16 digits, or what they must fulfil, such as severity=page; a first word alone is the name of an alert
    #[arg(value_name = "FINGERPRINT|MATCHER", required = true)]
    words: Vec<String>,
}

/// What is meant.
pub(super) enum Subject {
    /// One alert.
    Fingerprint(Fingerprint),
    /// All that fulfil these.
    Matchers(Vec<Matcher>),
}

impl Named {
    pub(super) fn read(&self) -> Result<Subject, Failure> {
        if let [word] = &self.words[..]
            && let Ok(fingerprint) = word.parse()
        {
            return Ok(Subject::Fingerprint(fingerprint));
        }
        words::matchers(&self.words).map(Subject::Matchers)
    }
}

impl Subject {
    /// Returns the alerts that fire and are meant.
    pub(super) fn alerts(&self, server: &Alerting) -> Result<Vec<ListedAlert>, Failure> {
        match self {
            Self::Matchers(matchers) => server.alerts(matchers, None),
            Self::Fingerprint(fingerprint) => {
                let fingerprint = fingerprint.to_string();
                let mut alerts = server.alerts(&[], None)?;
                alerts.retain(|alert| *alert.fingerprint == *fingerprint);
                Ok(alerts)
            }
        }
    }

    /// Returns the labels that are named when nothing else is: then an alert is meant that need not be there.
    pub(super) fn labels(&self) -> Option<Labels> {
        let Self::Matchers(matchers) = self else {
            return None;
        };
        let is_equality =
            |matcher: &Matcher| matcher.op() == MatchOp::Equal && !matcher.value().is_empty();
        let pairs = || {
            matchers
                .iter()
                .map(|matcher| (matcher.name(), matcher.value()))
        };
        let labels = matchers
            .iter()
            .all(is_equality)
            .then(|| Labels::from_pairs(pairs()))?;
        // Two conditions on one label are no label set.
        (labels.len() == matchers.len()).then_some(labels)
    }
}
