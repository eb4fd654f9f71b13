//! Routing alerts: what survives what, who of several routes, and what happens without the store.

mod counted;
mod failures;
mod replicas;
mod restarts;
mod world;
