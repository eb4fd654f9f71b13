//! The router over a store in memory: what clients of each protocol see.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do, but the lint only knows functions marked as tests"
)]

mod admin;
mod alerting;
mod alerting_node;
mod alertmanager_api;
mod alertmanager_role;
mod alertmanager_schema;
mod amtool;
mod cardinality;
mod compress;
mod contract;
mod export;
mod federate;
mod gateway;
mod governance;
mod harness;
mod methods;
mod operations;
mod origin;
mod push;
mod query;
mod remote_read;
mod rules;
mod screens;
mod server;
mod shapes;
mod slos;
mod store_admin;
mod store_status;
mod tenant;
mod ui;
