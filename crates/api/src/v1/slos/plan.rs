//! `/api/v1/slos/{service}/{name}/plan`: what would have been under another promise.
//!
//! The past is counted again from stored samples, in the finest slices, as far as they are kept. What is older is taken from
//! the ledger, whose slices are coarser: budgets are judged by it, alerts are not. The answer says which time is which.

mod asked;
mod known;
mod nines;
mod promised;
mod shown;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use plimsoll_slo::surface::Slos;
use plimsoll_slo::view::{Address, Promise, ReplayQuestion, SloView};
use plimsoll_types::Timestamp;

use self::asked::Asked;
use self::known::Known;
use self::promised::Promised;
use super::{Id, group, slos, success, unknown};
use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::openapi::Operation;
use crate::params::Params;

pub(super) use self::shown::Plans;

const MINUTE: Duration = Duration::from_secs(60);
/// What a request may say: here, in [`asked`], in [`nines`] and in [`promised`].
const PARAMETERS: [&str; 12] = [
    "change",
    "objective",
    "label",
    "start",
    "end",
    "deploy",
    "deploys_per_day",
    "freezes_from",
    "offer",
    "events_per_year",
    "outages_per_year",
    "bad_per_outage",
];

/// Describes what a request may say, the budget left aside.
pub(super) fn parameters(operation: Operation<'_>) -> Operation<'_> {
    operation
        .takes("start", "The first time; default 30 days ago.")
        .takes("end", "The end; default now.")
        .takes_all(
            "change",
            "Another promise as an object of JSON or YAML, at most 10.",
        )
        .takes_all("deploy", "When something was deployed.")
        .takes(
            "deploys_per_day",
            "How often, evenly, in the place of `deploy`.",
        )
        .takes(
            "freezes_from",
            "The state that freezes deploys: caution, critical or exhausted.",
        )
        .takes_all("offer", "`target:price in a year`, at most 20.")
        .takes(
            "events_per_year",
            "For the offers; default what was counted.",
        )
        .takes(
            "outages_per_year",
            "For the offers; default what was found.",
        )
        .takes(
            "bad_per_outage",
            "For the offers; default the mean of what was found.",
        )
}

/// Lives through the time from `start` to `end` with the promise in force and with each `change`, and says what would have
/// come of it; each `deploy` is the time of one, frozen from the state `freezes_from` on.
pub(super) async fn plan(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    super::parameters::check(&uri, &PARAMETERS)?;
    let now = app.parts.clock.now();
    let asked = Asked::read(&params, now)?;
    let address = Address {
        id: format!("{service}/{name}"),
        objective: params.get("objective").map(str::to_owned),
        group: group(&params)?,
    };
    // Among the exports: it reads raw samples, possibly many.
    let turn = app.turn().await?;
    let (counted, of) = (Arc::clone(&slos), address.clone());
    let prepared = app.ask(None, move |_, _| {
        prepare(counted.as_ref(), of, &params, asked)
    });
    let prepared = prepared.await?;
    let replayed = slos.replay(prepared.question()).await?;
    app.ask(None, move |_, _| {
        let _turn = turn;
        let known = Known::find(slos.as_ref(), &prepared, replayed, now)?;
        let answer = shown::answer(&prepared, &known)?;
        Ok(success(&answer))
    })
    .await
}

/// What was asked for, understood.
struct Prepared {
    address: Address,
    asked: Asked,
    promised: Promised,
    /// The first slice that the ledger has.
    since: Option<Timestamp>,
}

fn prepare(
    slos: &dyn Slos,
    address: Address,
    params: &Params,
    asked: Asked,
) -> Result<Prepared, ApiError> {
    let (view, _) = slos.show(&address.id).ok_or_else(|| unknown(&address.id))?;
    let SloView { promise, since, .. } = &view;
    let Promise::Slo(slo) = promise else {
        let reason = "a composite has no events of its own: plan for its components";
        return Err(ApiError::new(Kind::BadData, reason));
    };
    let promised = Promised::read(slo, &view.budgets, &address, params)?;
    asked.check_size(promised.plans.len())?;
    Ok(Prepared {
        address,
        asked,
        promised,
        since: *since,
    })
}

impl Prepared {
    /// Returns the first time that any of the plans looks back to.
    fn begin(&self) -> Timestamp {
        self.asked.from - self.promised.reach()
    }

    fn question(&self) -> ReplayQuestion {
        ReplayQuestion {
            address: self.address.clone(),
            slis: self.promised.slis.clone(),
            from: self.begin(),
            to: self.asked.to,
        }
    }
}
