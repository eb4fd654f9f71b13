//! Comparing the books of a route.

use super::words::percent;
use crate::books::{Answered, Seen};
use crate::shop::Route;
use crate::story::Budget;

/// What the ledger of an objective says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Good events.
    pub good: u64,
    /// Bad events.
    pub bad: u64,
    /// Events that are left out.
    pub excluded: u64,
    /// What is left of the budget, 1 is all; `None` when nothing is known.
    pub remaining: Option<f64>,
}

/// A route in all books.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    /// Which one.
    pub route: Route,
    /// What callers saw.
    pub seen: Seen,
    /// What services answered.
    pub answered: Answered,
    /// What was counted against the budget; `None` when that could not be asked.
    pub ledger: Option<Ledger>,
}

/// Says where the books differ; empty when they agree.
pub fn differences(accounts: &[Account]) -> Vec<String> {
    accounts.iter().flat_map(Account::differences).collect()
}

impl Account {
    fn differences(&self) -> Vec<String> {
        let (seen, answered) = (self.seen, self.answered);
        let slo = self.route.slo();
        let mut found = Vec::new();
        let mut differ = |what: &str, ledger: u64, seen: u64| {
            if ledger != seen {
                let text = format!("{slo}: the ledger has {ledger} {what}, callers saw {seen}");
                found.push(text);
            }
        };
        match self.ledger {
            Some(ledger) => {
                let (bad, left_out) = match self.route.counts_sheds() {
                    true => (seen.failed() + seen.shed, 0),
                    false => (seen.failed(), seen.shed),
                };
                differ("good", ledger.good, seen.good);
                differ("bad", ledger.bad, bad);
                differ("left out", ledger.excluded, left_out);
            }
            None => found.push(format!("{slo}: the ledger could not be asked")),
        }
        if seen.lost > 0 {
            let lost = seen.lost;
            found.push(format!("{slo}: {lost} requests got no answer at all"));
        }
        // A failure of what may be repeated is tried again, and then is none for the caller.
        let agrees = match self.route.is_change() {
            true => answered.failed == seen.failed_by_service,
            false => answered.failed >= seen.failed_by_service,
        };
        if !agrees {
            let (by_service, failed) = (seen.failed_by_service, answered.failed);
            found.push(format!(
                "{slo}: callers saw {by_service} failures of the service, which answered {failed}"
            ));
        }
        found
    }

    /// Says in words what the books agree on.
    pub fn words(&self) -> String {
        let seen = self.seen;
        let left = self.ledger.and_then(|ledger| ledger.remaining);
        let left = left.map_or_else(|| "no data".to_owned(), percent);
        format!(
            "{}: {} good, {} failed ({} by the service, {} by the gateway), {} sent away; {left} of the budget left",
            self.route.slo(),
            seen.good,
            seen.failed(),
            seen.failed_by_service,
            seen.failed_by_gateway,
            seen.shed,
        )
    }
}

/// Says how a budget is not as the story wants it.
pub(super) fn budget(wanted: &Budget, ledger: Option<Ledger>) -> Option<String> {
    let slo = &wanted.slo;
    let Some(left) = ledger.and_then(|ledger| ledger.remaining) else {
        return Some(format!("nothing is known about the budget of {slo}"));
    };
    let found = percent(left);
    if let Some(least) = wanted.at_least.filter(|least| left < *least) {
        let least = percent(least);
        return Some(format!(
            "{found} of the budget of {slo} is left, wanted at least {least}"
        ));
    }
    let most = wanted.at_most.filter(|most| left > *most)?;
    let most = percent(most);
    Some(format!(
        "{found} of the budget of {slo} is left, wanted at most {most}"
    ))
}
