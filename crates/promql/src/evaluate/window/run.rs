//! All windows of one series of floats in one go, for functions that are asked for millions of windows.

use super::falls::FallsRun;
use super::{Bounds, Buffer, Frame, Grid, Range};

/// The windows of a series that has floats only and says nothing of their start, one per step.
pub(crate) struct Run<'a> {
    buffer: &'a Buffer,
    frame: Frame,
    grid: Grid,
    step: usize,
    inside: Range,
    falls: Option<FallsRun<'a>>,
    /// Samples of all windows so far; a sample counts in each window that sees it.
    pub(super) shown: usize,
    /// Samples of the window that has the most.
    pub(super) widest: usize,
}

/// One window of a run: at least two samples.
pub(crate) struct RunWindow<'a> {
    pub(crate) step: usize,
    pub(crate) bounds: Bounds,
    pub(crate) times: &'a [i64],
    pub(crate) floats: &'a [f64],
}

impl<'a> Run<'a> {
    /// Takes a series when it is one of those.
    pub(super) fn new(buffer: &'a Buffer, frame: Frame, grid: Grid) -> Option<Self> {
        let is_plain = buffer.histogram_times.is_empty() && buffer.starts.is_empty();
        (is_plain && frame.is_plain()).then(|| Self {
            buffer,
            frame,
            grid,
            step: 0,
            inside: Range::default(),
            falls: None,
            shown: 0,
            widest: 0,
        })
    }

    /// Moves on to the next window with at least two samples.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<RunWindow<'a>> {
        while self.step < self.grid.count {
            let step = self.step;
            self.step += 1;
            let bounds = self.frame.bounds(self.grid.at(step));
            self.inside.advance(&self.buffer.times, bounds);
            let times = self.inside.of(&self.buffer.times);
            self.shown += times.len();
            self.widest = self.widest.max(times.len());
            if times.len() > 1 {
                let floats = self.inside.of(&self.buffer.floats);
                return Some(RunWindow {
                    step,
                    bounds,
                    times,
                    floats,
                });
            }
        }
        None
    }

    /// Returns the value before each fall in the window that was last returned, in the order of time.
    #[inline]
    pub(crate) fn heights(&mut self) -> impl Iterator<Item = f64> {
        let falls = self.falls.get_or_insert_with(|| self.buffer.falls_run());
        falls.heights(self.inside.from, self.inside.to)
    }
}
