//! What queries answer, described. The answers are written by hand, because they are large and many.
#![expect(dead_code, reason = "these are described and never made")]

use serde::Serialize;
use utoipa::ToSchema;

use super::stats::View as Stats;
use crate::openapi::Described;
use crate::openapi::values::Labels;

/// Seconds since the epoch, and a number as text.
#[derive(Serialize, ToSchema)]
#[schema(as = SamplePoint)]
struct Point((f64, String));

/// Seconds since the epoch, and a native histogram.
#[derive(Serialize, ToSchema)]
#[schema(as = HistogramPoint)]
struct HistogramPoint((f64, HistogramShown));

/// A native histogram; its numbers are texts.
#[derive(Serialize, ToSchema)]
#[schema(as = NativeHistogram)]
struct HistogramShown {
    count: String,
    sum: String,
    /// Those that are not empty.
    #[schema(nullable = false)]
    buckets: Option<Vec<HistogramBucket>>,
}

/// Which ends belong to it (0: the upper, 1: the lower, 2: none, 3: both), its ends, and how many are in it.
#[derive(Serialize, ToSchema)]
struct HistogramBucket((u8, String, String, String));

/// A series at one point in time: a number, or a histogram.
#[derive(Serialize, ToSchema)]
#[schema(as = InstantSeries)]
struct Instant {
    metric: Labels<'static>,
    #[schema(nullable = false)]
    value: Option<Point>,
    #[schema(nullable = false)]
    histogram: Option<HistogramPoint>,
}

/// A series over a range of time.
#[derive(Serialize, ToSchema)]
#[schema(as = RangeSeries)]
struct Range {
    metric: Labels<'static>,
    #[schema(nullable = false)]
    values: Option<Vec<Point>>,
    #[schema(nullable = false)]
    histograms: Option<Vec<HistogramPoint>>,
}

/// What a query found; `resultType` says of which type.
#[derive(Serialize, ToSchema)]
#[schema(as = QueryResult)]
#[serde(tag = "resultType", rename_all = "lowercase")]
enum Found {
    Vector {
        result: Vec<Instant>,
        /// With `stats`.
        #[schema(nullable = false)]
        stats: Option<Stats>,
        /// With `explain=true`.
        #[schema(nullable = false)]
        explain: Option<Plan>,
    },
    Matrix {
        result: Vec<Range>,
        #[schema(nullable = false)]
        stats: Option<Stats>,
        #[schema(nullable = false)]
        explain: Option<Plan>,
    },
    Scalar {
        result: Point,
        #[schema(nullable = false)]
        stats: Option<Stats>,
        #[schema(nullable = false)]
        explain: Option<Plan>,
    },
    String {
        result: Point,
        #[schema(nullable = false)]
        stats: Option<Stats>,
        #[schema(nullable = false)]
        explain: Option<Plan>,
    },
}

/// What was done to answer a query, with what it cost where that is known.
#[derive(Serialize, ToSchema)]
#[schema(as = QueryPlan)]
#[serde(rename_all = "camelCase")]
struct Plan {
    operator: String,
    /// Where in the query: line and column.
    #[schema(nullable = false)]
    position: Option<String>,
    #[schema(nullable = false)]
    notes: Option<Vec<String>>,
    /// How many points in time.
    steps: u64,
    #[schema(nullable = false)]
    series: Option<u64>,
    #[schema(nullable = false)]
    samples: Option<u64>,
    #[schema(nullable = false)]
    seconds: Option<f64>,
    #[schema(nullable = false)]
    peak_bytes: Option<u64>,
    #[schema(nullable = false)]
    series_read: Option<u64>,
    #[schema(nullable = false)]
    samples_read: Option<u64>,
    #[schema(nullable = false)]
    blocks_read: Option<u64>,
    #[schema(nullable = false)]
    blocks_skipped: Option<u64>,
    #[schema(nullable = false, no_recursion)]
    children: Option<Vec<Plan>>,
}

/// The exemplars of a series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SeriesExemplars {
    series_labels: Labels<'static>,
    exemplars: Vec<Exemplar>,
}

/// A single observation that says where it comes from.
#[derive(Serialize, ToSchema)]
struct Exemplar {
    labels: Labels<'static>,
    /// A number as text.
    value: String,
    /// Seconds since the epoch.
    timestamp: f64,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    const QUERY: &str = "The expression.";
    const STATS: &str = "Anything for what it cost, `all` for each step as well.";
    const EXPLAIN: &str = "`true` for the plan.";
    const LIMIT: &str = "At most so many series.";
    const TIMEOUT: &str = "A duration.";
    const LOOKBACK: &str = "How long a sample counts: a duration.";
    to.keep::<HistogramShown>();
    to.keep::<HistogramBucket>();
    to.get_or_post(
        "/api/v1/query",
        "Evaluates an expression at one point in time.",
    )
    .needs("query", QUERY)
    .takes("time", "Default now.")
    .takes("timeout", TIMEOUT)
    .takes("limit", LIMIT)
    .takes("lookback_delta", LOOKBACK)
    .takes("stats", STATS)
    .takes("explain", EXPLAIN)
    .answers::<Found>();
    to.get_or_post(
        "/api/v1/query_range",
        "Evaluates an expression over a range of time.",
    )
    .needs("query", QUERY)
    .needs("start", "The first time.")
    .needs("end", "The last time.")
    .needs("step", "A duration.")
    .takes("timeout", TIMEOUT)
    .takes("limit", LIMIT)
    .takes("lookback_delta", LOOKBACK)
    .takes("stats", STATS)
    .takes("explain", EXPLAIN)
    .answers::<Found>();
    to.get_or_post(
        "/api/v1/query_exemplars",
        "Lists the exemplars of what a query selects.",
    )
    .needs("query", QUERY)
    .takes("start", "The first time.")
    .takes("end", "The last time.")
    .answers_list::<SeriesExemplars>();
}
