//! Rules about the lines of one family: metadata, order of metrics and of their points.

use std::collections::{HashMap, HashSet};

use plimsoll_types::{BUCKET_LABEL, Labels, METRIC_NAME, MetricType, QUANTILE_LABEL};

use super::point::Point;
use super::rules::{Facts, suffixes};
use super::{Broken, at, broken, has_buckets};
use crate::exposition::entry::SampleEntry;
use crate::exposition::error::{Error, ErrorKind, Place};
use crate::exposition::scan::Dialect;

/// A family while its lines go by.
///
/// OpenMetrics has the samples of a metric in one piece, so at most one point is open; in Prometheus text any number is.
pub(super) struct Family {
    pub(super) name: String,
    pub(super) place: Place,
    dialect: Dialect,
    metric_type: Option<MetricType>,
    unit: Option<String>,
    has_help: bool,
    has_samples: bool,
    current: Option<(Labels, Option<f64>)>,
    /// The metrics that were there before, by the labels that name a metric.
    metrics: HashSet<Labels>,
    /// Points that are not complete yet.
    points: HashMap<Labels, Point>,
    /// The series of the current point; in Prometheus text all series, by bits of their timestamp.
    series: HashSet<(Labels, Option<u64>)>,
}

impl Family {
    pub(super) fn new(name: &str, dialect: Dialect, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            dialect,
            metric_type: None,
            unit: None,
            has_help: false,
            has_samples: false,
            current: None,
            metrics: HashSet::new(),
            points: HashMap::new(),
            series: HashSet::new(),
        }
    }

    pub(super) fn metric_type(&self) -> MetricType {
        self.metric_type.unwrap_or_default()
    }

    pub(super) fn set_help(&mut self) -> Result<(), Broken> {
        self.check_metadata("help", self.has_help)?;
        self.has_help = true;
        Ok(())
    }

    pub(super) fn set_type(&mut self, metric_type: MetricType) -> Result<(), Broken> {
        self.check_metadata("type", self.metric_type.is_some())?;
        self.metric_type = Some(metric_type);
        self.check_unit()
    }

    pub(super) fn set_unit(&mut self, unit: &str) -> Result<(), Broken> {
        self.check_metadata("unit", self.unit.is_some())?;
        self.unit = Some(unit.into());
        self.check_unit()
    }

    fn check_metadata(&self, what: &str, is_repeated: bool) -> Result<(), Broken> {
        let message = match (self.has_samples, is_repeated) {
            (true, _) => {
                format!("expected the {what} of a family before its samples, found it after")
            }
            (_, true) => format!("expected the {what} of a family once, found it twice"),
            _ => return Ok(()),
        };
        broken(ErrorKind::InvalidMetadata, message)
    }

    fn check_unit(&self) -> Result<(), Broken> {
        let is_unitless = matches!(self.metric_type(), MetricType::Info | MetricType::StateSet);
        if is_unitless && self.unit.as_ref().is_some_and(|unit| !unit.is_empty()) {
            let message = format!("expected no unit of type {}, found one", self.metric_type());
            return broken(ErrorKind::InvalidMetadata, message);
        }
        Ok(())
    }

    /// Returns the suffix of a sample's name if a sample of that name belongs to the family.
    pub(super) fn suffix_of<'a>(&self, sample_name: &'a str) -> Option<&'a str> {
        let suffix = sample_name.strip_prefix(&*self.name)?;
        let known = suffixes(self.metric_type(), self.dialect);
        known.contains(&suffix).then_some(suffix)
    }

    pub(super) fn accept(
        &mut self,
        name: &str,
        labels: &Labels,
        value: f64,
        sample: &SampleEntry<'_>,
    ) -> Result<(), Error> {
        self.has_samples = true;
        let place = sample.series.place;
        let family = self.name.clone();
        let facts = Facts {
            family: &family,
            metric_type: self.metric_type(),
            suffix: self.suffix_of(name).unwrap_or(""),
            labels,
            value,
            dialect: self.dialect,
        };
        at(place, facts.check())?;
        for exemplar in sample.exemplars.iter() {
            at(exemplar.place(), facts.check_exemplar(exemplar))?;
        }
        let metric = self.metric_labels(facts.suffix, labels);
        if self.dialect == Dialect::OpenMetrics {
            self.enter_point(&metric, sample)?;
        }
        let time = sample.seconds.map(f64::to_bits);
        if !self.series.insert((labels.clone(), time)) {
            // Two points may have fallen on one timestamp when OpenMetrics truncated it, but on none at all they cannot.
            if self.dialect == Dialect::OpenMetrics && time.is_some() {
                return Ok(());
            }
            return at(
                place,
                broken(
                    ErrorKind::Grouping,
                    "expected each series once, found it twice",
                ),
            );
        }
        let point = self
            .points
            .entry(metric)
            .or_insert_with(|| Point::new(place));
        at(place, point.accept(&facts))
    }

    /// Returns the labels that name the metric: without those that tell its samples apart.
    fn metric_labels(&self, suffix: &str, labels: &Labels) -> Labels {
        let own = match (self.metric_type(), suffix) {
            // Each series of an info is a metric, and they may come in any order.
            (MetricType::Info, _) => return Labels::empty(),
            (MetricType::Summary, "") => QUANTILE_LABEL,
            (MetricType::StateSet, _) => &*self.name,
            (metric_type, "_bucket") if has_buckets(metric_type) => BUCKET_LABEL,
            _ => METRIC_NAME,
        };
        labels.filtered(|name| name != METRIC_NAME && name != own)
    }

    /// Ends the open point when the sample belongs to another one.
    fn enter_point(&mut self, metric: &Labels, sample: &SampleEntry<'_>) -> Result<(), Error> {
        let place = sample.series.place;
        let refuse = |message: &str| at(place, broken(ErrorKind::Grouping, message));
        let seconds = sample.seconds;
        if let Some((current, time)) = &self.current {
            if current == metric {
                match (time, seconds) {
                    (None, Some(_)) | (Some(_), None) => {
                        return refuse("expected timestamps on all points of a metric or on none");
                    }
                    (Some(before), Some(now))
                        if before > &now && self.metric_type() != MetricType::Info =>
                    {
                        return refuse("expected the points of a metric in order of time");
                    }
                    _ if *time == seconds => return Ok(()),
                    _ => {}
                }
            } else if self.metrics.contains(metric) {
                return refuse(
                    "expected the samples of a metric in one piece, found another metric between",
                );
            }
            self.finish_points()?;
            self.series.clear();
        }
        self.metrics.insert(metric.clone());
        self.current = Some((metric.clone(), seconds));
        Ok(())
    }

    fn finish_points(&mut self) -> Result<(), Error> {
        let metric_type = self.metric_type();
        let dialect = self.dialect;
        for (_, point) in self.points.drain() {
            at(point.place, point.finish(metric_type, dialect))?;
        }
        Ok(())
    }

    /// Checks that nothing is missing.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.finish_points()
    }
}
