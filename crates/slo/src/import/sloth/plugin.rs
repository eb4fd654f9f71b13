//! SLI plugins: queries that Sloth's users write in Go, by name.
//!
//! Nothing here runs Go. A plugin that is known is a row of [`ALL`]; any other is refused by its name.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{Findings, Spanned};

use super::raw;
use super::spec::Sli;

/// A plugin: its options become the query for the share of bad events.
struct Known {
    id: &'static str,
    query: fn(&BTreeMap<String, String>) -> Result<String, &'static str>,
}

const ALL: &[Known] = &[Known {
    id: "getting_started_availability",
    query: getting_started_availability,
}];

/// Returns what an SLO measures; of several sections Sloth takes the first of events, raw and plugin, but refuses the
/// document for it.
pub(super) fn sli(raw: Spanned<raw::Sli>, findings: &mut Findings<'_>) -> Sli {
    let span = raw.span;
    let raw = raw.value;
    let nothing = Sli::Raw(Spanned::from(String::new()));
    match (raw.events, raw.raw, raw.plugin) {
        (Some(events), None, None) => {
            for (name, query) in [
                ("error_query", &events.error_query),
                ("total_query", &events.total_query),
            ] {
                if query.is_empty() {
                    findings.error(
                        span,
                        format!("`events` needs the {}", name.replace('_', " ")),
                    );
                }
            }
            Sli::Events {
                errors: events.error_query,
                total: events.total_query,
            }
        }
        (None, Some(raw), None) => {
            if raw.error_ratio_query.is_empty() {
                findings.error(span, "`raw` needs the error ratio query");
            }
            Sli::Raw(raw.error_ratio_query)
        }
        (None, None, Some(plugin)) => expanded(plugin, findings).map_or(nothing, Sli::Raw),
        (None, None, None) => {
            findings.error(
                span,
                "an SLO needs an `sli` with `events`, `raw` or `plugin`",
            );
            nothing
        }
        _ => {
            findings.error(span, "an `sli` is one of `events`, `raw` and `plugin`");
            nothing
        }
    }
}

fn expanded(plugin: raw::SliPlugin, findings: &mut Findings<'_>) -> Option<Spanned<String>> {
    let id = plugin.id;
    let Some(known) = ALL.iter().find(|known| known.id == id.value) else {
        let names: Vec<&str> = ALL.iter().map(|known| known.id).collect();
        findings.error_with_hint(
            id.span,
            format!(
                "the SLI plugin `{}` is a Go program that is not here",
                id.value
            ),
            format!("write its query in `raw`; known is {}", names.join(", ")),
        );
        return None;
    };
    match (known.query)(&plugin.options) {
        Ok(query) => Some(Spanned {
            value: query,
            span: id.span,
            key: id.key,
        }),
        Err(reason) => {
            findings.error(id.span, format!("the SLI plugin `{}`: {reason}", id.value));
            None
        }
    }
}

/// The example that Sloth's documentation of plugins builds up: availability of a job from its HTTP status codes.
fn getting_started_availability(
    options: &BTreeMap<String, String>,
) -> Result<String, &'static str> {
    const METRIC: &str = "http_request_duration_seconds_count";
    let job = options.get("job").ok_or("the option `job` is missing")?;
    let filter = options.get("filter").map_or("", String::as_str);
    let filter = match filter.trim_matches(['{', '}', ',']) {
        "" => String::new(),
        filter => format!("{filter},"),
    };
    let all = format!("{METRIC}{{ {filter}job=\"{job}\"");
    let window = "[{{.window}}]";
    Ok(format!(
        "\nsum(rate({all},code=~\"(5..|429)\" }}{window}))\n/\nsum(rate({all} }}{window}))"
    ))
}
