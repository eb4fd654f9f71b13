//! What all pages have around what they show.

use axum::http::Uri;
use serde::Serialize;

use super::super::Desk;
use crate::number::rfc3339;

/// The paths and titles of the pages, and whether only a whole server has them.
const PAGES: [(&str, &str, bool); 6] = [
    ("/", "Now", false),
    ("/services", "Services", true),
    ("/slos", "SLOs", true),
    ("/alerts", "Alerts", false),
    ("/explore", "Explore", true),
    ("/system", "System", false),
];

/// The frame of a page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    version: &'static str,
    now: String,
    /// What stands before all paths.
    base: String,
    /// What stands behind the paths of links, so that who reads these pages stays among them.
    suffix: &'static str,
    /// Its own path.
    path: String,
    /// Its own path with its query.
    again: String,
    /// Whether there are better pages.
    is_full: bool,
    navigation: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    path: &'static str,
    title: &'static str,
    is_here: bool,
}

impl Page {
    pub(super) fn of(desk: &Desk, uri: &Uri, title: &str) -> Self {
        let path = uri.path();
        let is_full = desk.parts.bundle.is_full();
        let is_shown = |of_server: bool| desk.is_server() || !of_server;
        let pages = PAGES
            .into_iter()
            .filter(|(.., of_server)| is_shown(*of_server));
        let is_here = |page: &str| match page {
            "/" => path == "/",
            page => path.starts_with(page),
        };
        Self {
            title: title.to_owned(),
            version: desk.build.version,
            now: rfc3339(desk.clock.now()),
            base: desk.prefix.clone(),
            suffix: if is_full { "?minimal=1" } else { "" },
            path: path.to_owned(),
            again: uri
                .path_and_query()
                .map_or(path, |whole| whole.as_str())
                .to_owned(),
            is_full,
            navigation: pages
                .map(|(path, title, _)| Entry {
                    path,
                    title,
                    is_here: is_here(path),
                })
                .collect(),
        }
    }
}
