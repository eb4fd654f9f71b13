//! Conditions on labels as Alertmanager writes them, in both of its syntaxes.
//!
//! ```text
//! classic   {severity="page",team=~"a|b"}   names are [a-zA-Z_:][a-zA-Z0-9_:]*, a value without quotes may be nearly anything
//! UTF-8     {"my label"="x",\u{fc}=y}            any name and value in double quotes, or without when nothing in it is reserved
//! ```
//!
//! Most texts mean the same in both. Where they differ Alertmanager keeps the old meaning and warns; so do we.

mod classic;
mod display;
mod error;
mod utf8;

use plimsoll_types::{Labels, MatchOp, Matcher};

pub use display::{display, display_one};
pub use error::InvalidMatchers;

/// Which syntax is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// UTF-8, or classic where the text is not valid in it or means something else; what Alertmanager does without flags.
    #[default]
    Fallback,
    /// Classic only, as with its feature `classic-mode`.
    Classic,
    /// UTF-8 only, as with its feature `utf8-strict-mode`.
    Utf8,
}

impl Mode {
    /// Says whether a text is the name of a label: in the classic mode `[a-zA-Z_][a-zA-Z0-9_]*`, otherwise anything but
    /// the empty text.
    pub fn is_label_name(self, name: &str) -> bool {
        match self {
            Self::Classic => plimsoll_types::is_legacy_label_name(name),
            Self::Fallback | Self::Utf8 => !name.is_empty(),
        }
    }
}

/// What a text means, and what there is to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The conditions in the order of the text; there may be none.
    pub matchers: Vec<Matcher>,
    /// Why the text should be written otherwise, in [`Mode::Fallback`].
    pub warning: Option<Warning>,
}

/// Why a text should be written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is the matter, in a sentence without a final stop.
    pub message: String,
    /// The same conditions in a spelling that both syntaxes read alike.
    pub suggestion: String,
}

/// Reads conditions: `severity="page", team=~"a|b"`, with or without braces around them.
///
/// # Errors
/// [`InvalidMatchers`] when the text is not valid in the syntax of `mode`, or an expression does not compile. The fallback
/// speaks of the classic syntax when a text is valid in neither, as Alertmanager does.
///
/// ```
/// use plimsoll_alerting::matchers::{Mode, parse};
/// let parsed = parse(r#"{severity="page",team=~"a|b"}"#, Mode::Fallback).expect("valid");
/// assert_eq!(parsed.matchers[1].name(), "team");
/// assert!(parse("severity", Mode::Fallback).is_err());
/// ```
pub fn parse(text: &str, mode: Mode) -> Result<Parsed, InvalidMatchers> {
    let without_warning = |matchers| Parsed {
        matchers,
        warning: None,
    };
    match mode {
        Mode::Classic => classic::parse(text).map(without_warning),
        Mode::Utf8 => utf8::parse(text).map(without_warning),
        Mode::Fallback => fallback(utf8::parse(text), classic::parse(text)),
    }
}

/// Reads exactly one condition.
///
/// # Errors
/// As for [`parse`], and when there is none or more than one.
pub fn parse_one(text: &str, mode: Mode) -> Result<Parsed, InvalidMatchers> {
    match mode {
        Mode::Classic => classic::parse_one(text).map(|matcher| Parsed {
            matchers: vec![matcher],
            warning: None,
        }),
        Mode::Utf8 => utf8::parse_one(text).map(|matcher| Parsed {
            matchers: vec![matcher],
            warning: None,
        }),
        Mode::Fallback => fallback(
            utf8::parse_one(text).map(|matcher| vec![matcher]),
            classic::parse_one(text).map(|matcher| vec![matcher]),
        ),
    }
}

/// Chooses between what the two syntaxes make of a text.
fn fallback(
    utf8: Result<Vec<Matcher>, InvalidMatchers>,
    classic: Result<Vec<Matcher>, InvalidMatchers>,
) -> Result<Parsed, InvalidMatchers> {
    let (matchers, message) = match (utf8, classic) {
        (Err(_), Err(error)) => return Err(error),
        (Ok(utf8), Err(_)) => (utf8, None),
        (Ok(utf8), Ok(classic)) if utf8 == classic => (utf8, None),
        (Ok(_), Ok(classic)) => (
            classic,
            Some("the syntax for UTF-8 reads these matchers otherwise"),
        ),
        (Err(error), Ok(classic)) => {
            let message = format!("these matchers are not valid in the syntax for UTF-8: {error}");
            let suggestion = display(&classic);
            return Ok(Parsed {
                matchers: classic,
                warning: Some(Warning {
                    message,
                    suggestion,
                }),
            });
        }
    };
    let warning = message.map(|message| Warning {
        message: message.to_owned(),
        suggestion: display(&matchers),
    });
    Ok(Parsed { matchers, warning })
}

/// Says whether an alert fulfils all conditions; a label that it does not have counts as the empty text.
pub fn all_match(matchers: &[Matcher], alert: &Labels) -> bool {
    let mut matchers = matchers.iter();
    matchers.all(|matcher| matcher.matches(alert.get(matcher.name()).unwrap_or("")))
}

/// Sorts as Alertmanager does before it shows or compares: by name, value and comparison.
pub fn sort(matchers: &mut [Matcher]) {
    let rank = |op| match op {
        MatchOp::Equal => 0,
        MatchOp::NotEqual => 1,
        MatchOp::Regex => 2,
        MatchOp::NotRegex => 3,
    };
    matchers.sort_by(|a, b| {
        let key = |matcher: &Matcher| rank(matcher.op());
        (a.name(), a.value(), key(a)).cmp(&(b.name(), b.value(), key(b)))
    });
}

#[cfg(test)]
mod tests;
