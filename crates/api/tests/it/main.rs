//! The router over a store in memory: what clients of each protocol see.

mod harness;
mod operations;
mod push;
mod query;
