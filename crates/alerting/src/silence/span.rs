//! What a silence does at a point in time, and until when that stays so.

use plimsoll_types::Timestamp;

use super::{Silence, SilenceWindow};

/// What a silence does at some time; in the order in which the API lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SilenceState {
    /// It keeps alerts back.
    Active,
    /// It will.
    Pending,
    /// It never will again.
    Expired,
}

impl SilenceState {
    /// Returns the word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

/// The state around a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub state: SilenceState,
    pub window: SilenceWindow,
    /// Since when it is so.
    pub from: Timestamp,
    /// When it is so no longer; `None` when it stays so.
    pub until: Option<Timestamp>,
}

impl Span {
    pub(super) fn contains(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    fn pending(window: SilenceWindow, from: Timestamp) -> Self {
        let until = Some(window.starts_at);
        Self {
            state: SilenceState::Pending,
            window,
            from,
            until,
        }
    }

    fn active(window: SilenceWindow) -> Self {
        let until = Some(window.ends_at);
        Self {
            state: SilenceState::Active,
            window,
            from: window.starts_at,
            until,
        }
    }

    fn expired(window: SilenceWindow, from: Timestamp) -> Self {
        Self {
            state: SilenceState::Expired,
            window,
            from,
            until: None,
        }
    }
}

impl Silence {
    pub(super) fn span(&self, now: Timestamp) -> Span {
        match &self.recurrence {
            Some(_) => self.recurring_span(now),
            None => self.plain_span(now),
        }
    }

    /// Returns the times as they were posted: all of a plain silence, the pattern of a recurring one.
    pub(super) fn posted_window(&self) -> SilenceWindow {
        SilenceWindow {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }

    fn plain_span(&self, now: Timestamp) -> Span {
        let window = self.posted_window();
        let end = self
            .ended_at
            .map_or(window.ends_at, |end| end.min(window.ends_at));
        if now >= end {
            return Span::expired(window, end);
        }
        if now < window.starts_at {
            return Span::pending(window, Timestamp::MIN);
        }
        Span::active(SilenceWindow {
            ends_at: end,
            ..window
        })
    }

    fn recurring_span(&self, now: Timestamp) -> Span {
        let cut = self.ended_at.unwrap_or(Timestamp::MAX);
        let shorten = |window: SilenceWindow| SilenceWindow {
            ends_at: window.ends_at.min(cut),
            ..window
        };
        let rule = self.recurrence.as_ref();
        let pattern = self.posted_window();
        let begun_until = now.min(cut.saturating_add_millis(-1));
        let last = rule.and_then(|rule| rule.last_begun(pattern, begun_until));
        let last = last.map(shorten);
        if now >= cut {
            let ended = SilenceWindow {
                starts_at: cut,
                ends_at: cut,
            };
            return Span::expired(last.unwrap_or(ended), cut);
        }
        let next = rule.and_then(|rule| rule.next(pattern, now)).map(shorten);
        let next = next.filter(|window| window.starts_at < cut);
        if let Some(window) = last.filter(|window| now < window.ends_at) {
            // A window may begin before the one before it ends.
            let until = next.map_or(window.ends_at, |next| window.ends_at.min(next.starts_at));
            return Span {
                until: Some(until),
                ..Span::active(window)
            };
        }
        let since = last.map_or(Timestamp::MIN, |last| last.ends_at);
        match (next, self.ended_at) {
            (Some(window), _) => Span::pending(window, since),
            (None, Some(_)) => Span::pending(
                SilenceWindow {
                    starts_at: cut,
                    ends_at: cut,
                },
                since,
            ),
            (None, None) => Span::expired(last.unwrap_or(self.posted_window()), since),
        }
    }
}
