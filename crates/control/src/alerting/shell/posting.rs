//! A post on its way through the engine: a long one goes in pieces, so that timers, verdicts and readers come in between.

use plimsoll_alerting::{Post, Refusal};

use super::super::ask::{Answer, Reply, Waiting};
use super::super::inbox::Taken;
use super::super::metrics::Metrics;

/// How many alerts one step takes: a few milliseconds.
const PIECE: usize = 500;

/// What is left of a post.
pub(super) struct Posting {
    rest: std::vec::IntoIter<Post>,
    /// How many went through the engine.
    done: usize,
    /// How many of them were part of the pieces before the last one.
    before: usize,
    refused: Vec<Refusal>,
    record: Option<Taken>,
    reply: Reply<Vec<Refusal>>,
}

impl Posting {
    pub(super) fn new(posts: Vec<Post>, record: Option<Taken>, reply: Reply<Vec<Refusal>>) -> Self {
        Self {
            rest: posts.into_iter(),
            done: 0,
            before: 0,
            refused: Vec::new(),
            record,
            reply,
        }
    }

    /// Begins anew: another engine counts from now on, or what followed from the pieces so far is forgotten.
    pub(super) fn restart(&mut self) {
        // Without a record nobody but this process routes, and its engine stays.
        let Some(Taken::Posts(posts)) = &self.record else {
            return;
        };
        self.rest = posts.clone().into_iter();
        (self.done, self.before) = (0, 0);
        self.refused.clear();
    }

    pub(super) fn next_piece(&mut self) -> Vec<Post> {
        let piece: Vec<Post> = self.rest.by_ref().take(PIECE).collect();
        self.before = self.done;
        self.done += piece.len();
        piece
    }

    pub(super) fn has_more(&self) -> bool {
        self.rest.len() > 0
    }

    /// Takes what was refused of the last piece, whose places count from the begin of that piece.
    pub(super) fn refused(&mut self, refused: Vec<Refusal>) {
        let before = self.before;
        self.refused
            .extend(refused.into_iter().map(|refusal| Refusal {
                place: refusal.place + before,
                ..refusal
            }));
    }

    /// Returns who waits for its answer.
    pub(super) fn ends(self, metrics: &Metrics) -> Waiting {
        metrics.refused.inc_by(self.refused.len() as u64);
        Waiting {
            answer: Answer::Posted(self.reply, self.refused),
            record: self.record,
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_alerting::RefusalReason;
    use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
    use tokio::sync::oneshot;

    use super::*;

    fn posts(count: usize) -> Vec<Post> {
        let post = |number: usize| Post {
            alert: Alert {
                labels: Labels::from_pairs([("number", number.to_string())]),
                annotations: Annotations::default(),
                starts_at: Timestamp::from_millis(0),
                ends_at: None,
                generator_url: String::new(),
            },
            is_timeout: false,
        };
        (0..count).map(post).collect()
    }

    fn taken(posting: &mut Posting) -> Vec<Post> {
        let mut all = posting.next_piece();
        while posting.has_more() {
            let piece = posting.next_piece();
            assert!(piece.len() <= PIECE);
            posting.refused(vec![Refusal {
                place: 1,
                labels: piece[1].alert.labels.clone(),
                reason: RefusalReason::FingerprintTaken,
            }]);
            all.extend(piece);
        }
        all
    }

    #[test]
    fn pieces_are_the_whole_also_after_a_restart() {
        let count = 2 * PIECE + 2;
        let (reply, _answer) = oneshot::channel();
        let record = Some(Taken::Posts(posts(count)));
        let mut posting = Posting::new(posts(count), record, reply);
        assert_eq!(posting.next_piece().len(), PIECE);
        posting.restart();
        assert_eq!(taken(&mut posting), posts(count));
        let places: Vec<_> = posting.refused.iter().map(|one| one.place).collect();
        assert_eq!(places, [PIECE + 1, 2 * PIECE + 1]);
        for refusal in &posting.refused {
            let posted = &posts(count)[refusal.place];
            assert_eq!(refusal.labels, posted.alert.labels);
        }
    }
}
