//! `plimsoll alert route-test`: where an alert with some labels would go, by a file or by a running server.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use plimsoll_alerting::config::{self, Options};
use plimsoll_alerting::{GroupBy, Route, matchers};
use plimsoll_types::{Labels, format_duration};
use serde_json::{Value, json};

use super::server::Alerting;
use super::words;
use crate::commands::shown::{harmless, list, table, text};
use crate::commands::{Failure, print};

/// Show where an alert with these labels would go: the routes that it takes and their receivers
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll alert route-test --config alertmanager.yml severity=page team=db\n  \
    plimsoll alert route-test --config alertmanager.yml --expect pagers,chat severity=page\n  \
    plimsoll alert route-test --server http://127.0.0.1:9093 severity=page")]
pub(crate) struct Arguments {
    /// The labels, such as severity=page; a first word alone is the name of the alert
    #[arg(value_name = "LABEL")]
    labels: Vec<String>,
    /// Ask this alertmanager.yml instead of a server
    #[arg(long, visible_alias = "config.file", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The receivers that must be told, in their order, separated by commas; fails when others are
    #[arg(long, visible_alias = "verify.receivers", value_name = "NAMES")]
    expect: Option<String>,
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
    /// The receivers alone, separated by commas, as amtool prints them
    Receivers,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let labels = words::labels(&arguments.labels)?;
    let found = match &arguments.config {
        Some(path) => by_file(path, &labels)?,
        None => {
            let pairs = labels
                .iter()
                .map(|(name, value)| ("label", format!("{name}={value}")));
            arguments
                .server
                .data("routes/test", &pairs.collect::<Vec<_>>())?
        }
    };
    let names: Vec<String> = list(&found["receivers"]).map(text).collect();
    let names = names.join(",");
    match arguments.output {
        Output::Json => print(&format!("{found}\n"))?,
        Output::Receivers => print(&format!("{names}\n"))?,
        Output::Table => print(&shown(&found))?,
    }
    match &arguments.expect {
        Some(expected) if *expected != names => Err(Failure::failed(format!(
            "expected the receivers {expected}, found {names}"
        ))),
        _ => Ok(()),
    }
}

/// Answers as the server does.
fn by_file(path: &Path, labels: &[(String, String)]) -> Result<Value, Failure> {
    let loaded = config::load(path, &Options::default());
    let loaded = loaded.map_err(|found| Failure::rendered(format!("{found}\n")))?;
    let labels = Labels::try_from_pairs(labels)
        .map_err(|error| Failure::usage(format!("these are no labels: {error}")))?;
    let tree = &loaded.config.route;
    let routes: Vec<&Route> = tree
        .matching(&labels)
        .into_iter()
        .map(|id| tree.route(id))
        .collect();
    let receivers: Vec<&str> = routes.iter().map(|route| &*route.receiver).collect();
    let routes: Vec<Value> = routes.iter().map(|route| view(route)).collect();
    Ok(json!({ "receivers": receivers, "routes": routes }))
}

fn view(route: &Route) -> Value {
    let group_by = match &route.group_by {
        GroupBy::All => vec!["..."],
        GroupBy::Labels(names) => names.iter().map(String::as_str).collect(),
    };
    let conditions: Vec<String> = route.matchers.iter().map(matchers::display_one).collect();
    json!({
        "id": route.id, "key": route.key, "matchers": conditions, "receiver": route.receiver, "groupBy": group_by,
        "groupWait": format_duration(route.group_wait), "groupInterval": format_duration(route.group_interval),
        "repeatInterval": format_duration(route.repeat_interval),
        "resolveInterval": format_duration(route.resolve_interval),
        "muteTimeIntervals": route.mute_time_intervals, "activeTimeIntervals": route.active_time_intervals,
        "continue": route.continues,
    })
}

fn shown(found: &Value) -> String {
    let names = |value: &Value| harmless(&list(value).map(text).collect::<Vec<_>>().join(","));
    let line = |route: &Value| {
        let when = match (
            names(&route["muteTimeIntervals"]),
            names(&route["activeTimeIntervals"]),
        ) {
            (mute, active) if mute.is_empty() && active.is_empty() => "always".into(),
            (mute, active) if active.is_empty() => format!("not in {mute}"),
            (mute, active) if mute.is_empty() => format!("in {active}"),
            (mute, active) => format!("in {active}, not in {mute}"),
        };
        vec![
            text(&route["receiver"]),
            text(&route["groupWait"]),
            text(&route["groupInterval"]),
            text(&route["repeatInterval"]),
            names(&route["groupBy"]),
            when,
            text(&route["key"]),
        ]
    };
    let lines: Vec<_> = list(&found["routes"]).map(line).collect();
    let head = [
        "receiver",
        "group_wait",
        "group_interval",
        "repeat_interval",
        "group_by",
        "when",
        "route",
    ];
    table(&head, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_answers_as_a_server_does() {
        let config = "route:\n  receiver: chat\n  group_by: [alertname]\n  routes:\n  - matchers: [severity=page]\n    \
            receiver: pagers\n    group_wait: 0s\n    continue: true\n  - matchers: [team=db]\n    receiver: chat\n    \
            mute_time_intervals: [night]\ntime_intervals: [{name: night}]\nreceivers: [{name: chat}, {name: pagers}]\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alertmanager.yml");
        std::fs::write(&path, config).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let found = by_file(&path, &[pair("severity", "page"), pair("team", "db")]).unwrap();
        assert_eq!(found["receivers"], json!(["pagers", "chat"]));
        let text = shown(&found);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("pagers    0s          5m"), "{text}");
        assert!(
            lines[1].ends_with("always        {}/{severity=\"page\"}"),
            "{text}"
        );
        assert!(lines[2].contains("not in night"), "{text}");
        let bad = by_file(folder.path(), &[]).unwrap_err();
        assert!(bad.to_string().contains("error:"), "{bad}");
    }
}
