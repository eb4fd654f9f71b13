//! Random rules, series and questions.

use plimsoll_testkit::Seed;

use super::case::{Case, Group, Rule};

/// Series that are given; the last one is a counter.
const METRICS: [&str; 4] = ["up", "load", "queue", "requests_total"];
const JOBS: [&str; 2] = ["api", "db"];
/// Distances of samples and of evaluations, so that no sample lies at an end of a window.
const INTERVALS: [&str; 3] = ["29s7ms", "47s13ms", "61s3ms"];
const EVALUATION_INTERVALS: [&str; 3] = ["15s", "30s", "1m"];
const WINDOWS: [&str; 3] = ["97s", "157s", "311s"];
const COMPARISONS: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];
const OVER_TIME: [&str; 9] = [
    "sum_over_time",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "last_over_time",
    "present_over_time",
    "changes",
    "resets",
    "absent_over_time",
];
const TEXTS: [&str; 34] = [
    "plain",
    "",
    "{{ $labels.job }}",
    "{{ $labels.instance | toUpper }} of {{ $labels.job | title }}",
    "{{ $labels.absent }}",
    "{{ $value }}",
    "{{ .Value | printf \"%.3f\" }} {{ .Labels }}",
    "{{ if gt $value 3.0 }}high{{ else if eq $value 1.0 }}one{{ else }}low{{ end }}",
    "{{ $value | humanize }} {{ $value | humanize1024 }} {{ humanizePercentage $value }}",
    "{{ humanizeDuration $value }} {{ 3661.5 | humanizeDuration }}",
    "{{ with query \"sum(up)\" }}{{ . | first | value }}{{ end }}",
    "{{ range query \"sum by (job) (up)\" | sortByLabel \"job\" }}{{ .Labels.job }}={{ .Value }};{{ end }}",
    "{{ range $index, $e := query \"max by (instance) (up)\" | sortByLabel \"instance\" }}{{ $index }}{{ label \"instance\" $e }}{{ end }}",
    "{{ query \"absent_metric\" | first | value }}",
    "{{ query \"sum(\" | len }}",
    "{{ $externalLabels.region }} {{ $externalURL }}",
    "{{ .ExternalURL }} {{ .ExternalLabels.zone }}",
    "{{ reReplaceAll \"a(.)i\" \"$1\" $labels.job }} {{ match \"^d\" $labels.job }}",
    "{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" $labels.job }}",
    "{{ range $name, $value := $labels }}{{ $name }}:{{ $value }} {{ end }}",
    "{{ len $labels }} {{ index $labels \"job\" }} {{ printf \"%q %5s|%-5s|\" $labels.job \"x\" \"y\" }}",
    "{{ $labels.job }",
    "{{ unknown }}",
    "{{ $undefined }}",
    "{{ stripPort \"a:80\" }} {{ graphLink \"up > 1\" }} {{ tableLink \"up\" }}",
    "{{ humanizeTimestamp 1435065584.128 }} {{ parseDuration \"1h30m\" }}",
    "{{ and true (not false) }} {{ or 0 \"x\" }} {{ eq 1 1 2 }} {{ lt 1.5 2.5 }}",
    "{{- $labels.job -}} x {{/* no */}} y",
    "{{ args 1 2 }} {{ safeHtml \"<b>\" }} {{ \"<b>\" }}",
    "{{ $value | toTime }} {{ $value.x }}",
    "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}",
    "{{ printf \"%d %v %s %t\" 1 $value $labels.job true }}",
    "{{ slice $labels.job 0 1 }} {{ html \"a&b\" }} {{ urlquery \"a b\" }} {{ js \"'\" }}",
    "{{ query \"sum by (job) (up)\" | len }} {{ strvalue (query \"up\" | first) }}",
];

fn pick<T: Copy>(random: &mut Seed, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

/// Makes the case of a seed.
pub(super) fn case(random: &mut Seed) -> Case {
    let mut names = Names {
        has_templates: random.percent(60),
        ..Names::default()
    };
    let groups = 1 + random.below(3);
    let groups: Vec<Group> = (0..groups)
        .map(|number| group(number, &mut names, random))
        .collect();
    let last = 60 * (8 + random.below(20));
    let time = |random: &mut Seed| match random.percent(70) {
        true => 15 * random.below(last / 15 + 1),
        false => random.below(last),
    };
    let alerts = names.alerts.iter().cloned();
    let alerts: Vec<String> = alerts.chain(["Unknown".into()]).collect();
    let mut alert_tests = Vec::new();
    for name in &alerts {
        let times = 1 + random.below(4);
        alert_tests.extend((0..times).map(|_| (name.clone(), time(random))));
    }
    let metrics = ["ALERTS", "ALERTS_FOR_STATE"].into_iter().map(String::from);
    let mut exprs = Vec::new();
    for metric in names.records.iter().cloned().chain(metrics) {
        let times = 1 + random.below(3);
        exprs.extend((0..times).map(|_| (metric.clone(), time(random))));
    }
    alert_tests.sort();
    alert_tests.dedup();
    exprs.sort();
    exprs.dedup();
    Case {
        evaluation_interval: pick(random, &EVALUATION_INTERVALS),
        interval: pick(random, &INTERVALS),
        groups,
        series: series(random),
        alerts: alert_tests,
        exprs,
    }
}

/// What rules before wrote.
#[derive(Default)]
struct Names {
    records: Vec<String>,
    alerts: Vec<String>,
    /// Whether texts of alerts are templates.
    has_templates: bool,
}

fn group(number: u64, names: &mut Names, random: &mut Seed) -> Group {
    let mut fields = Vec::new();
    if random.percent(20) {
        fields.push(("interval", pick(random, &["10s", "1m", "7m"]).into()));
    }
    if random.percent(20) {
        fields.push(("limit", (random.below(5)).to_string()));
    }
    let rules = 1 + random.below(4);
    Group {
        name: format!("g{number}"),
        fields,
        rules: (0..rules).map(|_| rule(names, random)).collect(),
    }
}

fn rule(names: &mut Names, random: &mut Seed) -> Rule {
    match random.percent(40) {
        true => recording(names, random),
        false => alerting(names, random),
    }
}

fn recording(names: &mut Names, random: &mut Seed) -> Rule {
    let expr = vector(names, random, 2);
    let name = match names.records.last() {
        Some(last) if random.percent(8) => last.clone(),
        _ => format!("job:r{}", names.records.len()),
    };
    names.records.push(name.clone());
    let mut labels = Vec::new();
    if random.percent(30) {
        labels.push((
            "tier".into(),
            pick(random, &["x", "{{ $labels.job }}", "é\"\\"]).into(),
        ));
    }
    if random.percent(10) {
        labels.push((
            pick(random, &["job", "instance"]).into(),
            pick(random, &["", "y"]).into(),
        ));
    }
    Rule {
        fields: vec![("record", name), ("expr", expr)],
        labels,
        annotations: Vec::new(),
    }
}

fn alerting(names: &mut Names, random: &mut Seed) -> Rule {
    let expr = condition(names, random);
    let name = match names.alerts.last() {
        Some(last) if random.percent(10) => last.clone(),
        _ => format!("A{}", names.alerts.len()),
    };
    names.alerts.push(name.clone());
    let mut fields = vec![("alert", name), ("expr", expr)];
    if random.percent(60) {
        fields.push((
            "for",
            pick(random, &["0s", "30s", "1m", "90s", "2m", "5m"]).into(),
        ));
    }
    if random.percent(30) {
        fields.push((
            "keep_firing_for",
            pick(random, &["30s", "1m", "150s", "4m"]).into(),
        ));
    }
    let mut labels = Vec::new();
    if random.percent(50) {
        labels.push(("severity".into(), text(names, random)));
    }
    if random.percent(15) {
        let name = pick(random, &["job", "alertname", "instance", "alertstate"]);
        labels.push((name.into(), text(names, random)));
    }
    let count = random.below(3);
    let annotations = (0..count).map(|index| (format!("text{index}"), text(names, random)));
    Rule {
        fields,
        labels,
        annotations: annotations.collect(),
    }
}

/// Most rules with a template that cannot be read make the whole file useless, so they are rare.
fn text(names: &Names, random: &mut Seed) -> String {
    if !names.has_templates {
        return pick(random, &["x", "", "page"]).into();
    }
    loop {
        let text = pick(random, &TEXTS);
        let is_broken =
            text.ends_with("job }") || text.contains("unknown") || text.contains("undefined");
        if !is_broken || random.percent(3) {
            return text.into();
        }
    }
}

fn number(random: &mut Seed) -> String {
    (random.below(48) as f64 / 8.0).to_string()
}

fn selector(names: &Names, random: &mut Seed) -> String {
    let name = match names.records.is_empty() || random.percent(60) {
        true => pick(random, &METRICS[..3]).into(),
        false => names.records[random.below(names.records.len() as u64) as usize].clone(),
    };
    let matchers = match random.below(8) {
        0 => "{job=\"api\"}",
        1 => "{job!=\"api\"}",
        2 => "{instance=~\"1|2\"}",
        3 => "{job=\"none\"}",
        _ => "",
    };
    format!("{name}{matchers}")
}

fn condition(names: &Names, random: &mut Seed) -> String {
    let comparison = pick(random, &COMPARISONS);
    match random.below(12) {
        0 => "vector(1)".into(),
        1 => "1".into(),
        2 => format!("absent({})", selector(names, random)),
        3 => format!("time() % 420 {comparison} bool 180"),
        4 => format!("vector(time() % 420) {comparison} 180"),
        5 => format!("rate(requests_total[157s]) {comparison} bool 0.5"),
        6 => format!(
            "{} unless on (job) {}",
            selector(names, random),
            vector(names, random, 1)
        ),
        7 if !names.alerts.is_empty() => {
            let name = &names.alerts[random.below(names.alerts.len() as u64) as usize];
            let state = pick(random, &["firing", "pending"]);
            format!("ALERTS{{alertname=\"{name}\",alertstate=\"{state}\"}}")
        }
        _ => format!(
            "{} {comparison} {}",
            vector(names, random, 2),
            number(random)
        ),
    }
}

fn vector(names: &Names, random: &mut Seed, depth: u32) -> String {
    if depth == 0 {
        return selector(names, random);
    }
    let inner = |random: &mut Seed| vector(names, random, depth - 1);
    match random.below(14) {
        0 | 1 => {
            let operator = pick(random, &["sum", "min", "max", "count", "group"]);
            let grouping = pick(random, &[" by (job) ", " without (instance) ", " "]);
            format!("{operator}{grouping}({})", inner(random))
        }
        2 | 3 => {
            let (function, window) = (pick(random, &OVER_TIME), pick(random, &WINDOWS));
            format!("{function}({}[{window}])", selector(names, random))
        }
        4 => format!(
            "{} {} {}",
            inner(random),
            pick(random, &["+", "-", "*"]),
            number(random)
        ),
        5 => {
            let operator = pick(random, &["and", "or", "unless"]);
            let matching = pick(random, &["", " on (job)", " ignoring (instance)"]);
            format!(
                "({}) {operator}{matching} ({})",
                inner(random),
                inner(random)
            )
        }
        6 => format!(
            "{} {} bool {}",
            inner(random),
            pick(random, &COMPARISONS),
            number(random)
        ),
        7 => {
            let function = pick(random, &["abs", "floor", "ceil", "sgn", "sort", "-"]);
            format!("{function}({})", inner(random))
        }
        8 => format!(
            "{} offset {}",
            selector(names, random),
            pick(random, &["40s", "97s"])
        ),
        9 => format!("max_over_time(({})[157s:20s])", inner(random)),
        10 => format!(
            "label_replace({}, \"job\", \"x$1\", \"job\", \"(.)pi\")",
            inner(random)
        ),
        11 => format!(
            "({}) - on (job, instance) ({})",
            inner(random),
            inner(random)
        ),
        12 => format!("clamp_max({}, {})", inner(random), number(random)),
        _ => selector(names, random),
    }
}

fn series(random: &mut Seed) -> Vec<(String, String)> {
    let mut series = Vec::new();
    for metric in METRICS {
        for job in JOBS {
            for instance in 1..=1 + random.below(2) {
                if random.percent(20) {
                    continue;
                }
                let values = match metric.ends_with("_total") {
                    true => counter(random),
                    false => gauge(random, metric == "up"),
                };
                series.push((
                    format!("{metric}{{job=\"{job}\",instance=\"{instance}\"}}"),
                    values,
                ));
            }
        }
    }
    series
}

/// Nothing is measured at the very beginning: windows that reach there would contain it in 2.42.
fn gauge(random: &mut Seed, is_up: bool) -> String {
    let mut items = vec!["_".to_string()];
    for _ in 0..1 + random.below(7) {
        let count = random.below(9);
        let value = match is_up {
            true => random.below(2).to_string(),
            false => number(random),
        };
        items.push(match random.below(10) {
            0 => "stale".into(),
            1 | 2 => format!("_x{}", count + 1),
            3 if !is_up => format!("{value}+0.5x{count}"),
            4 if !is_up => format!("{value}-0.25x{count}"),
            5 => value,
            _ => format!("{value}x{count}"),
        });
    }
    items.join(" ")
}

fn counter(random: &mut Seed) -> String {
    let mut items = vec!["_".to_string()];
    for _ in 0..1 + random.below(3) {
        let begin = 1_000_000 + random.below(1_000_000);
        items.push(format!(
            "{begin}+{}x{}",
            random.below(100),
            5 + random.below(20)
        ));
    }
    items.join(" ")
}
