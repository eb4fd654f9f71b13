//! `plimsoll slo plan`: what would have been under another promise.

use serde_json::{Value, json};

use super::answer::{Named, Objectives, Output, percent};
use crate::commands::Failure;
use crate::commands::shown::{counted, harmless, list, table as columns, text};

/// Live through the past with another promise: who would have been paged, what would have been frozen, what it costs
///
/// The past is counted again from stored samples, as far back as they are kept. Before that it is what the ledger has, whose
/// slices are an hour long after three days: budgets are judged by it, pages and outages are not.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo plan checkout/availability --target 99.5 --target 99.99\n  \
    plimsoll slo plan checkout/availability --window 7d --method timeslices\n  \
    plimsoll slo plan checkout/availability --exclude 'code=~\"429|401\"' --deploys-per-day 4\n  \
    plimsoll slo plan checkout/availability --change '{objective: 99.5, window: 7d}'\n  \
    plimsoll slo plan checkout/availability --offer 99.95:40000 --offer 99.99:250000\n  \
    plimsoll slo plan checkout/availability --target 99.99 --deploy 2026-11-03T10:00:00Z --freezes-from critical")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Another target, in percent; may be repeated
    #[arg(long = "target", value_name = "PERCENT")]
    targets: Vec<String>,
    /// Another window, such as 7d; may be repeated
    #[arg(long = "window", value_name = "DURATION")]
    windows: Vec<String>,
    /// Another method: occurrences, timeslices or ratio_timeslices; may be repeated
    #[arg(long = "method", value_name = "METHOD")]
    methods: Vec<String>,
    /// Leave out other events than now: conditions on labels; may be repeated
    #[arg(long = "exclude", value_name = "CONDITIONS")]
    excludes: Vec<String>,
    /// Several changes as one plan, or any other: an object with `objective`, `window`, `method`, `exclude`, `alerts` and
    /// `budget` as in a file; may be repeated
    #[arg(long = "change", value_name = "OBJECT")]
    changes: Vec<String>,
    /// The first time; 30 days before the end when absent
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// The end; now when absent
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// When something was deployed; may be repeated
    #[arg(long = "deploy", value_name = "TIME")]
    deploys: Vec<String>,
    /// How many deploys there are in a day, when nobody knows their times
    #[arg(long, value_name = "NUMBER", conflicts_with = "deploys")]
    deploys_per_day: Option<String>,
    /// What a target costs in a year, for the table of what another nine costs; may be repeated
    #[arg(long = "offer", value_name = "TARGET:PRICE")]
    offers: Vec<String>,
    /// Events of a year, in the place of those that were counted
    #[arg(long, value_name = "NUMBER", requires = "offers")]
    events_per_year: Option<String>,
    /// Outages of a year, in the place of those that were found
    #[arg(long, value_name = "NUMBER", requires = "offers")]
    outages_per_year: Option<String>,
    /// Bad events of an outage, in the place of the mean that was found
    #[arg(long, value_name = "NUMBER", requires = "offers")]
    bad_per_outage: Option<String>,
    /// From which state on deploys are frozen
    #[arg(long, value_name = "STATE", default_value = "critical", value_parser = ["caution", "critical", "exhausted"])]
    freezes_from: String,
    /// Which objective, where there are several; the first when absent
    #[arg(long, value_name = "NAME")]
    objective: Option<String>,
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
    let changes = changes(arguments);
    if changes.is_empty() && arguments.offers.is_empty() {
        return Err(Failure::usage(
            "what would be different? say it with --target, --window, --method, --exclude, --change or --offer",
        ));
    }
    let mut parameters = vec![("freezes_from", arguments.freezes_from.clone())];
    parameters.extend(changes.into_iter().map(|change| ("change", change)));
    let deploys = arguments.deploys.iter();
    parameters.extend(deploys.map(|deploy| ("deploy", deploy.clone())));
    let offers = arguments.offers.iter();
    parameters.extend(offers.map(|offer| ("offer", offer.clone())));
    for (name, value) in [
        ("start", &arguments.start),
        ("end", &arguments.end),
        ("objective", &arguments.objective),
        ("deploys_per_day", &arguments.deploys_per_day),
        ("events_per_year", &arguments.events_per_year),
        ("outages_per_year", &arguments.outages_per_year),
        ("bad_per_outage", &arguments.bad_per_outage),
    ] {
        parameters.extend(value.clone().map(|value| (name, value)));
    }
    let path = arguments.named.path("plan");
    let data = arguments.server.data(&path, &parameters)?;
    arguments.output.print(&data, report)
}

/// Returns a plan for each thing that is changed, one at a time: so it shows what each is worth.
fn changes(arguments: &Arguments) -> Vec<String> {
    let mut changes = Vec::new();
    for (name, values) in [
        ("objective", &arguments.targets),
        ("window", &arguments.windows),
        ("method", &arguments.methods),
    ] {
        let plans = values
            .iter()
            .map(|value| json!({ name: value }).to_string());
        changes.extend(plans);
    }
    let without = arguments.excludes.iter().map(|condition| {
        let exclude = json!([{"match": condition, "reason": "a plan"}]);
        json!({ "exclude": exclude }).to_string()
    });
    changes.extend(without);
    changes.extend(arguments.changes.iter().cloned());
    changes
}

fn report(data: &Value) -> String {
    let outages = list(&data["outages"]).count();
    let mut report = format!(
        "{} to {}: {}, {}\n",
        text(&data["from"]),
        text(&data["to"]),
        counted(outages, "outage"),
        counted(data["deploys"].as_u64().unwrap_or(0) as usize, "deploy"),
    );
    for (part, what) in [
        ("samples", "counted again from samples"),
        ("ledger", "what the ledger has, without pages and outages"),
    ] {
        let known = &data["known"][part];
        if known.is_object() {
            let (from, to) = (text(&known["from"]), text(&known["to"]));
            let slice = text(&known["slice"]);
            report.push_str(&format!("  {from} to {to}: {what}, in slices of {slice}\n"));
        }
    }
    list(&data["notes"]).for_each(|note| report.push_str(&format!("  {}\n", text(note))));
    let lines: Vec<_> = list(&data["plans"]).map(line).collect();
    let head = [
        "PLAN", "TARGET", "WINDOW", "METHOD", "KEPT", "WORST", "PAGES", "TICKETS", "NOTICED",
        "FROZEN",
    ];
    report.push_str(&columns(&head, &lines));
    if list(&data["plans"]).any(|plan| plan["pages"].is_null()) {
        report.push_str(
            "pages are not told where slices are longer than the windows of the rules, or there is no rule\n",
        );
    }
    report.push('\n');
    report.push_str(&states(data));
    report.push_str(&nines(&data["nines"]));
    report
}

/// How long each plan's budget was in each state.
fn states(data: &Value) -> String {
    let lines = list(&data["plans"]).map(|plan| {
        let states = ["healthy", "caution", "critical", "exhausted", "no_data"];
        let lengths = states.iter().map(|state| text(&plan["states"][state]));
        std::iter::once(name(plan)).chain(lengths).collect()
    });
    let lines: Vec<Vec<String>> = lines.collect();
    let head = [
        "PLAN",
        "HEALTHY",
        "CAUTION",
        "CRITICAL",
        "EXHAUSTED",
        "NO DATA",
    ];
    columns(&head, &lines)
}

/// What another nine costs; nothing without offers.
fn nines(nines: &Value) -> String {
    if !nines.is_object() {
        return String::new();
    }
    let year = &nines["year"];
    let number = |value: &Value| {
        value
            .as_f64()
            .map_or("-".into(), |value| format!("{value:.1}"))
    };
    let mut table = format!(
        "\nin a year: {} events, {} outages with {} bad events each\n",
        number(&year["events"]),
        number(&year["outages"]),
        number(&year["badPerOutage"])
    );
    let lines = list(&nines["offers"]).map(|offer| {
        vec![
            format!("{} %", text(&offer["target"])),
            number(&offer["price"]),
            text(&offer["downtime"]),
            number(&offer["outages"]),
            number(&offer["avoided"]),
            number(&offer["pricePerOutage"]),
            number(&offer["pricePerNine"]),
        ]
    });
    let lines: Vec<Vec<String>> = lines.collect();
    let head = [
        "TARGET",
        "PRICE",
        "DOWNTIME",
        "ROOM FOR",
        "AVOIDED",
        "PER OUTAGE",
        "PER NINE",
    ];
    table.push_str(&columns(&head, &lines));
    table
}

fn line(plan: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().map_or("-".into(), |count| count.to_string());
    let consumed = list(&plan["periods"]).filter_map(|period| period["consumed"].as_f64());
    let worst = consumed.max_by(f64::total_cmp);
    vec![
        name(plan),
        format!("{} %", text(&plan["target"])),
        text(&plan["window"]),
        text(&plan["method"]),
        percent(&plan["kept"]),
        percent(&worst.into()),
        number(&plan["pages"]),
        number(&plan["tickets"]),
        number(&plan["outagesNoticed"]),
        list(&plan["frozen"]).count().to_string(),
    ]
}

/// Names a plan by what it changes.
fn name(plan: &Value) -> String {
    let name = text(&plan["name"]);
    let change: Option<Value> = serde_json::from_str(&name).ok();
    let fields = change.as_ref().and_then(Value::as_object);
    match fields {
        Some(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(field, value)| format!("{field} {}", written(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        None => name,
    }
}

/// Writes what a field is changed to: the conditions of exclusions, and JSON where it is nested.
fn written(value: &Value) -> String {
    let conditions: Vec<String> = list(value).map(|one| text(&one["match"])).collect();
    match value {
        Value::Array(all) if all.is_empty() => "nothing".into(),
        Value::Array(_) => conditions.join(" or "),
        Value::Object(_) => harmless(&value.to_string()),
        value => text(value),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn each_change_is_a_plan_of_its_own() {
        let words = [
            "x",
            "a/b",
            "--target",
            "99",
            "--window",
            "7d",
            "--target",
            "99.5",
            "--exclude",
            "code=\"429\"",
        ];
        let line = Line::parse_from(words);
        let expected = [
            r#"{"objective":"99"}"#,
            r#"{"objective":"99.5"}"#,
            r#"{"window":"7d"}"#,
            r#"{"exclude":[{"match":"code=\"429\"","reason":"a plan"}]}"#,
        ];
        assert_eq!(changes(&line.arguments), expected);
        assert!(Line::try_parse_from(["x", "a/b", "--freezes-from", "never"]).is_err());
        assert_eq!(name(&json!({"name": expected[0]})), "objective 99");
        assert_eq!(name(&json!({"name": expected[3]})), "exclude code=\"429\"");
        assert_eq!(name(&json!({"name": "in force"})), "in force");
    }

    fn data(pages: Value, nines: Value) -> Value {
        json!({
            "from": "a", "to": "c", "outages": [{}], "deploys": 2, "notes": ["a note"],
            "known": {
                "samples": {"from": "b", "to": "c", "slice": "10s"},
                "ledger": {"from": "a", "to": "b", "slice": "1h"},
            },
            "plans": [{
                "name": "in force", "target": "99.9", "window": "30d", "method": "occurrences", "kept": 0.5,
                "periods": [{"consumed": 1.46}, {"consumed": null}, {"consumed": 0.2}],
                "pages": pages, "tickets": pages, "outagesNoticed": pages, "frozen": ["t"],
                "states": {"healthy": "3d", "caution": "2h", "critical": "0s", "exhausted": "1h", "no_data": "0s"},
            }],
            "nines": nines,
        })
    }

    #[test]
    fn pages_that_are_not_known_are_no_zero() {
        let report = report(&data(Value::Null, Value::Null));
        for part in [
            "a to c: 1 outage, 2 deploys\n",
            "  b to c: counted again from samples, in slices of 10s\n",
            "  a to b: what the ledger has, without pages and outages, in slices of 1h\n",
            "  a note\n",
            "146.000 %  -      -        -        1\n",
            "pages are not told",
        ] {
            assert!(report.contains(part), "{part}\n{report}");
        }
        let last = report.lines().last().unwrap();
        let words: Vec<&str> = last.split_whitespace().collect();
        assert_eq!(words, ["in", "force", "3d", "2h", "0s", "1h", "0s"]);
    }

    #[test]
    fn another_nine_has_its_price() {
        let offer = json!({
            "target": "99.99", "price": 1000.0, "downtime": "52m33s", "outages": 0.5, "avoided": 2.0,
            "pricePerOutage": 500.0, "pricePerNine": null,
        });
        let year = json!({"events": 1e6, "outages": 2.5, "badPerOutage": 200.0});
        let report = report(&data(3.into(), json!({"year": year, "offers": [offer]})));
        assert!(!report.contains("not told"), "{report}");
        let year = "in a year: 1000000.0 events, 2.5 outages with 200.0 bad events each\n";
        assert!(report.contains(year), "{report}");
        let last = report.lines().last().unwrap();
        let words: Vec<&str> = last.split_whitespace().collect();
        assert_eq!(
            words,
            ["99.99", "%", "1000.0", "52m33s", "0.5", "2.0", "500.0", "-"]
        );
    }
}
