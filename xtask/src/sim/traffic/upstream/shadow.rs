//! What events and orders say about endpoints, and whether a choice agrees with it.

use std::collections::BTreeMap;

use anyhow::ensure;
use plimsoll_traffic::breaker::State;
use plimsoll_traffic::{
    AdminState, Ask, EndpointId, EndpointSpec, Event, EventKind, NoEndpoint, Options, Pick, Why,
};

/// All endpoints that are declared.
pub(super) struct Shadow {
    pub(super) options: Options,
    pub(super) endpoints: BTreeMap<EndpointId, Known>,
}

/// What is known about an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) spec: EndpointSpec,
    pub(super) weight: u32,
    admin: AdminState,
    /// What checks said; `None` when they said nothing yet.
    is_up: Option<bool>,
    is_ejected: bool,
    breaker: State,
    pub(super) in_flight: u32,
    probes: u32,
}

impl Known {
    fn new(spec: EndpointSpec) -> Self {
        Self {
            weight: spec.weight,
            spec,
            admin: AdminState::Auto,
            is_up: None,
            is_ejected: false,
            breaker: State::Closed,
            in_flight: 0,
            probes: 0,
        }
    }

    fn is_forced(&self) -> bool {
        self.admin == AdminState::ForcedUp
    }

    fn is_open(&self) -> bool {
        self.weight > 0 && (self.admin == AdminState::Auto || self.is_forced())
    }

    fn is_healthy(&self, options: &Options) -> bool {
        let is_up = self.is_up.unwrap_or(options.checks.is_none());
        self.is_forced() || (is_up && !self.is_ejected)
    }

    fn is_usable(&self, options: &Options) -> bool {
        self.is_healthy(options) && (self.is_forced() || self.breaker == State::Closed)
    }
}

impl Shadow {
    pub(super) fn new(options: Options) -> Self {
        let endpoints = BTreeMap::new();
        Self { options, endpoints }
    }

    /// Takes over who is declared.
    pub(super) fn declare(&mut self, declared: Vec<(EndpointId, EndpointSpec)>) {
        let is_declared = |id: &EndpointId| declared.iter().any(|(known, _)| known == id);
        self.endpoints.retain(|id, _| is_declared(id));
        for (id, spec) in declared {
            let new = || Known::new(spec);
            self.endpoints.entry(id).or_insert_with(new);
        }
    }

    /// Takes note of an event.
    pub(super) fn note(&mut self, event: &Event) {
        let Some(known) = self.endpoints.get_mut(&event.endpoint) else {
            return;
        };
        match event.kind {
            EventKind::Up => known.is_up = Some(true),
            EventKind::Down => known.is_up = Some(false),
            EventKind::Ejected(_) => known.is_ejected = true,
            EventKind::Returned => known.is_ejected = false,
            EventKind::BreakerOpened(_) => known.breaker = State::Open,
            EventKind::BreakerHalfOpened => known.breaker = State::HalfOpen,
            EventKind::BreakerClosed => known.breaker = State::Closed,
            EventKind::Ordered(admin) => known.admin = admin,
            EventKind::Weighted(weight) => known.weight = weight,
        }
    }

    /// Takes note of an attempt that ended.
    pub(super) fn done(&mut self, pick: Pick) {
        if let Some(known) = self.endpoints.get_mut(&pick.endpoint) {
            known.in_flight -= 1;
            known.probes -= u32::from(pick.is_probe);
        }
    }

    /// Judges a choice, with what is known after it, and takes note of it.
    pub(super) fn judge(
        &mut self,
        ask: &Ask<'_>,
        pick: Result<Pick, NoEndpoint>,
    ) -> anyhow::Result<()> {
        let pick = match pick {
            Ok(pick) => pick,
            Err(why) => return self.judge_refusal(why),
        };
        self.judge_endpoint(pick)?;
        let is_first = ask.tried.is_empty();
        if !is_first && ask.tried.contains(&pick.endpoint) {
            let mut others = self.usable().filter(|id| !ask.tried.contains(id));
            ensure!(
                others.next().is_none(),
                "tried again though another one is usable"
            );
        }
        if is_first && pick.why == Why::Policy && !pick.is_probe {
            self.judge_priority(pick)?;
        }
        let known = self.endpoints.get_mut(&pick.endpoint);
        let known = known.expect("it was judged");
        known.in_flight += 1;
        known.probes += u32::from(pick.is_probe);
        ensure!(known.probes <= 1, "{} probes at a time", known.probes);
        Ok(())
    }

    fn judge_refusal(&self, why: NoEndpoint) -> anyhow::Result<()> {
        let usable: Vec<_> = self.usable().collect();
        ensure!(
            usable.is_empty(),
            "refused ({why}) while {usable:?} are usable"
        );
        let open = self.endpoints.values().filter(|known| known.is_open());
        let is_told = match why {
            NoEndpoint::Empty => self.endpoints.is_empty(),
            NoEndpoint::OrderedDown => open.count() == 0,
            NoEndpoint::BreakersOpen => open
                .filter(|known| known.is_healthy(&self.options))
                .any(|known| known.breaker != State::Closed),
            NoEndpoint::NoneHealthy => {
                open.filter(|known| known.is_healthy(&self.options)).count() == 0
            }
        };
        ensure!(is_told, "the refusal is not true: {why}");
        Ok(())
    }

    fn judge_endpoint(&self, pick: Pick) -> anyhow::Result<()> {
        let known = self.endpoints.get(&pick.endpoint);
        let Some(known) = known else {
            anyhow::bail!("chose an endpoint that is not declared");
        };
        let options = &self.options;
        match pick.why {
            Why::Sticky => {
                ensure!(
                    known.admin != AdminState::ForcedDown,
                    "sticks to one that is ordered down"
                );
            }
            Why::Policy | Why::Panic => {
                ensure!(known.is_open(), "chose one against an order: {known:?}");
            }
        }
        let is_panic = self.is_panic(known.spec.priority);
        ensure!(
            pick.why != Why::Panic || is_panic,
            "panic while enough are healthy"
        );
        ensure!(
            known.is_healthy(options) || is_panic,
            "chose one that is not healthy: {known:?}"
        );
        let is_found = known.is_up.is_some() || options.checks.is_none() || known.is_forced();
        ensure!(is_found, "chose one that was never found healthy");
        let is_let = known.is_forced() || known.breaker == State::Closed;
        ensure!(
            is_let || (pick.is_probe && known.breaker == State::HalfOpen),
            "went past a breaker: {known:?}"
        );
        Ok(())
    }

    /// The first priority has all that it can carry.
    fn judge_priority(&self, pick: Pick) -> anyhow::Result<()> {
        let priority = self.endpoints[&pick.endpoint].spec.priority;
        for before in 0..priority {
            let open = self.level(before).count() as f64;
            let usable = self
                .level(before)
                .filter(|known| known.is_usable(&self.options));
            let available = self.options.overprovisioning * usable.count() as f64;
            ensure!(
                open == 0.0 || available < open,
                "priority {priority} was used while {before} can carry everything"
            );
        }
        Ok(())
    }

    fn level(&self, priority: u8) -> impl Iterator<Item = &Known> {
        let known = self.endpoints.values();
        let is_unchecked = self.options.checks.is_none();
        known.filter(move |known| {
            let is_known = known.is_up.is_some() || is_unchecked || known.is_forced();
            known.spec.priority == priority && known.is_open() && is_known
        })
    }

    fn is_panic(&self, priority: u8) -> bool {
        let open = self.level(priority).count() as f64;
        let healthy = self
            .level(priority)
            .filter(|known| known.is_healthy(&self.options));
        (healthy.count() as f64) < self.options.panic_below * open
    }

    fn usable(&self) -> impl Iterator<Item = EndpointId> {
        let usable = self
            .endpoints
            .iter()
            .filter(|(_, known)| known.is_open() && known.is_usable(&self.options));
        usable.map(|(id, _)| *id)
    }

    /// Checks, after an ejection, that no more are ejected than may be.
    pub(super) fn check_ejected(&self) -> anyhow::Result<()> {
        let endpoints = self.endpoints.values();
        let ejected = endpoints.filter(|known| known.is_ejected).count();
        let count = self.endpoints.len();
        let share = self
            .options
            .passive
            .map_or(0.0, |passive| passive.max_ejected);
        let most = match count {
            0 | 1 => 0,
            _ => ((count as f64 * share) as usize).max(1),
        };
        ensure!(
            ejected <= most,
            "{ejected} of {count} are ejected, {most} may be"
        );
        Ok(())
    }

    /// Returns the endpoint to stick to that a client names: any that is declared.
    pub(super) fn nth(&self, place: u64) -> Option<EndpointId> {
        let count = self.endpoints.len() as u64;
        let place = place.checked_rem(count)?;
        self.endpoints.keys().nth(place as usize).copied()
    }
}
