//! What is scraped, and the files in force.

use minijinja::context;
use serde::Serialize;

use super::super::Desk;
use super::{Content, given};
use crate::number::rfc3339;

/// Rows of the page.
const ROWS_MAX: usize = 1_000;

#[derive(Clone, Serialize)]
pub(super) struct Row {
    kind: &'static str,
    state: &'static str,
    job: String,
    instance: String,
    last: String,
    error: String,
}

#[derive(Serialize)]
struct File {
    path: String,
    role: &'static str,
    loaded: String,
}

impl Row {
    pub(super) fn is_down(&self) -> bool {
        self.state == "down"
    }
}

pub(super) fn content(desk: &Desk) -> Content {
    let mut rows = rows(desk).unwrap_or_default();
    let more = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    let files = desk.parts.files.files();
    let files = files.iter().map(|file| File {
        path: file.path.clone(),
        role: file.role,
        loaded: rfc3339(file.loaded),
    });
    let files: Vec<File> = files.collect();
    let last = desk.parts.files.reloads().into_iter().next();
    let reload = last.map(|last| {
        let outcome = if last.is_ok {
            "is in force"
        } else {
            "was refused"
        };
        let at = rfc3339(last.at);
        format!("What was read at {at} {outcome}. {}", last.message)
    });
    Content {
        title: "System".to_owned(),
        template: "system.html",
        values: context! { rows => given(&rows), more => given(&more), files => given(&files), reload => given(&reload) },
    }
}

/// Returns all targets, those that are down first; `None` where nothing is scraped at all.
pub(super) fn rows(desk: &Desk) -> Option<Vec<Row>> {
    let pools = desk.sources.scrapes.as_ref()?.pools();
    let mut rows = Vec::new();
    for (job, pool) in pools {
        for target in pool.active.iter() {
            let last = target.last_scrape();
            let error = last.as_ref().and_then(|last| last.error.clone());
            let (kind, state) = match (&last, &error) {
                (None, _) => ("unknown", "not scraped yet"),
                (Some(_), None) => ("ok", "up"),
                (Some(_), Some(_)) => ("critical", "down"),
            };
            let instance = target.target.labels.get("instance");
            rows.push(Row {
                kind,
                state,
                job: job.clone(),
                instance: instance.unwrap_or_default().to_owned(),
                last: last.map(|last| rfc3339(last.at)).unwrap_or_default(),
                error: error.unwrap_or_default(),
            });
        }
    }
    rows.sort_by_key(|row| !row.is_down());
    Some(rows)
}
