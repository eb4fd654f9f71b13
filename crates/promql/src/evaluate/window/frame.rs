//! Where the windows of a range vector lie, and how far an extended selector looks beyond them.

use plimsoll_types::Sample;

use crate::ast::Extension;
use crate::error::QueryError;
use crate::evaluate::selector::Shift;
use crate::functions::extended;

use super::Buffer;

/// A window in time, open on the left: a sample exactly `range` ago is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) after: i64,
    pub(crate) until: i64,
}

impl Bounds {
    /// Returns the length in seconds.
    pub(crate) fn seconds(self) -> f64 {
        self.until.saturating_sub(self.after) as f64 / 1000.0
    }

    pub(crate) fn contains(self, time: i64) -> bool {
        self.after < time && time <= self.until
    }
}

/// Where a window lies for each evaluation time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    shift: Shift,
    range: i64,
    extension: Option<Extension>,
    /// How much earlier than the window, and how much later, samples are looked at.
    reach: (i64, i64),
}

impl Frame {
    pub(crate) fn new(shift: Shift, range: i64) -> Self {
        Self {
            shift,
            range,
            extension: None,
            reach: (0, 0),
        }
    }

    /// Lets it see the samples that an extended selector needs around its window.
    pub(crate) fn extended(self, extension: Option<Extension>, lookback: i64) -> Self {
        let reach = match extension {
            None => (0, 0),
            Some(Extension::Anchored) => (lookback, 0),
            Some(Extension::Smoothed) => (lookback, lookback),
        };
        Self {
            extension,
            reach,
            ..self
        }
    }

    /// Says whether nothing outside of the window is looked at.
    pub(crate) fn is_plain(self) -> bool {
        self.extension.is_none()
    }

    /// Returns the window that belongs to an evaluation time.
    pub(crate) fn bounds(self, time: i64) -> Bounds {
        let until = self.shift.apply(time);
        Bounds {
            after: until.saturating_sub(self.range),
            until,
        }
    }

    /// Returns the part of a series that is looked at for that window.
    pub(crate) fn view(self, time: i64) -> Bounds {
        let Bounds { after, until } = self.bounds(time);
        Bounds {
            after: after.saturating_sub(self.reach.0),
            until: until.saturating_add(self.reach.1),
        }
    }

    /// Returns the samples that the window has in the result of a query.
    pub(crate) fn samples(self, buffer: &Buffer, time: i64) -> Result<Vec<Sample>, QueryError> {
        match self.extension {
            None => Ok(buffer.samples(self.bounds(time))),
            Some(extension) => {
                let samples = buffer.samples(self.view(time));
                extended::samples(&samples, self.bounds(time), extension)
            }
        }
    }
}
