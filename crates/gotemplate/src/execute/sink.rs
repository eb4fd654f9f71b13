//! Where the walk writes: plain text, or HTML that is escaped by its place.

pub(super) use crate::html::Predefined;
use crate::html::Writer;
use crate::parse::{Command, Pipe, WordKind};
use crate::value::Value;

/// The output of an execution.
#[derive(Debug)]
pub(super) enum Sink {
    Text(String),
    Html(Box<Writer>),
}

impl Sink {
    pub(super) fn new(is_html: bool) -> Self {
        match is_html {
            true => Self::Html(Box::default()),
            false => Self::Text(String::new()),
        }
    }

    pub(super) fn is_html(&self) -> bool {
        matches!(self, Self::Html(_))
    }

    /// Writes a part of the template itself.
    pub(super) fn text(&mut self, text: &str) -> Result<(), String> {
        match self {
            Self::Text(output) => {
                output.push_str(text);
                Ok(())
            }
            Self::Html(writer) => writer.template_text(text),
        }
    }

    /// Writes what an action printed, and says how long it became.
    pub(super) fn value(
        &mut self,
        value: &Value,
        text: String,
        predefined: Option<Predefined>,
    ) -> Result<usize, String> {
        match self {
            Self::Text(output) => {
                output.push_str(&text);
                Ok(text.len())
            }
            Self::Html(writer) => writer.value(value, text, predefined),
        }
    }

    /// Says whether the last command of an action is an escaper that its place stands for.
    ///
    /// # Errors
    /// When a command is an escaper that must not stand there.
    pub(super) fn predefined(&self, pipe: &Pipe) -> Result<Option<Predefined>, String> {
        let Self::Html(writer) = self else {
            return Ok(None);
        };
        let mut found = None;
        for (index, command) in (1..).zip(&pipe.commands) {
            found = escaper(command);
            let is_last = index == pipe.commands.len();
            if let Some((name, predefined)) = found
                && !writer.allows(predefined, is_last)
            {
                return Err(format!(
                    "predefined escaper \"{name}\" disallowed in template"
                ));
            }
        }
        let last = found.map(|(_, predefined)| predefined);
        Ok(last.filter(|predefined| writer.stands_for(*predefined)))
    }

    pub(super) fn finish(self) -> Result<String, String> {
        match self {
            Self::Text(output) => Ok(output),
            Self::Html(writer) => writer.finish(),
        }
    }
}

/// Recognizes a command that is an escaper of the language.
fn escaper(command: &Command) -> Option<(&str, Predefined)> {
    match &command.words[0].kind {
        WordKind::Function(name) if name == "html" => Some((name, Predefined::Html)),
        WordKind::Function(name) if name == "urlquery" => Some((name, Predefined::UrlQuery)),
        _ => None,
    }
}
