//! `gateway`: the requests of a route of Plimsoll's own gateway, whose counters arrive without a scrape.
//!
//! | a request | is |
//! |---|---|
//! | of class `499`: the client left | left out |
//! | that a rate limit refused | left out |
//! | that was shed | left out, or bad |
//! | of class `5xx` | bad |
//! | that an endpoint answered, slower than the threshold | bad |
//! | any other | good |
//!
//! Each row is exact: the histogram has the label `class` too, so that a request that failed and was slow is bad once.
//! Requests that no endpoint saw are left out of the comparison with the threshold; they have no label `endpoint`.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

use super::bucket::{Buckets, Form, Side};
use super::watches::counter;
use super::{Exclusion, Kind, Sli, Source, Watch, Weight};
use crate::file::{Context, Draft, threshold};

/// The counter of requests.
const REQUESTS: &str = "plimsoll_gateway_requests_total";
/// The histogram of the same requests.
const DURATION: &str = "plimsoll_gateway_request_duration_seconds";
/// Who a series is from.
const JOB: &str = "job";
/// What the gateway that writes into this store calls itself; one that is scraped has the job of its scrape.
const OWN_JOB: &str = "gateway";
/// Labels that say what became of a request: the kind chooses by them.
const CHOSEN: [&str; 4] = [METRIC_NAME, "route", "class", "reason"];

const CLIENT_LEFT: &str = "the client left";
const RATE_LIMITED: &str = "a rate limit";
const SHED: &str = "shed";

pub(super) struct Gateway;

/// `sli.gateway`: a route, and what is too slow.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawGateway {
    route: Spanned<String>,
    slower_than: Option<Spanned<String>>,
    sheds: Option<Spanned<String>>,
    #[serde(rename = "match")]
    condition: Option<Spanned<String>>,
}

/// What an SLI of the kind was written as.
pub(crate) struct Written {
    pub(crate) route: String,
    /// Conditions beside the route.
    pub(crate) condition: Vec<Matcher>,
    /// Sheds are bad.
    pub(crate) sheds_are_bad: bool,
}

impl Kind for Gateway {
    type Raw = RawGateway;

    const ABOUT: &'static str = "Requests of a route of the gateway are good unless they failed or were slower than a threshold.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "required": ["route"], "properties": {
        "route": {"type": "string", "description": "The route's name."},
        "slower_than": {"$ref": "#/$defs/threshold", "description": "Requests that took longer are bad; objectives may have thresholds of their own."},
        "sheds": {"enum": ["excluded", "bad"], "default": "excluded", "description": "Requests that were sent away so that others could be served."},
        "match": {"type": "string", "description": "Further conditions on labels, such as criticality=\"P0\"; with job=\"edge\" a gateway that is scraped."}}}"##;
    const EXAMPLE: &'static str = r#"
name: checkout
objective: 99.9
sli:
  gateway:
    route: checkout
    slower_than: 300ms
"#;

    fn read(raw: &Spanned<RawGateway>, draft: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        if raw.route.is_empty() {
            ctx.error(raw.key, "the field `route` is missing");
            return None;
        }
        let condition = condition(raw.condition.as_ref(), ctx);
        let exclude = exclusions(raw.sheds.as_ref(), ctx);
        let has_threshold = thresholds(raw.slower_than.as_ref(), draft, ctx)?;
        let (condition, exclude) = (condition?, exclude?);
        let requests = Requests::new(&raw.route, condition);
        let mut watches = requests.watches(&exclude);
        let single = draft.objectives.len() == 1;
        for (index, one) in draft.objectives.iter().enumerate() {
            if let Some(bound) = one.objective.threshold {
                watches.extend(requests.slow(bound, (!single).then_some(index)));
            }
        }
        let caveats = if has_threshold {
            vec![requests.duration.caveat()]
        } else {
            Vec::new()
        };
        Some(Sli {
            kind: "gateway",
            source: Source::Watches(watches),
            caveats,
        })
    }
}

/// The series of a route.
struct Requests {
    matchers: Vec<Matcher>,
    duration: Buckets,
}

impl Requests {
    fn new(route: &str, condition: Vec<Matcher>) -> Self {
        let names_job = condition.iter().any(|matcher| matcher.name() == JOB);
        let is_scraped = names_job && !condition.iter().any(is_own_job);
        let named = |name: &str| {
            let mut matchers = vec![
                Matcher::equal(METRIC_NAME, name),
                Matcher::equal("route", route),
            ];
            matchers.extend(condition.iter().cloned());
            if !names_job {
                matchers.push(Matcher::equal(JOB, OWN_JOB));
            }
            matchers
        };
        let mut answered = named(DURATION);
        answered.push(Matcher::new(MatchOp::NotRegex, "class", "5xx|499").expect("a fixed text"));
        answered.push(Matcher::new(MatchOp::NotEqual, "endpoint", "").expect("a fixed text"));
        Self {
            matchers: named(REQUESTS),
            duration: Buckets {
                matchers: answered,
                // The text of `/metrics` has classic buckets only.
                form: if is_scraped {
                    Form::Classic
                } else {
                    Form::Native
                },
            },
        }
    }

    /// All are good, but those that failed.
    fn watches(&self, exclude: &[Exclusion]) -> Vec<Watch> {
        let mut failed = self.matchers.clone();
        failed.push(Matcher::equal("class", "5xx"));
        vec![
            counter(self.matchers.clone(), 1, 0, exclude),
            counter(failed, -1, 1, exclude),
        ]
    }

    /// Those that an endpoint answered are bad, but those at or below the bound.
    fn slow(&self, bound: f64, objective: Option<usize>) -> [Watch; 2] {
        let all = Watch {
            weight: Weight { good: -1, bad: 1 },
            objective,
            ..self.duration.all(Side::AtOrBelow, &[])
        };
        let mut fast = self.duration.part(bound, Side::AtOrBelow, objective, &[]);
        // A native histogram is its own count: without one nothing was slow. A classic one may lack the bucket.
        fast.needed = self.duration.form == Form::Classic;
        [all, fast]
    }
}

fn condition(raw: Option<&Spanned<String>>, ctx: &mut Context<'_>) -> Option<Vec<Matcher>> {
    let Some(raw) = raw else {
        return Some(Vec::new());
    };
    let matchers = ctx.conditions(raw)?;
    let chosen = matchers
        .iter()
        .find(|matcher| CHOSEN.contains(&matcher.name()));
    if let Some(matcher) = chosen {
        let message = format!("`{}` is chosen by the kind `gateway`", matcher.name());
        ctx.error(raw.span, message);
        return None;
    }
    Some(matchers)
}

fn exclusions(sheds: Option<&Spanned<String>>, ctx: &mut Context<'_>) -> Option<Vec<Exclusion>> {
    let excluded = match sheds.map(|raw| (raw, raw.as_str())) {
        None | Some((_, "excluded")) => true,
        Some((_, "bad")) => false,
        Some((word, _)) => {
            let words = ["excluded", "bad"];
            ctx.findings.unknown_word(word, "fate of sheds", &words);
            return None;
        }
    };
    let exclusion = |matcher, reason| Exclusion {
        matchers: vec![matcher],
        reason: Arc::from(reason),
    };
    let mut all = vec![
        exclusion(Matcher::equal("class", "499"), CLIENT_LEFT),
        exclusion(Matcher::equal("reason", "rate_limited"), RATE_LIMITED),
    ];
    if excluded {
        let shed = Matcher::new(MatchOp::Regex, "reason", "queue_full|queue_timeout|shed");
        all.push(exclusion(shed.expect("a fixed text"), SHED));
    }
    Some(all)
}

/// Gives objectives their thresholds; says whether one has one, `None` when one is wrong.
fn thresholds(
    one: Option<&Spanned<String>>,
    draft: &mut Draft,
    ctx: &mut Context<'_>,
) -> Option<bool> {
    let (mut has_threshold, mut is_right) = (false, true);
    for draft in &mut draft.objectives {
        let bound = match (&draft.below, one) {
            (Some(_), Some(one)) => {
                let message = "the objectives have thresholds of their own";
                ctx.error(one.key, message);
                return None;
            }
            (Some(bound), None) | (None, Some(bound)) => bound,
            (None, None) => continue,
        };
        draft.objective.threshold = threshold(bound, ctx);
        is_right &= draft.objective.threshold.is_some();
        has_threshold = true;
    }
    is_right.then_some(has_threshold)
}

fn is_own_job(matcher: &Matcher) -> bool {
    matcher == &Matcher::equal(JOB, OWN_JOB)
}

/// Reads what the watches of an SLI of this kind were written as.
pub(crate) fn written(watches: &[Watch]) -> Option<Written> {
    let all = watches.first()?;
    let route = all
        .matchers
        .iter()
        .find(|matcher| matcher.name() == "route")?;
    let is_own = |matcher: &&Matcher| !is_own_job(matcher) && !CHOSEN.contains(&matcher.name());
    Some(Written {
        route: route.value().to_owned(),
        condition: all.matchers.iter().filter(is_own).cloned().collect(),
        sheds_are_bad: !all.exclude.iter().any(|one| *one.reason == *SHED),
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_promql::Features;
    use plimsoll_runtime::config::{Diagnostics, Source as Text};
    use plimsoll_types::Labels;

    use super::*;
    use crate::Slo;
    use crate::sli::Reading;

    fn read(entry: &str) -> Result<Slo, Diagnostics> {
        let text = format!("version: plimsoll/v1\nservice: shop\nslos:\n  - {entry}\n");
        let source = Text::new("slo.yml".as_ref(), &text).unwrap();
        let file = crate::file::check(&source, &Features::default())?;
        Ok(Slo::clone(&file.catalog.slos[0]))
    }

    fn watches(sli: &str) -> Vec<Watch> {
        let entry = format!("{{name: x, objective: 99, sli: {{gateway: {sli}}}}}");
        match read(&entry)
            .unwrap_or_else(|error| panic!("{error}"))
            .sli
            .source
        {
            Source::Watches(watches) => watches,
            other => panic!("{other:?}"),
        }
    }

    /// Adds up what one event of each of these series counts: good, bad, excluded.
    fn counted(watches: &[Watch], series: &[Labels]) -> (i8, i8, i8) {
        let fulfils = |labels: &Labels, matchers: &[Matcher]| {
            let value = |name: &str| labels.get(name).unwrap_or_default().to_owned();
            matchers
                .iter()
                .all(|matcher| matcher.matches(&value(matcher.name())))
        };
        let mut sum = (0, 0, 0);
        for watch in watches {
            for labels in series {
                if !fulfils(labels, &watch.matchers) {
                    continue;
                }
                let Weight { good, bad } = watch.weight;
                let is_excluded = watch
                    .exclude
                    .iter()
                    .any(|one| fulfils(labels, &one.matchers));
                match is_excluded {
                    true => sum.2 += good + bad,
                    false => sum = (sum.0 + good, sum.1 + bad, sum.2),
                }
            }
        }
        sum
    }

    fn series(name: &str, class: &str, reason: &str, endpoint: &str) -> Labels {
        Labels::from_pairs([
            ("__name__", name),
            ("job", "gateway"),
            ("route", "checkout"),
            ("criticality", "P1"),
            ("class", class),
            ("reason", reason),
            ("endpoint", endpoint),
        ])
    }

    /// A request that was as fast as it must be: it is in the histogram's part too.
    fn request(class: &str, reason: &str, endpoint: &str) -> [Labels; 2] {
        [
            series(REQUESTS, class, reason, endpoint),
            series(DURATION, class, "", endpoint),
        ]
    }

    #[test]
    fn each_request_has_one_place() {
        let plain = watches("{route: checkout}");
        let strict = watches("{route: checkout, slower_than: 250ms, sheds: bad}");
        // A slow request is in what counts all, and not in what counts those at or below the bound.
        let slow: Vec<Watch> = strict
            .iter()
            .filter(|watch| !matches!(watch.reading, Reading::AtOrBelow(_)))
            .cloned()
            .collect();
        let (good, bad, excluded) = ((1, 0, 0), (0, 1, 0), (0, 0, 1));
        for (request, expected) in [
            (request("2xx", "ok", "a"), [good, good, bad]),
            (request("4xx", "ok", "a"), [good, good, bad]),
            (request("3xx", "answered", ""), [good, good, good]),
            (request("5xx", "ok", "a"), [bad, bad, bad]),
            (request("5xx", "no_endpoint", ""), [bad, bad, bad]),
            (
                request("499", "client_gone", "a"),
                [excluded, excluded, excluded],
            ),
            (
                request("4xx", "rate_limited", ""),
                [excluded, excluded, excluded],
            ),
            (request("5xx", "shed", ""), [excluded, bad, bad]),
            (request("5xx", "queue_timeout", "a"), [excluded, bad, bad]),
        ] {
            let found = [&plain, &strict, &slow].map(|watches| counted(watches, &request));
            assert_eq!(found, expected, "{request:?}");
        }
    }

    #[test]
    fn another_route_and_a_scraped_gateway_are_not_counted() {
        let watches = watches("{route: checkout, slower_than: 1s}");
        for (name, value) in [("route", "blog"), ("job", "edge")] {
            let other = request("5xx", "ok", "a").map(|labels| {
                let mut labels = labels.to_builder();
                labels.set(name, value);
                labels.build()
            });
            assert_eq!(counted(&watches, &other), (0, 0, 0));
        }
    }

    #[test]
    fn a_scraped_gateway_has_classic_buckets() {
        let watches = watches(r#"{route: checkout, slower_than: 300ms, match: 'job="edge"'}"#);
        let names: Vec<_> = watches
            .iter()
            .filter_map(|watch| crate::file::metric_of(&watch.matchers))
            .collect();
        let count = format!("{DURATION}_count");
        let bucket = format!("{DURATION}_bucket");
        assert_eq!(names, [REQUESTS, REQUESTS, &count, &bucket]);
        assert!(watches[3].needed, "without the bucket all would look slow");
        let fast = series(&bucket, "2xx", "", "a");
        let with = |name: &str, value: &str| {
            let mut labels = fast.to_builder();
            labels.set("job", "edge").set(name, value);
            labels.build()
        };
        assert_eq!(counted(&watches, &[with("le", "0.3")]), (1, -1, 0));
        assert_eq!(counted(&watches, &[with("le", "0.2")]), (0, 0, 0));
    }

    #[test]
    fn objectives_have_thresholds_of_their_own_or_none() {
        let slo = read(
            "{name: x, objectives: [{name: all, objective: 99.9}, {name: fast, objective: 99, below: 1s}], \
             sli: {gateway: {route: checkout}}}",
        );
        let slo = slo.unwrap_or_else(|error| panic!("{error}"));
        let Source::Watches(watches) = slo.sli.source else {
            panic!("it watches series");
        };
        let objectives: Vec<_> = watches.iter().map(|watch| watch.objective).collect();
        assert_eq!(objectives, [None, None, Some(1), Some(1)]);
        assert!(watches.iter().all(|watch| !watch.needed));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let one = |sli: &str| format!("{{name: x, objective: 99, sli: {{gateway: {sli}}}}}");
        for (entry, expected) in [
            (one("{slower_than: 1s}"), "the field `route` is missing"),
            (
                one("{route: a, slower_than: soon}"),
                "expected a length of time",
            ),
            (one("{route: a, sheds: good}"), "fate of sheds"),
            (
                one("{route: a, match: 'class=\"5xx\"'}"),
                "`class` is chosen",
            ),
            (one("{route: a, match: 'x='}"), "the condition is no PromQL"),
            (one("{route: a, faster_than: 1s}"), "faster_than"),
            (
                "{name: x, objectives: [{name: p, objective: 9, below: 1s}], \
                 sli: {gateway: {route: a, slower_than: 2s}}}"
                    .into(),
                "thresholds of their own",
            ),
        ] {
            let errors = read(&entry).expect_err(&entry).to_string();
            assert!(errors.contains(expected), "{entry}\n{errors}");
        }
    }

    #[test]
    fn what_was_written_is_found_again() {
        let found = written(&watches("{route: checkout, slower_than: 1s}")).unwrap();
        assert_eq!(
            (found.route.as_str(), found.condition.len()),
            ("checkout", 0)
        );
        assert!(!found.sheds_are_bad);
        let condition = r#"criticality="P0",job="edge""#;
        let text = format!("{{route: checkout, sheds: bad, match: '{condition}'}}");
        let found = written(&watches(&text)).unwrap();
        let shown: Vec<_> = found.condition.iter().map(ToString::to_string).collect();
        assert_eq!(shown.join(","), condition);
        assert!(found.sheds_are_bad);
    }
}
