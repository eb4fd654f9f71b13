//! Counting: from samples of series, in whatever order they come, to events in slices.
//!
//! What a sample counts depends on the sample before it, on when its series' SLI began to be watched, and, for the first
//! sample of a series, on whether its target was scraped before without it. All of these are data, never arrival: a late
//! sample takes back what its neighbours counted and lets them count again.

mod link;
mod reading;
mod samples;
mod scrape;
mod track;

pub(crate) use link::Link;
pub(crate) use reading::{Kept, read};
pub(crate) use scrape::Ups;
pub(crate) use track::{Inserted, Rules, Track};
