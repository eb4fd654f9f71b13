//! How much is let in: [`rate`] by key, [`concurrency`] fixed or found out, the [`queue`] before it, both of them joined
//! as [`admission`], and [`bulkhead`]s that keep one route from taking everything.

pub mod admission;
pub mod bulkhead;
pub mod concurrency;
pub mod queue;
pub mod rate;
