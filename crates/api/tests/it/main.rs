//! The router over a store in memory: what clients of each protocol see.

mod export;
mod harness;
mod operations;
mod origin;
mod push;
mod query;
mod server;
