//! The functions that the language itself has.

mod compare;
mod escape;
mod index;

use crate::error::CallError;
use crate::format::{sprint, sprintf, sprintln};
use crate::function::{Call, Function, Functions, REFLECT, Special};
use crate::value::{Signature, Type, Value};

pub(crate) use self::escape::{escape_html, query_escape};

const ANY: &[Type] = &[Type::Any];

/// Adds all of them.
pub(crate) fn add_all(functions: &mut Functions) {
    let variadic = || Signature::variadic(&[Type::Reflect, Type::Reflect]);
    let special = |special| {
        // The executor evaluates these itself.
        let body = |call: &mut Call<'_>| Ok(call.value(0));
        Function::new(variadic(), body).with_special(special)
    };
    functions.insert("and", special(Special::And));
    functions.insert("or", special(Special::Or));
    functions.insert("call", special(Special::Call));
    let truth = |call: &mut Call<'_>| Ok(Value::Bool(!call.value(0).is_true()));
    functions.add("not", Signature::exact(REFLECT), truth);
    functions.add("len", Signature::exact(REFLECT), |call| {
        index::len(&call.value(0))
    });
    functions.add("index", variadic(), |call| index::index(call.arguments()));
    functions.add("slice", variadic(), slice);
    functions.add("eq", variadic(), |call| {
        compare::eq(call.arguments()).map(Value::Bool)
    });
    let two = || Signature::exact(&[Type::Reflect, Type::Reflect]);
    for (name, compare) in compare::ORDERS {
        functions.add(name, two(), move |call| {
            compare(&call.value(0), &call.value(1)).map(Value::Bool)
        });
    }
    add_printing(functions);
}

fn slice(call: &mut Call<'_>) -> Result<Value, CallError> {
    // What is cut out is a copy here.
    match index::slice(call.arguments())? {
        Value::Text(text) => call.make(text),
        Value::List(list) => {
            call.spend_elements(list.len())?;
            Ok(Value::List(list))
        }
        other => Ok(other),
    }
}

fn add_printing(functions: &mut Functions) {
    functions.add("print", Signature::variadic(ANY), |call| {
        let text = sprint(call.arguments(), call.bytes_left())?;
        call.make(text)
    });
    functions.add("println", Signature::variadic(ANY), |call| {
        let text = sprintln(call.arguments(), call.bytes_left())?;
        call.make(text)
    });
    let format = Signature::variadic(&[Type::Text, Type::Any]);
    functions.add("printf", format, |call| {
        let values = &call.arguments()[1..];
        let text = sprintf(call.text(0), values, call.bytes_left())?;
        call.make(text)
    });
    type Escape = fn(&str) -> String;
    let escapers: [(&str, Escape); 3] = [
        ("html", escape_html),
        ("js", escape::escape_js),
        ("urlquery", query_escape),
    ];
    for (name, escaper) in escapers {
        functions.add(name, Signature::variadic(ANY), move |call| {
            let text = joined(call)?;
            call.make(escaper(&text))
        });
    }
}

/// Prints the arguments of an escaper as one text.
fn joined(call: &Call<'_>) -> Result<String, CallError> {
    // The longest escape is six times as long as what it stands for.
    let bytes_max = call.bytes_left() / 6;
    match call.arguments() {
        [Value::Text(text)] if text.len() <= bytes_max => Ok(text.to_string()),
        arguments => {
            let shown = |value: &Value| match value {
                Value::Nil => Value::text("<no value>"),
                other => other.clone(),
            };
            let values: Vec<Value> = arguments.iter().map(shown).collect();
            sprint(&values, bytes_max)
        }
    }
}
