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
//! | the rules of the job changed, the target stays | markers for series that the new rules no longer bring |
//! | anything else in the configuration changed | none: what is known of the target is handed over |
//! | we panic over a body | as for a scrape that fails; lines are read anew afterwards |
//! | the store does not take a marker | the next scrape brings it |
//! | Plimsoll stops | none: the next start goes on |
//!
//! Memory of a target: the lines of its last good body, and one body while it is read; both at most `body_size_limit`.

mod buckets;
mod cache;
mod family;
mod fetch;
mod harvest;
mod manager;
mod metrics;
mod newcomer;
mod offset;
mod overview;
mod pool;
mod report;
mod rules;
mod runner;
mod target;
mod work;

pub use fetch::{Fetch, FetchError, Fetched, Fetching, InternalFetch};
pub use harvest::HarvestError;
pub use manager::{ApplyError, Internal, Scrapes};
pub use metrics::Metrics;
pub use overview::{LastScrape, Overview, PoolView, TargetView};
pub use rules::Rules;
pub use target::{Target, TargetError, populate};

#[cfg(test)]
mod tests;
