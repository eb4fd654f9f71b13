//! `plimsoll slo math burn`: when the rules of a burn alert fire, and when they stop.

use plimsoll_slo::burn::{rules, workbook_rules};
use plimsoll_slo::math::{Incident, Tier};
use plimsoll_slo::{BurnRule, Hysteresis, Severity, Target};
use plimsoll_types::format_duration;
use serde_json::{Value, json};

use super::shown::{Output, answer, length, number, percent};
use super::window;
use crate::commands::Failure;
use crate::commands::shown::now;

/// Print when burn alerts fire and stop, and what is left of the budget by then
///
/// Figures are for steady traffic, nothing failing before an outage and nothing after it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo math burn 99.9\n  \
    plimsoll slo math burn 99.5 --window 28d --errors 100 --errors 15 --workbook")]
pub(crate) struct Arguments {
    /// The objective in percent
    #[arg(value_name = "OBJECTIVE")]
    target: Target,
    /// The time that the promise is about: a length such as 30d, or the current day, week, month, quarter or year
    #[arg(long, value_name = "WINDOW", default_value = "30d")]
    window: String,
    /// What fails in an outage, in percent of the requests
    #[arg(long, value_name = "PERCENT", default_values_t = [100.0])]
    errors: Vec<f64>,
    /// The rules of the SRE Workbook, which Sloth uses, instead of Plimsoll's
    #[arg(long)]
    workbook: bool,
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

const HEAD: [&str; 10] = [
    "SEVERITY", "FACTOR", "LONG", "SHORT", "FIRES AT", "BUDGET", "LASTS", "ERRORS", "DETECTED",
    "RESET",
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let window = window::read(&arguments.window, now()).map_err(Failure::usage)?;
    let errors = shares(&arguments.errors)?;
    let (rules, hysteresis) = policy(arguments.workbook);
    let mut lines = Vec::new();
    let mut values = Vec::new();
    for rule in &rules {
        let tier = Tier {
            rule,
            target: arguments.target,
            window: window.length,
        };
        for share in &errors {
            let incident = tier.incident(*share, hysteresis);
            lines.push(line(&tier, *share, incident));
            values.push(value(&tier, *share, incident));
        }
    }
    answer(arguments.output, &HEAD, &lines, values)
}

fn shares(percents: &[f64]) -> Result<Vec<f64>, Failure> {
    let is_legal = |percent: &f64| *percent > 0.0 && *percent <= 100.0;
    match percents.iter().find(|percent| !is_legal(percent)) {
        Some(percent) => Err(Failure::usage(format!(
            "--errors: {percent} is no share of requests: wanted more than 0 and at most 100"
        ))),
        None => Ok(percents.iter().map(|percent| percent / 100.0).collect()),
    }
}

/// The Workbook's alerts stop as soon as their condition does.
fn policy(is_workbook: bool) -> (Vec<BurnRule>, Hysteresis) {
    let at_once = Hysteresis {
        off: 1.0,
        keep: std::time::Duration::ZERO,
    };
    match is_workbook {
        true => (workbook_rules(), at_once),
        false => (rules(), Hysteresis::default()),
    }
}

fn severity(rule: &BurnRule) -> &'static str {
    match rule.severity {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    }
}

fn line(tier: &Tier<'_>, share: f64, incident: Option<Incident>) -> Vec<String> {
    let rule = tier.rule;
    let threshold = match tier.threshold() > 1.0 {
        true => "never".to_owned(),
        false => percent(tier.threshold()),
    };
    let detected = incident.map(|found| {
        format!(
            "{} ({} spent)",
            length(found.detection),
            percent(found.spent)
        )
    });
    vec![
        severity(rule).to_owned(),
        number(rule.factor),
        format_duration(rule.long),
        rule.short.map_or_else(String::new, format_duration),
        threshold,
        percent(tier.budget_share()),
        length(tier.lasts()),
        percent(share),
        detected.unwrap_or_else(|| "never".to_owned()),
        incident.map_or_else(String::new, |found| length(found.reset)),
    ]
}

fn value(tier: &Tier<'_>, share: f64, incident: Option<Incident>) -> Value {
    let rule = tier.rule;
    json!({
        "severity": severity(rule),
        "factor": rule.factor,
        "longSeconds": rule.long.as_secs_f64(),
        "shortSeconds": rule.short.map(|short| short.as_secs_f64()),
        "firesAt": tier.threshold(),
        "budgetShare": tier.budget_share(),
        "lastsSeconds": tier.lasts().as_secs_f64(),
        "errors": share,
        "detectionSeconds": incident.map(|found| found.detection.as_secs_f64()),
        "spent": incident.map(|found| found.spent),
        "resetSeconds": incident.map(|found| found.reset.as_secs_f64()),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_workbooks_first_rule_is_as_it_says() {
        let (rules, hysteresis) = policy(true);
        let tier = Tier {
            rule: &rules[0],
            target: "99.9".parse().unwrap(),
            window: Duration::from_secs(30 * 86_400),
        };
        let incident = tier.incident(0.15, hysteresis);
        let expected = [
            "page",
            "14.4",
            "1h",
            "5m",
            "1.44 %",
            "2 %",
            "2d2h",
            "15 %",
            "5m46s (2 % spent)",
            "4m31s",
        ];
        assert_eq!(line(&tier, 0.15, incident), expected);
        let lax = Tier {
            target: "90".parse().unwrap(),
            ..tier
        };
        assert_eq!(line(&lax, 1.0, None)[4], "never");
        assert_eq!(value(&lax, 1.0, None)["detectionSeconds"], Value::Null);
    }

    #[test]
    fn shares_are_of_requests() {
        assert_eq!(shares(&[100.0, 15.0]).unwrap(), [1.0, 0.15]);
        for wrong in [0.0, -1.0, 101.0, f64::NAN] {
            assert!(shares(&[wrong]).is_err(), "{wrong}");
        }
    }
}
