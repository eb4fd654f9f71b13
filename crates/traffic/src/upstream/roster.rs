//! Who belongs to an upstream.

use std::collections::{HashMap, HashSet};

use super::member::Member;
use super::{Options, Upstream};
use crate::balance::ewma::Ewma;
use crate::balance::field::Load;
use crate::health::passive::Outliers;
use crate::{EndpointId, EndpointSpec, Moment};

/// First checks are spread over this part of an interval: not all at once, and not over all of it either, because whoever
/// was not checked is not used, and whoever was checked first gets everything meanwhile.
const FIRST_CHECKS: f64 = 0.1;

impl Upstream {
    /// Takes over other options and endpoints. Endpoints that stay, by name, keep their id, state and counts; a new one
    /// starts slowly. A weight or an order that was given holds until the declared weight changes, or another order comes.
    /// Endpoints that had no checks before stay usable until checks say something.
    pub fn reconfigure(&mut self, options: Options, endpoints: &[EndpointSpec], now: Moment) {
        if options.policy != self.options.policy {
            self.levels.clear();
        }
        self.ewma = options.policy.ewma();
        match (&mut self.outliers, options.passive) {
            (Some(outliers), Some(options)) => outliers.reconfigure(options, now),
            (outliers, None) => *outliers = None,
            (outliers @ None, Some(options)) => {
                let mut judge = Outliers::new(options, now);
                self.members
                    .iter()
                    .for_each(|member| judge.insert(member.id));
                *outliers = Some(judge);
            }
        }
        self.options = options;
        self.dismiss(endpoints);
        self.enrol(endpoints, false, now);
        self.arrange(now);
    }

    /// Takes in endpoints that are declared and not known yet, and tells the others how they are declared now.
    pub(super) fn enrol(&mut self, endpoints: &[EndpointSpec], is_start: bool, now: Moment) {
        let members = self.members.iter().enumerate();
        let known: HashMap<String, usize> = members
            .map(|(place, member)| (member.spec.name.clone(), place))
            .collect();
        let phase = self.chance.fraction();
        let mut seen = HashSet::new();
        for (place, spec) in endpoints.iter().enumerate() {
            if !seen.insert(spec.name.as_str()) {
                continue;
            }
            let offset = FIRST_CHECKS * (place as f64 + phase) / endpoints.len() as f64;
            match known.get(&spec.name) {
                Some(known) => {
                    self.members[*known].reconfigure(spec, &self.options, offset, now);
                }
                None if is_start => self.admit(spec, offset, false, now),
                // It is checked at once, and starts slowly, because the others are running.
                None => self.admit(spec, 0.0, true, now),
            }
        }
    }

    fn admit(&mut self, spec: &EndpointSpec, offset: f64, starts_slowly: bool, now: Moment) {
        let id = EndpointId(self.next_id);
        self.next_id += 1;
        let mut member = Member::new(id, spec.clone(), &self.options, offset, now);
        member.starts_slowly = starts_slowly;
        self.members.push(member);
        self.loads.push(Load {
            in_flight: 0,
            ewma: Ewma::new(&self.ewma, now),
        });
        if let Some(outliers) = &mut self.outliers {
            outliers.insert(id);
        }
    }

    /// Forgets endpoints that are not declared any more.
    fn dismiss(&mut self, endpoints: &[EndpointSpec]) {
        let declared: HashSet<&str> = endpoints.iter().map(|spec| spec.name.as_str()).collect();
        let members = std::mem::take(&mut self.members);
        let loads = std::mem::take(&mut self.loads);
        for (member, load) in members.into_iter().zip(loads) {
            if declared.contains(member.spec.name.as_str()) {
                self.members.push(member);
                self.loads.push(load);
            } else if let Some(outliers) = &mut self.outliers {
                outliers.remove(member.id);
            }
        }
    }
}
