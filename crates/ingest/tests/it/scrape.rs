//! Whole scrapes over loopback: a real server and a real client, a store in memory, and a clock that stands still until
//! everybody waits for it.

mod fetching;
mod openmetrics;
mod reload;
mod targets;
mod world;
