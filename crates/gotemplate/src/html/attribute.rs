//! What the values of attributes are, by their names.

use super::context::Attribute;

/// The language of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Plain,
    Html,
    Url,
    Css,
    Js,
    Srcset,
    /// A value that changes what the page does; an action must not choose such a name.
    Unsafe,
}

impl Content {
    /// Returns how the value is read.
    pub(super) fn attribute(self) -> Attribute {
        match self {
            Self::Plain | Self::Html | Self::Unsafe => Attribute::Plain,
            Self::Url => Attribute::Url,
            Self::Css => Attribute::Style,
            Self::Js => Attribute::Script,
            Self::Srcset => Attribute::Srcset,
        }
    }
}

const URLS: &[&str] = &[
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "manifest",
    "poster",
    "profile",
    "src",
    "usemap",
    "xmlns",
];

const UNSAFE: &[&str] = &[
    "accept-charset",
    "async",
    "challenge",
    "charset",
    "content",
    "crossorigin",
    "defer",
    "enctype",
    "form",
    "formenctype",
    "formmethod",
    "formnovalidate",
    "http-equiv",
    "keytype",
    "language",
    "method",
    "novalidate",
    "pattern",
    "rel",
    "sandbox",
    "type",
    "value",
];

/// Returns the language of an attribute's value; the name is in small letters.
pub(super) fn attribute_kind(name: &str) -> Content {
    let name = match (name.strip_prefix("data-"), name.split_once(':')) {
        (Some(own), _) => own,
        (None, Some(("xmlns", _))) => return Content::Url,
        (None, Some((_, own))) => own,
        (None, None) => name,
    };
    match name {
        "style" => Content::Css,
        "srcset" => Content::Srcset,
        "srcdoc" => Content::Html,
        _ if URLS.contains(&name) => Content::Url,
        _ if UNSAFE.contains(&name) => Content::Unsafe,
        // Its letters would make it look like a URL.
        "srclang" => Content::Plain,
        _ if name.starts_with("on") => Content::Js,
        _ if ["src", "uri", "url"].iter().any(|part| name.contains(part)) => Content::Url,
        _ => Content::Plain,
    }
}

/// Decodes the character references that stand in attributes of templates: the numeric ones, and the names that escape
/// what has a meaning in HTML.
pub(super) fn unescape_entities(text: &str) -> String {
    let (mut decoded, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((character, length)) => {
                decoded.push(character);
                rest = &rest[length..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.find(';').filter(|end| *end <= 10)?;
    let name = &text[1..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
                .filter(|character| *character != '\0')
                .unwrap_or('\u{fffd}')
        }
    };
    Some((character, end + 1))
}
