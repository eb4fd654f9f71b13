//! A notice on its way to one integration: the outbox.
//!
//! | from | event | guard | to | action |
//! |---|---|---|---|---|
//! | - | a flush decides to tell | | Queued | row |
//! | Queued, RetryAt | its time has come | the receiver's rate allows it | Leased | row, then the attempt begins |
//! | Queued, RetryAt | its time has come | all of it is silenced or inhibited by now | Withdrawn | history |
//! | Leased | sent | | Sent | what was told, row deleted, history |
//! | Leased | failed, may go later | | RetryAt | backoff with jitter, not before `Retry-After` |
//! | Leased | failed | failures or age reach `fallback_after` | FailedOver | deliveries to the fallback receiver |
//! | Leased | refused, or too old | no fallback left | Dead | history, the dead letter alert fires |
//! | Queued, RetryAt | a newer decision of the same channel | | Superseded | its parts go into the newer one |
//! | Leased | a restart | nobody knows how it went | RetryAt | the same attempt again at once, under the same key |
//!
//! At most one delivery of a channel is open. While an attempt is under way nothing replaces it: the answer comes first.

mod backoff;
mod id;
mod merge;
mod outbox;
mod rate;

pub use id::{DeliveryId, InvalidDeliveryId};

pub(crate) use backoff::retry_after;
pub(crate) use merge::{Content, Given, Open, Plan, plan};
pub(crate) use outbox::{Delivery, Outbox};
