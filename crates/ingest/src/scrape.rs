//! Scraping: every target in its own loop, from the wait for its time to the batch in the store.
//!
//! ```text
//! discovery -> populate (defaults, relabel) -> Pool: one Runner per target
//!
//!   wait until due -> Fetch (HTTP or internal) -> Harvest -----------------> Reporter -> Appender
//!                                                 line in the cache? ref     up, scrape_*
//!                                                 new? labels, relabel,
//!                                                 limits, resolve
//! ```
//!
//! | event | effect on the target's series |
//! |---|---|
//! | a series is not in the body any more | staleness marker at the time of the scrape |
//! | the scrape fails, or a limit is exceeded | markers for all of them, `up` 0, nothing else |
//! | the target is gone, or its job | markers for all of them and for `up` |
//! | the configuration changed, the target stays | none: what is known of it is handed over |
//! | Plimsoll stops | none: the next start goes on |

mod cache;
mod fetch;
mod harvest;
mod manager;
mod metrics;
mod offset;
mod pool;
mod report;
mod rules;
mod runner;
mod target;

pub use fetch::{Fetch, FetchError, Fetched, Fetching, InternalFetch};
pub use harvest::HarvestError;
pub use manager::{ApplyError, Internal, Scrapes};
pub use metrics::Metrics;
pub use rules::{Rules, ScrapeLimits};
pub use target::{Target, TargetError, populate};

#[cfg(test)]
mod tests;
