//! What the engine is told, and what it answers.

use std::sync::Arc;

use plimsoll_notify::{Integration, Notice, Verdict};
use plimsoll_types::{Alert, Decision, Labels};

use crate::delivery::DeliveryId;
use crate::rows::{Change, Rows, ToldAlone};
use crate::{Draft, SetError, SilenceId, UnknownSilence};

/// An alert as it was posted and judged: what `plimsoll_wire::alertmanager::Accepted` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The alert; its end is known. Without one it never ends.
    pub alert: Alert,
    /// Whether the end was made up, since nobody said one.
    pub is_timeout: bool,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Alerts were posted, each judged already.
    Posted(Vec<Post>),
    /// Somebody posts a silence; the answer is in [`Step::silence`].
    SetSilence {
        /// What they want.
        draft: Box<Draft>,
        /// The id that it gets if it is a new one: random bits are not the engine's.
        fresh: SilenceId,
    },
    /// Somebody ends a silence; the answer is in [`Step::silence`].
    ExpireSilence(SilenceId),
    /// Time has passed; to be told at [`Engine::wake_at`](super::Engine::wake_at).
    Due,
    /// An attempt that [`Step::start`] asked for came to an end. One that is not open any more changes nothing.
    Answered {
        /// Which.
        delivery: DeliveryId,
        /// How it went.
        verdict: Verdict,
    },
    /// Others wrote these alerts and silences into the shared store. Groups, what was told and deliveries are of those who
    /// lead, and only [`Engine::restore`](super::Engine::restore) reads them.
    Merged(Box<Rows>),
    /// A replica told this without the database, which is back: see
    /// [`Engine::take_told_alone`](super::Engine::take_told_alone). Only who leads has to know, and it may come twice.
    ToldAlone(Box<ToldAlone>),
    /// From now on notices are marked as sent without the database, or not any more.
    Degraded(bool),
    /// From now on this replica decides and sends, or not any more. One that does not, keeps alerts and silences only.
    /// Who becomes the leader makes a new engine with [`Engine::restore`](super::Engine::restore), so that it knows what
    /// was told; this event is for who leads without the database, from what it knows.
    Leading(bool),
}

/// What follows from an event. First the changes are made durable, as one; then all the rest counts.
#[derive(Debug, Default)]
pub struct Step {
    /// What is made durable before anything else.
    pub changes: Vec<Change>,
    /// The attempts that begin now. Each has to be answered by [`Event::Answered`], at the latest when its deadline passed.
    pub start: Vec<Attempt>,
    /// What was decided and why.
    pub decisions: Vec<Decision>,
    /// The posted alerts that do not count; the others do.
    pub refused: Vec<Refusal>,
    /// The answer to [`Event::SetSilence`] and [`Event::ExpireSilence`].
    pub silence: Option<Result<SilenceId, SilenceError>>,
}

/// One attempt to tell a notice.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which delivery it is for; the notice's `id` is the same as text.
    pub delivery: DeliveryId,
    /// To whom.
    pub integration: Arc<Integration>,
    /// What.
    pub notice: Notice,
    /// How many attempts there were before.
    pub earlier: u32,
}

/// A posted alert that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the list that was posted.
    pub place: usize,
    /// Its labels.
    pub labels: Labels,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a posted alert does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum RefusalReason {
    /// There are as many alerts as may be; those that are known already count on.
    #[error("more than {0} alerts are active")]
    TooManyAlerts(u64),
    /// The alerts take as many bytes as they may.
    #[error("active alerts take more than {0} bytes")]
    TooManyBytes(u64),
    /// Another alert has the same fingerprint: chance makes that hardly ever, an attacker does.
    #[error("another alert has the same fingerprint")]
    FingerprintTaken,
}

/// Why a silence was not set or ended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SilenceError {
    /// What was posted is no silence or none that may be.
    #[error(transparent)]
    Set(SetError),
    /// There is no such silence.
    #[error(transparent)]
    Unknown(UnknownSilence),
}

impl Step {
    /// Says whether nothing followed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.start.is_empty()
            && self.decisions.is_empty()
            && self.refused.is_empty()
            && self.silence.is_none()
    }

    /// Adds what follows from a later event.
    pub fn append(&mut self, mut later: Self) {
        self.changes.append(&mut later.changes);
        self.start.append(&mut later.start);
        self.decisions.append(&mut later.decisions);
        self.refused.append(&mut later.refused);
        self.silence = later.silence.or(self.silence.take());
    }
}
