//! Templates of rules, each parsed once. What they ask of the outside (a query, the time) is another thing at every
//! evaluation, so their functions look it up in the evaluation that runs on this thread.
//!
//! The functions are some sixty closures. They are the same for all groups, and there may be thousands of groups, so the
//! last language that was made on a thread is used again.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use plimsoll_gotemplate::prometheus::{AlertData, Environment, PRELUDE, Sample, functions};
use plimsoll_gotemplate::{Limits, ParseError, Set, Signature, Value};
use plimsoll_types::Timestamp;

use super::texts::Moment;
use crate::element::{Ask, Element};

/// How many bytes a text may have, and its template may make on the way: thousands of alerts may carry it.
const BYTES_MAX: usize = 1 << 20;

thread_local! {
    /// The evaluation that expands templates on this thread.
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
    /// The language that was made last, and the URL that its functions know.
    static LANGUAGE: RefCell<Option<(Arc<str>, Set)>> = const { RefCell::new(None) };
}

/// An evaluation, for as long as it expands a template.
#[derive(Clone)]
struct Running {
    now: Timestamp,
    ask: Arc<dyn Ask>,
}

/// Puts back what was there before, also when a query panics.
struct Entered(Option<Running>);

impl Running {
    fn enter(self) -> Entered {
        Entered(RUNNING.replace(Some(self)))
    }

    fn get() -> Option<Self> {
        RUNNING.with_borrow(Option::clone)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        RUNNING.set(self.0.take());
    }
}

/// The language of templates, with the functions of Prometheus; it is made when the first template is parsed.
pub(crate) struct Templates {
    external_url: Arc<str>,
    language: OnceLock<Set>,
}

impl Templates {
    pub(crate) fn new(external_url: &Arc<str>) -> Self {
        Self {
            external_url: external_url.clone(),
            language: OnceLock::new(),
        }
    }

    /// Reads a text as the template of an alert.
    ///
    /// # Errors
    /// The first error, in Go's words.
    pub(crate) fn parse(&self, alert: &str, text: &str) -> Result<Template, ParseError> {
        let name = format!("__alert_{alert}");
        let language = self.language.get_or_init(|| language(&self.external_url));
        let mut set = language.clone();
        set.parse(&name, &format!("{PRELUDE}{text}"))?;
        Ok(Template { name, set })
    }
}

fn language(external_url: &Arc<str>) -> Set {
    LANGUAGE.with_borrow_mut(|last| match last {
        Some((url, language)) if url == external_url => language.clone(),
        _ => {
            let made = make_language(external_url);
            *last = Some((external_url.clone(), made.clone()));
            made
        }
    })
}

fn make_language(external_url: &Arc<str>) -> Set {
    let mut functions = functions(&Environment {
        query: Arc::new(ask),
        external_url: external_url.clone(),
        now: Timestamp::EPOCH,
    });
    functions.add("now", Signature::exact(&[]), |_| {
        let now = Running::get().map(|running| running.now.seconds());
        Ok(Value::Float(now.unwrap_or_default()))
    });
    Set::new(functions).with_limits(Limits {
        bytes_max: BYTES_MAX,
        ..Limits::default()
    })
}

/// Asks a query at the time of the evaluation.
fn ask(expr: &str) -> Result<Vec<Sample>, String> {
    let running = Running::get().ok_or("no query can be asked here")?;
    let elements = running.ask.query(expr, running.now)?;
    let sample = |element: Element| Sample {
        labels: element.labels,
        value: element.value,
    };
    Ok(elements.into_iter().map(sample).collect())
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Templates")
    }
}

/// A template that was parsed.
pub(crate) struct Template {
    name: String,
    set: Set,
}

impl Template {
    /// Expands it for an element, which is the [`data`] of it.
    ///
    /// # Errors
    /// In Prometheus' words.
    pub(super) fn expand(&self, data: &Value, moment: &Moment<'_>) -> Result<String, String> {
        let running = Running {
            now: moment.now,
            ask: moment.ask.clone(),
        };
        let _entered = running.enter();
        let expanded = self.set.execute_text(&self.name, data);
        expanded.map_err(|error| format!("error executing template {}: {error}", self.name))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Returns what a template sees of an element.
pub(super) fn data(element: &Element, moment: &Moment<'_>) -> Value {
    let data = AlertData {
        labels: element.labels.clone(),
        external_labels: moment.globals.external_labels.clone(),
        external_url: moment.globals.external_url.clone(),
        value: element.value.clone(),
    };
    data.into_value()
}
