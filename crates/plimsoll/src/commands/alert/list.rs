//! `plimsoll alert list`: what fires.

use clap::ValueEnum;
use plimsoll_types::{Labels, Timestamp};
use plimsoll_wire::alertmanager::ListedAlert;

use super::server::Alerting;
use super::words;
use crate::commands::shown::{counted, distance, harmless, now, table as columns};
use crate::commands::{Failure, print};

/// List the alerts that fire, with what keeps them from being told
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll alert list\n  \
    plimsoll alert list DiskFull severity=page\n  \
    plimsoll alert list --silenced --inhibited\n  \
    plimsoll alert list --receiver 'pagers|chat' --output json")]
pub(crate) struct Arguments {
    /// What they must fulfil, such as severity=page or instance=~"web.*"; a first word alone is the name of an alert
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Only those that routes lead to these receivers: a regular expression for the whole name
    #[arg(long, value_name = "REGEX")]
    receiver: Option<String>,
    #[command(flatten)]
    states: States,
    #[command(flatten)]
    server: Alerting,
    /// How they are printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

/// Which states are wanted; all when none is named.
#[derive(clap::Args)]
struct States {
    /// Only those that are told
    #[arg(long)]
    active: bool,
    /// Only those that a silence keeps back
    #[arg(long)]
    silenced: bool,
    /// Only those that another alert keeps back
    #[arg(long)]
    inhibited: bool,
    /// Only those that a time interval keeps back
    #[arg(long)]
    muted: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// As the server answers it
    Json,
    /// The fingerprints alone
    Ids,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let matchers = words::matchers(&arguments.matchers)?;
    let receiver = arguments.receiver.as_deref();
    let mut alerts = arguments.server.alerts(&matchers, receiver)?;
    alerts.retain(|alert| arguments.states.want(alert));
    match arguments.output {
        Output::Json => {
            let text = serde_json::to_string(&alerts).map_err(Failure::failed)?;
            print(&format!("{text}\n"))
        }
        Output::Ids => {
            let ids = alerts
                .iter()
                .map(|alert| format!("{}\n", harmless(&alert.fingerprint)));
            print(&ids.collect::<String>())
        }
        Output::Table => {
            eprintln!("{}", counted(alerts.len(), "alert"));
            if alerts.is_empty() {
                return Ok(());
            }
            print(&table(&alerts, now()))
        }
    }
}

impl States {
    fn want(&self, alert: &ListedAlert) -> bool {
        let status = &alert.status;
        let (silenced, inhibited) = (
            !status.silenced_by.is_empty(),
            !status.inhibited_by.is_empty(),
        );
        let muted = !status.muted_by.is_empty();
        let is_any = !(self.active || self.silenced || self.inhibited || self.muted);
        is_any
            || self.active && !(silenced || inhibited || muted)
            || self.silenced && silenced
            || self.inhibited && inhibited
            || self.muted && muted
    }
}

/// Writes one line per alert.
pub(in crate::commands) fn table(alerts: &[ListedAlert], now: Timestamp) -> String {
    let line = |alert: &ListedAlert| {
        vec![
            harmless(&alert.fingerprint),
            state(alert).to_owned(),
            distance(alert.starts_at, now),
            harmless(&alert.receivers.join(",")),
            named(&alert.labels),
        ]
    };
    let lines: Vec<_> = alerts.iter().map(line).collect();
    columns(
        &["fingerprint", "state", "since", "receivers", "alert"],
        &lines,
    )
}

/// Says in a word what holds for an alert.
pub(super) fn state(alert: &ListedAlert) -> &'static str {
    let status = &alert.status;
    match (
        &status.silenced_by[..],
        &status.inhibited_by[..],
        &status.muted_by[..],
    ) {
        ([_, ..], ..) => "silenced",
        (_, [_, ..], _) => "inhibited",
        (.., [_, ..]) => "muted",
        _ => "active",
    }
}

/// Writes labels with the name of the alert in front: `Down{job="db"}`.
pub(super) fn named(labels: &Labels) -> String {
    let name = labels.get("alertname").unwrap_or_default();
    let others = labels.filtered(|label| label != "alertname");
    match others.is_empty() && !name.is_empty() {
        true => harmless(name),
        false => harmless(&format!("{name}{others}")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn alert(silences: &[&str]) -> ListedAlert {
        serde_json::from_value(serde_json::json!({
            "annotations": {"summary": "it is\u{1b}[2J down"}, "endsAt": "2026-11-21T03:05:00Z",
            "fingerprint": "00000000000000ab", "receivers": [{"name": "pagers"}, {"name": "chat"}],
            "startsAt": "2026-11-21T02:41:00Z", "updatedAt": "2026-11-21T03:00:00Z",
            "status": {"inhibitedBy": [], "silencedBy": silences, "state": "active"},
            "labels": {"alertname": "Down", "job": "db\u{1b}"},
        }))
        .unwrap()
    }

    fn three_o_clock() -> Timestamp {
        Timestamp::from_millis(
            "2026-11-21T03:00:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_millisecond(),
        )
    }

    #[test]
    fn one_line_per_alert() {
        let alerts = [alert(&[]), alert(&["x"])];
        let expected = "fingerprint       state     since   receivers    alert\n\
            00000000000000ab  active    19m ago  pagers,chat  Down{job=\"db\\u{1b}\"}\n\
            00000000000000ab  silenced  19m ago  pagers,chat  Down{job=\"db\\u{1b}\"}\n";
        let expected = expected.replace("since   rec", "since    rec");
        assert_eq!(table(&alerts, three_o_clock()), expected);
    }

    #[test]
    fn states_are_chosen() {
        let none = States {
            active: false,
            silenced: false,
            inhibited: false,
            muted: false,
        };
        assert!(none.want(&alert(&[])) && none.want(&alert(&["x"])));
        let silenced = States {
            silenced: true,
            ..none
        };
        assert!(silenced.want(&alert(&["x"])) && !silenced.want(&alert(&[])));
        let active = States {
            active: true,
            silenced: false,
            inhibited: false,
            muted: false,
        };
        assert!(active.want(&alert(&[])) && !active.want(&alert(&["x"])));
    }
}
