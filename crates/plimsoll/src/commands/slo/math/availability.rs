//! `plimsoll slo math availability`: what a system of parts can promise.

use plimsoll_slo::Target;
use plimsoll_slo::math::{Availability, evaluate};
use serde_json::json;

use super::shown::{Output, answer, length, number};
use super::window;
use crate::commands::Failure;
use crate::commands::shown::now;

/// Print the availability of a system whose parts fail independently
///
/// `*` joins parts that are all needed, `|` parts of which one is enough, `2 of 3 (99.5)` parts alike.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo math availability '99.95 * 99.9 * 99.9'\n  \
    plimsoll slo math availability '99.99 * (99 | 99) * 2 of 3 (99.5)' --window 28d")]
pub(crate) struct Arguments {
    /// The system, in percentages
    system: String,
    /// The time over which it is: a length such as 30d, or the current day, week, month, quarter or year
    #[arg(long, value_name = "WINDOW", default_value = "30d")]
    window: String,
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

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let found = evaluate(&arguments.system)
        .map_err(|error| Failure::usage(format!("{error}\n  {}", arguments.system)))?;
    let window = window::read(&arguments.window, now()).map_err(Failure::usage)?;
    let down = window.length.mul_f64(found.failing());
    let highest = highest_target(found);
    let lines = [vec![
        format!("{found} %"),
        nines(found),
        format!("{} of {}", length(down), window.name),
        highest.map_or_else(|| "none".to_owned(), |target| format!("{target} %")),
    ]];
    let value = json!({
        "available": found.working(),
        "failing": found.failing(),
        "nines": found.nines(),
        "window": window.name,
        "downtimeSeconds": down.as_secs_f64(),
        "highestObjective": highest.map(|target| target.to_string()),
    });
    let head = ["AVAILABLE", "NINES", "DOWN", "HIGHEST USUAL OBJECTIVE"];
    answer(arguments.output, &head, &lines, vec![value])
}

fn nines(found: Availability) -> String {
    match found.failing() > 0.0 {
        true => number(found.nines()),
        false => "all".to_owned(),
    }
}

/// Objectives that people promise, the highest first.
const USUAL: [&str; 8] = ["99.999", "99.99", "99.95", "99.9", "99.5", "99", "95", "90"];

/// Returns the highest objective that the system keeps in the mean.
fn highest_target(found: Availability) -> Option<Target> {
    let usual = USUAL.iter().filter_map(|text| text.parse::<Target>().ok());
    let mut kept = usual.filter(|target| found.failing() <= target.allowed());
    kept.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_objective_is_one_that_is_kept() {
        let check = |system: &str, expected: Option<&str>| {
            let found = highest_target(evaluate(system).unwrap());
            assert_eq!(
                found.map(|target| target.to_string()).as_deref(),
                expected,
                "{system}"
            );
        };
        check("99.9", Some("99.9"));
        check("99.9 * 99.9", Some("99.5"));
        check("99 | 99", Some("99.99"));
        check("50", None);
        check("100", Some("99.999"));
    }
}
