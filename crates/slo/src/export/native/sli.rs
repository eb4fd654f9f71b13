//! SLIs as the section of their kind: the way back from what `sli/` made of it.

use plimsoll_runtime::config::Tree;
use plimsoll_types::{BUCKET_LABEL, METRIC_NAME, MatchOp, Matcher, format_duration};

use super::catalog::conditions;
use super::{duration, list, number, section};
use crate::export::text;
use crate::import::convert::threshold;
use crate::import::query::printed;
use crate::sli::{Ask, Exclusion, Reading, Source, Watch, gateway_written};
use crate::{Method, Objective, Slo};

/// Writes the section `sli`.
pub(super) fn sli(slo: &Slo) -> Result<Tree, String> {
    let parts = match &slo.sli.source {
        Source::Watches(watches) => watched(slo, watches)?,
        Source::Asks { every, ask } => asked(slo.sli.kind, *every, ask)?,
    };
    Ok(section([(slo.sli.kind, parts)]))
}

fn watched(slo: &Slo, watches: &[Watch]) -> Result<Tree, String> {
    let Some(first) = watches.first() else {
        return Err("it watches nothing".into());
    };
    match slo.sli.kind {
        "latency" => histogram(watches, "histogram", slo, Tree::Null),
        "throughput" => throughput(slo, watches),
        "quality" if watches.iter().any(|watch| watch.needed) => scores(watches),
        "quality" => counters(watches, ["passed", "failed", "checked"]),
        "freshness" => match first.reading {
            Reading::Age(within) => Ok(section([
                ("timestamp", text(&printed(&first.matchers))),
                ("within", duration(within)),
            ])),
            _ => Err("it is no gauge of times".into()),
        },
        "gauge" => match first.reading {
            Reading::Check { comparison, bound } => Ok(section([
                ("metric", text(&printed(&first.matchers))),
                ("good", text(&format!("{} {bound}", comparison.as_str()))),
            ])),
            _ => Err("it is no gauge".into()),
        },
        "probe" => Ok(section([("success", text(&printed(&first.matchers)))])),
        "gateway" => gateway(slo, watches),
        _ => counters(watches, ["good", "bad", "valid"]),
    }
}

/// Writes two of the words for good, bad and all events, after what an event of each watch adds.
fn counters(watches: &[Watch], [good, bad, all]: [&'static str; 3]) -> Result<Tree, String> {
    let [one, other] = watches else {
        return Err("it has not two selectors".into());
    };
    let weights = [one, other].map(|watch| (watch.weight.good, watch.weight.bad));
    let words = match weights {
        [(1, 0), (-1, 1)] => [all, bad],
        [(0, 1), (1, -1)] => [all, good],
        [(1, 0), (0, 1)] => [good, bad],
        _ => return Err("its events have weights that no file has".into()),
    };
    Ok(section([
        (words[0], text(&printed(&one.matchers))),
        (words[1], text(&printed(&other.matchers))),
        ("exclude", exclude(&one.exclude)),
    ]))
}

fn exclude(all: &[Exclusion]) -> Tree {
    let all = all.iter().map(|one| {
        section([
            ("match", text(&conditions(&one.matchers))),
            ("reason", text(&one.reason)),
        ])
    });
    list(all.collect())
}

fn throughput(slo: &Slo, watches: &[Watch]) -> Result<Tree, String> {
    let Method::Timeslices {
        rate_min: Some(rate),
        ..
    } = slo.method
    else {
        return Err("a throughput has no rate".into());
    };
    let at_least = text(&format!("{rate}/s"));
    match watches {
        [events] => Ok(section([
            ("events", text(&printed(&events.matchers))),
            ("at_least", at_least),
        ])),
        _ => histogram(watches, "histogram", slo, at_least),
    }
}

/// Writes the histogram of a watch of all its observations and one for each threshold.
fn histogram(watches: &[Watch], word: &str, slo: &Slo, at_least: Tree) -> Result<Tree, String> {
    let [all, parts @ ..] = watches else {
        return Err("it watches nothing".into());
    };
    let (base, form) = base(all, parts)?;
    let objective = &slo.objectives[0];
    let bound = parts.first().and_then(bound).ok_or("it has no bucket")?;
    let below = match (slo.objectives.as_slice(), below(objective)) {
        ([one], Some(below)) if one.name.is_empty() => text(&below),
        _ => Tree::Null,
    };
    let unit = match objective.threshold {
        Some(seconds) if seconds * 1000.0 == bound && seconds != bound => text("milliseconds"),
        _ => Tree::Null,
    };
    Ok(section([
        (word, text(&printed(&base))),
        ("form", form),
        ("unit", unit),
        ("below", below),
        ("at_least", at_least),
        ("exclude", exclude(&all.exclude)),
    ]))
}

fn gateway(slo: &Slo, watches: &[Watch]) -> Result<Tree, String> {
    let written = gateway_written(watches).ok_or("it names no route")?;
    let optional = |text: Option<String>| text.map_or(Tree::Null, |value| self::text(&value));
    let slower_than = match slo.objectives.as_slice() {
        [one] if one.name.is_empty() => below(one),
        _ => None,
    };
    let condition = (!written.condition.is_empty()).then(|| conditions(&written.condition));
    Ok(section([
        ("route", text(&written.route)),
        ("slower_than", optional(slower_than)),
        (
            "sheds",
            optional(written.sheds_are_bad.then(|| "bad".into())),
        ),
        ("match", optional(condition)),
    ]))
}

fn below(objective: &Objective) -> Option<String> {
    objective.threshold.and_then(threshold)
}

fn scores(watches: &[Watch]) -> Result<Tree, String> {
    let [all, parts @ ..] = watches else {
        return Err("it watches nothing".into());
    };
    let (base, form) = base(all, parts)?;
    let above = parts.first().and_then(bound).ok_or("it has no bucket")?;
    Ok(section([
        ("scores", text(&printed(&base))),
        ("form", form),
        ("above", number(above)),
        ("exclude", exclude(&all.exclude)),
    ]))
}

/// Returns the selector of a histogram, and its form unless that is the classic one.
fn base(all: &Watch, parts: &[Watch]) -> Result<(Vec<Matcher>, Tree), String> {
    let is_native = parts
        .iter()
        .any(|part| matches!(part.reading, Reading::AtOrBelow(_)));
    if is_native {
        return Ok((all.matchers.clone(), text("native")));
    }
    let mut base = all.matchers.clone();
    let mut names = base
        .iter_mut()
        .filter(|matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal);
    let name = names.next().ok_or("it names no metric")?;
    let stem = name
        .value()
        .strip_suffix("_count")
        .ok_or("it is no histogram")?;
    *name = Matcher::equal(METRIC_NAME, stem);
    Ok((base, Tree::Null))
}

/// Returns the bound of a part, in the metric's unit.
fn bound(part: &Watch) -> Option<f64> {
    if let Reading::AtOrBelow(bound) = part.reading {
        return Some(bound);
    }
    let mut edges = part.matchers.iter();
    let edge = edges.find(|matcher| matcher.name() == BUCKET_LABEL)?;
    // The plain spelling comes first.
    let first = edge.value().split('|').next()?;
    first.replace('\\', "").parse().ok()
}

fn asked(kind: &str, every: std::time::Duration, ask: &Ask) -> Result<Tree, String> {
    let every = text(&format_duration(every));
    let optional = |query: &Option<std::sync::Arc<str>>| {
        query.as_ref().map_or(Tree::Null, |query| text(query))
    };
    Ok(match ask {
        Ask::Events { good, bad, valid } => section([
            ("good", optional(good)),
            ("bad", optional(bad)),
            ("valid", optional(valid)),
            ("every", every),
        ]),
        Ask::Rates { good, bad, valid } => section([
            ("good", optional(good)),
            ("bad", optional(bad)),
            ("valid", optional(valid)),
            ("counting", text("rates")),
            ("every", every),
        ]),
        Ask::ErrorRatio(bad) => match bad
            .strip_prefix("1 - (")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            Some(good) => section([("good", text(good)), ("every", every)]),
            None => section([("bad", text(bad)), ("every", every)]),
        },
        Ask::Boolean(query) if kind == "probe" => {
            let alert = alert_of(query).ok_or("it asks for no alert")?;
            section([("alert", text(&alert)), ("every", every)])
        }
        Ask::Boolean(query) => {
            let (query, good) = comparison(query).ok_or("it compares with nothing")?;
            section([
                ("query", text(query)),
                ("good", text(&good)),
                ("every", every),
            ])
        }
    })
}

/// Reads `(query) >= bool 5` as a query and what is good.
fn comparison(text: &str) -> Option<(&str, String)> {
    let (left, bound) = text.rsplit_once(" bool ")?;
    let (query, operator) = left.rsplit_once(' ')?;
    let query = query.strip_prefix('(')?.strip_suffix(')')?;
    Some((query, format!("{operator} {bound}")))
}

fn alert_of(query: &str) -> Option<String> {
    let expr = plimsoll_promql::parse(query).ok()?;
    let mut open = vec![&expr];
    while let Some(expr) = open.pop() {
        if let plimsoll_promql::ExprKind::Selector(selector) = &expr.kind {
            let mut matchers = selector.matchers.iter();
            let found = matchers.find(|matcher| matcher.name() == plimsoll_types::ALERT_NAME);
            return found.map(|matcher| matcher.value().to_owned());
        }
        open.extend(expr.children());
    }
    None
}
