//! What whoever answers requests may ask of alerting while it runs: the HTTP API knows this trait and not who runs the
//! engine (`control` does).
//!
//! | call | when it says `Ok` |
//! |---|---|
//! | [`post`](Alerting::post), [`set_silence`](Alerting::set_silence), [`expire_silence`](Alerting::expire_silence) | what was accepted is durable, here or where all replicas see it |
//! | [`read`](Alerting::read) | at once, from memory |
//! | [`history`](Alerting::history) | once the database has answered |

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plimsoll_types::Timestamp;

use crate::config::Config;
use crate::engine::{Engine, Post, Refusal, SilenceError};
use crate::rows::HistoryRow;
use crate::{Draft, SilenceId};

/// What a call answers, once it does.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Alerting as it runs in this process.
///
/// # Cancel safety
/// Of every call that answers later: when the future is dropped, what was asked for may or may not be carried out, whole.
pub trait Alerting: Send + Sync {
    /// Takes alerts that were judged one by one. Answers those that do not count; all others are durable then.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing of it is promised. What can be remembered is, all the same, and pages.
    fn post(&self, alerts: Vec<Post>) -> Answer<'_, Vec<Refusal>>;

    /// Hears how many posted alerts were wrong by themselves and never got here, for whoever counts them.
    fn count_invalid(&self, count: usize) {
        let _ = count;
    }

    /// Sets a silence.
    ///
    /// # Errors
    /// [`Unavailable`]: it may or may not hold until the next restart.
    fn set_silence(&self, draft: Draft) -> Answer<'_, Result<SilenceId, SilenceError>>;

    /// Ends a silence.
    ///
    /// # Errors
    /// As for [`set_silence`](Self::set_silence).
    fn expire_silence(&self, id: SilenceId) -> Answer<'_, Result<SilenceId, SilenceError>>;

    /// Shows the engine to `look`, once, with the time that counts for it. Blocks while a step is made, a few milliseconds,
    /// and makes the next step wait: copy what is wanted and write answers afterwards. With many alerts call it where
    /// blocking is allowed.
    fn read(&self, look: &mut dyn FnMut(&Engine, Timestamp));

    /// Reads what became of notices, at most `count`, the newest first.
    ///
    /// # Errors
    /// [`Unavailable`], when the database cannot be read.
    fn history(&self, count: u32) -> Answer<'_, Vec<HistoryRow>>;

    /// Tells how it is.
    fn status(&self) -> Status;
}

/// How alerting is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// When it came into force.
    pub config_since: Timestamp,
    /// Names this process among replicas, another one after each start.
    pub name: String,
    /// Since when it runs.
    pub started: Timestamp,
    /// Whether this process routes and sends; of several replicas one does.
    pub is_leading: bool,
    /// Whether notices are marked as sent without the database.
    pub is_degraded: bool,
    /// Whether all that was durable has been read back; before, nothing is decided.
    pub is_ready: bool,
}

/// Nothing is promised: what should be durable could not be made so, or is not read yet. To be answered with 503.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);
