//! Which targets were scraped when: what tells a new series from one that was not looked at before.

/// The `up` samples of one target, ascending; older than the lateness only the last successful scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ups {
    samples: Vec<(i64, bool)>,
}

impl Ups {
    /// Returns the last successful scrape before `time`.
    pub(crate) fn last_before(&self, time: i64) -> Option<i64> {
        let earlier = self.samples.iter().rev();
        earlier
            .filter(|(at, is_up)| *is_up && *at < time)
            .map(|(at, _)| *at)
            .next()
    }

    /// Says whether a sample would change anything.
    pub(crate) fn is_news(&self, time: i64, is_up: bool) -> bool {
        let found = self.samples.binary_search_by_key(&time, |(at, _)| *at);
        found.map_or(is_up, |at| self.samples[at].1 != is_up)
    }

    /// Takes a sample in any order; of two at one time the later one counts.
    pub(crate) fn insert(&mut self, time: i64, is_up: bool) {
        match self.samples.binary_search_by_key(&time, |(at, _)| *at) {
            Ok(at) => self.samples[at].1 = is_up,
            Err(at) => self.samples.insert(at, (time, is_up)),
        }
    }

    /// Forgets what no sample from `horizon` on can depend on.
    pub(crate) fn forget(&mut self, horizon: i64) {
        let old = self.samples.partition_point(|(at, _)| *at < horizon);
        let last = self.samples[..old].iter().rposition(|(_, is_up)| *is_up);
        let drop_to = last.unwrap_or(old);
        self.samples
            .drain(drop_to + usize::from(last.is_some())..old);
        self.samples.drain(..drop_to.min(self.samples.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_successful_scrape_outlives_the_horizon() {
        let mut ups = Ups::default();
        for (time, is_up) in [(30, false), (10, true), (20, true), (40, true), (50, false)] {
            ups.insert(time, is_up);
        }
        let before = [10, 11, 20, 21, 40, 41, 99].map(|time| ups.last_before(time));
        assert_eq!(
            before,
            [
                None,
                Some(10),
                Some(10),
                Some(20),
                Some(20),
                Some(40),
                Some(40)
            ]
        );
        ups.forget(35);
        assert_eq!(ups.samples, [(20, true), (40, true), (50, false)]);
        ups.forget(99);
        assert_eq!(ups.samples, [(40, true)]);
        ups.insert(40, false);
        ups.forget(99);
        assert_eq!(ups, Ups::default());
    }

    #[test]
    fn only_a_change_is_news() {
        let mut ups = Ups::default();
        assert!(ups.is_news(10, true) && !ups.is_news(10, false));
        ups.insert(10, true);
        assert!(!ups.is_news(10, true) && ups.is_news(10, false));
    }
}
