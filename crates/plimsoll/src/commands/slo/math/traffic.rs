//! `plimsoll slo math traffic`: what one failure weighs.

use std::time::Duration;

use plimsoll_slo::Target;
use plimsoll_slo::math::Traffic;
use plimsoll_types::parse_duration;
use serde_json::json;

use super::shown::{Output, answer, number, percent};
use super::window;
use crate::commands::Failure;
use crate::commands::shown::now;

/// Print what a single failure weighs at a rate of requests
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo math traffic 99.9 --rate 10/h\n  \
    plimsoll slo math traffic 99.9 --rate 100/s --window 28d")]
pub(crate) struct Arguments {
    /// The objective in percent
    #[arg(value_name = "OBJECTIVE")]
    target: Target,
    /// Requests per second, minute, hour or day: 10/h
    #[arg(long, value_name = "RATE")]
    rate: String,
    /// The time that the promise is about: a length such as 30d, or the current day, week, month, quarter or year
    #[arg(long, value_name = "WINDOW", default_value = "30d")]
    window: String,
    /// The window in which the failure is seen
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    seen_in: String,
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
    let window = window::read(&arguments.window, now()).map_err(Failure::usage)?;
    let seen_in = seen_in(&arguments.seen_in)?;
    let traffic = Traffic {
        target: arguments.target,
        window: window.length,
        per_hour: per_hour(&arguments.rate).map_err(Failure::usage)?,
    };
    let burn = traffic.burn_of_failure(seen_in);
    let lines = [
        vec![
            format!("requests in {}", window.name),
            number(traffic.requests()),
        ],
        vec![
            "failures allowed".to_owned(),
            number(traffic.failures_allowed()),
        ],
        vec![
            "one failure uses up".to_owned(),
            percent(traffic.share_of_failure()),
        ],
        vec![
            format!("burn rate of one failure in {}", arguments.seen_in),
            number(burn),
        ],
        vec![
            format!(
                "requests per hour to keep one below 14.4 in {}",
                arguments.seen_in
            ),
            number(traffic.per_hour_to_stay_below(14.4, seen_in)),
        ],
    ];
    let value = json!({
        "requests": traffic.requests(),
        "failuresAllowed": traffic.failures_allowed(),
        "shareOfFailure": traffic.share_of_failure(),
        "burnOfFailure": burn,
        "requestsPerHourToStayBelow14.4": traffic.per_hour_to_stay_below(14.4, seen_in),
    });
    answer(arguments.output, &["FIGURE", "VALUE"], &lines, vec![value])
}

fn seen_in(text: &str) -> Result<Duration, Failure> {
    let length = parse_duration(text).map_err(Failure::usage)?;
    match length.is_zero() {
        true => Err(Failure::usage("--seen-in: a window has a length")),
        false => Ok(length),
    }
}

fn per_hour(text: &str) -> Result<f64, String> {
    let wanted = || format!("{text:?} is no rate: wanted requests per s, m, h or d, such as 10/h");
    let (count, unit) = text.split_once('/').ok_or_else(wanted)?;
    let per_hour = match unit {
        "s" => 3600.0,
        "m" => 60.0,
        "h" => 1.0,
        "d" => 1.0 / 24.0,
        _ => return Err(wanted()),
    };
    let count: f64 = count.parse().map_err(|_| wanted())?;
    let is_rate = count.is_finite() && count > 0.0;
    is_rate.then_some(count * per_hour).ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_per_unit() {
        assert_eq!(per_hour("10/h"), Ok(10.0));
        assert_eq!(per_hour("0.5/s"), Ok(1800.0));
        assert_eq!(per_hour("48/d"), Ok(2.0));
        for wrong in ["10", "10/w", "/h", "-1/h", "0/h", "inf/h", "NaN/s"] {
            assert!(per_hour(wrong).is_err(), "{wrong}");
        }
    }
}
