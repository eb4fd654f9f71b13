//! What is wrong now, and how data gets in.

use minijinja::context;
use serde::Serialize;

use super::super::Desk;
use super::{Content, alerts, given, slos, targets};
use crate::error::ApiError;

/// Rows of each table.
const ROWS_MAX: usize = 20;

/// A way to send data.
#[derive(Serialize)]
struct Way {
    title: &'static str,
    text: String,
}

pub(super) fn content(desk: &Desk) -> Result<Content, ApiError> {
    let mut alerts = alerts::rows(desk);
    alerts.retain(alerts::Row::is_firing);
    alerts.truncate(ROWS_MAX);
    let slos = slos::rows(desk).map(|mut rows| {
        rows.truncate(ROWS_MAX);
        rows
    });
    let targets = targets::rows(desk).map(|mut rows| {
        rows.retain(targets::Row::is_down);
        rows.truncate(ROWS_MAX);
        rows
    });
    let ways = ways(&desk.parts.external_url);
    Ok(Content {
        title: "Now".to_owned(),
        template: "now.html",
        values: context! { alerts => given(&alerts), slos => given(&slos), targets => given(&targets), ways => given(&ways) },
    })
}

fn ways(url: &str) -> Vec<Way> {
    let way = |title, text| Way { title, text };
    vec![
        way(
            "Scrape it: in prometheus.yml",
            "scrape_configs:\n- job_name: shop\n  static_configs:\n  - targets: ['127.0.0.1:8000']"
                .to_owned(),
        ),
        way(
            "Send it from a Prometheus: in its prometheus.yml",
            format!("remote_write:\n- url: {url}/api/v1/write"),
        ),
        way(
            "Push it: in a terminal",
            format!("echo 'hello_total 1' | curl --data-binary @- {url}/api/v1/import/prometheus"),
        ),
        way(
            "Take requests in for a service: in a terminal",
            "plimsoll serve --gateway-listen 127.0.0.1:8080 --gateway-to http://127.0.0.1:8000"
                .to_owned(),
        ),
    ]
}
