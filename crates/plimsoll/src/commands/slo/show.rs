//! `plimsoll slo show`: everything about one.

use plimsoll_types::Timestamp;
use serde_json::Value;

use super::answer::{Named, Objectives, Output, group, percent};
use crate::commands::Failure;
use crate::commands::alert::Page;
use crate::commands::shown::{list, now, read_time, text, time_from};

/// Show what an SLO promises, what it counts, since when, and its budgets
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo show checkout/availability\n  \
    plimsoll slo show checkout/availability --output json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// How many groups of its dimensions are shown
    #[arg(long, value_name = "COUNT", default_value = "100")]
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
    let data = arguments.server.data(&arguments.named.path(""), &groups)?;
    arguments.output.print(&data, |data| page(data, now()))
}

fn page(data: &Value, now: Timestamp) -> String {
    let mut page = Page::default();
    page.title(&text(&data["id"]));
    let definition = &data["definition"];
    page.fact(1, "kind", &text(&data["kind"]));
    if data["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty())
    {
        page.fact(1, "description", &text(&data["description"]));
    }
    page.fact(1, "written in", &text(&data["origin"]));
    page.facts(1, "promises", list(&definition["objectives"]).map(promise));
    page.facts(1, "over", list(&definition["windows"]).map(text));
    page.facts(
        1,
        "made of",
        list(&definition["of"]).map(|part| text(&part["slo"])),
    );
    let sli = &definition["sli"];
    page.facts(1, "counts", list(&sli["source"]["watches"]).map(watch));
    page.facts(1, "asks", asks(&sli["source"]["asks"]));
    page.facts(1, "leaves out", left_out(&sli["source"]["watches"]));
    page.facts(1, "not exact", list(&sli["caveats"]).map(text));
    page.facts(1, "rules", list(&definition["alerts"]["rules"]).map(rule));
    let versions = list(&data["versions"]).map(|version| {
        let since = read_time(&version["since"]).map(|at| time_from(at, now));
        format!("{} since {}", version["number"], since.unwrap_or_default())
    });
    page.facts(1, "versions", versions);
    page.fact(1, "measured", &format!("since {}", at(&data["since"], now)));
    if data["isFolded"] == true {
        let what = "more groups than the limit: the others are counted in __other__";
        page.fact(1, "folded", what);
    }
    no_data(&mut page, data);
    budgets(&mut page, &data["budgets"], now);
    page.into_text()
}

/// Adds the objectives that have no data because no bucket ends at their threshold.
pub(super) fn no_data(page: &mut Page, data: &Value) {
    for missing in list(&data["missingBuckets"]) {
        let objective = match missing["objective"].as_str() {
            Some("") | None => String::new(),
            Some(_) => format!("{}: ", text(&missing["objective"])),
        };
        let threshold = missing["thresholdSeconds"].as_f64().unwrap_or_default();
        let buckets = text(&missing["buckets"]);
        let edges: Vec<String> = list(&missing["edges"]).map(text).collect();
        let what = match edges.is_empty() {
            true => format!("{objective}there is no {buckets}"),
            false => format!(
                "{objective}no bucket of {buckets} ends at {threshold} s; they end at {}",
                edges.join(", ")
            ),
        };
        page.fact(1, "NO DATA", &what);
    }
}

/// Adds budgets with all their windows.
pub(in crate::commands) fn budgets(page: &mut Page, budgets: &Value, now: Timestamp) {
    for budget in list(budgets) {
        let name = match group(budget) {
            name if name.is_empty() => "budget".to_owned(),
            name => format!("budget {name}"),
        };
        page.title(&name);
        page.fact(1, "target", &format!("{} %", text(&budget["target"])));
        let since = at(&budget["stateSince"], now);
        page.fact(
            1,
            "state",
            &format!("{} since {since}", text(&budget["state"])),
        );
        if budget["firing"].is_object() {
            let since = at(&budget["firing"]["since"], now);
            let severity = text(&budget["firing"]["severity"]);
            page.fact(1, "firing", &format!("{severity} since {since}"));
        }
        list(&budget["windows"]).for_each(|view| window(page, view));
        if budget["projection"].is_object() {
            page.fact(
                1,
                "used up in",
                &forecast(&budget["projection"]["exhaustedIn"]),
            );
        }
    }
}

fn window(page: &mut Page, window: &Value) {
    page.line(1, &text(&window["window"]));
    let of = match window["remainingIsOf"].as_str() {
        Some("forecast") => " of what the whole period is going to allow",
        _ => "",
    };
    page.fact(2, "left", &format!("{}{of}", percent(&window["remaining"])));
    page.fact(2, "used up", &percent(&window["consumed"]));
    if window["valid"].is_number() {
        page.fact(2, "kept", &percent(&window["compliance"]));
        let allowed = text(&window["allowed"]);
        let (bad, valid) = (&window["bad"], &window["valid"]);
        page.fact(
            2,
            "bad",
            &format!("{bad} of {valid}, {} allowed", short(&allowed)),
        );
        page.fact(2, "events", &counts(&window["events"]));
        page.fact(2, "measured", &percent(&window["coverage"]));
    }
    if window["uncorrected"].is_object() {
        let without = &window["uncorrected"];
        let what = format!(
            "{} left, {} bad of {}",
            percent(&without["remaining"]),
            without["bad"],
            without["valid"]
        );
        page.fact(2, "uncorrected", &what);
    }
    for part in list(&window["parts"]) {
        let share = percent(&part["badShare"]);
        page.fact(2, "part", &format!("{} {share} bad", text(&part["slo"])));
    }
}

/// Writes counts; what was left out is always said.
pub(super) fn counts(counts: &Value) -> String {
    format!(
        "{} good, {} bad, {} left out",
        counts["good"], counts["bad"], counts["excluded"]
    )
}

/// Cuts zeros at the end of a decimal number.
fn short(number: &str) -> String {
    match number.contains('.') {
        true => number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => number.to_owned(),
    }
}

fn promise(objective: &Value) -> String {
    let mut promise = format!("{} %", text(&objective["objective"]));
    if let Some(threshold) = objective["thresholdSeconds"].as_f64() {
        promise.push_str(&format!(" within {threshold} s"));
    }
    match objective["name"].as_str() {
        Some("") | None => promise,
        Some(_) => format!("{} {promise}", text(&objective["name"])),
    }
}

fn watch(watch: &Value) -> String {
    let weight = |name: &str| match watch[name].as_i64() {
        Some(0) | None => String::new(),
        Some(weight) => format!(" {weight:+} {name}"),
    };
    format!(
        "{}{}{}",
        text(&watch["series"]),
        weight("good"),
        weight("bad")
    )
}

fn left_out(watches: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for exclusion in list(watches).flat_map(|watch| list(&watch["exclude"])) {
        let line = format!(
            "{} ({})",
            text(&exclusion["match"]),
            text(&exclusion["reason"])
        );
        // Every watch of an SLI has the same.
        if !all.contains(&line) {
            all.push(line);
        }
    }
    all
}

fn asks(asks: &Value) -> Vec<String> {
    let entries = asks.as_object().into_iter().flatten();
    let entries = entries.filter(|(_, query)| query.is_string());
    entries
        .map(|(name, query)| format!("{name}: {}", text(query)))
        .collect()
}

fn rule(rule: &Value) -> String {
    let short = match rule["short"].as_str() {
        Some(_) => format!(" and {}", text(&rule["short"])),
        None => String::new(),
    };
    format!(
        "{}: {} times too fast in {}{short}, of the {}",
        text(&rule["severity"]),
        rule["factor"].as_f64().unwrap_or_default(),
        text(&rule["long"]),
        text(&rule["of"])
    )
}

fn forecast(times: &Value) -> String {
    let one = |name: &str| match times[name].as_str() {
        Some(_) => text(&times[name]),
        None => "later".into(),
    };
    format!("{} (p10 {}, p90 {})", one("p50"), one("p10"), one("p90"))
}

fn at(time: &Value, now: Timestamp) -> String {
    read_time(time).map_or_else(|| "-".into(), |at| time_from(at, now))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_threshold_that_is_no_edge_is_told_with_the_edges_there_are() {
        let missing = |edges: Value| {
            let data = json!({"missingBuckets": [{
                "objective": "p95", "thresholdSeconds": 0.3, "buckets": "a_bucket", "edges": edges,
            }]});
            let mut page = Page::default();
            no_data(&mut page, &data);
            page.into_text()
        };
        let shown = missing(json!(["0.25", "0.5", "+Inf"]));
        let expected = "p95: no bucket of a_bucket ends at 0.3 s; they end at 0.25, 0.5, +Inf\n";
        assert!(shown.ends_with(expected), "{shown}");
        let shown = missing(json!([]));
        assert!(
            shown.ends_with("NO DATA       p95: there is no a_bucket\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_budget_is_shown_with_its_whole_numbers() {
        let data = json!([{
            "objective": "", "group": null, "target": "99.9", "state": "exhausted",
            "stateSince": "2026-11-22T00:00:00Z", "firing": null, "projection": null,
            "windows": [{
                "window": "30d", "good": 998_540, "bad": 1460, "valid": 1_000_000, "excluded": 7,
                "allowed": "1000.000000000", "compliance": 0.99854, "consumed": 1.46, "remaining": -0.46,
                "remainingIsOf": "elapsed", "coverage": 1.0,
                "events": {"good": 998_540, "bad": 1460, "excluded": 7}, "uncorrected": null,
            }],
        }]);
        let mut shown = Page::default();
        let now = read_time(&json!("2026-11-22T01:00:00Z")).unwrap();
        budgets(&mut shown, &data, now);
        let shown = shown.into_text();
        for part in [
            "state         exhausted since 2026-11-22T00:00:00Z (1h ago)",
            "used up     146.000 %",
            "bad         1460 of 1000000, 1000 allowed",
            "events      998540 good, 1460 bad, 7 left out",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
}
