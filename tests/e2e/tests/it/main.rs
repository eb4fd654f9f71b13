//! The whole product, from outside.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

mod alerting_bad_input;
mod alerting_commands;
mod alerting_killed;
mod alerting_node;
mod alerting_served;
mod alertmanager;
mod alertmanager_faults;
mod alertmanager_pair;
mod alertmanager_replicas;
mod alertmanager_scenarios;
mod backup;
mod bad_input;
mod cardinality;
mod check_config;
mod cli;
mod cli_check;
mod cli_lint;
mod cli_promql;
mod cli_push;
mod cli_serve;
mod cli_shell;
mod cli_test_rules;
mod cli_tsdb;
mod demo_runs;
mod differential;
mod durability;
mod gateway_clients;
mod gateway_commands;
mod gateway_faults;
mod gateway_handover;
mod gateway_slo;
mod gateway_storm;
mod grafana;
mod limits;
mod prometheus;
mod promql_script;
mod promtool;
mod query_command;
mod reload;
mod remote_read;
mod route_differential;
mod rules_backfill;
mod rules_killed;
mod rules_replicas;
mod rules_served;
mod slo_bad_input;
mod slo_served;
mod slo_shop;
mod slow_client;
mod surface;
mod target;
mod tiers;
