//! `len`, `index` and `slice`.

use crate::error::CallError;
use crate::value::Value;

fn refuse<T>(reason: impl Into<String>) -> Result<T, CallError> {
    Err(CallError::new(reason))
}

/// Counts the bytes of a text, the elements of a list, the pairs of a map.
pub(super) fn len(value: &Value) -> Result<Value, CallError> {
    let length = match value.plain() {
        Value::Nil => return refuse("len of nil pointer"),
        Value::Text(text) => text.len(),
        Value::Safe(safe) => safe.text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => return refuse(format!("len of type {}", value.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// Follows indexes and keys from the first value.
pub(super) fn index(values: &[Value]) -> Result<Value, CallError> {
    let [first, indexes @ ..] = values else {
        return refuse("index of untyped nil");
    };
    if matches!(first, Value::Nil) {
        return refuse("index of untyped nil");
    }
    indexes
        .iter()
        .try_fold(first.clone(), |item, index| one(&item, index))
}

fn one(item: &Value, index: &Value) -> Result<Value, CallError> {
    match item.plain() {
        Value::Nil => refuse("index of nil pointer"),
        Value::List(list) => {
            let place = position(index, list.len())?;
            match list.items().get(place) {
                Some(item) => Ok(item.clone()),
                None => refuse("reflect: slice index out of range"),
            }
        }
        Value::Text(text) => byte(&text, index),
        Value::Safe(safe) => byte(&safe.text, index),
        Value::Map(map) => match index {
            Value::Text(key) => Ok(map.get(key)),
            Value::Nil => refuse("value is nil; should be of type string"),
            other => refuse(format!(
                "value has type {}; should be string",
                other.type_name()
            )),
        },
        _ => refuse(format!("can't index item of type {}", item.type_name())),
    }
}

fn byte(text: &str, index: &Value) -> Result<Value, CallError> {
    let place = position(index, text.len())?;
    match text.as_bytes().get(place) {
        Some(byte) => Ok(Value::Byte(*byte)),
        None => refuse("reflect: string index out of range"),
    }
}

/// Reads an index up to the length itself: a slice may end there.
fn position(index: &Value, length: usize) -> Result<usize, CallError> {
    let number = match index {
        Value::Int(number) | Value::Int64(number) | Value::Duration(number) => i128::from(*number),
        Value::Uint(number) => i128::from(*number),
        Value::Byte(number) => i128::from(*number),
        Value::Enumerated(named) => i128::from(named.number),
        Value::Nil => return refuse("cannot index slice/array with nil"),
        other => {
            let name = other.type_name();
            return refuse(format!("cannot index slice/array with type {name}"));
        }
    };
    match usize::try_from(number) {
        Ok(place) if place <= length => Ok(place),
        _ => refuse(format!("index out of range: {number}")),
    }
}

/// Cuts a part out of a text or list.
pub(super) fn slice(values: &[Value]) -> Result<Value, CallError> {
    let [item, indexes @ ..] = values else {
        return refuse("slice of untyped nil");
    };
    if indexes.len() > 3 {
        return refuse(format!("too many slice indexes: {}", indexes.len()));
    }
    let plain = item.plain();
    let length = match &plain {
        Value::Nil => return refuse("slice of untyped nil"),
        Value::Text(_) | Value::Safe(_) if indexes.len() == 3 => {
            return refuse("cannot 3-index slice a string");
        }
        Value::Text(text) => text.len(),
        Value::Safe(safe) => safe.text.len(),
        Value::List(list) => list.len(),
        _ => return refuse(format!("can't slice item of type {}", item.type_name())),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    for (low, high) in [(bounds[0], bounds[1]), (bounds[1], bounds[2])] {
        if low > high && (indexes.len() == 3 || low == bounds[0]) {
            return refuse(format!("invalid slice index: {low} > {high}"));
        }
    }
    let range = bounds[0]..bounds[1];
    Ok(match plain {
        Value::List(list) => list.part(range).into(),
        Value::Text(text) => cut(&text, range).into(),
        Value::Safe(safe) => cut(&safe.text, range).into(),
        other => other,
    })
}

/// Cuts bytes out; halves of characters become U+FFFD.
fn cut(text: &str, range: std::ops::Range<usize>) -> String {
    String::from_utf8_lossy(&text.as_bytes()[range]).into_owned()
}
