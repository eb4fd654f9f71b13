//! `plimsoll slo explain`: why somebody is told, or is not.

use plimsoll_types::Timestamp;
use serde_json::Value;

use super::answer::{Named, Objectives, Output, group};
use super::show::no_data;
use crate::commands::Failure;
use crate::commands::alert::Page;
use crate::commands::shown::{list, now, read_time, text, time_from};

/// Explain what each burn rule of an SLO sees now, and what would change that
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo explain checkout/availability\n  \
    plimsoll slo explain checkout/availability --groups 5")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// How many groups of its dimensions are explained
    #[arg(long, value_name = "COUNT", default_value = "10")]
    groups: u32,
    #[command(flatten)]
    server: Objectives,
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
    let groups = [("groups", arguments.groups.to_string())];
    let path = arguments.named.path("explain");
    let data = arguments.server.data(&path, &groups)?;
    arguments.output.print(&data, |data| page(data, now()))
}

fn page(data: &Value, now: Timestamp) -> String {
    let mut page = Page::default();
    if list(&data["missingBuckets"]).next().is_some() {
        page.title(&text(&data["id"]));
        no_data(&mut page, data);
    }
    for budget in list(&data["budgets"]) {
        page.title(format!("{} {}", text(&data["id"]), group(budget)).trim_end());
        let firing = match read_time(&budget["firing"]["since"]) {
            Some(since) => {
                let severity = text(&budget["firing"]["severity"]);
                format!("{severity} since {}", time_from(since, now))
            }
            None => "no".into(),
        };
        page.fact(1, "firing", &firing);
        for rule in list(&budget["rules"]) {
            let name = text(&rule["rule"]["severity"]);
            let mark = match rule["holds"] == true {
                true => "holds",
                false => "does not hold",
            };
            let asks = &rule["rule"];
            let what = format!(
                "{} times in {}: {mark}",
                asks["factor"].as_f64().unwrap_or_default(),
                text(&asks["long"])
            );
            page.fact(1, &name, &what);
            page.line(2, &text(&rule["text"]));
        }
    }
    page.into_text()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_that_does_not_hold_says_what_it_lacks() {
        let data = json!({"id": "a/b", "budgets": [{
            "objective": "", "group": null, "firing": null,
            "rules": [{
                "rule": {"severity": "page", "factor": 14.4, "long": "1h"}, "holds": false,
                "text": "it is over",
            }],
        }]});
        let shown = page(&data, now());
        let expected = "a/b\n  firing        no\n  page          14.4 times in 1h: does not hold\n    it is over\n";
        assert_eq!(shown, expected);
    }
}
