//! The rules of the specifications as a state machine on top of the pull parser.
//!
//! ```text
//! state        event                                   next state   refused when
//! -----------  --------------------------------------  -----------  --------------------------------------------
//! no family    metadata or sample                      in family    the name is taken by an earlier family
//! in family    metadata of this family                 same         repeated, or samples were there
//! in family    sample whose name fits family and type  same         grouping, value or label rules are broken
//! in family    anything of another name                in family    the family that ends here is incomplete, or the
//!                                                                   names of the two clash
//! any          end                                     -            the last family is incomplete
//! ```
//!
//! Memory: the label sets of one family, and the names of all.

mod family;
mod point;
mod rules;

use std::collections::HashMap;

use plimsoll_types::{MetricType, Value};

use super::entry::{Entry, SampleEntry};
use super::error::{Echo, Error, ErrorKind, Place};
use super::scan::Dialect;
use super::text::TextParser;
use family::Family;

/// What a valid exposition holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Metric families, with or without samples.
    pub families: usize,
    /// Samples.
    pub samples: usize,
    /// Exemplars.
    pub exemplars: usize,
}

pub(super) fn validate(input: &[u8], dialect: Dialect) -> Result<Summary, Error> {
    let mut parser = TextParser::new(input, dialect)?;
    let mut validator = Validator::new(dialect);
    while let Some(entry) = parser.next_entry()? {
        let line = parser.entry_line();
        validator.accept(&entry, Place { line, column: 1 })?;
    }
    validator.finish()
}

/// A broken rule, not yet with a place.
type Broken = (ErrorKind, String);

fn broken<T>(kind: ErrorKind, message: impl Into<String>) -> Result<T, Broken> {
    Err((kind, message.into()))
}

fn at<T>(place: Place, result: Result<T, Broken>) -> Result<T, Error> {
    result.map_err(|(kind, message)| Error::new(kind, place.line, place.column, message))
}

struct Validator {
    dialect: Dialect,
    family: Option<Family>,
    /// Every name that a family has taken, with the line of the family.
    taken: HashMap<String, usize>,
    summary: Summary,
}

impl Validator {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            family: None,
            taken: HashMap::new(),
            summary: Summary::default(),
        }
    }

    fn accept(&mut self, entry: &Entry<'_>, place: Place) -> Result<(), Error> {
        match entry {
            Entry::Help { family, .. } => at(place, self.family_named(family, place)?.set_help()),
            Entry::Type {
                family,
                metric_type,
            } => at(
                place,
                self.family_named(family, place)?.set_type(*metric_type),
            ),
            Entry::Unit { family, unit } => {
                at(place, self.family_named(family, place)?.set_unit(unit))
            }
            Entry::Sample(sample) => self.accept_sample(sample),
        }
    }

    /// Returns the family that metadata are about; they begin one unless it is the current.
    fn family_named(&mut self, name: &str, place: Place) -> Result<&mut Family, Error> {
        if self.dialect == Dialect::OpenMetrics {
            at(place, rules::check_family_name(name))?;
        }
        self.switch_unless(|family| family.name == name, name, place)
    }

    fn switch_unless(
        &mut self,
        is_current: impl Fn(&Family) -> bool,
        name: &str,
        place: Place,
    ) -> Result<&mut Family, Error> {
        if !self.family.as_ref().is_some_and(is_current) {
            self.close_family()?;
            // Names that its type adds are taken when the family ends, but its own is refused here and now.
            at(place, self.check_free(name))?;
            self.family = Some(Family::new(name, self.dialect, place));
        }
        Ok(self.family.as_mut().expect("it was set above"))
    }

    fn accept_sample(&mut self, sample: &SampleEntry<'_>) -> Result<(), Error> {
        let place = sample.series.place;
        at(place, rules::check_spelling(sample, self.dialect))?;
        let name = sample.series.metric_name();
        if self.dialect == Dialect::OpenMetrics {
            at(place, rules::check_family_name(&name))?;
        }
        let labels = sample.series.labels()?;
        let Value::Float(value) = sample.value else {
            return Ok(());
        };
        let family =
            self.switch_unless(|family| family.suffix_of(&name).is_some(), &name, place)?;
        family.accept(&name, &labels, value, sample)?;
        self.summary.samples += 1;
        self.summary.exemplars += sample.exemplars.iter().count();
        Ok(())
    }

    fn check_free(&self, name: &str) -> Result<(), Broken> {
        match self.taken.get(name) {
            None => Ok(()),
            Some(line) => {
                let name = Echo(name);
                broken(
                    ErrorKind::Grouping,
                    format!("the name {name} belongs to the family of line {line}"),
                )
            }
        }
    }

    fn close_family(&mut self) -> Result<(), Error> {
        let Some(mut family) = self.family.take() else {
            return Ok(());
        };
        family.finish()?;
        self.summary.families += 1;
        let suffixes = rules::suffixes(family.metric_type(), self.dialect);
        for suffix in suffixes
            .iter()
            .copied()
            .filter(|suffix| !suffix.is_empty())
            .chain([""])
        {
            let name = format!("{}{suffix}", family.name);
            at(family.place, self.check_free(&name))?;
            self.taken.insert(name, family.place.line);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Summary, Error> {
        self.close_family()?;
        Ok(self.summary)
    }
}

/// Says whether the type's samples are cumulative buckets.
fn has_buckets(metric_type: MetricType) -> bool {
    matches!(
        metric_type,
        MetricType::Histogram | MetricType::GaugeHistogram
    )
}
