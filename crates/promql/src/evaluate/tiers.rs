//! Answers from windows: what a store keeps of samples that are gone, or that are many.
//!
//! A selector, or a function of a range vector, is answered by *stretches* of steps, each from one resolution. Which one is
//! decided in [`plan`]: samples where they are kept, unless the query is long and windows give the same bits for less;
//! else the windows that are kept, to their resolution. Every answer from windows is announced.

mod function;
pub(crate) mod plan;
mod reader;
mod run;
mod selector;
mod splice;

use plimsoll_types::{Kept, Tier};

use crate::annotation::Annotation;
use crate::ast::{Call, Expr, ExprKind, Selector};
use crate::error::QueryError;
use crate::span::Position;

use super::selector::{Shift, lookback};
use super::window::{Frame, WindowBody};
use super::{Context, Grid, InstantSelector, Planner, Shows, Source};

use function::TierFunction;
use plan::{Answer, Asked, Stretch};
use selector::TierSelector;
use splice::Spliced;

impl<'a> Planner<'a> {
    /// Plans an instant selector from windows; `None` when samples answer all of it.
    pub(super) fn tiered_selector(
        &self,
        expr: &Expr,
        selector: &'a Selector,
        grid: &Grid,
    ) -> Result<Option<Source<'a>>, QueryError> {
        let context = self.context;
        if grid.count == 0 || selector.extension.is_some() {
            return Ok(None);
        }
        let shift = Shift::new(&selector.modifiers, context);
        let asked = Asked {
            kept: self.kept(selector),
            frame: Frame::new(shift, lookback(context)),
            grid: *grid,
            windows_min: 1,
            may_be_exact: true,
        };
        let stretches = plan::stretches(&asked);
        if is_from_samples(&stretches) {
            return Ok(None);
        }
        context.forks.decline(selector);
        announce(context, &stretches, asked.kept, expr.position);
        let part = |stretch: &Stretch| -> Source<'a> {
            let grid = grid.slice(stretch.steps.clone());
            let samples = InstantSelector::new(context, selector, grid, Shows::Value);
            match stretch.answer {
                Answer::Samples => Box::new(samples),
                Answer::Windows { tier, is_exact } => {
                    let samples = is_exact.then_some(samples);
                    Box::new(TierSelector::new(context, selector, tier, grid, samples))
                }
            }
        };
        let parts = stretches
            .iter()
            .map(|stretch| (stretch.steps.clone(), part(stretch)));
        Ok(Some(Box::new(Spliced::new(
            context,
            parts.collect(),
            grid.count,
            true,
        ))))
    }

    /// Plans a function of a range vector from windows; `None` when samples answer all of it, or must.
    pub(super) fn tiered_function(
        &self,
        call: &'a Call,
        (body, keeps_name): (WindowBody, bool),
        matrix: &'a Expr,
        grid: &Grid,
    ) -> Result<Option<Source<'a>>, QueryError> {
        let context = self.context;
        let argument = matrix.unwrapped();
        let ExprKind::Matrix(selector, range) = &argument.kind else {
            return Ok(None);
        };
        if grid.count == 0 || selector.extension.is_some() {
            return Ok(None);
        }
        let shift = Shift::new(&selector.modifiers, context);
        let asked = Asked {
            kept: self.kept(selector),
            frame: Frame::new(shift, range.millis()),
            grid: *grid,
            windows_min: 3,
            may_be_exact: !context.options.use_start_timestamps,
        };
        let Some(summary) = call.function.summary else {
            asked.needs_samples().then(|| {
                let name = call.function.name;
                let annotation = Annotation::SamplesGone {
                    name,
                    since: asked.kept.raw,
                };
                context.annotate(&annotation, argument.position);
            });
            return Ok(None);
        };
        let stretches = plan::stretches(&asked);
        if is_from_samples(&stretches) {
            return Ok(None);
        }
        context.forks.decline(selector);
        announce(context, &stretches, asked.kept, argument.position);
        let mut parts: Vec<(std::ops::Range<usize>, Source<'a>)> = Vec::new();
        for stretch in &stretches {
            let grid = grid.slice(stretch.steps.clone());
            let samples = self.raw_function(call, (body, true), matrix, &grid)?;
            let part: Source<'a> = match stretch.answer {
                Answer::Samples => samples,
                Answer::Windows { tier, is_exact } => {
                    let samples = is_exact.then_some(samples);
                    let details = (asked.frame, grid, argument.position);
                    Box::new(TierFunction::new(
                        context,
                        (call, summary),
                        (selector, tier),
                        details,
                        samples,
                    ))
                }
            };
            parts.push((stretch.steps.clone(), part));
        }
        Ok(Some(Box::new(Spliced::new(
            context, parts, grid.count, keeps_name,
        ))))
    }

    /// Tells what the store keeps; a shard is only made of what samples answer.
    fn kept(&self, selector: &Selector) -> Kept {
        match self.context.is_shard() {
            true => Kept::SAMPLES,
            false => self.context.storage.kept(&selector.matchers),
        }
    }
}

fn is_from_samples(stretches: &[Stretch]) -> bool {
    stretches
        .iter()
        .all(|stretch| stretch.answer == Answer::Samples)
}

/// Tells the reader of the result, and of the plan.
fn announce(context: &Context<'_>, stretches: &[Stretch], kept: Kept, position: Position) {
    for Stretch { steps, answer } in stretches {
        let (from, note) = match answer {
            Answer::Samples => (Tier::Raw, "samples".into()),
            Answer::Windows { tier, .. } => (*tier, format!("{tier} windows")),
        };
        if let Some(profile) = &context.profile {
            profile.note_planned(format!("steps {}..{} from {note}", steps.start, steps.end));
        }
        if let Answer::Windows { is_exact, .. } = answer {
            let since = (!is_exact).then_some(kept.raw);
            context.annotate(&Annotation::FromWindows { tier: from, since }, position);
        }
    }
}
