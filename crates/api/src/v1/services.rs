//! `/api/v1/services`: what the parts of this server know about each service, joined by name.
//!
//! | what | belongs to the service |
//! |---|---|
//! | an SLO | that its file names |
//! | a route of the gateway | whose SLO of the kind `gateway` names the route; else of the route's own name |
//! | a scrape job | whose SLO selects the job by name; else of the job's own name |
//! | an alert | that its label `service` names |

mod dependencies;
mod join;
mod red;
mod shown;

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::slos::parameters;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::ui::Desk;

pub(in crate::v1) use join::{owner_of_route, routes_of_backend};
pub(crate) use red::Detected;
pub(crate) use shown::{DetailView, ServiceView};

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/services", "Lists what is known of each service.")
        .answers::<shown::ServicesView>();
    to.get(
        "/api/v1/services/{name}",
        "Shows a service, what it depends on and what depends on it.",
    )
    .answers::<DetailView>();
}

/// Lists all services by name.
pub(super) async fn list(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    desk.ask(|desk| {
        let services = all(desk)?;
        let view = shown::ServicesView { services };
        Ok(envelope::success(&view, &Notes::default()))
    })
    .await
}

/// Shows one with what it depends on and what depends on it.
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    let unknown =
        |name: &str| ApiError::new(Kind::NotFound, format!("there is no service {name:?}"));
    let Path(name) = name.map_err(|_| unknown("(not UTF-8)"))?;
    desk.ask(move |desk| {
        let found = one(desk, &name)?.ok_or_else(|| unknown(&name))?;
        Ok(envelope::success(&found, &Notes::default()))
    })
    .await
}

/// Returns all services by name. Blocks.
pub(crate) fn all(desk: &Desk) -> Result<Vec<ServiceView>, ApiError> {
    let joined = join::Joined::of(desk);
    joined
        .services
        .iter()
        .map(|service| shown::service(desk, &joined, service))
        .collect()
}

/// Returns a service; `None` when nothing is known of this name. Blocks.
pub(crate) fn one(desk: &Desk, name: &str) -> Result<Option<DetailView>, ApiError> {
    let joined = join::Joined::of(desk);
    let Some(found) = joined.services.get_key_value(name) else {
        return Ok(None);
    };
    let service = shown::service(desk, &joined, found)?;
    let dependencies = dependencies::of(&joined, name);
    Ok(Some(DetailView {
        service,
        dependencies,
    }))
}
