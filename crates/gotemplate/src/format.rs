//! Go's `fmt`: how values are printed, with and without a format.

mod directive;
mod float;
mod nested;
mod printer;
mod scalar;

use std::fmt::Write;

pub(crate) use self::directive::sprintf;
pub(crate) use self::float::{format_float, format_general};
use self::printer::Printer;
use crate::budget::Bounded;
use crate::error::CallError;
use crate::value::Value;

/// Prints a value as an action does; an error means that the writer is full.
pub(crate) fn print(value: &Value, output: &mut Bounded) -> std::fmt::Result {
    match value {
        Value::Text(text) => output.write_str(text),
        Value::Nil => output.write_str("<no value>"),
        _ => Printer::new(output).dereferenced(value),
    }
}

/// Prints a value for an error text: the start of it is enough.
pub(crate) fn print_text(value: &Value) -> String {
    const BYTES_MAX: usize = 4 << 10;
    let mut output = Bounded::new(BYTES_MAX);
    let mut printer = Printer::new(&mut output);
    // What did not fit is left out.
    let _ = printer.dereferenced(value);
    output.into_text()
}

/// Go's `fmt.Sprint`: a space between two values of which none is a text.
pub(crate) fn sprint(values: &[Value], bytes_max: usize) -> Result<String, CallError> {
    let is_text = |value: &Value| value.as_text().is_some();
    let mut output = Bounded::new(bytes_max);
    for (index, value) in values.iter().enumerate() {
        if index > 0 && !is_text(value) && !is_text(&values[index - 1]) {
            output.write_char(' ')?;
        }
        Printer::new(&mut output).value(value)?;
    }
    Ok(output.into_text())
}

/// Go's `fmt.Sprintln`.
pub(crate) fn sprintln(values: &[Value], bytes_max: usize) -> Result<String, CallError> {
    let mut output = Bounded::new(bytes_max);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            output.write_char(' ')?;
        }
        Printer::new(&mut output).value(value)?;
    }
    output.write_char('\n')?;
    Ok(output.into_text())
}
