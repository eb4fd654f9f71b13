//! `plimsoll alert show`: everything about an alert.

use clap::ValueEnum;
use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::ListedAlert;

use super::list::{named, state};
use super::page::Page;
use super::server::Alerting;
use super::subject::Named;
use crate::commands::shown::{harmless, now, time_from};
use crate::commands::{Failure, print};

/// Show everything about alerts: labels, annotations, times, who is told, what keeps them back
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll alert show DiskFull instance=db-1\n  \
    plimsoll alert show d2b371819297f98a")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    server: Alerting,
    /// How it is printed
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
    let alerts = arguments.named.read()?.alerts(&arguments.server)?;
    if alerts.is_empty() {
        return Err(Failure::failed(
            "no such alert fires\nplimsoll alert list shows all that do",
        ));
    }
    match arguments.output {
        Output::Json => {
            let text = serde_json::to_string(&alerts).map_err(Failure::failed)?;
            print(&format!("{text}\n"))
        }
        Output::Table => {
            let mut page = Page::default();
            let now = now();
            alerts.iter().for_each(|alert| add(&mut page, alert, now));
            print(&page.into_text())
        }
    }
}

fn add(page: &mut Page, alert: &ListedAlert, now: Timestamp) {
    page.title(&named(&alert.labels));
    page.fact(1, "state", state(alert));
    page.fact(1, "since", &time_from(alert.starts_at, now));
    page.fact(1, "heard of", &time_from(alert.updated_at, now));
    page.fact(
        1,
        "ends",
        &format!(
            "{}, unless it is heard of again",
            time_from(alert.ends_at, now)
        ),
    );
    page.fact(1, "receivers", &harmless(&alert.receivers.join(", ")));
    let status = &alert.status;
    for (name, by) in [
        ("silenced by", &status.silenced_by),
        ("inhibited by", &status.inhibited_by),
        ("muted by", &status.muted_by),
    ] {
        page.facts(1, name, by.iter().map(|by| harmless(by)));
    }
    page.fact(1, "fingerprint", &harmless(&alert.fingerprint));
    let labels = alert.labels.iter();
    page.facts(
        1,
        "labels",
        labels.map(|(name, value)| harmless(&format!("{name}={value}"))),
    );
    let annotations = alert.annotations.iter();
    let annotations = annotations.map(|(name, text)| harmless(&format!("{name}: {text}")));
    page.facts(1, "annotations", annotations);
    if !alert.generator_url.is_empty() {
        page.fact(1, "from", &harmless(&alert.generator_url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_there_and_harmless() {
        let alert = super::super::list::tests::alert(&["8ac1"]);
        let mut page = Page::default();
        add(&mut page, &alert, alert.updated_at);
        let expected = "Down{job=\"db\\u{1b}\"}\n  state         silenced\n  since         2026-11-21T02:41:00Z (19m ago)\n  \
            heard of      2026-11-21T03:00:00Z (now)\n  ends          2026-11-21T03:05:00Z (in 5m), unless it is heard of again\n  \
            receivers     pagers, chat\n  silenced by   8ac1\n  fingerprint   00000000000000ab\n  labels        alertname=Down\n                \
            job=db\\u{1b}\n  annotations   summary: it is\\u{1b}[2J down\n";
        assert_eq!(page.into_text(), expected);
    }
}
