//! Calls of functions and methods: arguments are counted, evaluated and checked.

use std::sync::Arc;

use super::{At, Executor, Result};
use crate::error::{CallError, ExecuteError};
use crate::function::{Call, Function, Special};
use crate::parse::Word;
use crate::quote::quote;
use crate::value::{Signature, Type, Value};

impl<'t> Executor<'t, '_> {
    /// Calls a function by name; errors of its own are about `place`.
    pub(super) fn function(
        &mut self,
        dot: &Value,
        name: &'t str,
        place: At<'t>,
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        let Some(function) = self.set.functions().get(name) else {
            let shown = quote(name, false);
            return self.fail(format!("{shown} is not a defined function"));
        };
        if matches!(function.special(), Some(Special::And | Special::Or)) {
            return self.short_circuit(dot, name, function, arguments, last);
        }
        let values = self.call_arguments(dot, name, function.signature(), arguments, last)?;
        if function.special() == Some(Special::Call) {
            let callee = match (arguments.first(), values.first()) {
                (Some(word), _) => word.to_string(),
                (None, Some(Value::Text(text))) => text.to_string(),
                (None, Some(value)) => format!("<{} Value>", value.type_name()),
                (None, None) => String::new(),
            };
            let result = self.call_value(&callee, &values);
            return result.map_err(|error| self.call_error(place, name, &error));
        }
        let result = self.invoke(function, &values);
        result.map_err(|error| self.call_error(place, name, &error))
    }

    fn invoke(
        &mut self,
        function: &Function,
        values: &[Value],
    ) -> std::result::Result<Value, CallError> {
        self.budget.step(weight(values)).map_err(CallError::limit)?;
        function.call(&mut Call {
            arguments: values,
            set: self.set,
            root: self.root,
            budget: &mut *self.budget,
            is_html: self.sink.is_html(),
        })
    }

    /// `call f a b`: calls a function that is a value.
    fn call_value(
        &mut self,
        callee: &str,
        values: &[Value],
    ) -> std::result::Result<Value, CallError> {
        let refuse = |reason: String| Err(CallError::new(reason));
        let (function, arguments): (&Arc<Function>, _) = match values.split_first() {
            Some((Value::Function(function), arguments)) => (function, arguments),
            Some((Value::Nil, _)) | None => return refuse("call of nil".into()),
            Some((other, _)) => {
                return refuse(format!(
                    "non-function {callee} of type {}",
                    other.type_name()
                ));
            }
        };
        let signature = function.signature();
        let fixed = signature.parameters.len() - usize::from(signature.is_variadic);
        let is_right = match signature.is_variadic {
            true => arguments.len() >= fixed,
            false => arguments.len() == fixed,
        };
        if !is_right {
            let at_least = if signature.is_variadic {
                "at least "
            } else {
                ""
            };
            return refuse(format!(
                "wrong number of args for {callee}: got {} want {at_least}{fixed}",
                arguments.len()
            ));
        }
        for (index, value) in arguments.iter().enumerate() {
            let wanted = parameter(signature, index);
            if !wanted.accepts(value) {
                return refuse(format!(
                    "arg {index}: value has type {}; should be {}",
                    value.type_name(),
                    wanted.name()
                ));
            }
        }
        self.invoke(function, arguments)
    }

    /// `and` and `or` evaluate no more arguments than they need.
    fn short_circuit(
        &mut self,
        dot: &Value,
        name: &str,
        function: &Function,
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        if arguments.is_empty() && last.is_none() {
            return self.fail(format!(
                "wrong number of args for {name}: want at least 1 got 0"
            ));
        }
        let is_or = function.special() == Some(Special::Or);
        let mut value = Value::Nil;
        for word in arguments {
            value = self.argument(dot, word, Type::Reflect)?;
            if value.is_true() == is_or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// Counts and evaluates the arguments of a call.
    pub(super) fn call_arguments(
        &mut self,
        dot: &Value,
        name: &str,
        signature: &Signature,
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Vec<Value>> {
        let parameters = signature.parameters.len();
        let given = arguments.len() + usize::from(last.is_some());
        if signature.is_variadic && given < parameters - 1 {
            return self.fail(format!(
                "wrong number of args for {name}: want at least {} got {}",
                parameters - 1,
                arguments.len()
            ));
        }
        if !signature.is_variadic && given != parameters {
            return self.fail(format!(
                "wrong number of args for {name}: want {parameters} got {given}"
            ));
        }
        let mut values = Vec::with_capacity(given);
        for (index, word) in arguments.iter().enumerate() {
            values.push(self.argument(dot, word, parameter(signature, index))?);
        }
        if let Some(value) = last {
            let wanted = parameter(signature, arguments.len());
            values.push(self.fits(value, wanted)?);
        }
        Ok(values)
    }

    pub(super) fn call_error(
        &mut self,
        place: At<'t>,
        name: &str,
        error: &CallError,
    ) -> ExecuteError {
        self.at = place;
        let reason = format!("error calling {name}: {error}");
        match error.is_limit() {
            true => self.limit_error(reason),
            false => self.error(reason),
        }
    }
}

/// Long texts take longer: what a call counts for its arguments.
pub(super) fn weight(values: &[Value]) -> u64 {
    let texts = values.iter().filter_map(Value::as_text);
    texts.map(|text| text.len() as u64 / 256).sum()
}

/// Returns the type of an argument by its place.
fn parameter(signature: &Signature, index: usize) -> Type {
    let last = signature.parameters.len().saturating_sub(1);
    let place = if signature.is_variadic {
        index.min(last)
    } else {
        index
    };
    signature
        .parameters
        .get(place)
        .copied()
        .unwrap_or(Type::Any)
}
