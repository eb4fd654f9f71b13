//! Why an integration is told or is not, as an object whose `kind` says which reason it is.

use plimsoll_alerting::{SilenceId, Why};
use plimsoll_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::{Labels, Time};
use crate::openapi::words::GroupTimer;

/// Why an integration is told of an alert or is not.
#[derive(Serialize, ToSchema)]
#[schema(as = AlertReason)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum WhyView<'a> {
    /// There is no such alert, or it is over and everybody knows.
    NoAlert,
    /// Not known: what was written before the process began could not be read yet.
    RowsUnread,
    /// The receiver has no integration: nobody is told.
    NoIntegration,
    /// For the next flush of its group.
    Waiting {
        until: Time,
        timer: GroupTimer,
    },
    /// It began before we did, and what may inhibit it may still come.
    WarmUp {
        until: Time,
    },
    Silenced {
        by: Vec<SilencedBy<'a>>,
    },
    /// By another alert, by which rule of the file (from 0).
    Inhibited {
        by: String,
        labels: Labels<'a>,
        rule: usize,
    },
    /// By time intervals; none are named when it is outside of all active ones.
    Muted {
        by: &'a [String],
    },
    /// An attempt is under way.
    BeingTold {
        delivery: String,
        since: Time,
    },
    /// A notice waits for its (next) attempt.
    Queued {
        delivery: String,
        until: Time,
        failures: u32,
        error: &'a str,
    },
    /// It was told.
    #[serde(rename_all = "camelCase")]
    NothingNew {
        repeat_at: Time,
    },
    /// `send_resolved` is off.
    ResolvedNotWanted,
    /// It was never told as firing.
    ResolvedUnheard,
    ResolvedTold,
    /// Another replica decides.
    NotLeading,
}

/// A silence that keeps an alert back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SilencedBy<'a> {
    id: String,
    created_by: &'a str,
    ends_at: Time,
}

impl<'a> From<&'a Why> for WhyView<'a> {
    fn from(why: &'a Why) -> Self {
        match why {
            Why::NoAlert => Self::NoAlert,
            Why::RowsUnread => Self::RowsUnread,
            Why::NoIntegration => Self::NoIntegration,
            Why::Waiting { until, timer } => Self::Waiting {
                until: Time(*until),
                timer: GroupTimer(*timer),
            },
            Why::WarmUp { until } => Self::WarmUp {
                until: Time(*until),
            },
            Why::Silenced { by } => Self::Silenced {
                by: by.iter().map(SilencedBy::from).collect(),
            },
            Why::Inhibited { by, labels, rule } => Self::Inhibited {
                by: by.to_string(),
                labels: Labels(labels),
                rule: *rule,
            },
            Why::Muted { by } => Self::Muted { by },
            Why::BeingTold { delivery, since } => Self::BeingTold {
                delivery: delivery.to_string(),
                since: Time(*since),
            },
            Why::Queued {
                delivery,
                until,
                failures,
                error,
            } => Self::Queued {
                delivery: delivery.to_string(),
                until: Time(*until),
                failures: *failures,
                error,
            },
            Why::NothingNew { repeat_at } => Self::NothingNew {
                repeat_at: Time(*repeat_at),
            },
            Why::ResolvedNotWanted => Self::ResolvedNotWanted,
            Why::ResolvedUnheard => Self::ResolvedUnheard,
            Why::ResolvedTold => Self::ResolvedTold,
            Why::NotLeading => Self::NotLeading,
        }
    }
}

impl<'a> From<&'a (SilenceId, String, Timestamp)> for SilencedBy<'a> {
    fn from((id, created_by, ends_at): &'a (SilenceId, String, Timestamp)) -> Self {
        Self {
            id: id.to_string(),
            created_by,
            ends_at: Time(*ends_at),
        }
    }
}
