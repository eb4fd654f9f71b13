//! `/api/v1/status/cardinality`: what makes the store large, what of it comes and goes, what nobody asks for, and what
//! limits fold. A superset of what `/status/tsdb` tells, which stays as Prometheus has it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use plimsoll_ingest::limits::Folding;
use plimsoll_types::{
    Cardinality, CardinalityQuery, Churn, MetricChurn, MetricSeries, NamedCount, Timestamp, Unused,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::openapi::values::Time;
use crate::params::Params;

/// Entries of each list, unless `limit` says otherwise.
const LISTED_DEFAULT: i64 = 10;
/// The most entries of each list, as of `/status/tsdb`.
const LISTED_MAX: i64 = 10_000;
/// A metric that was not queried for so long is unused, unless `unused_after` says otherwise.
const UNUSED_AFTER_DEFAULT: Duration = Duration::from_hours(30 * 24);
/// The longest windows that are compared: all series of both are looked at.
const CHURN_MAX: Duration = Duration::from_hours(24);

/// What makes the store large, and what of it is worth its place.
#[derive(Serialize, ToSchema)]
#[schema(as = Cardinality)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    series: u64,
    metrics: u64,
    label_names: u64,
    label_pairs: u64,
    by_metric: Vec<MetricView<'a>>,
    by_label: Vec<LabelView<'a>>,
    bytes_by_label: Vec<BytesView<'a>>,
    by_pair: Vec<PairView<'a>>,
    unused: UnusedView<'a>,
    /// When it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    churn: Option<ChurnView<'a>>,
    folding: Vec<FoldingView<'a>>,
}

/// A metric and its series.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityMetric)]
#[serde(rename_all = "camelCase")]
struct MetricView<'a> {
    name: &'a str,
    series: u64,
    /// Of all active series.
    share: f64,
    /// `null`: not since queries are noted.
    last_queried: Option<Time>,
}

/// A label and how many values it has.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityLabel)]
struct LabelView<'a> {
    name: &'a str,
    values: u64,
}

/// A label and what its values take.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityBytes)]
struct BytesView<'a> {
    name: &'a str,
    bytes: u64,
}

/// A label with a value, and its series.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityPair)]
struct PairView<'a> {
    name: &'a str,
    series: u64,
    share: f64,
}

/// What nobody asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityUnused)]
#[serde(rename_all = "camelCase")]
struct UnusedView<'a> {
    recorded_since: Time,
    before: Time,
    metrics: u64,
    series: u64,
    share: f64,
    by_metric: Vec<MetricView<'a>>,
}

/// What came and went between two windows.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityChurn)]
#[serde(rename_all = "camelCase")]
struct ChurnView<'a> {
    from: Time,
    middle: Time,
    to: Time,
    created: u64,
    ended: u64,
    by_metric: Vec<MetricChurnView<'a>>,
}

/// What came and went of a metric.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityMetricChurn)]
struct MetricChurnView<'a> {
    name: &'a str,
    created: u64,
    ended: u64,
    series: u64,
}

/// A limit that folds series.
#[derive(Serialize, ToSchema)]
#[schema(as = CardinalityFolding)]
#[serde(rename_all = "camelCase")]
struct FoldingView<'a> {
    metric: &'a str,
    label: &'a str,
    limit: &'static str,
    members: u64,
    overflow_series: u64,
    since: Time,
}

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/status/cardinality",
        "Says what makes the store large.",
    )
    .takes("limit", "Entries of each list, 1 to 10000; default 10.")
    .takes("unused_after", "A duration; default 30d.")
    .takes(
        "churn",
        "The length of the windows that are compared, at most 1d.",
    )
    .answers::<View<'static>>();
}

/// Returns what the store holds most of, and what of that is worth its place.
pub(super) async fn cardinality(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let query = read(&params)?;
    app.ask(None, move |app, _| {
        let surface = &app.parts.surface;
        let found = surface.store.cardinality(&query)?;
        let folding = (surface.folding)(query.limit);
        Ok(envelope::success(
            &View::of(&found, &folding),
            &Notes::default(),
        ))
    })
    .await
}

fn read(params: &Params) -> Result<CardinalityQuery, ApiError> {
    let refused = |reason: String| ApiError::new(Kind::BadData, reason);
    let limit = params.number("limit", LISTED_DEFAULT)?;
    if !(1..=LISTED_MAX).contains(&limit) {
        return Err(refused(format!(
            "limit must lie between 1 and {LISTED_MAX}"
        )));
    }
    let churn_window = params.duration("churn")?;
    if churn_window.is_some_and(|window| window.is_zero() || window > CHURN_MAX) {
        return Err(refused("churn must lie between 1ms and 1d".into()));
    }
    Ok(CardinalityQuery {
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        unused_after: params
            .duration("unused_after")?
            .unwrap_or(UNUSED_AFTER_DEFAULT),
        churn_window,
    })
}

impl<'a> View<'a> {
    fn of(found: &'a Cardinality, folding: &'a [Folding]) -> Self {
        let whole = found.series;
        let labels = found.by_label.iter().map(|entry| LabelView {
            name: &entry.name,
            values: entry.count,
        });
        let bytes = found.bytes_by_label.iter().map(|entry| BytesView {
            name: &entry.name,
            bytes: entry.count,
        });
        let pair = |entry: &'a NamedCount| PairView {
            name: &entry.name,
            series: entry.count,
            share: share(entry.count, whole),
        };
        Self {
            series: whole,
            metrics: found.metrics,
            label_names: found.label_names,
            label_pairs: found.label_pairs,
            by_metric: metrics(&found.by_metric, whole),
            by_label: labels.collect(),
            bytes_by_label: bytes.collect(),
            by_pair: found.by_pair.iter().map(pair).collect(),
            unused: UnusedView::of(&found.unused, whole),
            churn: found.churn.as_ref().map(ChurnView::of),
            folding: folding.iter().map(FoldingView::of).collect(),
        }
    }
}

impl<'a> UnusedView<'a> {
    fn of(unused: &'a Unused, whole: u64) -> Self {
        Self {
            recorded_since: Time(unused.recorded_since),
            before: Time(unused.before),
            metrics: unused.metrics,
            series: unused.series,
            share: share(unused.series, whole),
            by_metric: metrics(&unused.by_metric, whole),
        }
    }
}

impl<'a> ChurnView<'a> {
    fn of(churn: &'a Churn) -> Self {
        let metric = |entry: &'a MetricChurn| MetricChurnView {
            name: &entry.name,
            created: entry.created,
            ended: entry.ended,
            series: entry.series,
        };
        Self {
            from: Time(churn.before.start),
            middle: Time(churn.now.start),
            to: Time(churn.now.end),
            created: churn.created,
            ended: churn.ended,
            by_metric: churn.by_metric.iter().map(metric).collect(),
        }
    }
}

impl<'a> FoldingView<'a> {
    fn of(folding: &'a Folding) -> Self {
        Self {
            metric: &folding.metric,
            label: &folding.label,
            limit: folding.limit,
            members: folding.members,
            overflow_series: folding.overflow_series,
            since: Time(folding.since),
        }
    }
}

fn metrics(list: &[MetricSeries], whole: u64) -> Vec<MetricView<'_>> {
    let mut views = Vec::with_capacity(list.len());
    for metric in list {
        views.push(MetricView {
            name: &metric.name,
            series: metric.series,
            share: share(metric.series, whole),
            last_queried: metric.last_queried.map(seconds),
        });
    }
    views
}

/// Finer than it is noted would be a lie.
fn seconds(time: Timestamp) -> Time {
    Time(Timestamp::from_millis(
        time.millis().div_euclid(1000) * 1000,
    ))
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
