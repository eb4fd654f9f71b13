//! Reads the small parts that all sections are made of: names, numbers, lengths of time, shares, texts of HTTP.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use plimsoll_runtime::config::{Findings, Source, Span, Spanned};

use super::raw::{RawDuration, RawNumber, RawSize, RawText};
use super::watch::{self, Stamp};
use crate::model::Pattern;

/// Longer ones are not meant, and points in time so far away cannot be told.
const TIME_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// Names become labels of metrics and parts of URLs.
const NAME_CHARACTERS_MAX: usize = 100;

/// What a file is read with: where findings go, and which other files it names.
pub(super) struct Context<'a> {
    pub(super) findings: Findings<'a>,
    pub(super) files: BTreeMap<PathBuf, Stamp>,
}

/// Names of one kind and where they stand.
pub(super) type Names = HashMap<String, Span>;

impl<'a> Context<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            findings: Findings::new(source),
            files: BTreeMap::new(),
        }
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.findings.error(span, message);
    }

    pub(super) fn hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.error_with_hint(span, message, hint);
    }

    pub(super) fn warning(&mut self, span: Span, message: impl Into<String>) {
        self.findings.warning(span, message);
    }

    /// Reads the name of a section that must have one of its own.
    pub(super) fn name(
        &mut self,
        raw: &Spanned<String>,
        section: Span,
        what: &str,
        names: &mut Names,
    ) -> String {
        if raw.is_empty() {
            self.error(section, format!("{what} needs a `name`"));
            return String::new();
        }
        let is_plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        };
        if !raw.chars().all(is_plain) || raw.len() > NAME_CHARACTERS_MAX {
            let message = format!(
                "{:?} is no name: at most {NAME_CHARACTERS_MAX} of a-z, A-Z, 0-9, `-`, `_`, `.`",
                short(raw)
            );
            self.error(raw.span, message);
        }
        self.is_new(raw, raw.span, what, names);
        raw.value.clone()
    }

    /// Remembers a name, and reports one that is there twice.
    pub(super) fn is_new(&mut self, name: &str, span: Span, what: &str, names: &mut Names) {
        let Some(first) = names.get(name) else {
            names.insert(name.to_owned(), span);
            return;
        };
        let line = self.findings.source().line(*first);
        let message = format!("{what} is called {:?} already", short(name));
        let hint = format!("the first is in line {line}");
        self.hint(span, message, hint);
    }

    /// Reads a length of time, zero too.
    pub(super) fn time(&mut self, raw: &RawDuration) -> Option<Duration> {
        let raw = raw.as_ref()?;
        if raw.value.0 > TIME_MAX {
            self.error(raw.span, "a length of time is at most 366d");
            return None;
        }
        Some(raw.value.0)
    }

    /// Reads a length of time above zero.
    pub(super) fn above_zero(&mut self, raw: &RawDuration, name: &str) -> Option<Duration> {
        let time = self.time(raw)?;
        if time.is_zero() {
            let span = raw.as_ref().map_or(Span::default(), |raw| raw.span);
            self.error(span, format!("`{name}` must be above 0"));
            return None;
        }
        Some(time)
    }

    /// Reads a whole number of a range.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        raw: &RawNumber,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let raw = raw.as_ref()?;
        let number = range.contains(&raw.value).then_some(raw.value);
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let (least, most) = range.into_inner();
            let message = format!("`{name}` is from {least} to {most}, found {}", raw.value);
            self.error(raw.span, message);
        }
        number
    }

    /// Reads a number with a part behind the point, of a range.
    pub(super) fn real(
        &mut self,
        raw: Option<&Spanned<f64>>,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let raw = raw?;
        if range.contains(&raw.value) {
            return Some(raw.value);
        }
        let (least, most) = range.into_inner();
        let message = format!("`{name}` is from {least} to {most}, found {}", raw.value);
        self.error(raw.span, message);
        None
    }

    /// Reads a number of bytes of a range.
    pub(super) fn size(
        &mut self,
        raw: &RawSize,
        name: &str,
        range: RangeInclusive<plimsoll_types::ByteCount>,
    ) -> Option<u64> {
        let raw = raw.as_ref()?;
        let size = raw.value.0;
        if range.contains(&size) {
            return Some(size.0);
        }
        let (least, most) = range.into_inner();
        let message = format!("`{name}` is from {least} to {most}, found {size}");
        self.error(raw.span, message);
        None
    }

    /// Reads a share such as `5%`, of a range in percent, as a number from 0 to 1.
    pub(super) fn share(
        &mut self,
        raw: &RawText,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let raw = raw.as_ref()?;
        let number = percent(raw).filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let found = short(raw);
            let message = format!(
                "`{name}` is a share from {least}% to {most}%, such as 5%, found {found:?}"
            );
            self.error(raw.span, message);
        }
        number.map(|percent| percent / 100.0)
    }

    /// Reads a whole number of 1 or more, or `none`; the outer `None` is that nothing is said, or wrong.
    pub(super) fn count_or_none(&mut self, raw: &RawText, name: &str) -> Option<Option<u32>> {
        let raw = raw.as_ref()?;
        if raw.value == "none" {
            return Some(None);
        }
        let number = raw.parse().ok().filter(|number| *number > 0);
        if number.is_none() {
            let found = short(raw);
            let message = format!("`{name}` is a whole number above 0, or none, found {found:?}");
            self.error(raw.span, message);
        }
        number.map(Some)
    }

    /// Reports all of several keys but one: exactly one must be there.
    pub(super) fn exactly_one(&mut self, section: Span, what: &str, keys: &[(&str, Option<Span>)]) {
        let mut given = keys
            .iter()
            .filter_map(|(name, span)| Some((name, (*span)?)));
        let names: Vec<_> = keys.iter().map(|(name, _)| format!("`{name}`")).collect();
        let Some((first, _)) = given.next() else {
            let message = format!("{what} needs one of {}", names.join(", "));
            return self.error(section, message);
        };
        for (name, span) in given {
            let message = format!("{what} has `{first}` already, so `{name}` has no place");
            self.error(span, message);
        }
    }

    /// Reads something of which a text is parsed.
    pub(super) fn parsed<T: FromStr>(&mut self, raw: &Spanned<String>, wanted: &str) -> Option<T> {
        let parsed = raw.parse().ok();
        if parsed.is_none() {
            let message = format!("expected {wanted}, found {:?}", short(raw));
            self.error(raw.span, message);
        }
        parsed
    }

    pub(super) fn header_name(&mut self, text: &str, span: Span) -> Option<HeaderName> {
        let name = HeaderName::from_bytes(text.as_bytes()).ok();
        if name.is_none() {
            let message = format!("{:?} is no name of a header", short(text));
            self.error(span, message);
        }
        name
    }

    /// Reads the value of a header; it is not shown when it is wrong, as it may be a secret.
    pub(super) fn header_value(&mut self, text: &str, span: Span) -> Option<HeaderValue> {
        let value = HeaderValue::from_str(text).ok();
        if value.is_none() {
            let message = "a header's value has no line breaks or other control characters";
            self.error(span, message);
        }
        value
    }

    pub(super) fn status(
        &mut self,
        raw: &RawNumber,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<StatusCode> {
        let number: u16 = self.number(raw, name, range)?;
        StatusCode::from_u16(number).ok()
    }

    /// Reads an expression that must match a text as a whole.
    pub(super) fn whole(&mut self, raw: &Spanned<String>) -> Option<Pattern> {
        let read = Pattern::whole(raw);
        self.compiled(read, raw)
    }

    /// Reports an expression that is none.
    pub(super) fn compiled<T>(
        &mut self,
        read: Result<T, regex::Error>,
        raw: &Spanned<String>,
    ) -> Option<T> {
        let error = match read {
            Ok(pattern) => return Some(pattern),
            Err(error) => error.to_string(),
        };
        // The engine shows the expression with a caret of its own; its last line says what is wrong.
        let reason = error.lines().last().unwrap_or_default();
        let reason = reason.trim_start_matches("error: ");
        self.error(raw.span, format!("no regular expression: {reason}"));
        None
    }

    /// Reads a file that is named; the path is as seen from where we run.
    pub(super) fn read(&mut self, raw: &Spanned<String>) -> (PathBuf, Option<Vec<u8>>) {
        let path = self.findings.resolve(raw);
        let read = watch::read(&path);
        let stamp = read.as_ref().ok().map(|bytes| Stamp::of(bytes));
        self.files.insert(path.clone(), stamp.unwrap_or_default());
        if let Err(error) = &read {
            self.bad_file(raw.span, &path, error);
        }
        (path, read.ok())
    }

    /// Reports a file that cannot be used.
    pub(super) fn bad_file(&mut self, span: Span, path: &Path, why: impl Display) {
        self.error(span, format!("cannot use {}: {why}", path.display()));
    }
}

/// Returns the number before a percent sign.
pub(super) fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    number
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// Returns the place of what is written, if it is.
pub(super) fn key<T>(field: &Option<Spanned<T>>) -> Option<Span> {
    field.as_ref().map(|field| field.key)
}

/// Keeps messages short, whatever the file holds.
pub(super) fn short(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text.chars().take(CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
