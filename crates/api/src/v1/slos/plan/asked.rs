//! Which time is lived through, and what is known of it besides counts.

use std::time::Duration;

use plimsoll_slo::BudgetState;
use plimsoll_slo::whatif::Year;
use plimsoll_types::Timestamp;

use super::MINUTE;
use super::nines::{Offers, offers};
use crate::error::ApiError;
use crate::params::{Params, parse_time};

const DAY: Duration = Duration::from_secs(86_400);
/// What is lived through again when nothing is said.
const LENGTH: Duration = DAY.saturating_mul(30);
const DEPLOYS_MAX: usize = 10_000;
/// Ticks of all plans together; each takes some microseconds.
const TICKS_MAX: i64 = 1_000_000;

/// What a request asks, the promises left aside.
pub(super) struct Asked {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) freezes_from: BudgetState,
    /// Ascending.
    pub(super) deploys: Vec<Timestamp>,
    pub(super) offers: Offers,
}

impl Asked {
    pub(super) fn read(params: &Params, now: Timestamp) -> Result<Self, ApiError> {
        let to = params.time("end", now)?.min(now);
        let from = params.time("start", to - LENGTH)?;
        if to <= from {
            return Err(ApiError::parameter("end", "it does not lie after start"));
        }
        Ok(Self {
            from,
            to,
            freezes_from: freezes_from(params)?,
            deploys: deploys(params, from, to)?,
            offers: offers(params)?,
        })
    }

    /// Refuses what would take too long.
    pub(super) fn check_size(&self, plans: usize) -> Result<(), ApiError> {
        let ticks = self.to.millis_since(self.from) / MINUTE.as_millis() as i64;
        if ticks.saturating_mul(plans as i64) > TICKS_MAX {
            let reason = format!(
                "{plans} plans of {ticks} minutes are more than {TICKS_MAX} together: ask for less time or fewer plans"
            );
            return Err(ApiError::parameter("start", reason));
        }
        Ok(())
    }

    /// Returns a year as it was, with what the request knows better.
    pub(super) fn year(&self, found: Year) -> Year {
        let own = &self.offers;
        Year {
            valid: own.events_per_year.unwrap_or(found.valid),
            outages: own.outages_per_year.unwrap_or(found.outages),
            bad: own.bad_per_outage.unwrap_or(found.bad),
        }
    }
}

fn freezes_from(params: &Params) -> Result<BudgetState, ApiError> {
    let Some(name) = params.get("freezes_from") else {
        return Ok(BudgetState::Critical);
    };
    let states = [
        BudgetState::Caution,
        BudgetState::Critical,
        BudgetState::Exhausted,
    ];
    let state = BudgetState::from_name(name).filter(|state| states.contains(state));
    state.ok_or_else(|| {
        let reason = format!("wanted caution, critical or exhausted, found {name:?}");
        ApiError::parameter("freezes_from", reason)
    })
}

/// Reads the times of deploys, or makes them from their number in a day.
fn deploys(params: &Params, from: Timestamp, to: Timestamp) -> Result<Vec<Timestamp>, ApiError> {
    let read = params.all("deploy").take(DEPLOYS_MAX + 1).map(parse_time);
    let read: Result<Vec<_>, _> = read.collect();
    let mut deploys = read.map_err(|reason| ApiError::parameter("deploy", reason))?;
    let Some(rate) = params.get("deploys_per_day") else {
        few(deploys.len(), "deploy")?;
        deploys.sort_unstable();
        return Ok(deploys);
    };
    if !deploys.is_empty() {
        let reason = "either the times of deploys or their number in a day is needed";
        return Err(ApiError::parameter("deploys_per_day", reason));
    }
    let each = positive("deploys_per_day", rate)?;
    let count = to.millis_since(from) as f64 / DAY.as_millis() as f64 * each;
    few(count as usize, "deploys_per_day")?;
    let every = DAY.as_millis() as f64 / each;
    let at = |index: usize| from.saturating_add_millis(((index as f64 + 0.5) * every) as i64);
    Ok((0..count as usize).map(at).collect())
}

fn few(count: usize, parameter: &str) -> Result<(), ApiError> {
    match count > DEPLOYS_MAX {
        true => {
            let reason = format!("at most {DEPLOYS_MAX} deploys are looked at");
            Err(ApiError::parameter(parameter, reason))
        }
        false => Ok(()),
    }
}

/// Reads a number above zero.
pub(super) fn positive(parameter: &str, text: &str) -> Result<f64, ApiError> {
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| {
        let reason = format!("wanted a number above 0, found {text:?}");
        ApiError::parameter(parameter, reason)
    })
}
