//! `plimsoll slo math nines`: how long something may be down.

use std::time::Duration;

use plimsoll_slo::Target;
use plimsoll_slo::math::{Availability, MEAN_MONTH, YEAR, allowance};
use serde_json::{Map, Value, json};

use super::shown::{Output, answer, length, number};
use super::window;
use crate::commands::Failure;
use crate::commands::shown::now;

/// Print how long something may be down per window
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo math nines\n  \
    plimsoll slo math nines 99.95 --window 28d --window quarter:Europe/Athens")]
pub(crate) struct Arguments {
    /// Objectives in percent; without any, the usual ones
    #[arg(value_name = "OBJECTIVE")]
    targets: Vec<Target>,
    /// Windows: a length such as 30d, or the current day, week, month, quarter or year, with a zone if need be
    /// (month:Europe/Athens); without any, a week, 28d, 30d, the mean month and the mean year
    #[arg(long = "window", value_name = "WINDOW")]
    windows: Vec<String>,
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

const USUAL: [&str; 7] = ["90", "99", "99.5", "99.9", "99.95", "99.99", "99.999"];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let windows = windows(arguments)?;
    let mut targets = arguments.targets.clone();
    if targets.is_empty() {
        let usual = USUAL
            .iter()
            .map(|text| text.parse::<Target>().expect("usual objectives are legal"));
        targets.extend(usual);
    }
    let mut head = vec!["OBJECTIVE".to_owned(), "NINES".to_owned()];
    head.extend(windows.iter().map(|(name, _)| name.to_uppercase()));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let lines: Vec<Vec<String>> = targets
        .iter()
        .map(|target| line(*target, &windows))
        .collect();
    let values = targets.iter().map(|target| value(*target, &windows));
    answer(arguments.output, &head, &lines, values.collect())
}

fn windows(arguments: &Arguments) -> Result<Vec<(String, Duration)>, Failure> {
    let days = |count: u64| (format!("{count}d"), Duration::from_secs(86_400 * count));
    if arguments.windows.is_empty() {
        let means = [("month (mean)", MEAN_MONTH), ("year (mean)", YEAR)];
        let means = means.map(|(name, length)| (name.to_owned(), length));
        return Ok([days(7), days(28), days(30)]
            .into_iter()
            .chain(means)
            .collect());
    }
    let read = |text: &String| window::read(text, now()).map(|asked| (asked.name, asked.length));
    let windows = arguments.windows.iter().map(read);
    windows.collect::<Result<_, _>>().map_err(Failure::usage)
}

fn line(target: Target, windows: &[(String, Duration)]) -> Vec<String> {
    let mut cells = vec![
        format!("{target} %"),
        number(Availability::from(target).nines()),
    ];
    cells.extend(
        windows
            .iter()
            .map(|(_, window)| length(allowance(target, *window))),
    );
    cells
}

fn value(target: Target, windows: &[(String, Duration)]) -> Value {
    let allowed = windows.iter().map(|(name, window)| {
        let seconds = allowance(target, *window).as_secs_f64();
        (name.clone(), json!(seconds))
    });
    json!({
        "objective": target.to_string(),
        "nines": Availability::from(target).nines(),
        "downtimeSeconds": allowed.collect::<Map<_, _>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_minutes_of_each_window() {
        let windows = [
            ("30d".to_owned(), Duration::from_secs(30 * 86_400)),
            ("month (mean)".to_owned(), MEAN_MONTH),
        ];
        let target: Target = "99.9".parse().unwrap();
        assert_eq!(line(target, &windows), ["99.9 %", "3", "43m12s", "43m50s"]);
        assert_eq!(value(target, &windows)["downtimeSeconds"]["30d"], 2592.0);
    }
}
