//! The promise in force, and those that the request makes of it.

use std::path::Path as FilePath;
use std::time::Duration;

use plimsoll_runtime::config::Source;
use plimsoll_slo::sli::Sli;
use plimsoll_slo::view::{Address, BudgetView};
use plimsoll_slo::{Slo, file};

use super::super::unknown;
use crate::error::ApiError;
use crate::params::Params;

/// Plans of one request, the one in force left aside.
const PLANS_MAX: usize = 10;

/// Plans; the first is in force.
pub(super) struct Promised {
    pub(super) plans: Vec<Promise>,
    /// The ways in which they count, each once; the first is in force.
    pub(super) slis: Vec<Sli>,
}

pub(super) struct Promise {
    pub(super) name: String,
    /// With the one objective that is planned for.
    pub(super) slo: Slo,
    /// How it counts.
    pub(super) sli: usize,
}

impl Promised {
    pub(super) fn read(
        slo: &Slo,
        budgets: &[BudgetView],
        address: &Address,
        params: &Params,
    ) -> Result<Self, ApiError> {
        let wanted = address.objective.as_deref();
        let mut objectives = slo.objectives.iter();
        let index = objectives.position(|one| wanted.is_none_or(|name| &*one.name == name));
        let index = index.ok_or_else(|| unknown(&address.id))?;
        let slo = of_group(slo, index, budgets, address);
        let changes: Vec<&str> = params.all("change").collect();
        if changes.len() > PLANS_MAX {
            let reason = format!("at most {PLANS_MAX} plans are compared");
            return Err(ApiError::parameter("change", reason));
        }
        let mut promised = Self {
            plans: Vec::new(),
            slis: Vec::new(),
        };
        promised.add("in force", "{}", &slo, index)?;
        for change in changes {
            promised.add(change, change, &slo, index)?;
        }
        Ok(promised)
    }

    fn add(&mut self, name: &str, change: &str, slo: &Slo, index: usize) -> Result<(), ApiError> {
        let source = Source::new(FilePath::new("change"), change);
        let changed = source.and_then(|source| file::read_change(&source, slo, index));
        let slo = changed.map_err(|findings| {
            let reasons: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
            ApiError::parameter("change", reasons.join("; "))
        })?;
        let known = self.slis.iter().position(|sli| *sli == slo.sli);
        let sli = known.unwrap_or_else(|| {
            self.slis.push(slo.sli.clone());
            self.slis.len() - 1
        });
        self.plans.push(Promise {
            name: name.to_owned(),
            slo,
            sli,
        });
        Ok(())
    }

    pub(super) fn in_force(&self) -> &Slo {
        &self.plans[0].slo
    }

    /// Returns how far back any of them looks.
    pub(super) fn reach(&self) -> Duration {
        let reaches = self.plans.iter().map(|promise| reach(&promise.slo));
        reaches.max().unwrap_or_default()
    }
}

fn reach(slo: &Slo) -> Duration {
    let rules = slo.alerts.rules.iter().map(|rule| rule.long);
    let window = slo.windows[0].length_max();
    rules.max().map_or(window, |long| window.max(long))
}

/// Returns the SLO with what is promised to the group.
fn of_group(slo: &Slo, index: usize, budgets: &[BudgetView], address: &Address) -> Slo {
    let mut slo = slo.clone();
    let name = &slo.objectives[index].name;
    let mut budgets = budgets.iter();
    let found = budgets.find(|budget| budget.objective == *name && budget.group == address.group);
    if let Some(budget) = found {
        slo.objectives[index].target = budget.target;
    }
    slo
}
