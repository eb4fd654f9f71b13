//! The chain of plugins: each step changes what the ones before it made.

use plimsoll_runtime::config::{Findings, Span, Tree};

use super::{Context, Made, alerts, contrib, metadata, recordings};

/// What a step does, or why it cannot.
type Step = fn(&Context<'_>, &Tree, &mut Made) -> Result<(), String>;

/// Sloth's own steps, in the order in which they run unless a document overrides them.
const DEFAULT: [&str; 4] = [
    "sloth.dev/core/validate/v1",
    "sloth.dev/core/sli_rules/v1",
    "sloth.dev/core/metadata_rules/v1",
    "sloth.dev/core/alert_rules/v1",
];

const VICTORIA_METRICS: &str = "sloth.dev/contrib/validate_victoria_metrics/v1";

/// All steps that are known.
const ALL: &[(&str, Step)] = &[
    // Validation came before: nothing that is here is invalid.
    (DEFAULT[0], nothing),
    (DEFAULT[1], recordings::step),
    (DEFAULT[2], metadata::step),
    (DEFAULT[3], alerts::step),
    // It holds queries against the dialect of VictoriaMetrics, and changes none. Those that are no PromQL as well are
    // refused when the document is read.
    (VICTORIA_METRICS, nothing),
    // Both only write to Sloth's log, or nothing at all.
    ("sloth.dev/core/debug/v1", nothing),
    ("sloth.dev/core/noop/v1", nothing),
    (
        "sloth.dev/contrib/denominator_corrected_rules/v1",
        contrib::corrected,
    ),
    ("sloth.dev/contrib/info_labels/v1", contrib::info_labels),
    ("sloth.dev/contrib/rule_intervals/v1", contrib::intervals),
];

fn nothing(_: &Context<'_>, _: &Tree, _: &mut Made) -> Result<(), String> {
    Ok(())
}

/// Runs the chain of an SLO.
pub(super) fn run(context: &Context<'_>, findings: &mut Findings<'_>) -> Made {
    let slo = context.slo;
    let none = Tree::Null;
    let mut chain: Vec<(i64, &str, &Tree, Span)> = Vec::new();
    if !slo.without_default_plugins {
        chain.extend(DEFAULT.iter().map(|id| (0, *id, &none, slo.span)));
    }
    let own = slo.plugins.iter();
    chain.extend(own.map(|plugin| {
        (
            plugin.priority,
            &**plugin.id,
            &plugin.config,
            plugin.id.span,
        )
    }));
    // Of the same priority the one that was named first runs first.
    chain.sort_by_key(|(priority, ..)| *priority);
    let mut made = Made::default();
    for (_, id, config, span) in chain {
        let Some((_, step)) = ALL.iter().find(|(known, _)| *known == id) else {
            let message = format!("the plugin `{id}` is a program that is not here");
            let known: Vec<&str> = ALL.iter().map(|(id, _)| *id).collect();
            findings.error_with_hint(span, message, format!("known are {}", known.join(", ")));
            continue;
        };
        if let Err(reason) = step(context, config, &mut made) {
            findings.error(span, format!("the plugin `{id}`: {reason}"));
        }
    }
    made
}

/// Says whether a plugin is known here, to tell it when a document is imported.
pub(crate) fn is_known(id: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == id)
}

/// Says whether a plugin changes rules, not only logs.
pub(crate) fn changes_rules(id: &str) -> bool {
    !id.starts_with("sloth.dev/core/") && id != VICTORIA_METRICS
}
