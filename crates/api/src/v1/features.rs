//! `/api/v1/features`: what this server can do, by Prometheus' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::envelope::{self, Notes};

type Group = BTreeMap<&'static str, bool>;

/// Returns every feature with whether it is there.
pub(crate) async fn features(State(app): State<Arc<App>>) -> Response {
    let surface = &app.parts.surface;
    let api: Group = [
        ("admin", surface.is_admin_enabled),
        ("exclude_alerts", true),
        ("label_values_match", true),
        ("lifecycle", surface.quit.is_some()),
        ("otlp_write_receiver", false),
        ("query_stats", true),
        ("query_warnings", true),
        ("remote_write_receiver", true),
        ("openapi_3.1", false),
        ("openapi_3.2", false),
        ("search", true),
        ("search_fuzz_alg_jarowinkler", false),
        ("search_fuzz_alg_subsequence", true),
        ("time_range_labels", true),
        ("time_range_series", true),
    ]
    .into();
    let prometheus: Group = [
        ("agent_mode", false),
        ("auto_reload_config", false),
        ("server_mode", true),
    ]
    .into();
    let rules =
        ["concurrent_rule_eval", "keep_firing_for", "query_offset"].map(|name| (name, true));
    let tsdb: Group = [
        ("delayed_compaction", false),
        ("exemplar_storage", true),
        ("isolation", true),
        ("native_histograms", true),
        ("st_storage", true),
    ]
    .into();
    let view = BTreeMap::from([
        ("api", api),
        (
            "otlp_receiver",
            [
                ("delta_conversion", false),
                ("native_delta_ingestion", false),
            ]
            .into(),
        ),
        ("rules", rules.into()),
        ("tsdb", tsdb),
        ("prometheus", prometheus),
        ("promql", promql(&app)),
        ("promql_functions", functions(&app)),
        ("promql_operators", operators(&app)),
    ]);
    envelope::success(&view, &Notes::default())
}

fn promql(app: &App) -> Group {
    let features = app.parts.surface.features;
    let always = [
        "at_modifier",
        "bool",
        "by",
        "group_left",
        "group_right",
        "ignoring",
        "negative_offset",
        "offset",
        "on",
        "per_query_lookback_delta",
        "subqueries",
        "without",
    ];
    let mut group: Group = always.into_iter().map(|name| (name, true)).collect();
    group.extend([
        ("anchored", features.extended_range_selectors),
        ("smoothed", features.extended_range_selectors),
        ("fill", features.binop_fill_modifiers),
        ("fill_left", features.binop_fill_modifiers),
        ("fill_right", features.binop_fill_modifiers),
        ("duration_expr", features.duration_expressions),
        ("per_step_stats", true),
        ("type_and_unit_labels", false),
        (
            "delayed_name_removal",
            app.parts.engine.options().delayed_name_removal,
        ),
    ]);
    group
}

fn functions(app: &App) -> Group {
    let has_experimental = app.parts.surface.features.experimental_functions;
    let functions = plimsoll_promql::all_functions();
    functions
        .iter()
        .map(|function| (function.name, !function.experimental || has_experimental))
        .collect()
}

fn operators(app: &App) -> Group {
    let has_experimental = app.parts.surface.features.experimental_functions;
    let always = [
        "!=",
        "!~",
        "%",
        "*",
        "+",
        "-",
        "/",
        "<",
        "</",
        "<=",
        "==",
        "=~",
        ">",
        ">/",
        ">=",
        "@",
        "^",
        "and",
        "atan2",
        "avg",
        "bottomk",
        "count",
        "count_values",
        "group",
        "max",
        "min",
        "or",
        "quantile",
        "stddev",
        "stdvar",
        "sum",
        "topk",
        "unless",
    ];
    let mut group: Group = always.into_iter().map(|name| (name, true)).collect();
    group.extend(["limitk", "limit_ratio"].map(|name| (name, has_experimental)));
    group
}
