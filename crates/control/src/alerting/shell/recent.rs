//! What a replica that does not route accepted lately: whoever routes may not have taken it up when the rows are read that
//! this replica shows, and would page from.

use super::super::inbox::Taken;

/// How many alerts are kept; a replica that takes more within some seconds shows them when whoever routes has.
const COUNT_MAX: usize = 100_000;

/// Two generations: what was accepted before the last look at the rows, and since.
#[derive(Default)]
pub(super) struct Recent {
    older: Vec<Taken>,
    newer: Vec<Taken>,
    /// How many alerts and silences `newer` holds.
    count: usize,
}

impl Recent {
    /// Takes what was accepted.
    pub(super) fn extend(&mut self, taken: &Option<Taken>) {
        let Some(taken) = taken else { return };
        let count = self.count + taken.len();
        if count <= COUNT_MAX {
            self.count = count;
            self.newer.push(taken.clone());
        }
    }

    /// Begins a look at the rows: what was accepted before the one before it is among them.
    pub(super) fn turn(&mut self) {
        self.older = std::mem::take(&mut self.newer);
        self.count = 0;
    }

    /// Returns what may not be among the rows, in its order.
    pub(super) fn all(&self) -> Vec<Taken> {
        self.older.iter().chain(&self.newer).cloned().collect()
    }

    /// Forgets all: this replica routes.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_alerting::Post;
    use plimsoll_types::{Alert, Annotations, Labels, Timestamp};

    use super::*;

    fn posts(count: usize) -> Taken {
        let post = Post {
            alert: Alert {
                labels: Labels::empty(),
                annotations: Annotations::default(),
                starts_at: Timestamp::from_millis(0),
                ends_at: None,
                generator_url: String::new(),
            },
            is_timeout: false,
        };
        Taken::Posts(vec![post; count])
    }

    fn kept(recent: &Recent) -> usize {
        recent.all().iter().map(Taken::len).sum()
    }

    #[test]
    fn what_is_kept_is_bounded_by_alerts_and_not_by_posts() {
        let mut recent = Recent::default();
        for _ in 0..5 {
            recent.extend(&Some(posts(COUNT_MAX / 4)));
        }
        assert_eq!(kept(&recent), COUNT_MAX);
        recent.turn();
        recent.extend(&Some(posts(1)));
        assert_eq!(kept(&recent), COUNT_MAX + 1);
        recent.turn();
        assert_eq!(kept(&recent), 1);
    }
}
