//! `plimsoll alert explain`: who was told of an alert and who was not, why, and what is next.

use clap::ValueEnum;
use plimsoll_alerting::Fingerprint;
use plimsoll_types::Labels;
use serde_json::Value;

use super::explanation;
use super::server::Alerting;
use super::subject::{Named, Subject};
use crate::commands::shown::{counted, now};
use crate::commands::{Failure, print};

/// How many alerts are explained at once: more than a person reads.
const ALERTS_MAX: usize = 20;

/// Explain who was told of an alert and who was not, why, and what happens next
///
/// An alert that does not fire is explained as well when all of its labels are given: where it would go.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll alert explain DiskFull instance=db-1\n  \
    plimsoll alert explain d2b371819297f98a --receiver pagers\n  \
    plimsoll alert explain severity=page team=db --output json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Only what holds for this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,
    /// How many of the last notices of each alert are shown
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = clap::value_parser!(u16).range(0..=1000))]
    notices: u16,
    #[command(flatten)]
    server: Alerting,
    /// How it is printed
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// A list of what the server answers for each alert, with its last notices
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let subjects = subjects(&arguments.named.read()?, &arguments.server)?;
    let mut explained = Vec::new();
    for subject in subjects {
        explained.push(explain(arguments, &subject)?);
    }
    match arguments.output {
        Output::Json => print(&format!("{}\n", Value::Array(explained))),
        Output::Text => print(&explanation::render(&explained, now())),
    }
}

/// Returns the label sets to be explained: those of alerts that fire, or else the one that was given.
fn subjects(subject: &Subject, server: &Alerting) -> Result<Vec<Labels>, Failure> {
    let mut labels: Vec<Labels> = Vec::new();
    labels.extend(
        subject
            .alerts(server)?
            .into_iter()
            .map(|alert| alert.labels),
    );
    if labels.len() > ALERTS_MAX {
        let count = counted(labels.len(), "alert");
        eprintln!("{count} match; the first {ALERTS_MAX} are explained");
        labels.truncate(ALERTS_MAX);
    }
    if labels.is_empty() {
        labels.extend(subject.labels());
    }
    match labels.is_empty() {
        true => Err(Failure::failed(
            "no such alert fires; give all of its labels as name=value to see where it would go\n\
             plimsoll alert list shows all that fire",
        )),
        false => Ok(labels),
    }
}

fn explain(arguments: &Arguments, labels: &Labels) -> Result<Value, Failure> {
    let pairs = labels
        .iter()
        .map(|(name, value)| ("label", format!("{name}={value}")));
    let mut answer = arguments
        .server
        .data("explain", &pairs.collect::<Vec<_>>())?;
    if let Some(receiver) = &arguments.receiver {
        explanation::keep_receiver(&mut answer, receiver)?;
    }
    answer["notifications"] = notices(arguments, labels);
    Ok(answer)
}

/// Returns the last notices with an alert; none, having said so, when the server cannot read them. What holds now is
/// worth more than what was, and is told without it.
fn notices(arguments: &Arguments, labels: &Labels) -> Value {
    if arguments.notices == 0 {
        return Value::Array(Vec::new());
    }
    let mut parameters = vec![
        ("fingerprint", Fingerprint::of(labels).to_string()),
        ("limit", arguments.notices.to_string()),
    ];
    let receiver = arguments.receiver.clone();
    parameters.extend(receiver.map(|receiver| ("receiver", receiver)));
    match arguments.server.data("notifications", &parameters) {
        Ok(mut data) => data["notifications"].take(),
        Err(failure) => {
            eprint!("what was told before cannot be shown: {failure}");
            Value::Array(Vec::new())
        }
    }
}
