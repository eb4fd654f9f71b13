//! A text and how far it is read.

use crate::error::ParseError;
use crate::span::Span;

/// Longer words are cut in messages.
const SHOWN_MAX: usize = 40;

/// A text and how far it is read.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn is_at_blank(&self) -> bool {
        self.rest().starts_with([' ', '\t', '\n', '\r'])
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    /// Takes a text from the front and says whether it was there.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_there = self.rest().starts_with(text);
        self.at += if is_there { text.len() } else { 0 };
        is_there
    }

    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes a sign from the front; `None` when there is none.
    pub(super) fn sign(&mut self) -> Option<f64> {
        match (self.take("+"), self.rest()) {
            (true, _) => Some(1.0),
            (false, _) => self.take("-").then_some(-1.0),
        }
    }

    /// Reads a number without sign, as series are written: decimal, or `Inf` or `NaN` in any case.
    pub(super) fn number(&mut self) -> Result<f64, ParseError> {
        let start = self.at;
        if self.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
            let word = self.word();
            return match word.to_ascii_lowercase().as_str() {
                "inf" => Ok(f64::INFINITY),
                "nan" => Ok(f64::NAN),
                _ => Err(self.wrong_since(start, format!("expected a number, found {word:?}"))),
            };
        }
        let is_digit = |c: char| c.is_ascii_digit();
        let mut digits = self.take_while(is_digit).len();
        if self.take(".") {
            digits += self.take_while(is_digit).len();
        }
        if digits == 0 {
            self.at = start;
            return Err(self.wrong("expected a number"));
        }
        if self.take("e") || self.take("E") {
            self.sign();
            self.take_while(is_digit);
        }
        // What follows a number is the sign of repetition or nothing that could belong to it.
        let is_cut = |c: char| c.is_ascii_alphanumeric() && c != 'x' || c == '_';
        let number = self.text[start..self.at].parse().ok();
        match number.filter(|_| !self.rest().starts_with(is_cut)) {
            Some(number) => Ok(number),
            None => {
                self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                let found = &self.text[start..self.at];
                Err(self.wrong_since(start, format!("expected a number, found {found:?}")))
            }
        }
    }

    /// Reads a number with or without sign.
    pub(super) fn signed_number(&mut self) -> Result<f64, ParseError> {
        let sign = self.sign().unwrap_or(1.0);
        Ok(sign * self.number()?)
    }

    /// Takes letters, digits, underscores and colons.
    pub(super) fn word(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
    }

    /// Makes the error that something else was wanted than what comes next.
    pub(super) fn wrong(&self, wanted: &str) -> ParseError {
        let rest = self.rest();
        let next = match self.is_at_blank() {
            true => None,
            false => rest.split_inclusive(char::is_whitespace).next(),
        };
        // A space of another kind separates nothing here, so it is itself what is wrong.
        let next = next.map(|word| match word.trim_end() {
            "" => word,
            trimmed => trimmed,
        });
        let shown = match next {
            Some(next) => {
                let end = next.char_indices().nth(SHOWN_MAX);
                format!("{:?}", &next[..end.map_or(next.len(), |(at, _)| at)])
            }
            None if rest.is_empty() => "the end".into(),
            None => "a blank".into(),
        };
        let length = next.map_or(0, str::len);
        let span = Span::new(self.at, self.at + length);
        ParseError::new(self.text, span, format!("{wanted}, found {shown}"))
    }

    /// Makes the error that what was read since `start` is wrong.
    pub(super) fn wrong_since(&self, start: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, Span::new(start, self.at), message)
    }
}
