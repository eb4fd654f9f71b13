//! The parts that text formats share: names, quoted text, label blocks. Nothing here allocates.
//!
//! ```text
//! series      = name [ "{" [ parts ] "}" ] | "{" parts "}"
//! parts       = part *( "," part ) [ "," ]
//! part        = quoted-name | label-name "=" quoted       one metric name in all
//! label-name  = word | quoted-name
//! ```
//!
//! The same walk serves to find the end of a series (every line) and to read its labels (cache misses only), so the two
//! can never disagree.

use std::borrow::Cow;

use plimsoll_types::{is_legacy_label_name, is_legacy_metric_name};

use super::error::{Echo, ErrorKind, Fault};

/// Which text format's rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Prometheus text: blanks between tokens, line breaks in quotes, commas between labels may be missing.
    Text,
    /// OpenMetrics: single spaces where they are due and nowhere else.
    OpenMetrics,
}

/// A piece of a series' text, escapes not yet resolved.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// The metric's name.
    MetricName(&'a str),
    /// A label.
    Label { name: &'a str, value: &'a str },
}

/// A position in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) dialect: Dialect,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            at: 0,
            dialect,
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Steps over `byte` (ASCII) if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Steps over spaces and tabs where the dialect has them between tokens.
    pub(super) fn skip_blanks(&mut self) {
        if self.dialect == Dialect::Text {
            while matches!(self.peek(), Some(b' ' | b'\t')) {
                self.at += 1;
            }
        }
    }

    /// Takes bytes as long as `belongs` says so; it must say no to every byte that is not ASCII, or yes to all of them.
    pub(super) fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest
            .iter()
            .position(|byte| !belongs(*byte))
            .unwrap_or(rest.len());
        let taken = &self.text[self.at..self.at + length];
        self.at += length;
        taken
    }

    /// Makes a fault that says what was wanted here and shows what is here instead.
    pub(super) fn wanted(&self, what: &str) -> Fault {
        let rest = self.rest();
        let line = rest.split('\n').next().unwrap_or("");
        let message = match line.chars().next() {
            Some(_) => format!("expected {what}, found {}", Echo(line)),
            None if rest.is_empty() => format!("expected {what}, found the end of the input"),
            None => format!("expected {what}, found the end of the line"),
        };
        Fault::new(ErrorKind::Syntax, self.at, message)
    }

    /// Takes a name in the classic alphabet; colons only where `colons` says so. Empty when there is none.
    pub(super) fn word(&mut self, colons: bool) -> &'a str {
        let begins =
            |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (colons && byte == b':');
        if !self.peek().is_some_and(begins) {
            return "";
        }
        self.take_while(|byte| begins(byte) || byte.is_ascii_digit())
    }

    /// Takes a quoted text, without the quotes, escapes as they are.
    pub(super) fn quoted(&mut self, what: &str) -> Result<&'a str, Fault> {
        if !self.eat(b'"') {
            return Err(self.wanted(what));
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at - 1]);
                }
                b'\n' if self.dialect == Dialect::OpenMetrics => break,
                // The byte after a backslash may begin a longer character, whose other bytes are no quote.
                b'\\' if bytes.get(self.at + 1) != Some(&b'\n') => self.at += 2,
                b'\\' => break,
                _ => self.at += 1,
            }
        }
        let opening = Cursor {
            at: start - 1,
            ..*self
        };
        Err(opening.wanted("a text that ends with a quotation mark"))
    }

    /// Walks a series and hands its parts to `visit`.
    pub(super) fn series(&mut self, visit: &mut impl FnMut(Part<'a>)) -> Result<(), Fault> {
        let start = self.at;
        let name = self.word(true);
        if name.is_empty() && self.peek() != Some(b'{') {
            return Err(self.wanted("a metric name"));
        }
        if !name.is_empty() {
            visit(Part::MetricName(name));
        }
        let end = self.at;
        self.skip_blanks();
        let mut is_named = !name.is_empty();
        if self.eat(b'{') {
            self.label_block(&mut is_named, visit)?;
        } else {
            self.at = end;
        }
        if is_named {
            Ok(())
        } else {
            let message = "expected a metric name, found labels only";
            Err(Fault::new(ErrorKind::MissingName, start, message))
        }
    }

    /// Walks what follows an opening brace up to and with the closing one.
    pub(super) fn label_block(
        &mut self,
        is_named: &mut bool,
        visit: &mut impl FnMut(Part<'a>),
    ) -> Result<(), Fault> {
        loop {
            self.skip_blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            visit(self.part(is_named)?);
            self.skip_blanks();
            let has_comma = self.eat(b',');
            if !has_comma && self.dialect == Dialect::OpenMetrics && self.peek() != Some(b'}') {
                return Err(self.wanted("a comma or a closing brace"));
            }
        }
    }

    fn part(&mut self, is_named: &mut bool) -> Result<Part<'a>, Fault> {
        let start = self.at;
        let is_quoted = self.peek() == Some(b'"');
        let name = if is_quoted {
            self.quoted("a name in quotation marks")?
        } else {
            self.word(false)
        };
        if name.is_empty() {
            self.at = start;
            return Err(self.wanted("a label name"));
        }
        self.skip_blanks();
        if self.eat(b'=') {
            self.skip_blanks();
            let value = self.quoted("a label value in quotation marks")?;
            return Ok(Part::Label { name, value });
        }
        if is_quoted && !*is_named && matches!(self.peek(), Some(b',' | b'}')) {
            *is_named = true;
            return Ok(Part::MetricName(name));
        }
        Err(self.wanted("an equals sign after the label name"))
    }
}

/// Resolves the escapes of label values and quoted names: `\\`, `\"`, `\n`; any other backslash stands for itself.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    replace_escapes(text, true)
}

/// Resolves the escapes of help texts: `\\` and `\n`, in OpenMetrics `\"` too.
pub(super) fn unescape_help(text: &str, dialect: Dialect) -> Cow<'_, str> {
    replace_escapes(text, dialect == Dialect::OpenMetrics)
}

fn replace_escapes(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (plain, used) = match rest.as_bytes().get(at + 1) {
            Some(b'\\') => ('\\', 2),
            Some(b'n') => ('\n', 2),
            Some(b'"') if quotes => ('"', 2),
            _ => ('\\', 1),
        };
        out.push(plain);
        rest = &rest[at + used..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes a text in quotation marks so that [`unescape`] gives it back.
pub(super) fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    write_escaped(out, text, true);
    out.push('"');
}

/// Writes a text with backslashes and line breaks escaped, quotation marks only when asked for.
pub(super) fn write_escaped(out: &mut String, text: &str, quotes: bool) {
    for part in text.split_inclusive(['\\', '"', '\n']) {
        let (plain, escape) = match part.as_bytes().last() {
            Some(b'\\') => (&part[..part.len() - 1], "\\\\"),
            Some(b'\n') => (&part[..part.len() - 1], "\\n"),
            Some(b'"') if quotes => (&part[..part.len() - 1], "\\\""),
            _ => (part, ""),
        };
        out.push_str(plain);
        out.push_str(escape);
    }
}

/// Writes name and label block the way [`Cursor::series`] reads them; names outside the classic alphabets in quotes.
pub(super) fn write_series<'a>(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: impl IntoIterator<Item = (&'a str, &'a str)>,
) {
    let start = out.len();
    out.push_str(name);
    out.push_str(suffix);
    let mut separator = '{';
    if !is_legacy_metric_name(&out[start..]) {
        let full = out.split_off(start);
        out.push('{');
        write_quoted(out, &full);
        separator = ',';
    }
    for (name, value) in labels {
        out.push(separator);
        separator = ',';
        if is_legacy_label_name(name) {
            out.push_str(name);
        } else {
            write_quoted(out, name);
        }
        out.push('=');
        write_quoted(out, value);
    }
    if separator == ',' {
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_escapes_stand_for_themselves() {
        assert_eq!(unescape(r#"a\\n\n\"\t\"#), "a\\n\n\"\\t\\");
        assert_eq!(unescape_help(r#"\"x\\"#, Dialect::Text), r#"\"x\"#);
        assert!(matches!(unescape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn a_backslash_before_a_wide_character_hides_no_quote() {
        let mut cursor = Cursor::new("\"\\\u{2603}\" 1", Dialect::OpenMetrics);
        assert_eq!(cursor.quoted("text").unwrap(), "\\\u{2603}");
        assert_eq!(cursor.rest(), " 1");
    }
}
