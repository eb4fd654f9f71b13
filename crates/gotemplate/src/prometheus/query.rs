//! `query` and what takes its result apart.

use std::sync::Arc;

use super::data::{map, number};
use super::{Environment, Sample};
use crate::error::CallError;
use crate::function::{Call, Functions};
use crate::value::{Field, List, Object, Signature, Type, Value};

const SAMPLE: &str = "*template.sample";
const RESULT: Type = Type::NamedList("template.queryResult");
/// A query costs the server far more than a step of a template.
const QUERY_STEPS: u64 = 1_000;

/// Adds the functions.
pub(super) fn add_all(functions: &mut Functions, environment: &Environment) {
    let ask = environment.query.clone();
    functions.add("query", Signature::exact(&[Type::Text]), move |call| {
        call.spend(QUERY_STEPS)?;
        let samples = ask(call.text(0)).map_err(CallError::new)?;
        result(call, &samples)
    });
    functions.add("first", Signature::exact(&[RESULT]), |call| {
        let first = call.list(0).items().first().cloned();
        first.ok_or_else(|| CallError::new("first() called on vector with no elements"))
    });
    functions.add(
        "sortByLabel",
        Signature::exact(&[Type::Text, RESULT]),
        sort_by_label,
    );
    let sample = Type::Named(SAMPLE);
    functions.add("label", Signature::exact(&[Type::Text, sample]), |call| {
        label(&call.value(1), call.text(0))
    });
    functions.add("strvalue", Signature::exact(&[sample]), |call| {
        label(&call.value(0), "__value__")
    });
    functions.add("value", Signature::exact(&[sample]), |call| {
        field(&call.value(0), "Value")
    });
}

fn result(call: &mut Call<'_>, samples: &[Sample]) -> Result<Value, CallError> {
    let labels: usize = samples
        .iter()
        .map(|sample| sample.labels.byte_count())
        .sum();
    call.spend(samples.len() as u64)?;
    call.spend_elements(2 * samples.len() + labels / size_of::<Value>())?;
    let items = samples.iter().map(|sample| {
        Value::object(Element {
            labels: map(&sample.labels),
            value: number(&sample.value),
        })
    });
    Ok(Value::object(QueryResult(List::of_objects(SAMPLE, items))))
}

fn sort_by_label(call: &mut Call<'_>) -> Result<Value, CallError> {
    let name = call.text(0).to_owned();
    let mut items = call.list(1).items().to_vec();
    call.spend(items.len() as u64 * 4)?;
    call.spend_elements(items.len())?;
    let key = |item: &Value| -> Arc<str> {
        match label(item, &name) {
            Ok(Value::Text(text)) => text,
            _ => "".into(),
        }
    };
    items.sort_by_cached_key(key);
    Ok(Value::object(QueryResult(List::of_objects(SAMPLE, items))))
}

fn field(sample: &Value, name: &str) -> Result<Value, CallError> {
    match sample {
        Value::Object(object) => Ok(object.field(name).unwrap_or_default()),
        _ => Err(CallError::new(
            "runtime error: invalid memory address or nil pointer dereference",
        )),
    }
}

fn label(sample: &Value, name: &str) -> Result<Value, CallError> {
    match field(sample, "Labels")? {
        Value::Map(labels) => Ok(labels.get(name)),
        _ => Ok(Value::text("")),
    }
}

/// A list of samples under the name that Prometheus gives it.
#[derive(Debug)]
struct QueryResult(List);

impl Object for QueryResult {
    fn type_name(&self) -> &'static str {
        "template.queryResult"
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }
}

#[derive(Debug)]
struct Element {
    labels: Value,
    value: Value,
}

impl Object for Element {
    fn type_name(&self) -> &'static str {
        SAMPLE
    }

    fn fields(&self) -> &'static [Field] {
        const FIELDS: [Field; 2] = [
            Field {
                name: "Labels",
                json: "Labels",
            },
            Field {
                name: "Value",
                json: "Value",
            },
        ];
        &FIELDS
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Labels" => Some(self.labels.clone()),
            "Value" => Some(self.value.clone()),
            _ => None,
        }
    }
}
