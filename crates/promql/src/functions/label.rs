//! `label_replace` and `label_join`: new labels, the same samples.

use plimsoll_types::METRIC_NAME;

use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Meta, Operator, Planner, Source, merge};

/// Changes the labels of every series.
struct Relabel<'a> {
    source: Source<'a>,
    change: Box<dyn Fn(&mut Meta) + 'a>,
}

impl Operator for Relabel<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut metas = self.source.series()?;
        metas.iter_mut().for_each(&self.change);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(into)
    }
}

fn relabel<'a>(
    planner: &Planner<'a>,
    source: Source<'a>,
    change: impl Fn(&mut Meta) + 'a,
) -> Source<'a> {
    let change = Box::new(change);
    merge(planner.context, Box::new(Relabel { source, change }), false)
}

/// Sets a label; a name that is given anew is not dropped any more.
fn set(meta: &mut Meta, label: &str, value: &str) {
    meta.labels = meta.labels.to_builder().set(label, value).build();
    meta.drop_name &= label != METRIC_NAME;
}

fn checked<'a>(name: &'a str, function: &str, role: &str) -> Result<&'a str, QueryError> {
    match name.is_empty() {
        false => Ok(name),
        true => Err(QueryError::execution(format!(
            "invalid {role} label name in {function}(): {name}"
        ))),
    }
}

pub(super) fn replace<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let texts: Result<Vec<_>, _> = call.args[1..]
        .iter()
        .map(|arg| planner.string(arg))
        .collect();
    let texts = texts?;
    let (destination, replacement, origin) = (texts[0], texts[1], texts[2]);
    let destination = checked(destination, "label_replace", "destination")?;
    let regex = super::anchored(texts[3]).map_err(|error| {
        QueryError::execution(format!(
            "invalid regular expression in label_replace(): {error}"
        ))
    })?;
    let source = planner.vector(&call.args[0], grid)?;
    Ok(relabel(planner, source, move |meta| {
        let value = meta.labels.get(origin).unwrap_or("").to_string();
        if let Some(captures) = regex.captures(&value) {
            let mut expanded = String::new();
            captures.expand(replacement, &mut expanded);
            set(meta, destination, &expanded);
        }
    }))
}

pub(super) fn join<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let texts: Result<Vec<_>, _> = call.args[1..]
        .iter()
        .map(|arg| planner.string(arg))
        .collect();
    let texts = texts?;
    let destination = checked(texts[0], "label_join", "destination")?;
    for origin in &texts[2..] {
        checked(origin, "label_join", "source")?;
    }
    let source = planner.vector(&call.args[0], grid)?;
    Ok(relabel(planner, source, move |meta| {
        let values = texts[2..]
            .iter()
            .map(|origin| meta.labels.get(origin).unwrap_or(""));
        let joined = values.collect::<Vec<_>>().join(texts[1]);
        set(meta, destination, &joined);
    }))
}
