//! `/api/v1/series`: the label sets of series.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::values::Labels;
use crate::openapi::{Described, Operation};
use crate::params::Params;
use crate::value_json::{write_labels, write_list};

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    let series = to.get_or_post("/api/v1/series", "Lists the label sets of series.");
    chosen(series).answers_list::<Labels<'static>>();
}

/// Describes how series are chosen.
pub(super) fn chosen(operation: Operation<'_>) -> Operation<'_> {
    operation
        .takes_all("match[]", "A selector; one of them is enough.")
        .takes("start", "The first time; default the first there is.")
        .takes("end", "The last time; default the last there is.")
        .takes("limit", "At most so many.")
}

/// Returns the series that fulfil any one of the selectors.
pub(crate) async fn series(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    if params.all("match[]").next().is_none() {
        return Err(ApiError::new(
            Kind::BadData,
            "no match[] parameter provided",
        ));
    }
    app.ask(None, move |app, _| {
        let (limit, range) = (params.limit()?, params.range()?);
        let selectors = params.selectors();
        let selectors = selectors.map_err(|error| error.about("match[]"))?;
        if range.is_empty() {
            return Ok(envelope::raw("[]", &Notes::default()));
        }
        let queryable = &app.parts.queryable;
        let mut found = queryable.series(&selectors, range, limit.saturating_add(1))?;
        let notes = envelope::cut(&mut found, limit);
        let mut text = String::new();
        write_list(&mut text, &found, write_labels);
        Ok(envelope::raw(&text, &notes))
    })
    .await
}
