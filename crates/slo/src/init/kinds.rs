//! What there is a proposal for, one row each.

use plimsoll_runtime::config::Tree;
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

use super::objective::{LATENCY, SHARE, of_share};
use super::{JOB, Measure, Metric};
use crate::export::native::{Written, WrittenObjective, section};
use crate::export::text;
use crate::import::convert::{legal_name, threshold};
use crate::import::query::printed;

/// A proposal that can be made for metrics of some names.
pub(super) struct Proposed {
    pub(super) fits: fn(&str) -> bool,
    pub(super) propose: fn(&Known<'_>, Measure<'_>) -> Option<Written>,
    /// Only where there is nothing else.
    pub(super) is_last_resort: bool,
}

/// A metric of a job.
pub(super) struct Known<'a> {
    pub(super) job: &'a str,
    pub(super) name: &'a str,
    pub(super) metric: &'a Metric<'a>,
}

pub(super) const ALL: &[Proposed] = &[
    Proposed {
        fits: |name| name == "grpc_server_handled_total",
        propose: grpc,
        is_last_resort: false,
    },
    Proposed {
        fits: is_request_counter,
        propose: requests,
        is_last_resort: false,
    },
    Proposed {
        fits: is_duration_bucket,
        propose: latency,
        is_last_resort: false,
    },
    Proposed {
        fits: |name| name == "probe_success",
        propose: probe,
        is_last_resort: false,
    },
    Proposed {
        fits: |name| name == "up",
        propose: targets,
        is_last_resort: true,
    },
];

/// Labels that hold a status code of HTTP, after the libraries that write them.
const CODES: [&str; 6] = [
    "code",
    "status",
    "status_code",
    "http_status",
    "response_code",
    "http_response_status_code",
];
/// What the client did: neither good nor bad.
const OF_CLIENTS: [&str; 3] = ["400", "401", "429"];
/// What a server is to blame for, among gRPC's codes.
const GRPC_BAD: &str = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss";

fn is_request_counter(name: &str) -> bool {
    [
        "_requests_total",
        "_request_total",
        "_responses_total",
        "_request_duration_seconds_count",
    ]
    .iter()
    .any(|suffix| name.ends_with(suffix))
}

fn is_duration_bucket(name: &str) -> bool {
    let units = ["_seconds_bucket", "_milliseconds_bucket"];
    let words = ["duration", "latency", "handling"];
    units.iter().any(|unit| name.ends_with(unit)) && words.iter().any(|word| name.contains(word))
}

impl Known<'_> {
    fn matchers(&self) -> Vec<Matcher> {
        vec![
            Matcher::equal(METRIC_NAME, self.name),
            Matcher::equal(JOB, self.job),
        ]
    }

    fn with(&self, label: &str, expression: &str) -> Option<Vec<Matcher>> {
        let mut matchers = self.matchers();
        matchers.push(Matcher::new(MatchOp::Regex, label, expression).ok()?);
        Some(matchers)
    }

    /// Names a proposal after the metric.
    fn named(&self, what: &str) -> String {
        let suffixes = ["_total", "_count", "_bucket", "_seconds", "_milliseconds"];
        let mut stem = self.name;
        while let Some(short) = suffixes.iter().find_map(|suffix| stem.strip_suffix(suffix)) {
            stem = short;
        }
        legal_name(&format!("{}-{what}", stem.replace(['_', ':'], "-")))
    }
}

fn requests(known: &Known<'_>, measure: Measure<'_>) -> Option<Written> {
    let mut labels = CODES.into_iter();
    let label = labels.find(|label| known.metric.values(label).any(is_status))?;
    let seen = OF_CLIENTS
        .into_iter()
        .filter(|code| known.metric.values(label).any(|value| value == *code));
    let seen: Vec<&str> = seen.collect();
    let exclude = match seen.as_slice() {
        [] => Tree::Null,
        seen => {
            let condition = format!("{label}=~\"{}\"", seen.join("|"));
            Tree::List(vec![section([
                ("match", text(&condition)),
                ("reason", text("the client's fault")),
            ])])
        }
    };
    counted(known, label, "5..|5xx", exclude, measure)
}

/// Says whether a label's value looks like a status: `200`, `2xx`.
fn is_status(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 3
        && (b'1'..=b'5').contains(&bytes[0])
        && (bytes[1..].iter().all(u8::is_ascii_digit) || &bytes[1..] == b"xx")
}

fn grpc(known: &Known<'_>, measure: Measure<'_>) -> Option<Written> {
    let label = "grpc_code";
    match known.metric.has(label) {
        true => counted(known, label, GRPC_BAD, Tree::Null, measure),
        false => None,
    }
}

fn counted(
    known: &Known<'_>,
    label: &str,
    bad: &str,
    exclude: Tree,
    measure: Measure<'_>,
) -> Option<Written> {
    let (all, bad) = (
        printed(&known.matchers()),
        printed(&known.with(label, bad)?),
    );
    let query = format!("1 - (sum(increase({bad}[1d])) or vector(0)) / sum(increase({all}[1d]))");
    let (objective, description) = of_share(measure(&query), &SHARE);
    let events = section([
        ("valid", text(&all)),
        ("bad", text(&bad)),
        ("exclude", exclude),
    ]);
    Some(Written {
        name: known.named("availability"),
        description,
        objectives: vec![one(objective)],
        sli: section([("events", events)]),
        ..Written::default()
    })
}

fn latency(known: &Known<'_>, measure: Measure<'_>) -> Option<Written> {
    let bucket = printed(&known.matchers());
    let quantile = measure(&format!(
        "histogram_quantile(0.95, sum by (le) (increase({bucket}[1d])))"
    ));
    let edges = known.metric.edges();
    let wanted = quantile.filter(|quantile| quantile.is_finite());
    let edge = match wanted {
        Some(quantile) => edges
            .iter()
            .find(|edge| **edge >= quantile)
            .or(edges.last()),
        None => edges.get(edges.len() / 2),
    };
    let edge = *edge?;
    let stem = known.name.strip_suffix("_bucket")?;
    let is_milliseconds = stem.ends_with("_milliseconds");
    let seconds = if is_milliseconds { edge / 1000.0 } else { edge };
    let mut matchers = known.matchers();
    matchers[0] = Matcher::equal(METRIC_NAME, stem);
    let latency = section([
        ("histogram", text(&printed(&matchers))),
        (
            "unit",
            if is_milliseconds {
                text("milliseconds")
            } else {
                Tree::Null
            },
        ),
        ("below", text(&threshold(seconds)?)),
    ]);
    let share = measure(&format!(
        "sum(increase({})) / sum(increase({}{{{JOB}={}}}[1d]))",
        at_edge(&bucket, edge),
        format_args!("{stem}_count"),
        plimsoll_promql::quoted(known.job)
    ));
    let (objective, description) = of_share(share, &LATENCY);
    Some(Written {
        name: known.named("latency"),
        description,
        objectives: vec![one(objective)],
        sli: section([("latency", latency)]),
        ..Written::default()
    })
}

/// Writes a bucket's selector over a day, in both spellings of a whole number.
fn at_edge(bucket: &str, edge: f64) -> String {
    let plain = edge.to_string().replace('.', "\\\\.");
    let selector = bucket.trim_end_matches('}');
    format!("{selector},le=~\"{plain}|{plain}\\\\.0\"}}[1d]")
}

fn probe(known: &Known<'_>, measure: Measure<'_>) -> Option<Written> {
    let mut written = gauge(known, "probes", measure);
    written.dimensions = section([("by", Tree::List(vec![text("instance")]))]);
    Some(written)
}

fn targets(known: &Known<'_>, measure: Measure<'_>) -> Option<Written> {
    Some(gauge(known, "targets", measure))
}

fn gauge(known: &Known<'_>, name: &str, measure: Measure<'_>) -> Written {
    let metric = printed(&known.matchers());
    let share = measure(&format!("avg(avg_over_time({metric}[1d]))"));
    let (objective, description) = of_share(share, &SHARE);
    Written {
        name: name.to_owned(),
        description,
        objectives: vec![one(objective)],
        sli: section([("probe", section([("success", text(&metric))]))]),
        ..Written::default()
    }
}

fn one(objective: &str) -> WrittenObjective {
    WrittenObjective {
        objective: objective.to_owned(),
        ..WrittenObjective::default()
    }
}
