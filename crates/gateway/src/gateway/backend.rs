//! A backend in force: its judgement, where its endpoints are, and who is let in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_traffic::{Ask, EndpointId, Moment, NoEndpoint, Outcome, Pick, Upstream};

use super::door::Door;
use super::moment;
use crate::model;
use crate::names::BackendId;
use crate::pool::{Settings, Target, TlsError, UpstreamTlsConfig};

/// A backend in force. What is known about its endpoints outlives the configuration; the rest is of one configuration.
pub struct Backend {
    /// Its number in signals.
    pub id: BackendId,
    /// Its name.
    pub name: Arc<str>,
    /// How it was declared.
    pub model: Arc<model::Backend>,
    clock: Arc<dyn Clock>,
    judged: Arc<Mutex<Judged>>,
    door: Option<Arc<Door>>,
    tls: Option<UpstreamTlsConfig>,
}

/// What is known about endpoints, and where they are.
struct Judged {
    upstream: Upstream,
    targets: Vec<(EndpointId, Arc<Target>)>,
}

/// What a backend becomes with a configuration, once it is sure that the configuration holds.
pub(super) struct Plan {
    model: Arc<model::Backend>,
    settings: Settings,
}

/// An endpoint that was chosen for an attempt. When it is dropped before it is [`done`](Running::done), the attempt
/// counts as cancelled.
pub struct Running {
    backend: Arc<Backend>,
    pick: Option<Pick>,
    /// Where it is.
    pub target: Arc<Target>,
    /// When it was chosen.
    pub began: Moment,
}

impl Plan {
    /// Reads the files that the backend names.
    ///
    /// # Errors
    /// One cannot be used.
    pub(super) fn new(model: model::Backend) -> Result<Self, TlsError> {
        let tls = model.tls.as_ref();
        let tls = tls
            .map(|tls| UpstreamTlsConfig::read(&model.name, tls, model.protocol))
            .transpose()?;
        let settings = Settings {
            protocol: model.protocol,
            tls,
            connect_timeout: model.connect_timeout,
            connections_max: model.connections_max,
            idle: model.idle,
            age_max: model.connection_age_max,
            sends_proxy_header: model.sends_proxy_header,
        };
        Ok(Self {
            model: Arc::new(model),
            settings,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.model.name
    }
}

/// What a backend is made in.
pub(super) struct Surroundings<'a> {
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) workers: usize,
    pub(super) seed: u64,
    pub(super) now: Moment,
}

impl Backend {
    /// Makes the backend, or goes on with what is known about the one of the same name.
    pub(super) fn build(
        plan: Plan,
        id: BackendId,
        before: Option<&Arc<Self>>,
        around: &Surroundings<'_>,
    ) -> Arc<Self> {
        let model = plan.model;
        let specs: Vec<_> = model.endpoints.iter().map(|one| one.spec.clone()).collect();
        let judged = match before {
            Some(before) => Arc::clone(&before.judged),
            None => Arc::new(Mutex::new(Judged {
                upstream: Upstream::new(model.judgement.clone(), &specs, around.seed, around.now),
                targets: Vec::new(),
            })),
        };
        {
            let mut judged = lock(&judged);
            if before.is_some_and(|before| *before.model != *model) {
                let judgement = model.judgement.clone();
                judged.upstream.reconfigure(judgement, &specs, around.now);
            }
            let gone = judged.place(&model, &plan.settings, around.workers);
            gone.iter().for_each(|target| target.close());
        }
        let known = before.and_then(|before| before.door.as_ref());
        let door = model
            .concurrency
            .as_ref()
            .map(|concurrency| Door::build(concurrency, known, around.clock, around.seed));
        Arc::new(Self {
            id,
            name: model.name.as_str().into(),
            model,
            clock: Arc::clone(around.clock),
            judged,
            door,
            tls: plan.settings.tls,
        })
    }

    /// Chooses an endpoint for an attempt.
    ///
    /// # Errors
    /// Why none can be used.
    pub fn pick(self: &Arc<Self>, ask: &Ask<'_>, now: Moment) -> Result<Running, NoEndpoint> {
        let mut judged = self.judged();
        let pick = judged.upstream.pick(ask, now)?;
        let found = judged.targets.iter().find(|(id, _)| *id == pick.endpoint);
        let target = found.map(|(_, target)| Arc::clone(target));
        let target = target.expect("each endpoint of the upstream has a target");
        drop(judged);
        Ok(Running {
            backend: Arc::clone(self),
            pick: Some(pick),
            target,
            began: now,
        })
    }

    /// Works with what is known about the endpoints. The data plane waits meanwhile: be quick.
    pub fn with_upstream<T>(&self, work: impl FnOnce(&mut Upstream) -> T) -> T {
        work(&mut self.judged().upstream)
    }

    /// Returns the endpoints and where they are.
    pub fn targets(&self) -> Vec<(EndpointId, Arc<Target>)> {
        self.judged().targets.clone()
    }

    /// Returns where an endpoint is.
    pub fn target(&self, name: &str) -> Option<(EndpointId, Arc<Target>)> {
        let judged = self.judged();
        let found = judged
            .targets
            .iter()
            .find(|(_, target)| **target.name() == *name);
        found.cloned()
    }

    /// Returns where the endpoint of a number is.
    pub fn target_of(&self, id: EndpointId) -> Option<Arc<Target>> {
        let judged = self.judged();
        let found = judged.targets.iter().find(|(known, _)| *known == id);
        found.map(|(_, target)| Arc::clone(target))
    }

    /// Returns how TLS is spoken with the endpoints.
    pub(super) fn tls(&self) -> Option<&UpstreamTlsConfig> {
        self.tls.as_ref()
    }

    /// Returns who is let in, when that is limited.
    pub fn door(&self) -> Option<&Arc<Door>> {
        self.door.as_ref()
    }

    /// Closes what is idle to the endpoints: the backend is declared no more.
    pub(super) fn retire(&self) {
        self.judged()
            .targets
            .iter()
            .for_each(|(_, target)| target.close());
    }

    fn judged(&self) -> MutexGuard<'_, Judged> {
        lock(&self.judged)
    }
}

impl Judged {
    /// Gives each endpoint its target: the one it had if it is still reached in the same way. Returns those that are
    /// not used any more.
    fn place(
        &mut self,
        model: &model::Backend,
        settings: &Settings,
        workers: usize,
    ) -> Vec<Arc<Target>> {
        let mut before = std::mem::take(&mut self.targets);
        let ids: HashMap<_, _> = self.upstream.ids().map(|(id, name)| (name, id)).collect();
        for endpoint in &model.endpoints {
            let Some(id) = ids.get(&*endpoint.spec.name) else {
                continue;
            };
            let kept = before
                .iter()
                .position(|(known, target)| known == id && target.is_same(endpoint, settings));
            let target = match kept {
                Some(index) => before.swap_remove(index).1,
                None => {
                    let target = Target::new(endpoint, settings.clone(), workers);
                    let mut known = before.iter().map(|(_, target)| target);
                    if let Some(same) = known.find(|known| known.host() == target.host()) {
                        // Another way to the same host: it must not be gone until its name is resolved again.
                        let addresses = same.addresses();
                        target.resolved(addresses.iter().map(SocketAddr::ip).collect());
                    }
                    Arc::new(target)
                }
            };
            self.targets.push((*id, target));
        }
        before.into_iter().map(|(_, target)| target).collect()
    }
}

impl Running {
    /// Returns the endpoint and why it was chosen.
    pub fn pick(&self) -> Pick {
        self.pick
            .expect("only `done` takes it, and that takes self")
    }

    /// Returns the backend.
    pub fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// Tells how the attempt ended, and how long it took to the head of the answer.
    pub fn done(mut self, outcome: Outcome, latency: Duration, now: Moment) {
        self.end(outcome, latency, now);
    }

    fn end(&mut self, outcome: Outcome, latency: Duration, now: Moment) {
        if let Some(pick) = self.pick.take() {
            let mut judged = self.backend.judged();
            judged.upstream.done(pick, outcome, latency, now);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.pick.is_some() {
            let now = moment(&*self.backend.clock);
            self.end(Outcome::Cancelled, now.since(self.began), now);
        }
    }
}

fn lock(judged: &Mutex<Judged>) -> MutexGuard<'_, Judged> {
    judged.lock().unwrap_or_else(PoisonError::into_inner)
}
