//! Fields, keys and methods: what stands behind a dot.

use super::call::weight;
use super::{Executor, Result};
use crate::error::CallError;
use crate::parse::Word;
use crate::time::{call_duration, call_time, duration_method, time_method};
use crate::value::{Signature, Type, Value};

/// What is known of a receiver besides its value: errors name the declared type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// There was nothing from the start, so its fields are nothing too.
    Absent,
    /// Its type is its own.
    Typed,
    /// It was declared to be anything: a nil here is an error.
    Anything,
}

/// Says whether the value behind a name is declared to be anything.
fn holds_anything(holder: &Value, name: &str) -> bool {
    match holder {
        Value::Map(map) => map.element() == Type::Any,
        // The only field of this kind in either program: the value of an alert or a sample.
        Value::Object(object) => object.underlying().is_none() && name == "Value",
        _ => false,
    }
}

impl<'t> Executor<'t, '_> {
    /// Follows names from a receiver; arguments go to the last of them.
    pub(super) fn fields(
        &mut self,
        dot: &Value,
        mut receiver: Value,
        names: &'t [String],
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        let (final_name, before) = names.split_last().expect("a field has a name");
        let mut origin = match &receiver {
            Value::Nil => Origin::Absent,
            _ => Origin::Typed,
        };
        for name in before {
            let holder = receiver.clone();
            receiver = self.field(dot, receiver, name, origin, &[], None)?;
            origin = match holds_anything(&holder, name) {
                true => Origin::Anything,
                false if matches!(receiver, Value::Nil) => origin,
                false => Origin::Typed,
            };
        }
        self.field(dot, receiver, final_name, origin, arguments, last)
    }

    /// Evaluates one name. A receiver that was absent from the start gives nothing; one that an element of a list or
    /// map lacks is an error, as in Go.
    fn field(
        &mut self,
        dot: &Value,
        receiver: Value,
        name: &'t str,
        origin: Origin,
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        if matches!(receiver, Value::Nil) {
            return match origin {
                Origin::Anything => {
                    self.fail(format!("nil pointer evaluating interface {{}}.{name}"))
                }
                _ => Ok(Value::Nil),
            };
        }
        if let Some(signature) = method(&receiver, name) {
            let place = self.at;
            let values = self.call_arguments(dot, name, &signature, arguments, last)?;
            let charged = self.budget.step(weight(&values));
            charged.map_err(|reason| self.limit_error(reason))?;
            let result = call_method(&receiver, name, &values);
            return result.map_err(|error| self.call_error(place, name, &error));
        }
        let has_arguments = !arguments.is_empty() || last.is_some();
        if let Value::Object(object) = &receiver
            && let Some(value) = object.field(name)
        {
            if !name.starts_with(char::is_uppercase) {
                let type_name = object.type_name();
                return self.fail(format!(
                    "{name} is an unexported field of struct type {type_name}"
                ));
            }
            return match has_arguments {
                true => self.fail(format!(
                    "{name} has arguments but cannot be invoked as function"
                )),
                false => Ok(value),
            };
        }
        if let Value::Map(map) = receiver.plain() {
            return match has_arguments {
                true => self.fail(format!("{name} is not a method but has arguments")),
                false => Ok(map.get(name)),
            };
        }
        let type_name = match origin {
            Origin::Anything => "interface {}".into(),
            _ => receiver.type_name(),
        };
        self.fail(format!("can't evaluate field {name} in type {type_name}"))
    }
}

fn method(receiver: &Value, name: &str) -> Option<Signature> {
    match receiver {
        Value::Object(object) => object.method(name),
        Value::Time(_) => time_method(name),
        Value::Duration(_) => duration_method(name),
        Value::Enumerated(_) if name == "String" => Some(Signature::exact(&[])),
        _ => None,
    }
}

fn call_method(
    receiver: &Value,
    name: &str,
    arguments: &[Value],
) -> std::result::Result<Value, CallError> {
    match receiver {
        Value::Object(object) => object.call(name, arguments),
        Value::Time(time) => call_time(time, name, arguments),
        Value::Duration(duration) => call_duration(*duration, name, arguments),
        Value::Enumerated(value) => Ok(value.name.into()),
        _ => Err(CallError::new(format!("there is no method {name}"))),
    }
}
