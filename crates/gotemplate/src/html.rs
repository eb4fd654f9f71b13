//! Go's `html/template`: what an action prints is escaped for the place where it stands.
//!
//! Go works the place of every action out before the first execution; here it is followed while the output is written,
//! by the same states and transitions. The output is the same. What differs is when a template is refused: Go refuses
//! one whose branches end in different places, here the branch that is taken counts.

mod attribute;
mod context;
mod css;
mod escape;
mod javascript;
mod tag;
mod text;
mod transition;

use self::context::{Context, Delimiter, State, UrlPart};
use self::escape::{Escaper, Typed};
use crate::value::Value;

/// An escaper that a template may name itself, at the end of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predefined {
    Html,
    UrlQuery,
}

/// Writes HTML and knows in which context it is.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    output: String,
    context: Context,
}

impl Writer {
    /// Writes a part of the template itself, without its comments.
    pub(crate) fn template_text(&mut self, text: &str) -> Result<(), String> {
        let (context, written) = text::write(std::mem::take(&mut self.context), text)?;
        self.context = context;
        self.output.push_str(&written);
        Ok(())
    }

    /// Writes what an action printed, and returns how long it became.
    pub(crate) fn value(
        &mut self,
        value: &Value,
        text: String,
        predefined: Option<Predefined>,
    ) -> Result<usize, String> {
        self.context = self.context.clone().before_action();
        if self.context.state == State::Js {
            // A slash behind a value divides.
            self.context.regexp_may_follow = false;
        }
        let mut typed = Typed::new(value, text);
        for escaper in escapers(&self.context)? {
            typed = match (escaper.predefined(), predefined) {
                (Some(own), Some(named)) if own == named => typed.by_predefined(named),
                _ => typed.by(escaper),
            };
        }
        self.output.push_str(&typed.text);
        Ok(typed.text.len())
    }

    /// Refuses an escaper that the template names where it would do harm: before other functions, and in a value without
    /// quotes, which `html` does not make safe.
    pub(crate) fn allows(&self, predefined: Predefined, is_last: bool) -> bool {
        let context = self.context.clone().before_action();
        let is_bare = context.state == State::Attribute
            && context.delimiter == Delimiter::SpaceOrTagEnd
            && predefined == Predefined::Html;
        is_last && !is_bare
    }

    /// Says whether the place of the next action is escaped in the way of an escaper that the template names.
    pub(crate) fn stands_for(&self, predefined: Predefined) -> bool {
        let context = self.context.clone().before_action();
        let all = escapers(&context).unwrap_or_default();
        all.iter()
            .any(|escaper| escaper.predefined() == Some(predefined))
    }

    /// Ends the output.
    ///
    /// # Errors
    /// When a tag, an attribute or a script is still open.
    pub(crate) fn finish(self) -> Result<String, String> {
        match self.context.state {
            State::Text => Ok(self.output),
            state => Err(format!("ends in a non-text context: {state:?}")),
        }
    }
}

/// Chooses the escapers of a place, in the order in which they are applied.
fn escapers(context: &Context) -> Result<Vec<Escaper>, String> {
    let mut all = Vec::new();
    match context.state {
        State::Url
        | State::CssDoubleQuoted
        | State::CssSingleQuoted
        | State::CssDoubleQuotedUrl
        | State::CssSingleQuotedUrl
        | State::CssUrl => url_escapers(context, &mut all),
        State::Js => all.push(Escaper::JsValue),
        State::JsDoubleQuoted | State::JsSingleQuoted => all.push(Escaper::JsText),
        State::JsTemplate => all.push(Escaper::JsTemplate),
        State::JsRegexp => all.push(Escaper::JsRegexp),
        State::Css => all.push(Escaper::CssValue),
        State::Text => all.push(Escaper::Html),
        State::Rcdata => all.push(Escaper::Rcdata),
        State::Attribute => {}
        State::AttributeName | State::Tag => all.push(Escaper::HtmlName),
        State::Srcset => all.push(Escaper::Srcset),
        state if state.is_comment() => all.push(Escaper::Comment),
        state => return Err(format!("unexpected state {state:?}")),
    }
    match context.delimiter {
        Delimiter::None => {}
        Delimiter::SpaceOrTagEnd => all.push(Escaper::Unquoted),
        Delimiter::DoubleQuote | Delimiter::SingleQuote => all.push(Escaper::Attribute),
    }
    Ok(all)
}

fn url_escapers(context: &Context, all: &mut Vec<Escaper>) {
    let is_css_text = matches!(
        context.state,
        State::CssDoubleQuoted | State::CssSingleQuoted
    );
    match context.url_part {
        UrlPart::QueryOrFragment => all.push(Escaper::Url),
        part => {
            if part == UrlPart::None {
                all.push(Escaper::UrlFilter);
            }
            all.push(if is_css_text {
                Escaper::CssText
            } else {
                Escaper::UrlNormal
            });
        }
    }
}

#[cfg(test)]
mod tests;
