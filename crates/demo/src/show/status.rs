//! The line of state: how customers do right now.

use std::sync::Arc;
use std::time::Duration;

use crate::ask::Plimsoll;
use crate::books::{Books, Seen};
use crate::load::Load;
use crate::shop::Route;

/// How customers did since the line before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Status {
    /// Requests per second that ended.
    pub per_second: f64,
    /// The share of them that failed, 0 to 1; `None` when none ended.
    pub failed: Option<f64>,
    /// The share of them that was sent away, 0 to 1; `None` when none ended.
    pub shed: Option<f64>,
    /// How long 99 of 100 who pay waited at most; `None` when nobody did.
    pub pays_within: Option<Duration>,
    /// What is left of the budget of those who pay, 1 is all; `None` when nothing is known.
    pub remaining: Option<f64>,
}

/// Reads the books again and again.
pub(super) struct Meter {
    plimsoll: Plimsoll,
    books: Arc<Books>,
    load: Arc<Load>,
    before: Seen,
}

impl Meter {
    pub(super) fn new(plimsoll: Plimsoll, books: Arc<Books>, load: Arc<Load>) -> Self {
        let before = total(&books);
        Self {
            plimsoll,
            books,
            load,
            before,
        }
    }

    /// Returns what happened since the last call, which was about `every` ago.
    pub(super) async fn status(&mut self, every: Duration) -> Status {
        let ledger = self.plimsoll.ledger(Route::Buy).await;
        Status {
            remaining: ledger.and_then(|ledger| ledger.remaining),
            ..self.seen(every)
        }
    }

    fn seen(&mut self, every: Duration) -> Status {
        let now = total(&self.books);
        let before = std::mem::replace(&mut self.before, now);
        let ended = now.all() - before.all();
        let share = |part: u64| (ended > 0).then(|| part as f64 / ended as f64);
        Status {
            per_second: ended as f64 / every.as_secs_f64(),
            failed: share(now.failed() + now.lost - before.failed() - before.lost),
            shed: share(now.shed - before.shed),
            pays_within: self.load.take_latencies(Route::Buy).quantile(0.99),
            remaining: None,
        }
    }
}

/// Adds up what customers saw.
fn total(books: &Books) -> Seen {
    let mut total = Seen::default();
    for seen in Route::EDGE.map(|route| books.seen_of(route)) {
        total.good += seen.good;
        total.failed_by_service += seen.failed_by_service;
        total.failed_by_gateway += seen.failed_by_gateway;
        total.shed += seen.shed;
        total.lost += seen.lost;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::Ending;

    #[test]
    fn a_line_is_about_customers_since_the_line_before() {
        let books = Arc::new(Books::default());
        let plimsoll = Plimsoll::new(([127, 0, 0, 1], 9).into()).unwrap();
        let mut meter = Meter::new(plimsoll, books.clone(), Load::new());
        for ending in [
            Ending::Good,
            Ending::FailedByService,
            Ending::Shed,
            Ending::Good,
        ] {
            books.sent(Route::Buy);
            books.ended(Route::Buy, ending);
        }
        books.sent(Route::Stock);
        books.ended(Route::Stock, Ending::FailedByService);
        let found = meter.seen(Duration::from_secs(2));
        let expected = Status {
            per_second: 2.0,
            failed: Some(0.25),
            shed: Some(0.25),
            pays_within: None,
            remaining: None,
        };
        assert_eq!(found, expected);
        let next = meter.seen(Duration::from_secs(1));
        assert_eq!(next, Status::default());
    }
}
