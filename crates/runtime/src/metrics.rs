//! The program's own metrics: registered once, listed for the documentation, rendered for whoever scrapes us.

mod process;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_types::is_legacy_metric_name;
use prometheus_client::encoding::EncodeMetric;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry as Encoder, Unit};

/// What begins the name of each metric but those of the process, whose names are a standard, and those that Prometheus
/// named.
const PREFIX: &str = "plimsoll";

/// What is known about a metric before it has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The name as samples carry it, with the unit and, for a counter, `_total`; a histogram's without `_bucket`.
    pub name: String,
    /// `counter`, `gauge`, `histogram` or `info`.
    pub kind: String,
    /// `seconds`, `bytes`, ...; may be empty.
    pub unit: String,
    /// One sentence without its final stop.
    pub help: String,
}

/// The metrics of one process; clones share them.
///
/// ```
/// use plimsoll_runtime::metrics::Registry;
/// use prometheus_client::metrics::counter::Counter;
///
/// let registry = Registry::new();
/// let appended: Counter = Counter::default();
/// registry.register("wal_records", "Records appended to the WAL", None, appended.clone());
/// appended.inc();
/// assert!(registry.render().contains("plimsoll_wal_records_total 1"));
/// ```
#[derive(Clone)]
pub struct Registry(Arc<Mutex<Inner>>);

struct Inner {
    encoder: Encoder,
    /// Shown like the others, but stored by another way than by scraping ourselves.
    apart: Encoder,
    descriptions: BTreeMap<String, Description>,
}

impl Registry {
    /// Makes a registry with nothing in it.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            encoder: Encoder::default(),
            apart: Encoder::default(),
            descriptions: BTreeMap::new(),
        })))
    }

    /// Adds the standard `process_*` metrics, read from `/proc/self` whenever the metrics are rendered.
    ///
    /// # Panics
    /// When they are there already.
    pub fn register_process(&self) {
        let mut inner = self.inner();
        for description in process::descriptions() {
            inner.describe(description);
        }
        inner
            .encoder
            .register_collector(Box::new(process::Collector));
    }

    /// Adds `plimsoll_build_info`, always 1, with the version and, when known, the revision of the source.
    ///
    /// # Panics
    /// When it is there already.
    pub fn register_build(&self, version: &str, revision: Option<&str>) {
        let info = Family::<Vec<(&'static str, String)>, Gauge>::default();
        let mut labels = vec![("version", version.to_owned())];
        labels.extend(revision.map(|revision| ("revision", revision.to_owned())));
        info.get_or_create(&labels).set(1);
        self.register("build_info", "What this program was built from", None, info);
    }

    /// Adds a metric. `name` goes without `plimsoll_`, without the unit and without `_total`, which are added;
    /// `help` is a sentence without its final stop.
    ///
    /// # Panics
    /// When the name is taken or no proper name: names are literals, so this is a programming error.
    pub fn register(&self, name: &str, help: &str, unit: Option<Unit>, metric: impl Metric) {
        self.register_whole(format!("{PREFIX}_{name}"), help, unit, metric);
    }

    /// Adds a metric that whoever registers it stores as well: [`render_own`](Self::render_own) leaves it out, so that a
    /// program that scrapes itself does not store it twice. Otherwise as [`register`](Self::register).
    ///
    /// # Panics
    /// As [`register`](Self::register).
    pub fn register_stored(&self, name: &str, help: &str, unit: Option<Unit>, metric: impl Metric) {
        let name = format!("{PREFIX}_{name}");
        let mut inner = self.inner();
        inner.check_and_describe(&name, help, unit.as_ref(), &metric);
        add(&mut inner.apart, name, help, unit, metric);
    }

    /// Adds a metric under a name of Prometheus itself, which dashboards and alerts of its users ask for: as
    /// [`register`](Self::register), but `prometheus_` begins the name.
    ///
    /// # Panics
    /// As [`register`](Self::register).
    pub fn register_as_prometheus(
        &self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        metric: impl Metric,
    ) {
        self.register_whole(format!("prometheus_{name}"), help, unit, metric);
    }

    /// Adds a metric under a name of Alertmanager, for the dashboards and alerts of its users: as
    /// [`register`](Self::register), but `alertmanager_` begins the name.
    ///
    /// # Panics
    /// As [`register`](Self::register).
    pub fn register_as_alertmanager(
        &self,
        name: &str,
        help: &str,
        unit: Option<Unit>,
        metric: impl Metric,
    ) {
        self.register_whole(format!("alertmanager_{name}"), help, unit, metric);
    }

    fn register_whole(&self, name: String, help: &str, unit: Option<Unit>, metric: impl Metric) {
        let mut inner = self.inner();
        inner.check_and_describe(&name, help, unit.as_ref(), &metric);
        add(&mut inner.encoder, name, help, unit, metric);
    }

    /// Returns all metrics by name, also those without a value yet.
    pub fn descriptions(&self) -> Vec<Description> {
        self.inner().descriptions.values().cloned().collect()
    }

    /// Renders all metrics as OpenMetrics 1.0 text.
    pub fn render(&self) -> String {
        let inner = self.inner();
        render(&[&inner.encoder, &inner.apart])
    }

    /// Renders all metrics but those of [`register_stored`](Self::register_stored), as [`render`](Self::render) does.
    pub fn render_own(&self) -> String {
        render(&[&self.inner().encoder])
    }

    /// Renders all metrics in the text format 0.0.4, for readers that know no OpenMetrics.
    pub fn render_legacy(&self) -> String {
        text::from_openmetrics(&self.render())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.inner().descriptions.keys())
            .finish()
    }
}

fn add(encoder: &mut Encoder, name: String, help: &str, unit: Option<Unit>, metric: impl Metric) {
    match unit {
        Some(unit) => encoder.register_with_unit(name, help, unit, metric),
        None => encoder.register(name, help, metric),
    }
}

fn render(encoders: &[&Encoder]) -> String {
    let mut text = String::new();
    for encoder in encoders {
        encode_registry(&mut text, encoder).expect("a String takes all");
    }
    encode_eof(&mut text).expect("a String takes all");
    text
}

impl Inner {
    fn check_and_describe(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        metric: &impl Metric,
    ) {
        let kind = EncodeMetric::metric_type(metric);
        let unit_text = unit.map_or("", Unit::as_str);
        let separator = if unit_text.is_empty() { "" } else { "_" };
        let suffix = match kind {
            MetricType::Counter => "_total",
            _ => "",
        };
        assert!(
            !name.ends_with("_total") && (unit_text.is_empty() || !name.ends_with(unit_text)),
            "the unit and _total are added to {name}"
        );
        self.describe(Description {
            name: format!("{name}{separator}{unit_text}{suffix}"),
            kind: kind.as_str().into(),
            unit: unit_text.into(),
            help: help.into(),
        });
    }

    fn describe(&mut self, description: Description) {
        let name = description.name.clone();
        assert!(is_legacy_metric_name(&name), "{name} is no proper name");
        let earlier = self.descriptions.insert(name.clone(), description);
        assert!(earlier.is_none(), "{name} is registered twice");
    }
}

#[cfg(test)]
mod tests;
