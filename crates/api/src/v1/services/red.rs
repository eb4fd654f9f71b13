//! Rate, errors and duration of a service as PromQL, chosen from metrics that the store has.
//!
//! What the gateway counts comes first: it is what callers saw. Else the metrics of a scrape job, by the names that
//! libraries give them. Nothing is chosen where labels do not show what an error is.

mod detected;
mod gateway;
mod job;

use plimsoll_promql::quoted;
use serde::Serialize;
use utoipa::ToSchema;

use super::join::{Joined, Service};
use crate::error::ApiError;
use crate::ui::Desk;

pub(crate) use detected::Detected;

/// PromQL, each for one number or one line; null where no metric tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceRed)]
pub(crate) struct RedView {
    /// Requests per second.
    pub(crate) rate: Option<String>,
    /// The share of requests that failed, 0 to 1.
    pub(crate) errors: Option<String>,
    /// In seconds.
    pub(crate) p99: Option<String>,
}

/// What is asked about a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signals {
    pub(super) red: RedView,
    /// 0 to 1.
    pub(super) saturation: Option<String>,
}

/// Chooses what to ask about a service. Blocks.
pub(super) fn signals(
    desk: &Desk,
    joined: &Joined,
    service: &Service,
) -> Result<Signals, ApiError> {
    let mut signals = match service.routes.is_empty() {
        true => Signals::default(),
        false => gateway::signals(joined, service),
    };
    for job in &service.jobs {
        let of_job = desk.detected.signals(desk, job)?;
        if signals.red == RedView::default() {
            signals.red = of_job.red.clone();
        }
        if signals.saturation.is_none() {
            signals.saturation.clone_from(&of_job.saturation);
        }
    }
    Ok(signals)
}

/// Writes a matcher for one of these values, which are taken as they are.
fn one_of<'a>(label: &str, values: impl IntoIterator<Item = &'a String>) -> String {
    let values: Vec<&String> = values.into_iter().collect();
    match values.as_slice() {
        [one] => format!("{label}={}", quoted(one)),
        several => {
            let literal = several.iter().map(|value| literal(value));
            let all = literal.collect::<Vec<_>>().join("|");
            format!("{label}=~{}", quoted(&all))
        }
    }
}

/// Writes a text as a regular expression that matches nothing else.
fn literal(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\.+*?()|[]{}^$".contains(character) {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

/// Writes the share of `bad` among `all`, both of them rates: nothing without traffic, 0 without anything bad.
fn share(bad: &str, all: &str) -> String {
    format!("(sum(rate({bad})) or vector(0)) / (sum(rate({all})) > 0)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_as_they_are() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(one_of("route", &names(&["a.b"])), r#"route="a.b""#);
        assert_eq!(
            one_of("route", &names(&["a.b", "c|d"])),
            r#"route=~"a\\.b|c\\|d""#
        );
        let query = format!("x{{{}}}", one_of("route", &names(&["a\"}[", "(("])));
        let matchers = plimsoll_promql::parse_selector(&query).unwrap();
        let route = matchers.iter().find(|one| one.name() == "route").unwrap();
        assert!(route.matches("a\"}[") && route.matches("((") && !route.matches("("));
    }
}
