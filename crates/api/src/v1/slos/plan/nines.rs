//! What another nine costs: `offer=<target>:<price per year>`, with the numbers of the past or with the reader's own.

use plimsoll_slo::Target;
use plimsoll_slo::whatif::{Nine, Offer, Year};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::positive;
use crate::error::ApiError;
use crate::openapi::values::Length;
use crate::params::Params;

const OFFERS_MAX: usize = 20;

/// Targets that could be had, and what is known better than the past shows it.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) offers: Vec<Offer>,
    pub(super) events_per_year: Option<f64>,
    pub(super) outages_per_year: Option<f64>,
    pub(super) bad_per_outage: Option<f64>,
}

pub(super) fn offers(params: &Params) -> Result<Offers, ApiError> {
    let read = params.all("offer").take(OFFERS_MAX + 1).map(offer);
    let offers: Vec<Offer> = read.collect::<Result<_, _>>()?;
    if offers.len() > OFFERS_MAX {
        let reason = format!("at most {OFFERS_MAX} offers are compared");
        return Err(ApiError::parameter("offer", reason));
    }
    let own = |name: &str| {
        params
            .get(name)
            .map(|text| positive(name, text))
            .transpose()
    };
    let [events_per_year, outages_per_year, bad_per_outage] = [
        own("events_per_year")?,
        own("outages_per_year")?,
        own("bad_per_outage")?,
    ];
    let is_own = [events_per_year, outages_per_year, bad_per_outage];
    if offers.is_empty() && is_own.iter().any(Option::is_some) {
        let reason = "the numbers of a year are for offers, and there is none";
        return Err(ApiError::parameter("offer", reason));
    }
    Ok(Offers {
        offers,
        events_per_year,
        outages_per_year,
        bad_per_outage,
    })
}

fn offer(text: &str) -> Result<Offer, ApiError> {
    let wrong = || {
        let reason = format!(
            "wanted a target and its price in a year, such as 99.95:120000, found {text:?}"
        );
        ApiError::parameter("offer", reason)
    };
    let (target, price) = text.split_once(':').ok_or_else(wrong)?;
    let target = target.parse::<Target>();
    let target = target.map_err(|error| ApiError::parameter("offer", error))?;
    let price = positive("offer", price)?;
    Ok(Offer { target, price })
}

/// Makes the table; none without offers.
pub(super) fn table(offers: &Offers, in_force: Target, year: &Year) -> Option<Table> {
    if offers.offers.is_empty() {
        return None;
    }
    let there = Offer {
        target: in_force,
        price: 0.0,
    };
    let all: Vec<Offer> = std::iter::once(there)
        .chain(offers.offers.iter().copied())
        .collect();
    Some(Table {
        year: YearShown {
            events: year.valid,
            outages: year.outages,
            bad_per_outage: year.bad,
        },
        offers: year.nines(&all).iter().map(Line::from).collect(),
    })
}

/// What another nine costs.
#[derive(Serialize, ToSchema)]
#[schema(as = SloNines)]
pub(super) struct Table {
    year: YearShown,
    /// The target in force first.
    offers: Vec<Line>,
}

/// A year as it was, or as the request knows it.
#[derive(Serialize, ToSchema)]
#[schema(as = SloYear)]
#[serde(rename_all = "camelCase")]
struct YearShown {
    events: f64,
    outages: f64,
    bad_per_outage: f64,
}

/// A target and what it buys.
#[derive(Serialize, ToSchema)]
#[schema(as = SloNine)]
#[serde(rename_all = "camelCase")]
struct Line {
    /// In percent.
    target: String,
    price: f64,
    nines: f64,
    /// In a year.
    downtime: Length,
    /// What the budget of a year has room for.
    outages: Option<f64>,
    /// How many fewer than there were that is.
    avoided: f64,
    price_per_outage: Option<f64>,
    price_per_nine: Option<f64>,
}

impl From<&Nine> for Line {
    fn from(line: &Nine) -> Self {
        Self {
            target: line.offer.target.to_string(),
            price: line.offer.price,
            nines: line.nines,
            downtime: Length(line.downtime),
            outages: line.outages,
            avoided: line.avoided,
            price_per_outage: line.price_per_outage,
            price_per_nine: line.price_per_nine,
        }
    }
}
