//! Requests through a whole gateway: its listeners, its workers, and endpoints that behave and misbehave.

mod answers;
mod broken;
mod client;
mod control;
mod endpoint;
mod forwarding;
mod grpc;
mod hops;
mod limits;
mod mirrors;
mod pooling;
mod renewal;
mod retries;
mod sticky;
mod storm;
mod surface;
mod upgrades;
mod world;
