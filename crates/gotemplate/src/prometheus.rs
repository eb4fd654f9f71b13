//! The functions and the data of Prometheus' rule templates and consoles.

mod data;
mod expander;
mod host;
mod humanize;
mod query;

use std::fmt;
use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp, Value as SampleValue};

pub use self::data::AlertData;
pub use self::expander::{ExpandError, Expander, PRELUDE, check};
pub(crate) use self::humanize::humanize_duration;
use crate::builtin::query_escape;
use crate::error::CallError;
use crate::function::{Call, Functions};
use crate::letters::{lower, title, upper};
use crate::regexes::replace_all;
use crate::value::{Map, Safe, SafeKind, Signature, Type, Value};

/// An element of a query's result.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The labels, the metric's name among them.
    pub labels: Labels,
    /// The value.
    pub value: SampleValue,
}

/// Evaluates an expression at [`Environment::now`]; the error is one line.
pub type Query = dyn Fn(&str) -> Result<Vec<Sample>, String> + Send + Sync;

/// What the functions know of the outside.
#[derive(Clone)]
pub struct Environment {
    /// Asks for an instant vector; called as often as a template says, at most 2000 times per execution.
    pub query: Arc<Query>,
    /// Where users reach the server.
    pub external_url: Arc<str>,
    /// When the template is expanded: the time of the evaluation, not of the wall.
    pub now: Timestamp,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("external_url", &self.external_url)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// Returns the functions of rule templates.
pub fn functions(environment: &Environment) -> Functions {
    let mut functions = Functions::new();
    query::add_all(&mut functions, environment);
    humanize::add_all(&mut functions);
    host::add_all(&mut functions);
    add_texts(&mut functions);
    add_links(&mut functions, environment);
    let now = environment.now.seconds();
    functions.add("now", Signature::exact(&[]), move |_| Ok(Value::Float(now)));
    functions.add("args", Signature::variadic(&[Type::Any]), |call| {
        let named = (0..).zip(call.arguments());
        let pairs = named.map(|(index, value)| (format!("arg{index}"), value.clone()));
        Ok(Map::of_any(pairs)?.into())
    });
    functions
}

/// Returns the functions of console templates: those of rules, and `tmpl`, which calls a template whose name is computed.
pub fn console_functions(environment: &Environment) -> Functions {
    let mut functions = functions(environment);
    let signature = Signature::exact(&[Type::Text, Type::Any]);
    functions.add("tmpl", signature, |call| {
        let name = call.text(0).to_owned();
        let text = call.execute(&name, &call.value(1))?;
        Ok(html(&text))
    });
    functions
}

fn html(text: &str) -> Value {
    Value::Safe(Safe {
        kind: SafeKind::Html,
        text: text.into(),
    })
}

fn add_texts(functions: &mut Functions) {
    let text = || Signature::exact(&[Type::Text]);
    functions.add("title", text(), |call| {
        call.make(title(call.text(0), false))
    });
    functions.add("toUpper", text(), |call| call.make(upper(call.text(0))));
    functions.add("toLower", text(), |call| call.make(lower(call.text(0))));
    functions.add("safeHtml", text(), |call| Ok(html(call.text(0))));
    add_patterns(functions);
}

/// Adds `match` and `reReplaceAll`, which both programs have.
pub(crate) fn add_patterns(functions: &mut Functions) {
    functions.add("match", Signature::exact(&[Type::Text; 2]), |call| {
        let expression = call.text(0).to_owned();
        let regex = call.regex(&expression)?;
        spend_search(call, call.text(1).len())?;
        Ok(Value::Bool(regex.is_match(call.text(1))))
    });
    functions.add("reReplaceAll", Signature::exact(&[Type::Text; 3]), |call| {
        let expression = call.text(0).to_owned();
        let regex = call.regex(&expression)?;
        spend_search(call, call.text(2).len())?;
        let replaced = replace_all(&regex, call.text(2), call.text(1), call.bytes_left())?;
        call.make(replaced)
    });
}

/// A search takes time with its text: about a microsecond for each 16 bytes when the expression is a hard one.
fn spend_search(call: &mut Call<'_>, bytes: usize) -> Result<(), CallError> {
    call.spend(bytes as u64 / 16)
}

fn add_links(functions: &mut Functions, environment: &Environment) {
    let text = || Signature::exact(&[Type::Text]);
    for (name, tab) in [("tableLink", 1), ("graphLink", 0)] {
        functions.add(name, text(), move |call| {
            let expression = query_escape(call.text(0));
            call.make(format!("/graph?g0.expr={expression}&g0.tab={tab}"))
        });
    }
    functions.add("urlQueryEscape", text(), |call| {
        call.make(query_escape(call.text(0)))
    });
    let nothing = || Signature::exact(&[]);
    let url = environment.external_url.clone();
    functions.add("externalURL", nothing(), move |_| {
        Ok(Value::Text(url.clone()))
    });
    let path: Arc<str> = host::path(&environment.external_url).into();
    functions.add("pathPrefix", nothing(), move |_| {
        Ok(Value::Text(path.clone()))
    });
}
