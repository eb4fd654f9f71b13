//! What callers ask of the loop, and how they are answered.

use std::sync::Arc;

use plimsoll_alerting::config::Config;
use plimsoll_alerting::surface::Unavailable;
use plimsoll_alerting::{Post, Refusal, SilenceError, SilenceId};
use tokio::sync::oneshot;

use super::inbox::Taken;

/// How a caller is answered.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Unavailable>>;
/// The outcome of setting or ending a silence.
pub(super) type SilenceOutcome = Result<SilenceId, SilenceError>;

/// What a caller asks.
pub(super) enum Ask {
    /// To take alerts.
    Post {
        posts: Vec<Post>,
        reply: Reply<Vec<Refusal>>,
    },
    /// To set or end a silence.
    Silence {
        wish: SilenceWish,
        reply: Reply<SilenceOutcome>,
    },
    /// To go on with another configuration; answered when it is in force.
    Reload {
        config: Arc<Config>,
        reply: oneshot::Sender<()>,
    },
}

/// What is asked about a silence.
pub(super) enum SilenceWish {
    Set(Box<plimsoll_alerting::Draft>),
    Expire(SilenceId),
}

/// Somebody who is answered once what he brought is durable.
pub(super) struct Waiting {
    pub(super) answer: Answer,
    /// What is written into the inbox if it cannot be made durable as what followed from it; `None` where there is no
    /// inbox to fall back to.
    pub(super) record: Option<Taken>,
}

/// The answer, known and held back.
pub(super) enum Answer {
    Posted(Reply<Vec<Refusal>>, Vec<Refusal>),
    Silence(Reply<SilenceOutcome>, SilenceOutcome),
}

impl Waiting {
    /// Tells that it is durable, or why nothing is promised. Whoever asked may be gone.
    pub(super) fn answer(self, outcome: Result<(), Unavailable>) {
        match self.answer {
            Answer::Posted(reply, refused) => drop(reply.send(outcome.map(|()| refused))),
            Answer::Silence(reply, silence) => drop(reply.send(outcome.map(|()| silence))),
        }
    }
}
