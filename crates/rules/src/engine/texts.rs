//! The labels or annotations of a rule: plain texts, and templates that are parsed once.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{Annotations, Timestamp};

use plimsoll_gotemplate::Value;

use super::templates::{Template, Templates, data};
use crate::element::{Ask, Element};
use crate::globals::Globals;
use crate::outcome::TEMPLATE_ERRORS_MAX;

/// What a template sees beside the element.
pub(super) struct Moment<'a> {
    /// The slot: template queries are asked there, without the query offset.
    pub(super) now: Timestamp,
    pub(super) ask: &'a Arc<dyn Ask>,
    pub(super) globals: &'a Globals,
}

#[derive(Debug)]
pub(super) struct Texts {
    texts: Vec<(Arc<str>, Text)>,
    /// All without templates, when there is none: shared by all alerts.
    plain: Option<Annotations>,
    asks: bool,
    is_timeless: bool,
}

#[derive(Debug)]
enum Text {
    Plain(Arc<str>),
    Template(Template),
    /// A label of the group can be no template at all: no check of a file looks at it.
    Broken(String),
}

impl Texts {
    pub(super) fn new(
        alert: &str,
        written: &BTreeMap<String, String>,
        templates: &Templates,
    ) -> Self {
        let language = templates;
        let templates = || written.values().filter(|text| is_template(text));
        let texts = written.iter().map(|(name, text)| {
            let made = match is_template(text).then(|| language.parse(alert, text)) {
                None => Text::Plain(Arc::from(&**text)),
                Some(Ok(template)) => Text::Template(template),
                Some(Err(error)) => {
                    Text::Broken(format!("error parsing template __alert_{alert}: {error}"))
                }
            };
            (Arc::from(&**name), made)
        });
        let pairs = || written.iter().map(|(n, t)| (n.as_str(), t.as_str()));
        Self {
            texts: texts.collect(),
            plain: (templates().count() == 0).then(|| Annotations::from_pairs(pairs())),
            asks: templates().any(|text| text.contains("query")),
            is_timeless: templates().all(|text| !text.contains("query") && !text.contains("now")),
        }
    }

    /// Says whether none of them is a template.
    pub(super) fn are_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// Says whether the same element always gives the same texts: none asks a query or the time. It may say no for
    /// texts that do.
    pub(super) fn are_timeless(&self) -> bool {
        self.is_timeless
    }

    /// Says whether one may ask a query.
    pub(super) fn asks(&self) -> bool {
        self.asks
    }

    /// Gives each text to `take`, with its name. A template that fails becomes the words that say why, which go to
    /// `errors` too.
    pub(super) fn expand(
        &self,
        element: &Element,
        moment: &Moment<'_>,
        errors: &mut Vec<String>,
        mut take: impl FnMut(&str, &str),
    ) {
        let mut seen = None;
        for (name, text) in &self.texts {
            match text.expand(element, moment, &mut seen) {
                Ok(None) => take(name, text.plain()),
                Ok(Some(expanded)) => take(name, &expanded),
                Err(error) => take(name, &shown(error, errors)),
            }
        }
    }

    /// Makes the annotations of an element.
    pub(super) fn annotations(
        &self,
        element: &Element,
        moment: &Moment<'_>,
        errors: &mut Vec<String>,
    ) -> Annotations {
        if let Some(plain) = &self.plain {
            return plain.clone();
        }
        let mut seen = None;
        Annotations::from_pairs(self.texts.iter().map(|(name, text)| {
            let text: Arc<str> = match (text, text.expand(element, moment, &mut seen)) {
                (Text::Plain(text), _) => text.clone(),
                (_, Ok(expanded)) => expanded.unwrap_or_default().into(),
                (_, Err(error)) => shown(error, errors).into(),
            };
            (name.clone(), text)
        }))
    }
}

impl Text {
    /// Expands a template; `None` for a plain text. What templates see of the element is made for the first of them.
    fn expand(
        &self,
        element: &Element,
        moment: &Moment<'_>,
        seen: &mut Option<Value>,
    ) -> Result<Option<String>, String> {
        match self {
            Self::Plain(_) => Ok(None),
            Self::Template(template) => {
                let seen = seen.get_or_insert_with(|| data(element, moment));
                template.expand(seen, moment).map(Some)
            }
            Self::Broken(error) => Err(error.clone()),
        }
    }

    fn plain(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Template(_) | Self::Broken(_) => "",
        }
    }
}

/// Says whether a text has to be expanded: everything in a template begins with two braces.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Words what stands where the text would: an alert with a bad template still fires.
fn shown(error: String, errors: &mut Vec<String>) -> String {
    let shown = format!("<error expanding template: {error}>");
    if errors.len() < TEMPLATE_ERRORS_MAX {
        errors.push(error);
    }
    shown
}
