//! `plimsoll alert groups`: who is told of which alerts together.

use clap::ValueEnum;
use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::ListedGroup;

use super::list::{named, state};
use super::page::Page;
use super::server::Alerting;
use super::words::{filters, matchers};
use crate::commands::shown::{counted, distance, harmless, now};
use crate::commands::{Failure, print};

/// List the groups of alerts: who is told of which ones together
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll alert groups\n  \
    plimsoll alert groups --receiver pagers severity=page")]
pub(crate) struct Arguments {
    /// What alerts must fulfil; a first word alone is the name of an alert
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Only of these receivers: a regular expression for the whole name
    #[arg(long, value_name = "REGEX")]
    receiver: Option<String>,
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

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// As the server answers it
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut parameters = filters(&matchers(&arguments.matchers)?);
    let receiver = arguments.receiver.clone();
    parameters.extend(receiver.map(|receiver| ("receiver", receiver)));
    let groups: Vec<ListedGroup> = arguments.server.get("alerts/groups", &parameters)?;
    match arguments.output {
        Output::Json => {
            let text = serde_json::to_string(&groups).map_err(Failure::failed)?;
            print(&format!("{text}\n"))
        }
        Output::Table => {
            eprintln!("{}", counted(groups.len(), "group"));
            print(&page(&groups, now()))
        }
    }
}

fn page(groups: &[ListedGroup], now: Timestamp) -> String {
    let mut page = Page::default();
    for group in groups {
        let (receiver, count) = (
            harmless(&group.receiver),
            counted(group.alerts.len(), "alert"),
        );
        let labels = harmless(&group.labels.to_string());
        page.title(&format!("{receiver}  {labels}  {count}"));
        for alert in &group.alerts {
            let (state, since) = (state(alert), distance(alert.starts_at, now));
            let (id, alert) = (harmless(&alert.fingerprint), named(&alert.labels));
            page.line(1, &format!("{id}  {state:9}  {since:10}  {alert}"));
        }
    }
    page.into_text()
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Labels;

    use super::*;

    #[test]
    fn a_group_stands_above_its_alerts() {
        let alert = super::super::list::tests::alert(&[]);
        let now = alert.updated_at;
        let group = ListedGroup {
            alerts: vec![alert],
            labels: Labels::from_pairs([("alertname", "Down")]),
            receiver: "pagers".into(),
            route_labels: Labels::empty(),
        };
        let expected = "pagers  {alertname=\"Down\"}  1 alert\n  \
            00000000000000ab  active     19m ago     Down{job=\"db\\u{1b}\"}\n";
        assert_eq!(page(&[group], now), expected);
    }
}
