//! What the process counted since it began.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use plimsoll_traffic::EndpointId;

use super::cells::{Cell, EndpointCell, EndpointKey, RequestCell, RequestKey, RouteCell, RouteKey};
use super::directory::{Directory, OTHER_NAME};
use super::live::{EndpointReading, Readings};
use super::shard::{Folded, Shard, fold};
use crate::names::BackendId;

/// An endpoint by its name, so that one that is declared again goes on counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EndpointName(u32);

impl Folded for EndpointName {
    const OTHER: Self = Self(0);
}

/// What the process counted since it began. Sorted, so that two looks differ in values only.
pub(super) struct Totals {
    cells_max: usize,
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, EndpointName>,
    pub(super) requests: BTreeMap<RequestKey<EndpointName>, Total<RequestCell>>,
    pub(super) endpoints: BTreeMap<EndpointKey<EndpointName>, Total<EndpointCell>>,
    pub(super) routes: BTreeMap<RouteKey, Total<RouteCell>>,
    /// What gauges told last, and the endpoints of its readings.
    readings: (Readings, Vec<EndpointName>),
}

/// Tells the name of an endpoint, if anybody knows it.
pub(super) type NameOf<'a> = dyn Fn(BackendId, EndpointId) -> Option<&'a str> + 'a;

/// A cell and how often it was shown since something was added to it.
#[derive(Debug, Default)]
pub(super) struct Total<C> {
    pub(super) cell: C,
    shown: u32,
}

impl Totals {
    pub(super) fn new(cells_max: usize) -> Self {
        let mut totals = Self {
            cells_max,
            names: Vec::new(),
            numbers: HashMap::new(),
            requests: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            routes: BTreeMap::new(),
            readings: Default::default(),
        };
        // The first number is that of `Folded::OTHER`.
        totals.number(OTHER_NAME);
        totals
    }

    /// Adds what a worker recorded; `name_of` tells the names of endpoints.
    pub(super) fn add(&mut self, shard: &Shard, name_of: &NameOf<'_>) {
        for (key, cell) in shard.requests.iter() {
            let endpoint = key.endpoint.map(|endpoint| match key.backend {
                Some(backend) => self.number(name_of(backend, endpoint).unwrap_or_default()),
                // What was folded has an endpoint and no backend.
                None => EndpointName::OTHER,
            });
            self.add_request(key.named(endpoint), cell);
        }
        for (key, cell) in shard.endpoints.iter() {
            let name = name_of(key.backend, key.endpoint).unwrap_or_default();
            let key = EndpointKey {
                backend: key.backend,
                endpoint: self.number(name),
            };
            self.add_endpoint(key, cell);
        }
        for (key, cell) in shard.routes.iter() {
            add(&mut self.routes, *key, cell);
        }
    }

    fn add_request(&mut self, key: RequestKey<EndpointName>, cell: &RequestCell) {
        let is_full = self.requests.len() >= self.cells_max;
        let key = match is_full && !self.requests.contains_key(&key) {
            true => fold(key),
            false => key,
        };
        add(&mut self.requests, key, cell);
    }

    fn add_endpoint(&mut self, key: EndpointKey<EndpointName>, cell: &EndpointCell) {
        let is_full = self.endpoints.len() >= self.cells_max;
        let endpoint = match is_full && !self.endpoints.contains_key(&key) {
            true => EndpointName::OTHER,
            false => key.endpoint,
        };
        add(&mut self.endpoints, EndpointKey { endpoint, ..key }, cell);
    }

    /// Keeps what gauges tell.
    pub(super) fn set_readings(&mut self, readings: Readings, directory: &Directory) {
        let endpoints = readings.endpoints.iter();
        let endpoints = endpoints
            .map(|reading| self.number(directory.endpoint(reading.backend, reading.endpoint)));
        let endpoints = endpoints.collect();
        self.readings = (readings, endpoints);
    }

    /// Returns what gauges told last.
    pub(super) fn readings(&self) -> &Readings {
        &self.readings.0
    }

    /// Walks what gauges told of endpoints.
    pub(super) fn endpoint_readings(
        &self,
    ) -> impl Iterator<Item = (EndpointName, &EndpointReading)> {
        let (readings, endpoints) = &self.readings;
        endpoints.iter().copied().zip(&readings.endpoints)
    }

    /// Returns an endpoint's name.
    pub(super) fn name(&self, endpoint: EndpointName) -> &Arc<str> {
        &self.names[endpoint.0 as usize]
    }

    /// Returns the number of an endpoint's name, a new one for a new name.
    pub(super) fn number(&mut self, name: &str) -> EndpointName {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = EndpointName(self.names.len() as u32);
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    /// Called when all cells were shown as they are, or could have been. Forgets those that are not configured any more
    /// and were shown so `shown_max` times.
    pub(super) fn tidy_up(&mut self, directory: &Directory, shown_max: u32) {
        let names = &self.names;
        let is_live = |key: &EndpointKey<EndpointName>| {
            directory.has_endpoint(key.backend, &names[key.endpoint.0 as usize])
        };
        self.requests.retain(|key, total| {
            let has_route = key.route.is_none_or(|route| directory.has_route(route));
            let has_endpoint = match (key.backend, key.endpoint) {
                (Some(backend), Some(endpoint)) => is_live(&EndpointKey { backend, endpoint }),
                (Some(backend), None) => directory.has_backend(backend),
                (None, _) => true,
            };
            // Examples were shown too.
            total.cell.slowest = None;
            total.cell.last.clear();
            total.is_kept(has_route && has_endpoint, shown_max)
        });
        self.endpoints
            .retain(|key, total| total.is_kept(is_live(key), shown_max));
        self.routes.retain(|key, total| {
            let has_route = key.route.is_none_or(|route| directory.has_route(route));
            total.is_kept(has_route || total.cell.in_flight != 0, shown_max)
        });
    }
}

impl<C> Total<C> {
    fn is_kept(&mut self, is_live: bool, shown_max: u32) -> bool {
        self.shown = self.shown.saturating_add(1);
        is_live || self.shown <= shown_max
    }
}

fn add<K: Ord + Hash, C: Cell>(totals: &mut BTreeMap<K, Total<C>>, key: K, cell: &C) {
    let total = totals.entry(key).or_default();
    total.cell.add(cell);
    total.shown = 0;
}
