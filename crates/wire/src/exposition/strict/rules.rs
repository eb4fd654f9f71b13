//! Rules about one line: names, spelling, values, labels, exemplars.

use plimsoll_types::{BUCKET_LABEL, Labels, METRIC_NAME, MetricType, QUANTILE_LABEL};

use super::{Broken, broken, has_buckets};
use crate::exposition::entry::{RawExemplar, SampleEntry};
use crate::exposition::error::{Echo, ErrorKind};
use crate::exposition::number::parse_float;
use crate::exposition::scan::{Cursor, Dialect, Part};

/// How many code points the labels of an exemplar may have, names and values together (OpenMetrics 1.0, "Exemplars").
const EXEMPLAR_CODE_POINTS_MAX: usize = 128;

/// Returns what a type appends to the family's name in its samples.
pub(super) fn suffixes(metric_type: MetricType, dialect: Dialect) -> &'static [&'static str] {
    use Dialect::{OpenMetrics, Text};
    match (metric_type, dialect) {
        (MetricType::Counter, OpenMetrics) => &["_total", "_created"],
        (MetricType::Summary, OpenMetrics) => &["", "_count", "_sum", "_created"],
        (MetricType::Summary, Text) => &["", "_count", "_sum"],
        (MetricType::Histogram, OpenMetrics) => &["_bucket", "_count", "_sum", "_created"],
        (MetricType::Histogram, Text) => &["_bucket", "_count", "_sum"],
        (MetricType::GaugeHistogram, _) => &["_bucket", "_gcount", "_gsum"],
        (MetricType::Info, OpenMetrics) => &["_info"],
        _ => &[""],
    }
}

/// OpenMetrics reserves names that begin with an underscore.
pub(super) fn check_family_name(name: &str) -> Result<(), Broken> {
    if name.starts_with('_') {
        let message = format!(
            "expected a name that begins with a letter, found the reserved {}",
            Echo(name)
        );
        return broken(ErrorKind::Semantics, message);
    }
    Ok(())
}

/// Refuses what scrapers take but the specifications do not have: trailing commas, quoted names, line breaks.
pub(super) fn check_spelling(sample: &SampleEntry<'_>, dialect: Dialect) -> Result<(), Broken> {
    let raw = sample.series.raw;
    if dialect == Dialect::Text {
        if raw.contains('\n') {
            return broken(
                ErrorKind::Syntax,
                "expected \\n in a label value, found a line break",
            );
        }
        return Ok(());
    }
    let mut quoted = raw.starts_with('{');
    let walked = Cursor::new(raw, dialect).series(&mut |part| quoted |= is_quoted(raw, part));
    debug_assert!(walked.is_ok(), "the parser walked the same text before");
    check_block(raw, quoted)?;
    for exemplar in sample.exemplars.iter() {
        let block = exemplar.raw_labels().unwrap_or("{}");
        let mut quoted = false;
        let mut cursor = Cursor::new(block, dialect);
        cursor.at = 1;
        let walked = cursor.label_block(&mut true, &mut |part| quoted |= is_quoted(block, part));
        debug_assert!(walked.is_ok(), "the parser walked the same text before");
        check_block(block, quoted)?;
    }
    Ok(())
}

fn is_quoted(text: &str, part: Part<'_>) -> bool {
    let Part::Label { name, .. } = part else {
        return false;
    };
    let offset = name.as_ptr() as usize - text.as_ptr() as usize;
    text.as_bytes()[offset - 1] == b'"'
}

fn check_block(text: &str, is_quoted: bool) -> Result<(), Broken> {
    if is_quoted {
        let message = "expected names without quotation marks, which OpenMetrics 1.0 does not have";
        return broken(ErrorKind::Syntax, message);
    }
    if text.ends_with(",}") {
        return broken(
            ErrorKind::Syntax,
            "expected a label after the last comma, found a closing brace",
        );
    }
    Ok(())
}

/// A sample with what the rules need.
pub(super) struct Facts<'a> {
    pub(super) family: &'a str,
    pub(super) metric_type: MetricType,
    pub(super) suffix: &'a str,
    pub(super) labels: &'a Labels,
    pub(super) value: f64,
    pub(super) dialect: Dialect,
}

impl Facts<'_> {
    fn wanted(&self, what: &str) -> Result<(), Broken> {
        let message = format!("expected {what}, found {}", self.value);
        broken(ErrorKind::Semantics, message)
    }

    /// Returns the upper bound of a bucket.
    pub(super) fn bound(&self) -> Option<f64> {
        if self.suffix != "_bucket" || !has_buckets(self.metric_type) {
            return None;
        }
        let bound = self.labels.get(BUCKET_LABEL).and_then(parse_float);
        bound.filter(|bound| !bound.is_nan())
    }

    /// Checks labels and value against the type.
    pub(super) fn check(&self) -> Result<(), Broken> {
        self.check_labels()?;
        match self.metric_type {
            MetricType::StateSet if self.value != 0.0 && self.value != 1.0 => {
                return self.wanted("the value 0 or 1 of a state");
            }
            MetricType::Info if self.value != 1.0 => return self.wanted("the value 1 of an info"),
            MetricType::Summary if self.suffix.is_empty() && self.value < 0.0 => {
                return self.wanted("a quantile of 0 or more");
            }
            _ => {}
        }
        self.check_cumulative()
    }

    fn check_labels(&self) -> Result<(), Broken> {
        let mut names = self.labels.iter().map(|(name, _)| name);
        let reserved = names.find(|name| name.starts_with('_') && *name != METRIC_NAME);
        if let (Dialect::OpenMetrics, Some(name)) = (self.dialect, reserved) {
            let message = format!(
                "expected a label that begins with a letter, found the reserved {}",
                Echo(name)
            );
            return broken(ErrorKind::Semantics, message);
        }
        let missing = |what| broken(ErrorKind::Semantics, format!("expected {what}, found none"));
        match (self.metric_type, self.suffix) {
            (MetricType::StateSet, _) if self.labels.get(self.family).is_none() => {
                missing("a label with the name of the state set")
            }
            (MetricType::Histogram | MetricType::GaugeHistogram, "_bucket")
                if self.bound().is_none() =>
            {
                missing("a number in the label \"le\" of a bucket")
            }
            (MetricType::Summary, "") => {
                let quantile = self.labels.get(QUANTILE_LABEL).and_then(parse_float);
                if quantile.is_some_and(|quantile| (0.0..=1.0).contains(&quantile)) {
                    return Ok(());
                }
                missing("a number from 0 to 1 in the label \"quantile\" of a summary")
            }
            _ => Ok(()),
        }
    }

    fn check_cumulative(&self) -> Result<(), Broken> {
        let is_counter = self.metric_type == MetricType::Counter && self.suffix != "_created";
        let is_count = matches!(self.suffix, "_bucket" | "_count" | "_gcount");
        let is_sum = matches!(self.suffix, "_sum" | "_gsum");
        if is_count && self.value.fract() != 0.0 {
            return self.wanted("a whole number of observations");
        }
        // A sum over a NaN observation is NaN, and the text format nowhere says that it must not be.
        let may_be_nan = is_sum && self.dialect == Dialect::Text;
        if (is_counter || is_count || is_sum) && self.value.is_nan() && !may_be_nan {
            return self.wanted("a number");
        }
        let may_be_negative = self.suffix == "_gsum" || (is_sum && self.dialect == Dialect::Text);
        if (is_counter || is_count || is_sum) && self.value < 0.0 && !may_be_negative {
            return self.wanted("0 or more");
        }
        if self.suffix == "_created" && !self.value.is_finite() {
            return self.wanted("a time in seconds");
        }
        Ok(())
    }

    /// Checks an exemplar against the sample that it belongs to.
    pub(super) fn check_exemplar(&self, exemplar: RawExemplar<'_>) -> Result<(), Broken> {
        let is_allowed = match self.metric_type {
            MetricType::Counter => self.suffix == "_total",
            metric_type => has_buckets(metric_type) && self.suffix == "_bucket",
        };
        if !is_allowed {
            let message = "expected exemplars on counters and buckets only";
            return broken(ErrorKind::Exemplar, message);
        }
        if let Some(bound) = self.bound()
            && (exemplar.value > bound || (exemplar.value.is_nan() && bound != f64::INFINITY))
        {
            let message = format!(
                "expected an exemplar of at most {bound}, found {}",
                exemplar.value
            );
            return broken(ErrorKind::Exemplar, message);
        }
        let pairs = exemplar
            .pairs()
            .map_err(|error| (error.kind(), error.message().into()))?;
        let length: usize = pairs
            .iter()
            .map(|(name, value)| name.chars().count() + value.chars().count())
            .sum();
        if length > EXEMPLAR_CODE_POINTS_MAX {
            let message = format!(
                "expected exemplar labels of at most {EXEMPLAR_CODE_POINTS_MAX} characters, found {length}"
            );
            return broken(ErrorKind::Exemplar, message);
        }
        Ok(())
    }
}
