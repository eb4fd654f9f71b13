//! Receivers as they are in the world: they work, fail, ask for patience, take their time, or take a notice and lose the
//! answer. What they have seen is what counts.

use std::time::Duration;

use plimsoll_notify::{Notice, Verdict};
use plimsoll_testkit::Seed;

use super::setup::pick;

/// An attempt ends after so long without an answer.
pub(super) const TIMEOUT_MILLIS: i64 = 10_000;

/// How a receiver is for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Works,
    /// Fails with a status of 500.
    Fails,
    /// Answers with 429 and so many seconds.
    Limits(u64),
    /// Takes it, and answers after so many milliseconds.
    Slow(i64),
    /// Takes it, and the answer is lost.
    Silent,
    /// Does not even take connections.
    Gone,
}

/// What comes of an attempt, in milliseconds after it began.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// When the receiver has it; `None` when it never has.
    pub(super) taken_after: Option<i64>,
    pub(super) answered_after: i64,
    pub(super) verdict: Verdict,
}

/// A receiver's moods: each from a time on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moods(Vec<(i64, Mood)>);

impl Moods {
    /// Draws moods until `quiet_millis`, from when on it works.
    pub(super) fn draw(seed: &mut Seed, quiet_millis: i64) -> Self {
        let (mut moods, mut at) = (Vec::new(), 0);
        while at < quiet_millis {
            let mood = match seed.below(12) {
                0 | 1 => Mood::Fails,
                2 => Mood::Limits(1 + seed.below(90)),
                3 => Mood::Slow(seed.below(9_000) as i64 + 500),
                4 => Mood::Slow(seed.below(20_000) as i64 + TIMEOUT_MILLIS),
                5 => Mood::Silent,
                6 => Mood::Gone,
                _ => Mood::Works,
            };
            moods.push((at, mood));
            let longest = pick(seed, &[20_000, 120_000, 400_000]);
            at += 5_000 + seed.below(longest) as i64;
        }
        moods.push((quiet_millis, Mood::Works));
        Self(moods)
    }

    /// Lets it always work.
    pub(super) fn good() -> Self {
        Self(vec![(0, Mood::Works)])
    }

    pub(super) fn at(&self, millis: i64) -> Mood {
        let reached = self.0.iter().rev().find(|(from, _)| *from <= millis);
        reached.map_or(Mood::Works, |(_, mood)| *mood)
    }
}

impl Mood {
    /// Says what comes of an attempt; `latency` is that of the network.
    pub(super) fn course(self, latency: i64) -> Course {
        let answered = |verdict| Course {
            taken_after: None,
            answered_after: latency,
            verdict,
        };
        match self {
            Self::Works => Course {
                taken_after: Some(latency / 2),
                answered_after: latency,
                verdict: Verdict::sent(),
            },
            Self::Fails => answered(Verdict::retry("status 500")),
            Self::Limits(seconds) => answered(Verdict::Retry {
                after: Some(Duration::from_secs(seconds)),
                reason: "status 429".into(),
            }),
            Self::Slow(millis) if millis < TIMEOUT_MILLIS => Course {
                taken_after: Some(millis / 2),
                answered_after: millis,
                verdict: Verdict::sent(),
            },
            Self::Slow(millis) => Course {
                taken_after: Some((millis / 2).min(TIMEOUT_MILLIS - 1)),
                ..timed_out()
            },
            Self::Silent => Course {
                taken_after: Some(latency / 2),
                ..timed_out()
            },
            Self::Gone => Course {
                taken_after: None,
                verdict: Verdict::retry("could not connect"),
                ..timed_out()
            },
        }
    }
}

fn timed_out() -> Course {
    Course {
        taken_after: None,
        answered_after: TIMEOUT_MILLIS,
        verdict: Verdict::unknown("timed out"),
    }
}

/// What a notice says of its alerts, ascending by fingerprint: whether each is resolved, and since when it fired.
pub(super) type Content = Vec<(u64, bool, i64)>;

/// A notice as a receiver has it.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// World time in milliseconds since the begin.
    pub(super) at: i64,
    pub(super) index: usize,
    pub(super) notice: Notice,
    pub(super) replica: usize,
    /// Whether the sender hears that it was taken.
    pub(super) is_confirmed: bool,
}

impl Effect {
    /// Names the line of notices that it belongs to: group and integration.
    pub(super) fn channel(&self) -> (String, String, usize) {
        let Notice {
            group_key,
            receiver,
            ..
        } = &self.notice;
        (group_key.clone(), receiver.clone(), self.index)
    }

    /// Returns what it says.
    pub(super) fn content(&self) -> Content {
        let alerts = self.notice.alerts.iter();
        let mut content: Vec<_> = alerts
            .map(|one| {
                (
                    one.fingerprint,
                    one.is_resolved,
                    one.alert.starts_at.millis(),
                )
            })
            .collect();
        content.sort_unstable();
        content
    }
}
