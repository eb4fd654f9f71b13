//! `label_replace` and `label_join`: new labels, the same samples.

use plimsoll_types::{Labels, METRIC_NAME, Pattern};

use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Charge, Column, Context, Grid, Meta, Operator, Planner, Source, merge};

/// Returns the new value of the label; `None` leaves it as it is. The charge is for the value.
type NewValue<'a> =
    Box<dyn Fn(&Labels, &mut Charge<'_>) -> Result<Option<String>, QueryError> + 'a>;

/// Sets one label of every series.
struct Relabel<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    destination: &'a str,
    new_value: NewValue<'a>,
}

impl Operator for Relabel<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut metas = self.source.series()?;
        for meta in &mut metas {
            self.context.work(1)?;
            let mut held = self.context.charge();
            if let Some(value) = (self.new_value)(&meta.labels, &mut held)? {
                // The new labels take the place of old ones, which are charged already.
                self.context.hold(self.destination.len() + value.len(), 0)?;
                set(meta, self.destination, &value);
            }
        }
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(into)
    }
}

fn relabel<'a>(
    planner: &Planner<'a>,
    source: Source<'a>,
    destination: &'a str,
    new_value: NewValue<'a>,
) -> Source<'a> {
    let context = planner.context;
    let relabel = Relabel {
        context,
        source,
        destination,
        new_value,
    };
    merge(context, Box::new(relabel), false)
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
    let pattern = Pattern::new(texts[3]).map_err(|error| {
        QueryError::execution(format!(
            "invalid regular expression in label_replace(): {error}"
        ))
    })?;
    let source = planner.vector(&call.args[0], grid)?;
    // No reference can be replaced by more than the whole value.
    let references = replacement.matches('$').count();
    let new_value = move |labels: &Labels, held: &mut Charge<'_>| {
        let value = labels.get(origin).unwrap_or("");
        held.add(
            replacement.len() + references.saturating_mul(value.len()),
            0,
        )?;
        Ok(pattern.expand(value, replacement))
    };
    Ok(relabel(planner, source, destination, Box::new(new_value)))
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
    let new_value = move |labels: &Labels, held: &mut Charge<'_>| {
        let values = || {
            let origins = texts[2..].iter();
            origins.map(|origin| labels.get(origin).unwrap_or(""))
        };
        let bytes = |value: &str| value.len() + texts[1].len() + size_of::<&str>();
        held.add(values().map(bytes).sum(), 0)?;
        Ok(Some(values().collect::<Vec<_>>().join(texts[1])))
    };
    Ok(relabel(planner, source, destination, Box::new(new_value)))
}
