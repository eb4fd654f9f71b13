//! `/api/v1/targets/relabel_steps`: what each relabelling rule of a job makes of a label set.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_ingest::relabel::{self, Action, RelabelConfig};
use plimsoll_types::Labels;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::values::Labels as LabelSet;
use crate::params::Params;

/// The most labels of a set to try; targets have a few dozen.
const LABELS_MAX: usize = 1000;

/// What each rule of relabelling makes of labels.
#[derive(Serialize, ToSchema)]
#[schema(as = RelabelSteps)]
pub(super) struct View<'a> {
    steps: Vec<StepView<'a>>,
}

/// A rule, and what it makes of labels.
#[derive(Serialize, ToSchema)]
#[schema(as = RelabelStep)]
struct StepView<'a> {
    rule: RuleView<'a>,
    output: LabelSet<'a>,
    /// Whether the target is kept.
    keep: bool,
}

/// A rule as Prometheus' JSON has it: without what is empty.
#[derive(Serialize, ToSchema)]
#[schema(as = RelabelRule)]
struct RuleView<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    source_labels: &'a [String],
    separator: &'a str,
    regex: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    modulus: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(required = false)]
    target_label: &'a str,
    replacement: &'a str,
    action: &'static str,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'a> From<&'a RelabelConfig> for RuleView<'a> {
    fn from(rule: &'a RelabelConfig) -> Self {
        let parts = rule.parts();
        Self {
            source_labels: &parts.source_labels,
            separator: &parts.separator,
            regex: &parts.regex,
            modulus: if parts.action == Action::HashMod {
                parts.modulus
            } else {
                0
            },
            target_label: &parts.target_label,
            replacement: &parts.replacement,
            action: parts.action.name(),
        }
    }
}

/// Returns the rules of the job `scrapePool` with the labels after each, beginning with `labels` (a JSON object).
pub(super) async fn relabel_steps(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |app, _| steps(app, &params)).await
}

fn steps(app: &App, params: &Params) -> Result<Response, ApiError> {
    let bad = |reason: String| ApiError::new(Kind::BadData, reason);
    let wanted = |name: &str| {
        let missing = || bad(format!("no {name} parameter provided"));
        params.get(name).ok_or_else(missing)
    };
    let (job, text) = (wanted("scrapePool")?, wanted("labels")?);
    let labels: BTreeMap<String, String> = serde_json::from_str(text)
        .map_err(|error| bad(format!("error parsing labels: {error}")))?;
    if labels.len() > LABELS_MAX {
        let found = labels.len();
        return Err(bad(format!(
            "found {found} labels, wanted at most {LABELS_MAX}"
        )));
    }
    let pool = app.parts.surface.scrapes.pool(job).ok_or_else(|| {
        bad(format!(
            "error retrieving scrape config: scrape pool {job:?} not found"
        ))
    })?;
    let rules = pool
        .config
        .as_ref()
        .map_or(&[][..], |config| &config.relabel_configs);
    let steps = relabel::steps(rules, &Labels::from_pairs(&labels));
    let steps = rules
        .iter()
        .zip(&steps)
        .map(|(rule, step)| StepView {
            rule: RuleView::from(rule),
            output: LabelSet(&step.labels),
            keep: step.is_kept,
        })
        .collect();
    Ok(envelope::success(&View { steps }, &Notes::default()))
}
