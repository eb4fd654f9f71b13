//! The escapers: what each does to a text, by the type that its author gave it.

use std::fmt::Write;

use super::Predefined;
use super::attribute::{Content, attribute_kind};
use super::css::decode;
use crate::builtin::{escape_html, query_escape};
use crate::json::to_json;
use crate::value::{SafeKind, Value};

/// What stands where a value was not safe: a word that is easy to find.
const REFUSED: &str = "ZgotmplZ";

/// A way to make a text safe for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaper {
    Html,
    Attribute,
    /// An attribute's value without quotes.
    Unquoted,
    Rcdata,
    HtmlName,
    Comment,
    UrlFilter,
    UrlNormal,
    Url,
    Srcset,
    JsValue,
    JsText,
    JsTemplate,
    JsRegexp,
    CssText,
    CssValue,
}

impl Escaper {
    /// Returns the escaper of templates that does the same.
    pub(super) fn predefined(self) -> Option<Predefined> {
        match self {
            Self::Html | Self::Attribute | Self::Rcdata => Some(Predefined::Html),
            Self::Url | Self::UrlNormal => Some(Predefined::UrlQuery),
            _ => None,
        }
    }
}

/// A text with what its author said of it.
pub(super) struct Typed {
    pub(super) text: String,
    kind: Option<SafeKind>,
    /// The value itself: only scripts see it.
    value: Option<Value>,
}

impl Typed {
    pub(super) fn new(value: &Value, text: String) -> Self {
        let (text, kind) = match value {
            // Nothing prints as nothing, not as "<no value>".
            Value::Nil => (String::new(), None),
            Value::Safe(safe) => (text, Some(safe.kind)),
            _ => (text, None),
        };
        Self {
            text,
            kind,
            value: Some(value.clone()),
        }
    }

    fn plain(text: String) -> Self {
        Self {
            text,
            kind: None,
            value: None,
        }
    }

    /// Escapes as the text package does, whatever the author said.
    pub(super) fn by_predefined(self, predefined: Predefined) -> Self {
        Self::plain(match predefined {
            Predefined::Html => escape_html(&self.text),
            Predefined::UrlQuery => query_escape(&self.text),
        })
    }

    pub(super) fn by(self, escaper: Escaper) -> Self {
        let is_html = self.kind == Some(SafeKind::Html);
        let is_url = self.kind == Some(SafeKind::Url);
        let text = self.text.as_str();
        Self::plain(match escaper {
            Escaper::Html if is_html => return self,
            Escaper::Html => markup(text, true),
            Escaper::Attribute if is_html => markup(&without_tags(text), false),
            Escaper::Attribute => markup(text, true),
            Escaper::Rcdata => markup(text, !is_html),
            Escaper::Unquoted if text.is_empty() => REFUSED.into(),
            Escaper::Unquoted if is_html => unquoted(&without_tags(text), false),
            Escaper::Unquoted => unquoted(text, true),
            Escaper::HtmlName => html_name(text),
            Escaper::Comment => String::new(),
            Escaper::UrlFilter if is_url || is_safe_url(text) => text.into(),
            Escaper::UrlFilter => format!("#{REFUSED}"),
            Escaper::UrlNormal => url(text, true),
            Escaper::Url => url(text, is_url),
            Escaper::Srcset if is_url => url(text, true).replace(',', "%2c"),
            Escaper::Srcset => srcset(text),
            Escaper::JsValue => js_value(self.value.as_ref(), text),
            Escaper::JsText => js_text(text, false),
            Escaper::JsTemplate => js_text(text, true),
            Escaper::JsRegexp => js_regexp(text),
            Escaper::CssText => css_text(text),
            Escaper::CssValue => css_value(text),
        })
    }
}

/// Escapes what has a meaning between tags and in quotes; ampersands too, unless the text is HTML already.
fn markup(text: &str, with_ampersand: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => escaped.push('\u{fffd}'),
            '"' => escaped.push_str("&#34;"),
            '&' if with_ampersand => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '+' => escaped.push_str("&#43;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn unquoted(text: &str, with_ampersand: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0' => escaped.push_str("&#xfffd;"),
            '&' if with_ampersand => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t'..='\r' | ' ' | '"' | '\'' | '+' | '=' | '`' => {
                escaped.push_str(&format!("&#{};", u32::from(character)));
            }
            '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{ffff}' => {
                escaped.push_str(&format!("&#x{:x};", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Drops tags and comments.
fn without_tags(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('<') {
        let begins_tag =
            rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match begins_tag.then(|| rest[at..].find('>')).flatten() {
            Some(end) => {
                kept.push_str(&rest[..at]);
                rest = &rest[at + end + 1..];
            }
            None => {
                kept.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

fn html_name(text: &str) -> String {
    let name = text.to_lowercase();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    match is_name && attribute_kind(&name) == Content::Plain {
        true => name,
        false => REFUSED.into(),
    }
}

/// Lets the schemes pass that show something or write a mail; others could run code.
fn is_safe_url(text: &str) -> bool {
    match text.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => ["http", "https", "mailto"]
            .iter()
            .any(|safe| scheme.eq_ignore_ascii_case(safe)),
        _ => true,
    }
}

/// Percent-encodes: all but letters, digits and four signs, or, to normalize, only what no URL holds.
fn url(text: &str, is_normal: bool) -> String {
    let bytes = text.as_bytes();
    let mut escaped = String::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let stays = match byte {
            b'-' | b'.' | b'_' | b'~' => true,
            b'!' | b'#' | b'$' | b'&' | b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?'
            | b'@' | b'[' | b']' => is_normal,
            b'%' => {
                let digits = bytes.get(at + 1..at + 3);
                is_normal && digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit))
            }
            other => other.is_ascii_alphanumeric(),
        };
        match stays {
            true => escaped.push(char::from(*byte)),
            false => write!(escaped, "%{byte:02x}").expect("a String takes everything"),
        }
    }
    escaped
}

/// Filters each address of a list, and keeps the sizes behind it.
fn srcset(text: &str) -> String {
    let one = |element: &str| {
        let trimmed = element.trim_start();
        let lead = &element[..element.len() - trimmed.len()];
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (address, metadata) = trimmed.split_at(end);
        let is_size = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || c == '.';
        match is_safe_url(address) && metadata.chars().all(is_size) {
            true => format!("{lead}{}{metadata}", url(address, true)),
            false => format!("#{REFUSED}"),
        }
    };
    text.split(',').map(one).collect::<Vec<_>>().join(",")
}

/// Writes a value as a script has it: JSON, with spaces around what would run into a word.
fn js_value(value: Option<&Value>, text: &str) -> String {
    const BYTES_MAX: usize = 32 << 20;
    let own_text = match value {
        Some(Value::Duration(_) | Value::Enumerated(_)) => true,
        Some(Value::Object(object)) => object.text().is_some(),
        _ => false,
    };
    let json = match value {
        Some(value) if !own_text => to_json(value, BYTES_MAX),
        _ => to_json(&Value::text(text), BYTES_MAX),
    };
    match json {
        Err(error) => {
            let reason = error
                .to_string()
                .replace("*/", "* /")
                .replace("</script", "\\x3C/script");
            format!(" /* {reason} */null ")
        }
        Ok(json) => {
            let is_name = |c: char| c == '$' || c == '_' || c.is_ascii_alphanumeric();
            match json.starts_with(is_name) || json.ends_with(is_name) {
                true => format!(" {json} "),
                false => json,
            }
        }
    }
}

fn js_text(text: &str, in_template: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            '/' => escaped.push_str("\\/"),
            '\\' => escaped.push_str("\\\\"),
            '\0' | '\u{b}' | '"' | '`' | '&' | '\'' | '+' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
                push_code(&mut escaped, character);
            }
            '$' | '{' | '}' if in_template => push_code(&mut escaped, character),
            other => escaped.push(other),
        }
    }
    escaped
}

fn push_code(escaped: &mut String, character: char) {
    write!(escaped, "\\u{:04x}", u32::from(character)).expect("a String takes everything");
}

fn js_regexp(text: &str) -> String {
    if text.is_empty() {
        // Two slashes would be a comment.
        return "(?:)".into();
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            '\0' | '\u{b}' | '"' | '&' | '\'' | '+' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
                push_code(&mut escaped, character);
            }
            '$' | '(' | ')' | '*' | '-' | '.' | '/' | '?' | '[' | '\\' | ']' | '^' | '{' | '|'
            | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes for a text of a style; a space ends an escape that digits or spaces would go on.
fn css_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\0' | '\t' | '\n' | '\u{c}' | '\r' | '"' | '&' | '\'' | '(' | ')' | '+' | '/'
            | ':' | ';' | '<' | '>' | '{' | '}' => {
                write!(escaped, "\\{:x}", u32::from(character)).expect("a String takes everything");
                let goes_on = |next: &char| {
                    next.is_ascii_hexdigit() || matches!(next, ' ' | '\t' | '\n' | '\u{c}' | '\r')
                };
                if characters.peek().is_none_or(goes_on) {
                    escaped.push(' ');
                }
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Lets words, numbers and units pass, and nothing that could end a rule or run code.
fn css_value(text: &str) -> String {
    let decoded = decode(text);
    let is_refused = |c: char| "\0\"'()/;@[\\]`{}<>".contains(c);
    let name: String = decoded
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
        .collect::<String>()
        .to_ascii_lowercase();
    let runs_code = name.contains("expression") || name.contains("mozbinding");
    match decoded.contains(is_refused) || decoded.contains("--") || runs_code {
        true => REFUSED.into(),
        false => decoded,
    }
}
