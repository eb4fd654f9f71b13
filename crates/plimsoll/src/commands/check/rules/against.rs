//! What a server that speaks Prometheus' HTTP API knows about metrics and alerts.
//!
//! What it does not answer is not known, and a lint that does not know finds nothing; the first refusal is told.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_promql::{Expr, parse};
use plimsoll_rules::lint::{Facts, Firing};
use plimsoll_runtime::clock::{Clock, SystemClock};
use serde_json::Value;

use crate::commands::Failure;
use crate::commands::server::{Server, read_answer};

/// How long one question may take, in seconds: those about a month are large.
const TIMEOUT_SECONDS: u64 = 60;
/// A metric counts as known when it had a sample in this time: long enough for a job that runs once a day.
const LATELY_SECONDS: i64 = 26 * 3600;
/// Over which time the distance of samples is counted, in seconds.
const COUNTED_SECONDS: f64 = 1200.0;
/// For how long back alerts are looked at, in how many points.
const WATCHED_SECONDS: i64 = 30 * 86_400;
const WATCHED_POINTS: i64 = 1_000;

/// A server with what it has answered already.
pub(super) struct Against {
    server: Server,
    now_seconds: i64,
    metrics: BTreeSet<String>,
    labels: RefCell<BTreeMap<String, Option<BTreeSet<String>>>>,
    intervals: RefCell<BTreeMap<String, Option<Duration>>>,
    alerts: RefCell<Option<Option<Alerts>>>,
    told: Cell<bool>,
}

/// What became of the server's alerts.
struct Alerts {
    /// Canonical expressions of the rules that it evaluates, by name.
    rules: BTreeMap<String, BTreeSet<String>>,
    /// Points in time at which it had any data.
    watched: BTreeSet<i64>,
    /// Points in time at which an alert fired, by name.
    firing: BTreeMap<String, BTreeSet<i64>>,
    /// Alerts that fired at all, also between two points.
    fired: BTreeSet<String>,
}

impl Against {
    /// Asks for the names of all metrics, so that a server that is not there is told before anything is judged.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) fn connect(url: &str) -> Result<Self, Failure> {
        let server = Server::new(url.to_owned(), TIMEOUT_SECONDS);
        let now_seconds = SystemClock::new().now().millis() / 1000;
        let start = (now_seconds - LATELY_SECONDS).to_string();
        let body = server.get("api/v1/label/__name__/values", &[("start", &start)])?;
        let metrics = texts(&read_answer(&server, &body)?["data"]);
        Ok(Self {
            server,
            now_seconds,
            metrics,
            labels: RefCell::default(),
            intervals: RefCell::default(),
            alerts: RefCell::default(),
            told: Cell::new(false),
        })
    }

    /// Asks; tells the first failure and knows nothing from then on about what was asked.
    fn data(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let answer = self
            .server
            .get(path, parameters)
            .and_then(|body| read_answer(&self.server, &body));
        match answer {
            Ok(mut answer) => Some(answer["data"].take()),
            Err(failure) => {
                if !self.told.replace(true) {
                    eprintln!(
                        "warning: the server does not tell {path}, so less is found: {failure}"
                    );
                }
                None
            }
        }
    }

    /// Evaluates now and returns labels and value of each series.
    fn vector(&self, query: &str) -> Option<Vec<(Value, f64)>> {
        let data = self.data("api/v1/query", &[("query", query)])?;
        let series = data["result"].as_array()?.iter();
        let value = |series: &Value| series["value"][1].as_str()?.parse().ok();
        Some(
            series
                .filter_map(|series| Some((series["metric"].clone(), value(series)?)))
                .collect(),
        )
    }

    /// Evaluates over the time that alerts are watched for; returns the points at which each series had a value.
    fn points(&self, query: &str) -> Option<Vec<(Value, BTreeSet<i64>)>> {
        let start = (self.now_seconds - WATCHED_SECONDS).to_string();
        let (end, step) = (self.now_seconds.to_string(), step_seconds().to_string());
        let range = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let data = self.data("api/v1/query_range", &range)?;
        let series = data["result"].as_array()?.iter();
        let times = |series: &Value| {
            let values = series["values"].as_array().into_iter().flatten();
            values
                .filter_map(|point| point[0].as_f64())
                .map(|seconds| seconds as i64)
                .collect()
        };
        Some(
            series
                .map(|series| (series["metric"].clone(), times(series)))
                .collect(),
        )
    }

    fn ask_alerts(&self) -> Option<Alerts> {
        let groups = self.data("api/v1/rules", &[("type", "alert")])?;
        let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for group in groups["groups"].as_array()? {
            for rule in group["rules"].as_array().into_iter().flatten() {
                let (Some(name), Some(query)) = (rule["name"].as_str(), rule["query"].as_str())
                else {
                    continue;
                };
                if let Ok(expr) = parse(query) {
                    rules
                        .entry(name.to_owned())
                        .or_default()
                        .insert(expr.to_string());
                }
            }
        }
        let watched = self.points("count(up or ALERTS)")?.pop()?.1;
        let firing = r#"count by (alertname) (ALERTS{alertstate="firing"})"#;
        let days = WATCHED_SECONDS / 86_400;
        let fired = format!(
            r#"count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{days}d]))"#
        );
        let by_name =
            |(metric, points): (Value, BTreeSet<i64>)| Some((alert_name(&metric)?, points));
        Some(Alerts {
            rules,
            watched,
            firing: self
                .points(firing)?
                .into_iter()
                .filter_map(by_name)
                .collect(),
            fired: self
                .vector(&fired)?
                .iter()
                .filter_map(|(metric, _)| alert_name(metric))
                .collect(),
        })
    }
}

impl Facts for Against {
    fn has_metric(&self, name: &str) -> Option<bool> {
        Some(self.metrics.contains(name))
    }

    fn has_label(&self, metric: &str, label: &str) -> Option<bool> {
        let mut known = self.labels.borrow_mut();
        let labels = known.entry(metric.to_owned()).or_insert_with(|| {
            let start = (self.now_seconds - LATELY_SECONDS).to_string();
            let asked = [("match[]", &*selector(metric)), ("start", &start)];
            self.data("api/v1/labels", &asked).map(|data| texts(&data))
        });
        labels.as_ref().map(|labels| labels.contains(label))
    }

    fn sample_interval(&self, metric: &str) -> Option<Duration> {
        let mut known = self.intervals.borrow_mut();
        *known.entry(metric.to_owned()).or_insert_with(|| {
            let query = format!(
                "max(count_over_time({}[{COUNTED_SECONDS}s]))",
                selector(metric)
            );
            let count = self.vector(&query)?.first()?.1;
            // Of one sample nothing is known; rounding forgives the sample at the edge.
            let seconds = (COUNTED_SECONDS / count).round();
            (count >= 2.0).then(|| Duration::from_secs_f64(seconds))
        })
    }

    fn firing(&self, alert: &str, expr: &Expr) -> Option<Firing> {
        let mut known = self.alerts.borrow_mut();
        let alerts = known.get_or_insert_with(|| self.ask_alerts()).as_ref()?;
        alerts
            .rules
            .get(alert)?
            .contains(&expr.to_string())
            .then_some(())?;
        alerts.firing(alert)
    }
}

impl Alerts {
    /// An alert that fired is judged from the first time on: before that its rule may not have been there.
    fn firing(&self, alert: &str) -> Option<Firing> {
        let points = self.firing.get(alert);
        let begin = *points
            .and_then(|points| points.first())
            .or(self.watched.first())?;
        let watched = self.watched.range(begin..).count();
        let (end, seconds) = (*self.watched.last()?, step_seconds());
        let share = match points {
            Some(points) => points.len() as f64 / watched.max(1) as f64,
            // It fired between two points: more than never, and nobody knows how much.
            None if self.fired.contains(alert) => return None,
            None => 0.0,
        };
        Some(Firing {
            watched: Duration::from_secs(u64::try_from(end - begin + seconds).ok()?),
            share: share.min(1.0),
        })
    }
}

fn step_seconds() -> i64 {
    WATCHED_SECONDS / WATCHED_POINTS
}

/// Selects a metric in words that every Prometheus understands, whatever its name.
fn selector(metric: &str) -> String {
    let escaped = metric
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n");
    format!("{{__name__=\"{escaped}\"}}")
}

fn alert_name(metric: &Value) -> Option<String> {
    metric["alertname"].as_str().map(str::to_owned)
}

fn texts(data: &Value) -> BTreeSet<String> {
    let texts = data.as_array().into_iter().flatten();
    texts
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_judged_from_the_first_time_they_fired() {
        let step = step_seconds();
        let points =
            |range: std::ops::Range<i64>| range.map(|at| at * step).collect::<BTreeSet<_>>();
        let alerts = Alerts {
            rules: BTreeMap::new(),
            watched: points(0..1000),
            firing: BTreeMap::from([
                ("Late".to_owned(), points(900..1000)),
                ("Half".to_owned(), points(500..750)),
            ]),
            fired: ["Late", "Half", "Short"].map(str::to_owned).into(),
        };
        let told = |name: &str| {
            alerts
                .firing(name)
                .map(|firing| (firing.watched.as_secs() as i64 / step, firing.share))
        };
        assert_eq!(told("Late"), Some((100, 1.0)));
        assert_eq!(told("Half"), Some((500, 0.5)));
        assert_eq!(told("Short"), None);
        assert_eq!(told("Never"), Some((1000, 0.0)));
    }

    #[test]
    fn any_name_is_selected() {
        assert_eq!(selector("up"), r#"{__name__="up"}"#);
        assert_eq!(selector("a\"b\\"), r#"{__name__="a\"b\\"}"#);
    }
}
