//! The functions of notification templates.

use std::sync::Arc;

use base64::engine::general_purpose::URL_SAFE;
use base64::{DecodeError, Engine};
use plimsoll_types::Timestamp;

use crate::error::CallError;
use crate::function::{Call, Functions};
use crate::json::to_json;
use crate::letters::{lower, title, upper};
use crate::prometheus::{add_patterns, humanize_duration};
use crate::time::Time;
use crate::url::unescape;
use crate::value::{List, Map, Safe, SafeKind, Signature, Type, Value};

/// Tells the time: `now` and `since` ask it.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

const ANY_LIST: Type = Type::List(&Type::Any);
const TEXT_LIST: Type = Type::List(&Type::Text);

/// Returns the functions of Alertmanager's templates.
pub fn functions(now: Now) -> Functions {
    let mut functions = Functions::new();
    add_texts(&mut functions);
    add_patterns(&mut functions);
    add_times(&mut functions, now);
    add_encodings(&mut functions);
    add_collections(&mut functions);
    functions.add("routeLabels", Signature::exact(&[Type::Text]), route_label);
    functions
}

fn text() -> Signature {
    Signature::exact(&[Type::Text])
}

fn add_texts(functions: &mut Functions) {
    functions.add("toUpper", text(), |call| call.make(upper(call.text(0))));
    functions.add("toLower", text(), |call| call.make(lower(call.text(0))));
    functions.add("title", text(), |call| call.make(title(call.text(0), true)));
    functions.add("trimSpace", text(), |call| {
        call.make(call.text(0).trim().to_owned())
    });
    functions.add("join", Signature::exact(&[Type::Text, TEXT_LIST]), join);
    for (name, kind) in [("safeHtml", SafeKind::Html), ("safeUrl", SafeKind::Url)] {
        functions.add(name, text(), move |call| {
            let text = call.text(0).into();
            Ok(Value::Safe(Safe { kind, text }))
        });
    }
}

fn join(call: &mut Call<'_>) -> Result<Value, CallError> {
    let list = call.list(1);
    let texts: Vec<&str> = list.items().iter().filter_map(Value::as_text).collect();
    let separators = call
        .text(0)
        .len()
        .saturating_mul(texts.len().saturating_sub(1));
    let length = texts.iter().map(|text| text.len()).sum::<usize>();
    if length.saturating_add(separators) > call.bytes_left() {
        return Err(CallError::limit("the text is longer than the limit allows"));
    }
    call.spend(texts.len() as u64)?;
    call.make(texts.join(call.text(0)))
}

fn add_times(functions: &mut Functions, now: Now) {
    let clock = now.clone();
    functions.add("now", Signature::exact(&[]), move |_| {
        Ok(Time::from(clock()).into())
    });
    functions.add(
        "since",
        Signature::exact(&[Type::Time]),
        move |call| match call.value(0) {
            Value::Time(time) => Ok(Value::Duration(Time::from(now()).since(&time))),
            _ => Ok(Value::Nil),
        },
    );
    functions.add("humanizeDuration", Signature::exact(&[Type::Any]), |call| {
        call.make(humanize_duration(&call.value(0))?)
    });
    let text_and_time = || Signature::exact(&[Type::Text, Type::Time]);
    functions.add("date", text_and_time(), |call| match call.value(1) {
        Value::Time(time) => call.make(time.format(call.text(0))),
        _ => Ok(Value::Nil),
    });
    functions.add("tz", text_and_time(), |call| match call.value(1) {
        Value::Time(time) => Ok(time.in_zone(call.text(0)).map_err(CallError::new)?.into()),
        _ => Ok(Value::Nil),
    });
    let two_texts = || Signature::exact(&[Type::Text; 2]);
    functions.add("toDate", two_texts(), |call| {
        let time = Time::parse(call.text(0), call.text(1));
        Ok(time.unwrap_or_else(|_| Time::zero()).into())
    });
    functions.add("mustToDate", two_texts(), |call| {
        let time = Time::parse(call.text(0), call.text(1));
        Ok(time.map_err(CallError::new)?.into())
    });
}

fn add_encodings(functions: &mut Functions) {
    functions.add("urlUnescape", text(), |call| {
        call.make(unescape(call.text(0), true)?)
    });
    functions.add("toJson", Signature::exact(&[Type::Any]), |call| {
        let text = to_json(&call.value(0), call.bytes_left())?;
        call.make(text)
    });
    functions.add("base64encode", text(), |call| {
        call.make(URL_SAFE.encode(call.text(0)))
    });
    functions.add("base64decode", text(), |call| {
        // Go's decoder passes over line ends.
        let encoded = call.text(0).replace(['\r', '\n'], "");
        let bytes = URL_SAFE
            .decode(encoded)
            .map_err(|error| bad_base64(&error, call.text(0).len()))?;
        call.make(String::from_utf8_lossy(&bytes).into_owned())
    });
}

/// Go names the byte; where the end is missing, the first of the four that are not whole.
fn bad_base64(error: &DecodeError, length: usize) -> CallError {
    let byte = match error {
        DecodeError::InvalidByte(byte, _) => *byte,
        _ => length / 4 * 4,
    };
    CallError::new(format!("illegal base64 data at input byte {byte}"))
}

fn add_collections(functions: &mut Functions) {
    functions.add("stringSlice", Signature::variadic(&[Type::Text]), |call| {
        call.spend_elements(call.arguments().len())?;
        let texts = call.arguments().iter().filter_map(Value::as_text);
        Ok(List::of_texts(texts).into())
    });
    functions.add("list", Signature::variadic(&[Type::Any]), |call| {
        call.spend_elements(call.arguments().len())?;
        Ok(List::of_any(call.arguments().iter().cloned())?.into())
    });
    functions.add(
        "append",
        Signature::variadic(&[ANY_LIST, Type::Any]),
        |call| {
            let list = call.list(0);
            // A list is copied: what that costs counts, or a loop could square it.
            call.spend_elements(list.len() + call.arguments().len())?;
            let more = call.arguments().iter().skip(1);
            Ok(List::of_any(list.items().iter().chain(more).cloned())?.into())
        },
    );
    functions.add("dict", Signature::variadic(&[Type::Any]), dict);
}

fn dict(call: &mut Call<'_>) -> Result<Value, CallError> {
    call.spend_elements(2 * call.arguments().len())?;
    let values = call.arguments();
    if !values.len().is_multiple_of(2) {
        return Err(CallError::new("dict requires an even number of arguments"));
    }
    let pair = |pair: &[Value]| match pair {
        [Value::Text(key), value] => Ok((key.clone(), value.clone())),
        _ => Err(CallError::new("dict keys must be strings")),
    };
    let pairs: Result<Vec<_>, _> = values.chunks(2).map(pair).collect();
    Ok(Map::of_any(pairs?)?.into())
}

/// Expands a label of the route, which may name others.
fn route_label(call: &mut Call<'_>) -> Result<Value, CallError> {
    let name = call.text(0).to_owned();
    let Value::Object(data) = call.root.clone() else {
        return Ok(Value::text(""));
    };
    let labels = data.field("RouteLabels").and_then(|labels| labels.as_map());
    let known = labels.as_ref().and_then(|labels| labels.find(&name));
    let Some(Value::Text(raw)) = known.cloned() else {
        return Ok(Value::text(""));
    };
    if data
        .field("routeLabelsRendered")
        .is_some_and(|is_rendered| is_rendered.is_true())
    {
        return Ok(Value::Text(raw));
    }
    let in_progress = &mut call.budget.in_progress;
    if in_progress.contains(&name) {
        let circle = format!("{} -> {name}", in_progress.join(" -> "));
        return Err(CallError::new(format!(
            "route label cycle detected: {circle}"
        )));
    }
    in_progress.push(name);
    let rendered = call.render(&raw);
    call.budget.in_progress.pop();
    Ok(rendered?.into())
}
