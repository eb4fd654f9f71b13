//! Expands the labels and annotations of alerts.

use super::{AlertData, Environment, functions};
use crate::error::{ExecuteError, ParseError};
use crate::limits::Limits;
use crate::set::Set;
use crate::value::Value;

/// What every template of a rule begins with: the variables that its author uses. Errors count its columns too.
pub const PRELUDE: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
                       {{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// A template that could not be expanded, in Prometheus' words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The text is no template.
    #[error("error parsing template {name}: {source}")]
    Parse {
        /// What the template is called.
        name: String,
        /// What is wrong.
        source: ParseError,
    },
    /// The template failed while it was executed.
    #[error("error executing template {name}: {source}")]
    Execute {
        /// What the template is called.
        name: String,
        /// What went wrong.
        source: ExecuteError,
    },
}

/// Expands the templates of rules at one point in time.
///
/// ```
/// use std::sync::Arc;
/// use plimsoll_gotemplate::prometheus::{AlertData, Environment, Expander};
/// use plimsoll_types::{Labels, Timestamp, Value};
/// let expander = Expander::new(&Environment {
///     query: Arc::new(|_| Ok(Vec::new())),
///     external_url: "http://localhost:9090".into(),
///     now: Timestamp::from_millis(0),
/// });
/// let data = AlertData {
///     labels: Labels::from_pairs([("job", "node")]),
///     external_labels: Labels::empty(),
///     external_url: "http://localhost:9090".into(),
///     value: Value::Float(1234.5),
/// };
/// let text = "{{ $labels.job }} has {{ $value | humanize }}";
/// assert_eq!(expander.expand_alert("Many", text, &data), "node has 1.234k");
/// ```
#[derive(Clone, Debug)]
pub struct Expander {
    /// Has the functions and no template.
    empty: Set,
}

impl Expander {
    /// Makes one for an environment.
    pub fn new(environment: &Environment) -> Self {
        Self {
            empty: Set::new(functions(environment)),
        }
    }

    /// Bounds every expansion.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self {
            empty: self.empty.with_limits(limits),
        }
    }

    /// Expands a text for an alert.
    ///
    /// # Errors
    /// [`ExpandError`], in Prometheus' words.
    pub fn expand(&self, name: &str, text: &str, data: &AlertData) -> Result<String, ExpandError> {
        // Most labels and many annotations are no templates, and lose nothing by not being parsed.
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        self.expand_with(
            name,
            &format!("{PRELUDE}{text}"),
            &data.clone().into_value(),
        )
    }

    /// Expands a label or annotation of the alert of that name. An alert with a bad template still fires: the error
    /// stands where the text would.
    pub fn expand_alert(&self, alert: &str, text: &str, data: &AlertData) -> String {
        self.expand(&format!("__alert_{alert}"), text, data)
            .unwrap_or_else(|error| format!("<error expanding template: {error}>"))
    }

    /// Expands a text with any data, without the variables of alerts.
    ///
    /// # Errors
    /// [`ExpandError`], in Prometheus' words.
    pub fn expand_with(&self, name: &str, text: &str, data: &Value) -> Result<String, ExpandError> {
        let mut set = self.empty.clone();
        set.parse(name, text).map_err(|source| ExpandError::Parse {
            name: name.to_owned(),
            source,
        })?;
        set.execute_text(name, data)
            .map_err(|source| ExpandError::Execute {
                name: name.to_owned(),
                source,
            })
    }
}

/// Checks that a text is a template for the alert of that name, without executing it.
///
/// # Errors
/// The first error, in Go's words.
pub fn check(alert: &str, text: &str) -> Result<(), ParseError> {
    let environment = Environment {
        query: std::sync::Arc::new(|_| Ok(Vec::new())),
        external_url: "".into(),
        now: plimsoll_types::Timestamp::EPOCH,
    };
    let mut set = Set::new(functions(&environment));
    set.parse(&format!("__alert_{alert}"), &format!("{PRELUDE}{text}"))
}
