//! What a query cost, as Prometheus' API and its query log tell it, and the plan of `explain=true`.

use std::time::Duration;

use plimsoll_promql::{PlanNode, Stats};
use plimsoll_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::value_json::{write_list, write_string};

/// The statistics in Prometheus' shape.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueryStats)]
pub(super) struct View {
    timings: Timings,
    samples: Samples,
}

/// What a query took, in seconds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueryTimings)]
#[serde(rename_all = "camelCase")]
struct Timings {
    eval_total_time: f64,
    result_sort_time: f64,
    query_preparation_time: f64,
    inner_eval_time: f64,
    exec_queue_time: f64,
    exec_total_time: f64,
}

/// What a query looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuerySamples)]
#[serde(rename_all = "camelCase")]
struct Samples {
    /// With `stats=all`: seconds since the epoch, and how many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    total_queryable_samples_per_step: Vec<(f64, u64)>,
    total_queryable_samples: u64,
    samples_read: u64,
    peak_samples: usize,
    /// Not in Prometheus, which does not count bytes.
    peak_bytes: usize,
}

impl View {
    /// Makes it; the steps begin at `start`.
    pub(super) fn new(
        stats: &Stats,
        (waited, total): (Duration, Duration),
        (start, step): (Timestamp, Duration),
    ) -> Self {
        let timings = &stats.timings;
        let seconds = |time: Duration| time.as_secs_f64();
        let at = |index: usize| {
            let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
            let offset = step.saturating_mul(index as i64);
            start.millis().saturating_add(offset) as f64 / 1000.0
        };
        let per_step = stats.samples_per_step.iter().enumerate();
        Self {
            timings: Timings {
                eval_total_time: seconds(timings.total),
                result_sort_time: seconds(timings.sorting),
                query_preparation_time: seconds(timings.preparation),
                inner_eval_time: seconds(timings.evaluation),
                exec_queue_time: seconds(waited),
                exec_total_time: seconds(total),
            },
            samples: Samples {
                total_queryable_samples_per_step: per_step.map(|(i, n)| (at(i), *n)).collect(),
                total_queryable_samples: stats.samples_queryable,
                samples_read: stats.samples_read,
                peak_samples: stats.samples_peak,
                peak_bytes: stats.bytes_peak,
            },
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers become JSON")
    }
}

/// Writes a plan as a tree of objects. The plan's depth is bounded by the engine.
pub(super) fn write_plan(text: &mut String, node: &PlanNode) {
    text.push_str(r#"{"operator":"#);
    write_string(text, &node.operator);
    if let Some(position) = node.position {
        text.push_str(&format!(r#","position":"{position}""#));
    }
    if !node.notes.is_empty() {
        text.push_str(r#","notes":"#);
        write_list(text, &node.notes, |text, note| write_string(text, note));
    }
    text.push_str(&format!(r#","steps":{}"#, node.steps));
    if let Some(series) = node.series {
        text.push_str(&format!(r#","series":{series}"#));
    }
    if let Some(cost) = &node.cost {
        text.push_str(&format!(
            r#","samples":{},"seconds":{},"peakBytes":{},"seriesRead":{},"samplesRead":{},"blocksRead":{},"blocksSkipped":{}"#,
            cost.samples,
            cost.time.as_secs_f64(),
            cost.bytes_peak,
            cost.series_read,
            cost.samples_read,
            cost.blocks_read,
            cost.blocks_skipped
        ));
    }
    if !node.children.is_empty() {
        text.push_str(r#","children":"#);
        write_list(text, &node.children, write_plan);
    }
    text.push('}');
}
