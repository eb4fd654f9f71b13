//! Services with what is known of each.

use minijinja::context;
use serde::Serialize;

use super::super::Desk;
use super::{Content, given, percent_encoded, slos};
use crate::error::{ApiError, Kind};
use crate::v1::{ServiceView, services};

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    state: &'static str,
    name: String,
    link: String,
    pages: usize,
    tickets: usize,
    slos: Vec<Slo>,
    asks: Vec<Ask>,
}

#[derive(Serialize)]
struct Slo {
    id: String,
    link: String,
}

/// A question that a click asks.
#[derive(Serialize)]
struct Ask {
    title: &'static str,
    link: String,
}

/// Shows all, or one.
pub(super) fn content(desk: &Desk, name: Option<&str>) -> Result<Content, ApiError> {
    let mut all = match desk.is_server() {
        true => services(desk)?,
        false => Vec::new(),
    };
    all.retain(|service| name.is_none_or(|name| service.name == name));
    if let Some(name) = name.filter(|_| all.is_empty()) {
        let reason = format!("there is no service {name:?}");
        return Err(ApiError::new(Kind::NotFound, reason));
    }
    let rows: Vec<Row> = all.iter().map(row).collect();
    Ok(Content {
        title: name.map_or_else(|| "Services".to_owned(), |name| format!("Service {name}")),
        template: "services.html",
        values: context! { rows => given(&rows) },
    })
}

fn row(service: &ServiceView) -> Row {
    let state = service
        .worst
        .as_ref()
        .map_or("no_data", |worst| worst.state);
    let red = &service.red;
    let asks = [
        ("rate", &red.rate),
        ("errors", &red.errors),
        ("p99", &red.p99),
        ("saturation", &service.saturation),
    ];
    let asks = asks.into_iter().filter_map(|(title, query)| {
        let link = percent_encoded(query.as_deref()?);
        Some(Ask { title, link })
    });
    Row {
        kind: slos::kind(state),
        state: slos::word(state),
        name: service.name.clone(),
        link: percent_encoded(&service.name),
        pages: service.alerts.page,
        tickets: service.alerts.ticket,
        slos: service
            .slos
            .iter()
            .map(|id| Slo {
                id: id.clone(),
                link: slos::link(id),
            })
            .collect(),
        asks: asks.collect(),
    }
}
