//! `/api/v1/status/tsdb`, `/status/tsdb/blocks`, `/status/walreplay`: the store in numbers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{NamedCount, PartStatistics, StoreStatistics, TimeRange};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::params::Params;

/// Entries of each list, unless `limit` says otherwise.
const LISTED_DEFAULT: i64 = 10;
/// The most entries of each list, as in Prometheus.
const LISTED_MAX: i64 = 10_000;

/// What the head holds most of.
#[derive(Serialize, ToSchema)]
#[schema(as = TsdbStatus)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    head_stats: HeadView,
    series_count_by_metric_name: Vec<CountView<'a>>,
    label_value_count_by_label_name: Vec<CountView<'a>>,
    memory_in_bytes_by_label_name: Vec<CountView<'a>>,
    series_count_by_label_value_pair: Vec<CountView<'a>>,
}

/// The head in numbers.
#[derive(Serialize, ToSchema)]
#[schema(as = TsdbHead)]
#[serde(rename_all = "camelCase")]
struct HeadView {
    num_series: u64,
    num_label_pairs: u64,
    chunk_count: u64,
    min_time: i64,
    max_time: i64,
}

/// A name and how many there are.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedCount)]
struct CountView<'a> {
    name: &'a str,
    value: u64,
}

impl<'a> From<&'a StoreStatistics> for View<'a> {
    fn from(statistics: &'a StoreStatistics) -> Self {
        let list = |counts: &'a [NamedCount]| {
            let view = |entry: &'a NamedCount| CountView {
                name: &entry.name,
                value: entry.count,
            };
            counts.iter().map(view).collect()
        };
        let head = &statistics.head;
        // What Prometheus says of an empty head: the largest and the smallest time.
        let empty = TimeRange::new(
            plimsoll_types::Timestamp::MAX,
            plimsoll_types::Timestamp::MIN,
        );
        let range = head.range.unwrap_or(empty);
        Self {
            head_stats: HeadView {
                num_series: head.series,
                num_label_pairs: head.label_pairs,
                chunk_count: head.chunks,
                min_time: range.start.millis(),
                max_time: range.end.millis(),
            },
            series_count_by_metric_name: list(&statistics.series_by_metric),
            label_value_count_by_label_name: list(&statistics.values_by_label),
            memory_in_bytes_by_label_name: list(&statistics.bytes_by_label),
            series_count_by_label_value_pair: list(&statistics.series_by_pair),
        }
    }
}

/// Returns what the head holds most of.
pub(super) async fn statistics(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let refused = |reason: String| ApiError::new(Kind::BadData, reason);
    let limit = params.number("limit", LISTED_DEFAULT);
    let limit = limit.ok().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| refused("limit must be a positive number".into()))?;
    if limit > LISTED_MAX {
        return Err(refused(format!("limit must not exceed {LISTED_MAX}")));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    app.ask(None, move |app, _| {
        let statistics = app.parts.surface.store.statistics(limit)?;
        Ok(envelope::success(
            &View::from(&statistics),
            &Notes::default(),
        ))
    })
    .await
}

/// A sealed part in the words of a block's meta file.
#[derive(Serialize, ToSchema)]
#[schema(as = Block)]
#[serde(rename_all = "camelCase")]
struct BlockView {
    ulid: String,
    min_time: i64,
    max_time: i64,
    stats: BlockStatsView,
    compaction: CompactionView,
    version: u64,
}

/// What is in a block.
#[derive(Serialize, ToSchema)]
#[schema(as = BlockStats)]
#[serde(rename_all = "camelCase")]
struct BlockStatsView {
    num_samples: u64,
    num_series: u64,
    num_chunks: u64,
    num_bytes: u64,
}

/// What a block was made of.
#[derive(Serialize, ToSchema)]
#[schema(as = BlockCompaction)]
struct CompactionView {
    level: u64,
    sources: Vec<String>,
}

impl From<PartStatistics> for BlockView {
    fn from(part: PartStatistics) -> Self {
        Self {
            min_time: part.range.start.millis(),
            // A block's end is not part of it.
            max_time: part.range.end.millis().saturating_add(1),
            stats: BlockStatsView {
                num_samples: part.samples,
                num_series: part.series,
                num_chunks: part.series,
                num_bytes: part.bytes,
            },
            compaction: CompactionView {
                level: 1,
                sources: vec![part.name.clone()],
            },
            ulid: part.name,
            version: 1,
        }
    }
}

/// The sealed parts.
#[derive(Serialize, ToSchema)]
struct Blocks {
    blocks: Vec<BlockView>,
}

/// How far the log was read back, in segments.
#[derive(Serialize, ToSchema)]
#[schema(as = WalReplay)]
struct Replay {
    min: u64,
    max: u64,
    current: u64,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/status/tsdb", "Shows what the head holds most of.")
        .takes("limit", "Entries of each list, 1 to 10000; default 10.")
        .answers::<View<'static>>();
    to.get("/api/v1/status/tsdb/blocks", "Lists the sealed parts.")
        .answers::<Blocks>();
    to.get(
        "/api/v1/status/walreplay",
        "Says how far the log was read back.",
    )
    .answers::<Replay>();
}

/// Returns the sealed parts.
pub(super) async fn blocks(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.ask(None, |app, _| {
        let statistics = app.parts.surface.store.statistics(0)?;
        let blocks = statistics.parts.into_iter().map(BlockView::from).collect();
        Ok(envelope::success(&Blocks { blocks }, &Notes::default()))
    })
    .await
}

/// Returns how far the WAL was read back: always all of it, because nothing is answered before.
pub(super) async fn replay(State(app): State<Arc<App>>) -> Response {
    let segments = app.parts.surface.status.replay.segments;
    let view = Replay {
        min: 0,
        max: segments,
        current: segments,
    };
    envelope::success(&view, &Notes::default())
}
