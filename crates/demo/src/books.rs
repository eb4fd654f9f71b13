//! Who saw how many requests end how: three books that must agree in the end.
//!
//! | book | kept by | how |
//! |---|---|---|
//! | seen | who called | one entry when the answer is whole, under the route that was called |
//! | answered | the service | one entry when it answers; tries of the gateway count each |
//! | ledger | Plimsoll's objective | what the gateway exported |

use std::sync::atomic::{AtomicU64, Ordering};

use crate::shop::Route;

/// How a request ended for who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was answered without a failure.
    Good,
    /// The service failed it.
    FailedByService,
    /// The gateway failed it: no endpoint, a timeout, a broken connection.
    FailedByGateway,
    /// The gateway sent it away so that others could be served.
    Shed,
    /// No whole answer came.
    Lost,
}

/// What who called a route saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests that were answered well.
    pub good: u64,
    /// Requests that the service failed.
    pub failed_by_service: u64,
    /// Requests that the gateway failed.
    pub failed_by_gateway: u64,
    /// Requests that were sent away.
    pub shed: u64,
    /// Requests without a whole answer.
    pub lost: u64,
}

impl Seen {
    /// Returns how many failed.
    pub const fn failed(self) -> u64 {
        self.failed_by_service + self.failed_by_gateway
    }

    /// Returns how many ended.
    pub const fn all(self) -> u64 {
        self.good + self.failed() + self.shed + self.lost
    }
}

/// What the replicas of a service answered on a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Answers that were no failure.
    pub good: u64,
    /// Failures.
    pub failed: u64,
}

/// The books of callers and services; shared by all of them.
#[derive(Debug, Default)]
pub struct Books {
    pages: [Page; Route::ALL.len()],
}

#[derive(Debug, Default)]
struct Page {
    seen: [AtomicU64; 5],
    answered: [AtomicU64; 2],
    under_way: AtomicU64,
}

impl Books {
    /// Enters that a request is sent.
    pub(crate) fn sent(&self, route: Route) {
        self.page(route).under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// Enters how it ended.
    pub(crate) fn ended(&self, route: Route, ending: Ending) {
        let page = self.page(route);
        page.seen[ending as usize].fetch_add(1, Ordering::Relaxed);
        // Released: who sees nothing under way sees all endings.
        page.under_way.fetch_sub(1, Ordering::Release);
    }

    /// Enters what a service answered.
    pub(crate) fn answered(&self, route: Route, is_failure: bool) {
        self.page(route).answered[usize::from(is_failure)].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests of all routes have not ended.
    pub fn under_way(&self) -> u64 {
        let pages = self.pages.iter();
        pages
            .map(|page| page.under_way.load(Ordering::Acquire))
            .sum()
    }

    /// Returns what callers of a route saw so far.
    pub fn seen_of(&self, route: Route) -> Seen {
        let seen = &self.page(route).seen;
        let count = |ending: Ending| seen[ending as usize].load(Ordering::Relaxed);
        Seen {
            good: count(Ending::Good),
            failed_by_service: count(Ending::FailedByService),
            failed_by_gateway: count(Ending::FailedByGateway),
            shed: count(Ending::Shed),
            lost: count(Ending::Lost),
        }
    }

    /// Returns what services answered on a route so far.
    pub fn answers_of(&self, route: Route) -> Answered {
        let answered = &self.page(route).answered;
        Answered {
            good: answered[0].load(Ordering::Relaxed),
            failed: answered[1].load(Ordering::Relaxed),
        }
    }

    fn page(&self, route: Route) -> &Page {
        &self.pages[route.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_a_column_of_its_own() {
        let books = Books::default();
        let endings = [
            Ending::Good,
            Ending::FailedByService,
            Ending::FailedByGateway,
            Ending::Shed,
            Ending::Lost,
        ];
        for (times, ending) in endings.into_iter().enumerate() {
            for _ in 0..=times {
                books.sent(Route::Buy);
                books.ended(Route::Buy, ending);
            }
        }
        books.sent(Route::Stock);
        let seen = books.seen_of(Route::Buy);
        let expected = Seen {
            good: 1,
            failed_by_service: 2,
            failed_by_gateway: 3,
            shed: 4,
            lost: 5,
        };
        assert_eq!(seen, expected);
        assert_eq!((seen.failed(), seen.all(), books.under_way()), (5, 15, 1));
        books.answered(Route::Buy, true);
        let answered = Answered { good: 0, failed: 1 };
        assert_eq!(books.answers_of(Route::Buy), answered);
        assert_eq!(books.seen_of(Route::Stock), Seen::default());
    }
}
