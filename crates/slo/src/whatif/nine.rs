//! What another nine costs: the table with which targets are argued about, made from what really happened.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::Outage;
use crate::math::{Availability, YEAR, allowance};
use crate::{History, Target};

/// A target that could be had for a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// The target.
    pub target: Target,
    /// What it costs per year, in any currency; 0 for what is there already.
    pub price: f64,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nine {
    /// The offer.
    pub offer: Offer,
    /// How many nines it has.
    pub nines: f64,
    /// How long everything may be down in a year.
    pub downtime: Duration,
    /// How many outages of the mean size that they had there may be in a year; `None` when there was none.
    pub outages: Option<f64>,
    /// How many fewer than there were, in a year; 0 when it allows as many.
    pub avoided: f64,
    /// The price of one that is avoided.
    pub price_per_outage: Option<f64>,
    /// The price of a whole nine more than the first offer has.
    pub price_per_nine: Option<f64>,
}

/// A year as it was or could be, in events or in any other unit that is valid and bad, such as seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Year {
    /// All units.
    pub valid: f64,
    /// How many outages it had.
    pub outages: f64,
    /// The bad units of a mean outage.
    pub bad: f64,
}

impl Year {
    /// Scales what happened in `[from, to)` to a year.
    pub fn of(
        history: &dyn History,
        (from, to): (Timestamp, Timestamp),
        outages: &[Outage],
    ) -> Self {
        let years = to.millis_since(from).max(1) as f64 / YEAR.as_millis() as f64;
        let bad: f64 = outages.iter().map(|outage| outage.bad as f64).sum();
        Self {
            valid: history.between(from, to).valid() as f64 / years,
            outages: outages.len() as f64 / years,
            bad: bad / outages.len().max(1) as f64,
        }
    }

    /// Compares offers. The first one is what there is.
    pub fn nines(&self, offers: &[Offer]) -> Vec<Nine> {
        let base = offers.first().map_or(0.0, |offer| nines_of(offer.target));
        offers.iter().map(|offer| self.line(offer, base)).collect()
    }

    fn line(&self, offer: &Offer, base: f64) -> Nine {
        let allowed = (self.bad > 0.0).then(|| self.valid * offer.target.allowed() / self.bad);
        let avoided = allowed.map_or(0.0, |allowed| (self.outages - allowed).max(0.0));
        let nines = nines_of(offer.target);
        let has_price = offer.price > 0.0;
        let price_of = |amount: f64| (has_price && amount > 0.0).then(|| offer.price / amount);
        Nine {
            offer: *offer,
            nines,
            downtime: allowance(offer.target, YEAR),
            outages: allowed,
            avoided,
            price_per_outage: price_of(avoided),
            price_per_nine: price_of(nines - base),
        }
    }
}

fn nines_of(target: Target) -> f64 {
    Availability::from(target).nines()
}
