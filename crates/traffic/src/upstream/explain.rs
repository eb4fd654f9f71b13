//! Why an attempt would go where it goes.

use super::level::{self, Level};
use super::view::{EndpointView, LevelView, Standing};
use super::{Ask, NoEndpoint, Upstream, Why};
use crate::balance::chance::Chance;
use crate::balance::field::Field;
use crate::{EndpointId, Moment};

/// Where an attempt would go.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// All endpoints, in the order in which they came.
    pub endpoints: Vec<Considered>,
    /// How requests are shared between priorities.
    pub levels: Vec<LevelView>,
    /// What the policy is called.
    pub policy: &'static str,
    /// Where it would go: exactly so for a policy that hashes when the ask has a key and for a client that sticks; for others
    /// where it could go.
    pub choice: Result<(EndpointId, Why), NoEndpoint>,
}

/// An endpoint, and whether an attempt could go there.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// The endpoint as it is now.
    pub endpoint: EndpointView,
    /// Whether the attempt could go there.
    pub is_eligible: bool,
    /// Why, or why not.
    pub reason: String,
}

impl Upstream {
    /// Says for each endpoint whether an attempt could go there and why, and where it would go. Changes nothing.
    ///
    /// # Complexity
    /// Builds what the policy remembers anew, for Maglev about a millisecond: for people, not for the way of a request.
    pub fn explain(&self, ask: &Ask<'_>, now: Moment) -> Explanation {
        let places = 0..self.members.len();
        Explanation {
            endpoints: places.map(|place| self.consider(place, ask, now)).collect(),
            levels: self.view_levels(),
            policy: self.options.policy.kind().name(),
            choice: self.rehearse(ask, now),
        }
    }

    fn consider(&self, place: usize, ask: &Ask<'_>, now: Moment) -> Considered {
        let endpoint = self.view_endpoint(place, now);
        let levels = self.levels.iter();
        let candidates = levels.flat_map(|level| {
            let is_panicking = level.is_panicking;
            level
                .candidates
                .iter()
                .map(move |candidate| (candidate.index, level.share, is_panicking))
        });
        let chosen = candidates.clone().find(|(index, ..)| *index == place);
        let standing = endpoint.standing.as_str();
        let is_stuck_to = ask.sticky == Some(endpoint.id) && self.members[place].is_stickable;
        let (is_eligible, reason) = match chosen {
            _ if ask.tried.contains(&endpoint.id) => (false, "it was tried".to_owned()),
            _ if is_stuck_to => (true, "the client sticks to it".to_owned()),
            _ if self.probes_due.contains(&place) => {
                (true, "its breaker waits for a probe".to_owned())
            }
            Some((_, 0.0, _)) => {
                let priority = endpoint.priority;
                (
                    false,
                    format!("priority {priority} gets requests when others cannot"),
                )
            }
            Some((_, _, true)) if !endpoint.standing.is_usable() => (
                true,
                format!("{standing}, but too few are healthy: health is ignored"),
            ),
            Some(_) => (true, standing.to_owned()),
            None => (false, explain_standing(standing, &endpoint)),
        };
        Considered {
            endpoint,
            is_eligible,
            reason,
        }
    }

    /// Does what a pick would do, on a copy of what it would change.
    fn rehearse(&self, ask: &Ask<'_>, now: Moment) -> Result<(EndpointId, Why), NoEndpoint> {
        let sticky = ask.sticky.filter(|endpoint| !ask.tried.contains(endpoint));
        if let Some(place) = sticky.and_then(|endpoint| self.place(endpoint))
            && self.members[place].is_stickable
        {
            return Ok((self.members[place].id, Why::Sticky));
        }
        if ask.tried.is_empty()
            && let Some(place) = self.probes_due.first()
        {
            return Ok((self.members[*place].id, Why::Policy));
        }
        let mut chance: Chance = self.chance.clone();
        let first = level::turn(&self.levels, &self.options.policy, ask, &mut chance);
        let others = (0..self.levels.len()).filter(|place| *place != first);
        let order: Vec<usize> = std::iter::once(first).chain(others).collect();
        for tried in [ask.tried, &[]] {
            let levels = order.iter().filter_map(|place| self.levels.get(*place));
            let ask = Ask { tried, ..*ask };
            for level in levels.filter(|level| !level.candidates.is_empty()) {
                if let Some(choice) = self.rehearse_in(level, &ask, &mut chance, now) {
                    return Ok(choice);
                }
            }
        }
        Err(self.none())
    }

    fn rehearse_in(
        &self,
        level: &Level,
        ask: &Ask<'_>,
        chance: &mut Chance,
        now: Moment,
    ) -> Option<(EndpointId, Why)> {
        let mut chooser = self.options.policy.chooser();
        chooser.rebuild(&level.candidates, chance);
        let field = Field {
            candidates: &level.candidates,
            loads: &self.loads,
            tried: ask.tried,
            key: ask.key,
            now,
        };
        let chosen = chooser.choose(&field, chance)?;
        let why = if level.is_panicking {
            Why::Panic
        } else {
            Why::Policy
        };
        Some((level.candidates[chosen].id, why))
    }
}

fn explain_standing(standing: &str, endpoint: &EndpointView) -> String {
    let is_said = endpoint.reason.is_empty() || endpoint.standing == Standing::Weightless;
    match is_said {
        true => standing.to_owned(),
        false => format!("{standing}: {}", endpoint.reason),
    }
}
