//! A route in force: its backends, its limits, and what outlives a reload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use plimsoll_traffic::limit::{bulkhead::Bulkhead, rate};
use plimsoll_traffic::{Moment, hedge, retry};

use super::backend::Backend;
use crate::affinity::Signer;
use crate::model::{Action, Affinity, Fault, LimitKey, RateLimit};
use crate::router::RouteEntry;

/// A route in force.
pub struct Route {
    /// What it says, and its number.
    pub entry: Arc<RouteEntry>,
    /// Whether there is another attempt.
    pub gate: retry::Gate,
    /// Who gets requests, with the sum of the weights up to and including each.
    shares: Vec<(u64, Arc<Backend>)>,
    /// Who gets copies.
    pub mirror: Option<Arc<Backend>>,
    /// Signs the cookies of clients that stick to an endpoint.
    pub signer: Option<Signer>,
    /// What outlives a reload.
    pub state: Arc<RouteState>,
}

/// What outlives a reload: limits, and what a person ordered.
pub struct RouteState {
    /// Rate limits, in the order of the file.
    pub limits: Vec<Arc<Limit>>,
    /// Requests in flight.
    pub bulkhead: Option<Arc<Bulkhead>>,
    /// How long the first attempt has before a second one goes out beside it.
    pub hedge: Option<(hedge::Options, Arc<Mutex<hedge::Delay>>)>,
    /// The answer that was ordered while the route is in maintenance.
    pub maintenance: ArcSwapOption<(StatusCode, String)>,
    /// Faults that were ordered.
    pub faults: ArcSwapOption<Vec<Fault>>,
    /// What makes up secrets of cookies.
    key: [u8; 32],
}

/// A rate limit in force.
pub struct Limit {
    /// What it says.
    pub model: RateLimit,
    /// Who had how much.
    pub limiter: rate::Limiter,
}

impl Route {
    /// Makes the route, or goes on with what is known about the one of the same name.
    pub(super) fn build(
        entry: &Arc<RouteEntry>,
        backends: &HashMap<String, Arc<Backend>>,
        before: Option<&Arc<Self>>,
        now: Moment,
    ) -> Arc<Self> {
        let model = &entry.route;
        let state = RouteState::build(model, before.map(|before| &*before.state), now);
        let signer = match &model.affinity {
            Some(Affinity::Cookie(cookie)) => Some(Signer::new(cookie.secret.as_ref(), &state.key)),
            _ => None,
        };
        let mirror = model.mirror.as_ref();
        let mirror = mirror.and_then(|mirror| backends.get(&mirror.backend).cloned());
        Arc::new(Self {
            gate: retry::Gate::new(model.retry.clone()),
            shares: shares(&model.action, backends),
            mirror,
            signer,
            state,
            entry: Arc::clone(entry),
        })
    }

    /// Returns the backend of a request; `chance` is from 0 up to, but not including, 1.
    pub fn backend(&self, chance: f64) -> Option<&Arc<Backend>> {
        match &self.shares[..] {
            [] => None,
            [(_, only)] => Some(only),
            [.., (all, last)] => {
                let at = (chance * *all as f64) as u64;
                let found = self.shares.iter().find(|(up_to, _)| at < *up_to);
                found.map_or(Some(last), |(_, backend)| Some(backend))
            }
        }
    }

    /// Returns the backends with their shares, which are 1 together.
    pub fn shares(&self) -> impl Iterator<Item = (f64, &Arc<Backend>)> {
        let all = self.shares.last().map_or(1, |(all, _)| *all);
        let mut before = 0;
        self.shares.iter().map(move |(up_to, backend)| {
            let weight = up_to - std::mem::replace(&mut before, *up_to);
            (weight as f64 / all as f64, backend)
        })
    }

    /// Returns how many backends get requests.
    pub fn backend_count(&self) -> usize {
        self.shares.len()
    }

    /// Returns the backends, those without weight left out.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.shares.iter().map(|(_, backend)| backend)
    }
}

impl RouteState {
    fn build(model: &crate::model::Route, before: Option<&Self>, now: Moment) -> Arc<Self> {
        let bulkhead = model.in_flight_max.map(|max| {
            let known = before.and_then(|before| before.bulkhead.clone());
            let bulkhead = known.unwrap_or_else(|| Arc::new(Bulkhead::new(max)));
            bulkhead.resize(max);
            bulkhead
        });
        let known = before.map_or(&[][..], |before| &before.limits);
        let limits = model.limits.iter().map(|limit| Limit::build(limit, known));
        let hedge = model.hedge.map(|options| {
            let delay = Mutex::new(hedge::Delay::new(options, now));
            (options, Arc::new(delay))
        });
        let learned = before.and_then(|before| before.hedge.clone());
        let hedge = match (learned, hedge) {
            (Some(learned), Some(hedge)) if learned.0 == hedge.0 => Some(learned),
            (_, hedge) => hedge,
        };
        Arc::new(Self {
            limits: limits.collect(),
            bulkhead,
            hedge,
            maintenance: ArcSwapOption::new(
                before.and_then(|before| before.maintenance.load_full()),
            ),
            faults: ArcSwapOption::new(before.and_then(|before| before.faults.load_full())),
            key: before.map_or_else(crate::affinity::random_key, |before| before.key),
        })
    }
}

impl Limit {
    fn build(model: &RateLimit, known: &[Arc<Self>]) -> Arc<Self> {
        let same = known.iter().find(|limit| limit.model == *model);
        if let Some(same) = same {
            return Arc::clone(same);
        }
        let limiter = match model.key {
            LimitKey::Route => rate::Limiter::single(model.rate),
            _ => rate::Limiter::keyed(model.rate),
        };
        Arc::new(Self {
            model: model.clone(),
            limiter,
        })
    }
}

fn shares(action: &Action, backends: &HashMap<String, Arc<Backend>>) -> Vec<(u64, Arc<Backend>)> {
    let Action::Forward(shares) = action else {
        return Vec::new();
    };
    let mut sum = 0;
    let mut known = Vec::new();
    for share in shares.iter().filter(|share| share.weight > 0) {
        if let Some(backend) = backends.get(&share.backend) {
            sum += u64::from(share.weight);
            known.push((sum, Arc::clone(backend)));
        }
    }
    known
}
