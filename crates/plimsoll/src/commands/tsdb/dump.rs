//! `plimsoll tsdb dump`: every sample.

use std::ops::ControlFlow;

use plimsoll_promql::{ExprKind, parse};
use plimsoll_types::{Labels, Matcher, SampleColumns, TimeRange, Timestamp, Value};

use super::Directory;
use crate::commands::{Failure, print};

/// Print every sample as `series value milliseconds`
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    directory: Directory,
    /// The first time that is printed, in milliseconds since the epoch
    #[arg(long, value_name = "MS", default_value_t = i64::MIN, allow_negative_numbers = true, hide_default_value = true)]
    min_time: i64,
    /// The last time that is printed, in milliseconds since the epoch
    #[arg(long, value_name = "MS", default_value_t = i64::MAX, allow_negative_numbers = true, hide_default_value = true)]
    max_time: i64,
    /// A selector; several find what any of them finds
    #[arg(long = "match", value_name = "SELECTOR")]
    selectors: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let selectors = arguments.selectors.iter().map(|text| selector(text));
    let selectors = selectors.collect::<Result<Vec<_>, _>>()?;
    let range = TimeRange::new(
        Timestamp::from_millis(arguments.min_time),
        Timestamp::from_millis(arguments.max_time),
    );
    let store = arguments.directory.open()?;
    let mut outcome = Ok(());
    store
        .dump(&selectors, range, &mut |labels, columns| {
            outcome = print(&lines(labels, columns));
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })
        .map_err(anyhow::Error::from)?;
    outcome
}

fn selector(text: &str) -> Result<Vec<Matcher>, Failure> {
    let expr = parse(text).map_err(|error| Failure::usage(error.render()))?;
    match expr.kind {
        ExprKind::Selector(selector) => Ok(selector.matchers.to_vec()),
        _ => Err(Failure::usage(format!(
            "--match {text}: expected a selector such as {{job=\"node\"}}"
        ))),
    }
}

fn lines(labels: &Labels, columns: &SampleColumns) -> String {
    let mut text = String::new();
    for sample in columns.iter() {
        let value = match sample.value {
            Value::Float(value) => value.to_string(),
            Value::Histogram(histogram) => format!("{histogram:?}"),
        };
        text.push_str(&format!("{labels} {value} {}\n", sample.timestamp.millis()));
    }
    text
}
