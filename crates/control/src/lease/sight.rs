//! Whether what the table of leases shows can be believed after a time without an answer.
//!
//! While the database is away for all, leases end whose holders live and go on with their groups. At its return whoever
//! asks first could take them, and evaluate beside a holder that has not asked yet; for long, if the database goes away
//! again at once. So a replica that got no answer for so long that leases of the living may have ended waits until every
//! other one must have come round to renew.
//!
//! | share of the configured time | what lasts so long |
//! |---|---|
//! | 2/5 | until a lease that is not renewed ends, at least: it is renewed at two thirds of four fifths, less a round |
//! | 7/10 | the longest round: three calls that get no answer (a fifth each) and the pause (a tenth) |
//!
//! Answers that are slow blur nothing: a database that is always slow would leave groups without anybody.

use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;

/// When the table of leases was seen.
#[derive(Debug)]
pub(super) struct Sight {
    /// The last time that the database answered.
    seen: Monotonic,
    /// Whether it was asked in vain since.
    has_failed: bool,
    /// Until when a lease that has ended may belong to somebody who lives.
    blurred_until: Option<Monotonic>,
}

impl Sight {
    /// Begins with a clear sight: who starts has seen nothing end.
    pub(super) fn new(now: Monotonic) -> Self {
        Self {
            seen: now,
            has_failed: false,
            blurred_until: None,
        }
    }

    /// Hears that the database was asked in vain.
    pub(super) fn fails(&mut self) {
        self.has_failed = true;
    }

    /// Hears that the database has answered; says whether a lease that has ended is nobody's.
    pub(super) fn is_clear(&mut self, now: Monotonic, silence_max: Duration) -> bool {
        if self.has_failed && now.since(self.seen) > silence_max * 2 / 5 {
            self.blurred_until = Some(now.after(silence_max * 7 / 10));
        }
        self.seen = now;
        self.has_failed = false;
        self.blurred_until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE_MAX: Duration = Duration::from_secs(10);

    /// Asks at these milliseconds, in vain where it says so; returns which of the sights were clear.
    fn sights(asked: &[(u64, bool)]) -> Vec<bool> {
        let at = |millis| Monotonic::from_origin(Duration::from_millis(millis));
        let mut sight = Sight::new(at(0));
        let mut clear = Vec::new();
        for (millis, is_answered) in asked {
            match is_answered {
                true => clear.push(sight.is_clear(at(*millis), SILENCE_MAX)),
                false => sight.fails(),
            }
        }
        clear
    }

    #[test]
    fn one_call_in_vain_and_slow_answers_blur_nothing() {
        assert_eq!(
            sights(&[(1_000, true), (3_000, false), (5_000, true)]),
            [true; 2]
        );
        assert_eq!(sights(&[(1_000, true), (9_000, true)]), [true; 2]);
    }

    #[test]
    fn after_a_long_time_away_holders_renew_first() {
        let away = [(1_000, true), (4_000, false), (9_000, true)];
        let with = |rest: &[(u64, bool)]| sights(&[&away, rest].concat());
        assert_eq!(
            with(&[(15_900, true), (16_000, true)]),
            [true, false, false, true]
        );
        let again = with(&[
            (11_000, false),
            (16_000, true),
            (22_900, true),
            (23_000, true),
        ]);
        assert_eq!(
            again,
            [true, false, false, false, true],
            "it was away again"
        );
    }
}
