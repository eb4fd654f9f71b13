//! Judges what is posted, and decides whether it changes a silence or takes its place, as Alertmanager does: what was in
//! force stays as it was, so that one can see afterwards why nobody was told.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{MatchOp, Timestamp, format_duration};

use super::store::Entry;
use super::{Draft, InvalidMatcherSets, Silence, SilenceId, SilencePolicy, SilenceState, Silences};

/// A recurring silence counts from its start on, so that is not ages ago.
const RECURRING_START_MAX: Duration = Duration::from_secs(10 * 366 * 86_400);
/// A window as long as that is no window any more.
const RECURRING_WINDOW_MAX: Duration = Duration::from_secs(366 * 86_400);
/// What one expression may take when it is compiled, in bytes: far more than any list of hosts.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What became of what was posted; both have to be made durable.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSilence {
    /// The silence as it is now. Its id is the one that was asked for, or the fresh one.
    pub silence: Arc<Silence>,
    /// The one that it took the place of, which is expired now.
    pub replaced: Option<Arc<Silence>>,
    /// Expired silences that were forgotten before their time, because there were too many; their rows can go too.
    pub forgotten: Vec<SilenceId>,
}

/// Why a silence is not taken; nothing was changed. The words are Alertmanager's where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// It names a silence that does not exist. For the API this is a 404, the others are a 400.
    #[error("silence not found")]
    NotFound,
    /// Its matchers make no silence.
    #[error("invalid silence: {0}")]
    Matchers(#[from] InvalidMatcherSets),
    /// It ends where it begins or before.
    #[error("Failed to create silence: start time must be before end time")]
    EndsBeforeStart,
    /// It is over.
    #[error("Failed to create silence: end time can't be in the past")]
    EndsInPast,
    /// It lasts longer than the house allows.
    #[error(
        "a silence may last at most {}, and this one would last {}",
        format_duration(*.allowed),
        format_duration(*.wanted)
    )]
    TooLong {
        /// What the policy says.
        allowed: Duration,
        /// What was posted.
        wanted: Duration,
    },
    /// There are as many as there may be.
    #[error("exceeded maximum number of silences: {found} (limit: {limit})")]
    TooMany {
        /// How many there are, pending or active.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Its texts are too long.
    #[error("silence exceeded maximum size: {found} bytes (limit: {limit} bytes)")]
    TooLarge {
        /// How long they are.
        found: usize,
        /// How long they may be.
        limit: usize,
    },
    /// An expression takes too much memory when it is compiled.
    #[error("invalid silence: the regular expression {0:?} is too large once compiled")]
    Pattern(String),
    /// A recurring silence begins more than ten years from now, or a window of it lasts longer than a year.
    #[error(
        "a recurring silence begins at most 10 years from now, and its windows last at most 366 days"
    )]
    Recurrence,
    /// The rule has no window that is still to come.
    #[error("the recurring silence has no window that ends in the future")]
    NoWindow,
    /// It recurs and ends when all is resolved, which contradict each other.
    #[error("a recurring silence cannot end when its alerts are resolved")]
    RecurringUntilResolved,
}

impl Silences {
    /// Takes what was posted at `now`. `fresh` is the id of a new silence, which the caller draws at random; it is not
    /// used when a silence that is there is changed.
    ///
    /// One that is there is changed in place only where that does not change what it did: its matchers stay, one that is
    /// active keeps its start, one that is pending stays so, a recurring one keeps rule and times. Otherwise it is expired
    /// and a new one takes its place. After a silence with [`Silence::until_resolved`] was set, the caller tells which
    /// alerts fire ([`alert_fires`](Self::alert_fires)).
    ///
    /// # Errors
    /// Any [`SetError`]; nothing is changed then.
    pub fn set(
        &mut self,
        draft: Draft,
        fresh: SilenceId,
        now: Timestamp,
    ) -> Result<SetSilence, SetError> {
        judge(&draft, self.policy(), now)?;
        let previous = match draft.id {
            Some(id) => Some(self.get(id).cloned().ok_or(SetError::NotFound)?),
            None => None,
        };
        if let Some(previous) = previous.as_ref().filter(|one| can_change(one, &draft, now)) {
            let mut silence = draft.into_silence(previous.id, now);
            silence.told_end = previous.told_end;
            let silence = self.replace(silence, now);
            return Ok(SetSilence {
                silence,
                replaced: None,
                forgotten: Vec::new(),
            });
        }
        let forgotten = self.make_room(draft.id, now)?;
        let mut silence = draft.into_silence(self.unused(fresh), now);
        if silence.recurrence.is_none() {
            silence.starts_at = silence.starts_at.max(now);
        }
        let replaced = previous.and_then(|one| self.expire(one.id, now).ok().flatten());
        let silence = self.replace(silence, now);
        Ok(SetSilence {
            silence,
            replaced,
            forgotten,
        })
    }

    /// Sees to it that one more silence has its place, one that takes the place of `replaced` perhaps. Expired silences
    /// count for nothing, but no more of them are kept than may be in force either.
    fn make_room(
        &mut self,
        replaced: Option<SilenceId>,
        now: Timestamp,
    ) -> Result<Vec<SilenceId>, SetError> {
        let limit = self.policy().silences_max;
        if self.len() < limit {
            return Ok(Vec::new());
        }
        let is_live = |entry: &Entry| entry.span_at(now).state != SilenceState::Expired;
        let live = self
            .entries
            .iter()
            .filter(|(id, entry)| Some(**id) != replaced && is_live(entry));
        let found = live.count();
        if found >= limit {
            return Err(SetError::TooMany { found, limit });
        }
        Ok(self.forget_surplus(now))
    }

    /// Judges what would be posted at `now` and returns the silence that it would be, with an id without meaning: what it
    /// is about ([`Silence::concerns`]) and when ([`Silence::windows`]) can be seen before anything is silenced.
    ///
    /// # Errors
    /// As [`set`](Self::set) would.
    pub fn preview(&self, draft: Draft, now: Timestamp) -> Result<Silence, SetError> {
        judge(&draft, self.policy(), now)?;
        if draft.id.is_some_and(|id| self.get(id).is_none()) {
            return Err(SetError::NotFound);
        }
        Ok(draft.into_silence(SilenceId::from_u128(0), now))
    }

    /// Returns `fresh`, or another id near it should it be taken: no silence may vanish behind another.
    fn unused(&self, fresh: SilenceId) -> SilenceId {
        let near = (1..).map(|step| fresh.as_u128().wrapping_add(step));
        let mut ids = std::iter::once(fresh).chain(near.map(SilenceId::from_random));
        let free = ids.find(|id| self.get(*id).is_none());
        free.expect("there are more ids than silences")
    }
}

fn judge(draft: &Draft, policy: &SilencePolicy, now: Timestamp) -> Result<(), SetError> {
    if draft.matchers.is_empty() {
        return Err(InvalidMatcherSets::NoSets.into());
    }
    let (found, limit) = (draft.byte_count(), policy.silence_bytes_max);
    if found > limit {
        return Err(SetError::TooLarge { found, limit });
    }
    let mut matchers = draft
        .matchers
        .iter()
        .chain(draft.receivers.iter())
        .flatten();
    let is_large = |size: usize| size > PATTERN_BYTES_MAX;
    let large = matchers.find(|one| {
        one.pattern()
            .is_some_and(|it| is_large(it.compiled_bytes_max()))
    });
    if let Some(matcher) = large {
        debug_assert!(matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex));
        return Err(SetError::Pattern(
            matcher.value().chars().take(64).collect(),
        ));
    }
    judge_times(draft, policy, now)
}

fn judge_times(draft: &Draft, policy: &SilencePolicy, now: Timestamp) -> Result<(), SetError> {
    let starts_at = draft.starts_at.unwrap_or(now);
    if draft.ends_at <= starts_at {
        return Err(SetError::EndsBeforeStart);
    }
    let is_recurring = draft.recurrence.is_some();
    let counts_from = if is_recurring {
        starts_at
    } else {
        starts_at.max(now)
    };
    if !is_recurring && draft.ends_at <= now {
        return Err(SetError::EndsInPast);
    }
    let wanted = length(counts_from, draft.ends_at);
    if let Some(allowed) = policy.max_duration.filter(|allowed| wanted > *allowed) {
        return Err(SetError::TooLong { allowed, wanted });
    }
    if !is_recurring {
        return Ok(());
    }
    if draft.until_resolved.is_some() {
        return Err(SetError::RecurringUntilResolved);
    }
    let distance = length(starts_at.min(now), starts_at.max(now));
    if wanted > RECURRING_WINDOW_MAX || distance > RECURRING_START_MAX {
        return Err(SetError::Recurrence);
    }
    let trial = draft.clone().into_silence(SilenceId::from_u128(0), now);
    match trial.state(now) {
        SilenceState::Expired => Err(SetError::NoWindow),
        SilenceState::Active | SilenceState::Pending => Ok(()),
    }
}

fn length(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(to.millis_since(from)).unwrap_or_default())
}

/// Says whether the change leaves untouched what the silence did so far.
fn can_change(previous: &Silence, draft: &Draft, now: Timestamp) -> bool {
    let starts_at = draft.starts_at.unwrap_or(now);
    let is_same = previous.matchers == draft.matchers
        && previous.receivers == draft.receivers
        && previous.recurrence == draft.recurrence;
    if previous.recurrence.is_some() {
        let times = (previous.starts_at, previous.ends_at);
        return is_same
            && times == (starts_at, draft.ends_at)
            && previous.state(now) != SilenceState::Expired;
    }
    is_same
        && match previous.state(now) {
            // Whoever shows times to a person may cut them to seconds.
            SilenceState::Active => seconds(previous.starts_at) == seconds(starts_at),
            SilenceState::Pending => starts_at >= now,
            SilenceState::Expired => false,
        }
}

fn seconds(at: Timestamp) -> i64 {
    at.millis().div_euclid(1000)
}
