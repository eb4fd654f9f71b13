//! Comparisons by Go's rules: whole numbers of any type with each other, but no whole number with a float.

use std::cmp::Ordering;

use crate::error::CallError;
use crate::format::sprintf;
use crate::value::Value;

/// How much of a value an error shows.
const SHOWN_BYTES_MAX: usize = 64 << 10;

type Order = fn(&Value, &Value) -> Result<bool, CallError>;

/// The comparisons that take exactly two values.
pub(super) const ORDERS: [(&str, Order); 5] =
    [("ne", ne), ("lt", lt), ("le", le), ("gt", gt), ("ge", ge)];

/// What a value is to a comparison.
enum Basic<'a> {
    Bool(bool),
    /// Wide enough for `int64` and `uint64`.
    Whole(i128),
    Float(f64),
    Text(&'a str),
    Nil,
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) | Value::Duration(value) => {
            Basic::Whole((*value).into())
        }
        Value::Uint(value) => Basic::Whole((*value).into()),
        Value::Byte(value) => Basic::Whole((*value).into()),
        Value::Enumerated(value) => Basic::Whole(value.number.into()),
        Value::Float(value) => Basic::Float(*value),
        Value::Text(text) => Basic::Text(text),
        Value::Safe(safe) => Basic::Text(&safe.text),
        Value::Nil => Basic::Nil,
        _ => Basic::Other,
    }
}

fn incompatible<T>(first: &Value, second: &Value) -> Result<T, CallError> {
    Err(CallError::new(format!(
        "incompatible types for comparison: {} and {}",
        first.type_name(),
        second.type_name()
    )))
}

fn invalid<T>() -> Result<T, CallError> {
    Err(CallError::new("invalid type for comparison"))
}

/// Says whether the first equals any of the others.
pub(super) fn eq(values: &[Value]) -> Result<bool, CallError> {
    let [first, others @ ..] = values else {
        return invalid();
    };
    if others.is_empty() {
        return Err(CallError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(first: &Value, second: &Value) -> Result<bool, CallError> {
    match (basic(first), basic(second)) {
        (Basic::Bool(first), Basic::Bool(second)) => Ok(first == second),
        (Basic::Whole(first), Basic::Whole(second)) => Ok(first == second),
        (Basic::Float(first), Basic::Float(second)) => Ok(first == second),
        (Basic::Text(first), Basic::Text(second)) => Ok(first == second),
        (Basic::Nil, Basic::Nil) => Ok(true),
        (Basic::Nil, _) | (_, Basic::Nil) => Ok(false),
        (Basic::Other, Basic::Other) => same(first, second),
        _ => incompatible(first, second),
    }
}

/// Compares what is no number and no text: times can be equal, lists and maps cannot be compared.
fn same(first: &Value, second: &Value) -> Result<bool, CallError> {
    match (first, second) {
        (Value::Time(first), Value::Time(second)) => Ok(first == second),
        _ => {
            let (name, other) = (first.type_name(), second.type_name());
            let shown =
                |format, value| sprintf(format, std::slice::from_ref(value), SHOWN_BYTES_MAX);
            Err(CallError::new(match name == other {
                true => format!("non-comparable type {}: {other}", shown("%s", second)?),
                false => format!(
                    "non-comparable types {}: {name}, {other}: {}",
                    shown("%s", first)?,
                    shown("%v", second)?
                ),
            }))
        }
    }
}

fn ne(first: &Value, second: &Value) -> Result<bool, CallError> {
    equal(first, second).map(|is_equal| !is_equal)
}

fn lt(wanted: &Value, found: &Value) -> Result<bool, CallError> {
    let is_less = |order: Option<Ordering>| Ok(order == Some(Ordering::Less));
    match (basic(wanted), basic(found)) {
        (Basic::Nil | Basic::Other, _) | (_, Basic::Nil | Basic::Other) => invalid(),
        (Basic::Whole(first), Basic::Whole(second)) => is_less(first.partial_cmp(&second)),
        (Basic::Float(first), Basic::Float(second)) => is_less(first.partial_cmp(&second)),
        (Basic::Text(first), Basic::Text(second)) => is_less(first.partial_cmp(second)),
        (Basic::Bool(_), Basic::Bool(_)) => invalid(),
        _ => incompatible(wanted, found),
    }
}

fn le(first: &Value, second: &Value) -> Result<bool, CallError> {
    Ok(lt(first, second)? || equal(first, second)?)
}

/// Go defines it as "not less or equal", so it holds for NaN.
fn gt(first: &Value, second: &Value) -> Result<bool, CallError> {
    le(first, second).map(|is_not| !is_not)
}

fn ge(first: &Value, second: &Value) -> Result<bool, CallError> {
    lt(first, second).map(|is_not| !is_not)
}
