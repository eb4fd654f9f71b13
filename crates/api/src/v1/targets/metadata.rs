//! `/api/v1/targets/metadata`: what the metrics of each target mean.
//!
//! The store keeps metadata by metric; which metrics a target exposes it knows as well. So the answer is made when it
//! is asked for, instead of being kept for every target.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{Labels, METRIC_NAME, Matcher, Metadata, Queryable, TimeRange};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::values::Labels as LabelSet;
use crate::openapi::words::MetricType;
use crate::params::Params;
use crate::v1::metadata::{Families, family, read_families};

/// How far back a metric may have been seen last.
const SEEN_WITHIN: Duration = Duration::from_mins(15);
/// The most entries of an answer: some 100 MB of JSON would be more than anybody reads.
const ENTRIES_MAX: usize = 500_000;

/// What a metric of a target means.
#[derive(Serialize, ToSchema)]
#[schema(as = TargetMetadata)]
pub(super) struct View<'a> {
    target: LabelSet<'a>,
    /// Not there when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric: Option<String>,
    #[serde(rename = "type")]
    metric_type: MetricType,
    help: String,
    unit: String,
}

/// Returns metadata of the targets that `match_target` selects, of all metrics or of one; once `limit` entries
/// are there, no further target is told.
pub(super) async fn metadata(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let limit = usize::try_from(params.number("limit", -1)?).unwrap_or(usize::MAX);
    let metric = params.get("metric").map(String::from);
    app.ask(None, move |app, _| {
        let wanted = params.selectors_named("match_target");
        let wanted = wanted.map_err(|error| error.about("match_target"))?;
        let now = app.parts.clock.now();
        let seen = i64::try_from(SEEN_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let range = TimeRange::new(now.saturating_add_millis(-seen), now);
        let store = &*app.parts.queryable;
        let families = read_families(store, metric.as_deref(), usize::MAX)?;
        let pools = app.parts.surface.scrapes.pools();
        let targets = pools.values().flat_map(|pool| pool.active.iter());
        let is_wanted = |labels: &Labels| {
            wanted
                .iter()
                .all(|matchers| matchers.iter().all(|matcher| is_met(matcher, labels)))
        };
        let targets = targets.filter(|target| is_wanted(&target.target.labels));
        let (mut views, mut notes) = (Vec::new(), Notes::default());
        for target in targets {
            // As in Prometheus: no target is told by halves.
            if views.len() >= limit {
                break;
            }
            let labels = &target.target.labels;
            views.extend(of_target(
                store,
                labels,
                range,
                &families,
                metric.as_deref(),
            )?);
            if views.len() > ENTRIES_MAX {
                notes = envelope::cut(&mut views, ENTRIES_MAX);
                break;
            }
        }
        Ok(envelope::success(&views, &notes))
    })
    .await
}

fn is_met(matcher: &Matcher, labels: &Labels) -> bool {
    matcher.matches(labels.get(matcher.name()).unwrap_or_default())
}

/// Returns an entry for each family that a target exposes.
fn of_target<'a>(
    store: &dyn Queryable,
    labels: &'a Labels,
    range: TimeRange,
    families: &Families,
    metric: Option<&str>,
) -> Result<Vec<View<'a>>, ApiError> {
    let matchers: Vec<Matcher> = labels
        .iter()
        .map(|(name, value)| Matcher::equal(name, value))
        .collect();
    let names = store.label_values(METRIC_NAME, &[matchers], range, usize::MAX)?;
    let mut views: Vec<View<'a>> = Vec::new();
    for name in &names {
        let Some((name, entry)) = describe(families, name) else {
            continue;
        };
        // The series of a histogram stand together; the family is told once.
        let is_known = views
            .iter()
            .rev()
            .take(8)
            .any(|view| view.metric.as_deref() == Some(name));
        if !is_known {
            views.push(View {
                target: LabelSet(labels),
                metric: Some(name.to_owned()),
                metric_type: MetricType(entry.metric_type),
                help: entry.help.clone(),
                unit: entry.unit.clone(),
            });
        }
    }
    if metric.is_some() {
        // Who asks for one metric knows its name.
        views.iter_mut().for_each(|view| view.metric = None);
    }
    Ok(views)
}

/// Finds the family that a series of this name belongs to.
fn describe<'f>(families: &'f Families, series: &str) -> Option<(&'f str, &'f Metadata)> {
    let endings = ["", "_bucket", "_count", "_sum", "_gcount", "_gsum"];
    endings.iter().find_map(|ending| {
        let stem = series.strip_suffix(ending)?;
        let (name, entries) = families.get_key_value(stem)?;
        let entry = entries.first()?;
        (family(series, entry.metric_type) == name).then_some((name.as_str(), entry))
    })
}
