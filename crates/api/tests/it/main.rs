//! The router over a store in memory: what clients of each protocol see.

mod admin;
mod export;
mod federate;
mod governance;
mod harness;
mod methods;
mod operations;
mod origin;
mod push;
mod query;
mod remote_read;
mod server;
mod shapes;
mod store_admin;
mod tenant;
