//! `info`: adds the labels of info series, such as those of `target_info`, to the series that they describe.
//!
//! A series is described by the info series that have its `instance` and `job`. Which ones these are may change from
//! step to step, so a series may come out as several. What is known before anything is calculated, the labels of all
//! series and the samples of the info series, decides which results there are; then the series stream through.

mod choice;

use std::collections::HashMap;
use std::ops::Range;

use plimsoll_types::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::ast::{Call, Expr, ExprKind, Selector};
use crate::error::QueryError;
use crate::evaluate::{
    Charge, Column, Context, Grid, InstantSelector, Meta, Operator, Planner, Shift, Shows, Source,
    merge,
};

use choice::{InfoSet, Timeline, identity};

/// What makes an info series describe another one. Prometheus knows no other labels either.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

const TARGET_INFO: &str = "target_info";

/// Plans `info(expr)` and `info(expr, {data="label"})`.
pub(super) fn info<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let selected: &[Matcher] = match call.args.get(1).map(|arg| &arg.unwrapped().kind) {
        Some(ExprKind::Selector(selector)) => &selector.matchers,
        _ => &[],
    };
    let is_name = |matcher: &Matcher| matcher.name() == METRIC_NAME;
    let (names, data) = selected.iter().cloned().partition(is_name);
    let operator = Info {
        context,
        base: planner.vector(&call.args[0], grid)?,
        names: with_default(names)?,
        data,
        shift: reference(&call.args[0], context, Shift::default()).unwrap_or_default(),
        grid: *grid,
        timelines: Vec::new(),
        plan: Vec::new().into_iter(),
        read: 0,
        count: 0,
        column: Column::default(),
        held: context.charge(),
    };
    Ok(merge(context, Box::new(operator), false))
}

/// Says which metrics hold information: what was asked for, `target_info`, or what is called so by custom.
fn with_default(mut names: Vec<Matcher>) -> Result<Vec<Matcher>, QueryError> {
    let is_positive = |matcher: &Matcher| matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex);
    if names.is_empty() {
        names.push(Matcher::equal(METRIC_NAME, TARGET_INFO));
    } else if !names.iter().any(is_positive) {
        names.push(regex(METRIC_NAME, ".+_info")?);
    }
    Ok(names)
}

fn regex(name: &str, expression: &str) -> Result<Matcher, QueryError> {
    Matcher::new(MatchOp::Regex, name, expression)
        .map_err(|error| QueryError::execution(error.to_string()))
}

/// Returns when the info series are looked at: when the first selector inside of the expression looks at its samples.
fn reference(expr: &Expr, context: &Context<'_>, outer: Shift) -> Option<Shift> {
    let inside = |expr: &Expr| reference(expr, context, outer);
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
            Some(outer.then(Shift::new(&selector.modifiers, context)))
        }
        ExprKind::Subquery(subquery) => {
            let outer = outer.then(Shift::new(&subquery.modifiers, context));
            reference(&subquery.expr, context, outer)
        }
        ExprKind::Aggregate(aggregate) => {
            let parameter = aggregate.parameter.as_deref();
            inside(&aggregate.expr).or_else(|| parameter.and_then(inside))
        }
        ExprKind::Binary(_) => {
            // Along the chain, which may be long, from the operand that was written first.
            let chain = expr.chain();
            let first = chain.last().map(|binary| &*binary.left);
            let rights = chain.iter().rev().map(|binary| &*binary.right);
            first.into_iter().chain(rights).find_map(inside)
        }
        _ => expr.children().into_iter().find_map(inside),
    }
}

struct Info<'a> {
    context: &'a Context<'a>,
    base: Source<'a>,
    /// Conditions on the names of info metrics.
    names: Vec<Matcher>,
    /// Conditions on their other labels. If there are any, only these labels are added.
    data: Vec<Matcher>,
    shift: Shift,
    grid: Grid,
    /// What describes the series of each pair of `instance` and `job`.
    timelines: Vec<Timeline>,
    plan: std::vec::IntoIter<Output>,
    /// How many series were read, and how many there are.
    read: usize,
    count: usize,
    column: Column,
    held: Charge<'a>,
}

/// One result: a series as it is described at some steps.
struct Output {
    series: usize,
    /// Which timeline says at which steps; `None` for all.
    timeline: Option<usize>,
    /// The choices of that timeline that lead to this result.
    choices: Vec<usize>,
}

impl Info<'_> {
    /// Says whether a series holds information itself, and stays as it is.
    fn is_info(&self, labels: &Labels) -> bool {
        let name = labels.get(METRIC_NAME).unwrap_or("");
        self.names.iter().all(|matcher| matcher.matches(name))
    }

    /// Reads the info series that may describe one of `series`.
    fn read_info(&mut self, series: &[&Labels]) -> Result<InfoSet, QueryError> {
        let mut set = InfoSet::default();
        // The values, and the expressions that they become.
        let values =
            |labels: &&Labels| IDENTIFYING.map(|name| labels.get(name).map_or(0, str::len));
        let bytes: usize = series.iter().flat_map(values).sum();
        let mut texts = self.context.charge();
        texts.add(3 * bytes + 16 * IDENTIFYING.len() * series.len(), 0)?;
        let Some(identifying) = identifying(series)? else {
            return Ok(set);
        };
        let matchers = self.names.iter().chain(&self.data).cloned();
        let selector = Selector {
            name: None,
            matchers: matchers.chain(identifying).collect(),
            modifiers: Default::default(),
            extension: None,
        };
        let mut source = InstantSelector::new(self.context, &selector, self.grid, Shows::FloatTime)
            .shifted(self.shift);
        for meta in source.series()? {
            let mut column = Column::default();
            source.next(&mut column)?;
            if column.has_histograms() {
                return Err(QueryError::execution("info sample should be float"));
            }
            let labels = meta.labels.byte_count() + size_of::<Labels>();
            self.held
                .add(column.byte_count() + labels, column.present_count())?;
            set.add(meta.labels, column);
        }
        Ok(set)
    }

    /// Follows what describes each of the series; returns the index of its timeline.
    fn follow(
        &mut self,
        series: &[&Labels],
        set: &InfoSet,
    ) -> Result<HashMap<[String; 2], usize>, QueryError> {
        let mut indices = HashMap::new();
        for labels in series {
            self.context.work(1)?;
            let identity = identity(labels);
            if indices.contains_key(&identity) {
                continue;
            }
            let data = &self.data;
            let takes = |name: &str| {
                name != METRIC_NAME
                    && (data.is_empty() || data.iter().any(|matcher| matcher.name() == name))
            };
            self.context.work(self.grid.count)?;
            let timeline = set.timeline(&identity, self.grid.count, &takes, &mut self.held)?;
            self.timelines.push(timeline);
            let bytes: usize = identity.iter().map(String::len).sum();
            self.held
                .add(bytes + size_of::<([String; 2], usize)>(), 0)?;
            indices.insert(identity, self.timelines.len() - 1);
        }
        Ok(indices)
    }

    /// Returns the labels that a series has in the result, each with the choices that lead to it.
    fn results(&self, labels: &Labels, timeline: &Timeline) -> Vec<(Labels, Vec<usize>)> {
        let keeps_undescribed = self.data.iter().all(Matcher::matches_empty);
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let mut results: Vec<(Labels, Vec<usize>)> = Vec::new();
        for (index, choice) in timeline.iter().enumerate() {
            let result = match &choice.labels {
                Ok(Some(added)) => with(labels, added),
                Ok(None) if !keeps_undescribed => continue,
                // What the error is about shows when the series has a sample at such a step.
                Ok(None) | Err(_) => labels.clone(),
            };
            match slots.get(&result) {
                Some(slot) => results[*slot].1.push(index),
                None => {
                    slots.insert(result.clone(), results.len());
                    results.push((result, vec![index]));
                }
            }
        }
        results
    }

    /// Reads on until so many series were read, also those without a result: there may be something to note about them.
    fn read_to(&mut self, count: usize) -> Result<(), QueryError> {
        while self.read < count {
            self.base.next(&mut self.column)?;
            self.read += 1;
        }
        Ok(())
    }

    /// Takes the steps of the series at hand at which it has the labels of a result.
    fn pick(&self, output: &Output, into: &mut Column) -> Result<(), QueryError> {
        let mut take = |steps: Range<usize>, labels: &Result<_, String>| {
            for step in steps {
                let Some(value) = self.column.get(step) else {
                    continue;
                };
                if let Err(message) = labels {
                    return Err(QueryError::execution(message.clone()));
                }
                into.set(step, value);
            }
            Ok(())
        };
        let Some(timeline) = output.timeline else {
            return take(0..self.grid.count, &Ok(None));
        };
        for choice in output
            .choices
            .iter()
            .map(|index| &self.timelines[timeline][*index])
        {
            for steps in &choice.steps {
                take(steps.clone(), &choice.labels)?;
            }
        }
        Ok(())
    }
}

/// Adds labels that a series does not have.
fn with(labels: &Labels, added: &Labels) -> Labels {
    let mut builder = labels.to_builder();
    for (name, value) in added.iter().filter(|(name, _)| labels.get(name).is_none()) {
        builder.set(name, value);
    }
    builder.build()
}

/// Returns matchers for the values that any of the series has; `None` when no series has any.
fn identifying(series: &[&Labels]) -> Result<Option<Vec<Matcher>>, QueryError> {
    let mut matchers = Vec::new();
    for name in IDENTIFYING {
        let mut values: Vec<&str> = series
            .iter()
            .filter_map(|labels| labels.get(name))
            .collect();
        values.sort_unstable();
        values.dedup();
        if values.is_empty() {
            continue;
        }
        let escaped: Vec<String> = values.into_iter().map(literal).collect();
        // Any value when there are more than an expression holds; what describes nothing is not asked for later.
        matchers.push(regex(name, &escaped.join("|")).or_else(|_| regex(name, ".+"))?);
    }
    Ok((!matchers.is_empty()).then_some(matchers))
}

/// Writes a text so that a regular expression means just that text.
fn literal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

impl Operator for Info<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let metas = self.base.series()?;
        self.count = metas.len();
        let is_info: Vec<bool> = metas
            .iter()
            .map(|meta| self.is_info(&meta.labels))
            .collect();
        let described = metas.iter().zip(&is_info).filter(|(_, is_info)| !**is_info);
        let described: Vec<&Labels> = described.map(|(meta, _)| &meta.labels).collect();
        let set = self.read_info(&described)?;
        let timelines = self.follow(&described, &set)?;
        let (mut results, mut outputs) = (Vec::new(), Vec::new());
        for (series, (meta, is_info)) in metas.into_iter().zip(is_info).enumerate() {
            let timeline = match is_info {
                true => None,
                false => timelines.get(&identity(&meta.labels)).copied(),
            };
            let found = match timeline {
                None => vec![(meta.labels, Vec::new())],
                Some(index) => self.results(&meta.labels, &self.timelines[index]),
            };
            for (labels, choices) in found {
                self.context.work(1 + choices.len())?;
                let bytes = labels.byte_count() + size_of::<(Meta, Output)>();
                self.held
                    .add(bytes + choices.len() * size_of::<usize>(), 0)?;
                results.push(Meta {
                    labels,
                    drop_name: meta.drop_name,
                });
                outputs.push(Output {
                    series,
                    timeline,
                    choices,
                });
            }
        }
        self.plan = outputs.into_iter();
        if results.is_empty() {
            self.read_to(self.count)?;
        }
        Ok(results)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        let output = self.plan.next().expect("next is called once per series");
        self.read_to(output.series + 1)?;
        self.context.work(self.grid.count)?;
        into.reset(self.grid.count);
        self.pick(&output, into)?;
        match self.plan.len() {
            0 => self.read_to(self.count),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_only_the_values_that_are_there() {
        let labels = |instance| Labels::from_pairs([("instance", instance)]);
        let (one, two) = (labels("a.b:80"), labels("c|d"));
        let matchers = identifying(&[&one, &two, &one]).unwrap().unwrap();
        assert_eq!(matchers.len(), 1);
        assert_eq!(matchers[0].to_string(), r#"instance=~"a\\.b:80|c\\|d""#);
        assert!(identifying(&[&Labels::empty()]).unwrap().is_none());
    }
}
