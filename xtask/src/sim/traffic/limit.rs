//! Limits before a server that has only so many hands: adaptive ones must find how many, queues must be fair, and rates
//! exact.

mod adaptive;
mod fair;
mod rate;
mod server;

pub(super) use adaptive::SCENARIO as ADAPTIVE;
pub(super) use fair::SCENARIO as FAIR;
pub(super) use rate::SCENARIO as RATE;
