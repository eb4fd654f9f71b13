//! What a deletion says, and its text.
//!
//! ```text
//! deletion | first ms ' ' last ms { ' ' selector } |
//! selector | '{' matcher { ',' matcher } '}' or '{}' for every series |
//! matcher  | quoted name, one of = != =~ !~, quoted value |
//! quoted   | '"' text '"' with \\ \" \n \r escaped |
//! ```
//!
//! The WAL holds it as the payload of a deletion record, the manifest in a line, so that a person can read both.
//!
//! A deletion is a *tombstone* when it has a place in the order of all writes, a WAL sequence. It removes from the
//! head's windows at once, and hides in parts that were sealed up to an earlier sequence, until they are cleaned.

use std::fmt::{self, Write};

use plimsoll_types::{MatchOp, Matcher, TimeRange, Timestamp};

/// Longest first, so that a prefix is not taken for the whole.
const OPERATORS: [MatchOp; 4] = [
    MatchOp::NotEqual,
    MatchOp::Regex,
    MatchOp::NotRegex,
    MatchOp::Equal,
];

/// Which samples are deleted: those inside `range` of the series that fulfil all matchers of any selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The selectors; without one nothing is deleted, one without matchers means every series.
    pub selectors: Vec<Vec<Matcher>>,
    /// The range of time.
    pub range: TimeRange,
}

/// A deletion with its place in the order of all writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Its WAL sequence: it applies to writes of lower sequences.
    pub sequence: u64,
    /// What it deletes.
    pub deletion: Deletion,
}

/// A text that is not a deletion's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed deletion: {0}")]
pub struct InvalidDeletion(&'static str);

impl Deletion {
    /// Reads what [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// [`InvalidDeletion`], also for a regular expression that does not compile.
    pub fn parse(text: &str) -> Result<Self, InvalidDeletion> {
        let (start, rest) = take_time(text)?;
        let rest = rest.strip_prefix(' ').ok_or(InvalidDeletion("no end"))?;
        let (end, mut rest) = take_time(rest)?;
        let mut selectors = Vec::new();
        while let Some(more) = rest.strip_prefix(" {") {
            let (selector, after) = take_selector(more)?;
            selectors.push(selector);
            rest = after;
        }
        match rest.is_empty() {
            true => Ok(Self {
                selectors,
                range: TimeRange::new(start, end),
            }),
            false => Err(InvalidDeletion("a selector does not begin with a brace")),
        }
    }

    /// Says whether what `older` deletes is deleted by this one as well, as far as the texts show it.
    pub(crate) fn covers(&self, older: &Self) -> bool {
        let range = self.range.start <= older.range.start && older.range.end <= self.range.end;
        let is_among = |selector| self.selectors.contains(selector);
        let is_for_all = self.selectors.iter().any(Vec::is_empty);
        range && (is_for_all || older.selectors.iter().all(is_among))
    }
}

impl fmt::Display for Deletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.range.start, self.range.end)?;
        for selector in &self.selectors {
            f.write_str(" {")?;
            for (index, matcher) in selector.iter().enumerate() {
                f.write_str(if index > 0 { "," } else { "" })?;
                write_quoted(f, matcher.name())?;
                f.write_str(matcher.op().as_str())?;
                write_quoted(f, matcher.value())?;
            }
            f.write_char('}')?;
        }
        Ok(())
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            // A line of the manifest ends at these.
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

fn take_time(text: &str) -> Result<(Timestamp, &str), InvalidDeletion> {
    let end = text.find(' ').unwrap_or(text.len());
    let millis = text[..end].parse();
    let millis = millis.map_err(|_| InvalidDeletion("a time is no number"))?;
    Ok((Timestamp::from_millis(millis), &text[end..]))
}

/// Reads from behind the brace.
fn take_selector(mut text: &str) -> Result<(Vec<Matcher>, &str), InvalidDeletion> {
    let mut matchers = Vec::new();
    if let Some(rest) = text.strip_prefix('}') {
        return Ok((matchers, rest));
    }
    loop {
        let (matcher, rest) = take_matcher(text)?;
        matchers.push(matcher);
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((matchers, rest));
        }
        text = rest
            .strip_prefix(',')
            .ok_or(InvalidDeletion("a selector does not end"))?;
    }
}

fn take_matcher(text: &str) -> Result<(Matcher, &str), InvalidDeletion> {
    let (name, rest) = take_quoted(text)?;
    let (op, rest) = OPERATORS
        .into_iter()
        .find_map(|op| Some((op, rest.strip_prefix(op.as_str())?)))
        .ok_or(InvalidDeletion("a matcher has no operator"))?;
    // "=" is a prefix of "=~", which comes first in the list.
    let (value, rest) = take_quoted(rest)?;
    let matcher = Matcher::new(op, &name, &value)
        .map_err(|_| InvalidDeletion("a regular expression does not compile"))?;
    Ok((matcher, rest))
}

fn take_quoted(text: &str) -> Result<(String, &str), InvalidDeletion> {
    let invalid = InvalidDeletion("a text is not quoted");
    let rest = text.strip_prefix('"').ok_or(invalid.clone())?;
    let mut taken = String::new();
    let mut characters = rest.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((taken, &rest[index + 1..])),
            '\\' => taken.push(match characters.next() {
                Some((_, 'n')) => '\n',
                Some((_, 'r')) => '\r',
                Some((_, escaped @ ('"' | '\\'))) => escaped,
                _ => return Err(invalid),
            }),
            other => taken.push(other),
        }
    }
    Err(invalid)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn deletions() -> impl Strategy<Value = Deletion> {
        let matcher = prop_oneof![
            (".{0,4}", ".{0,6}").prop_map(|(name, value)| Matcher::equal(&name, &value)),
            ("[a\"\\\\\n\r]{1,3}", "[ab.*{}, =\n]{0,4}")
                .prop_filter_map("an invalid expression", |(name, value)| {
                    Matcher::new(MatchOp::NotRegex, &name, &value).ok()
                }),
            ("[ab]", "[ab]{0,2}").prop_map(|(name, value)| Matcher::new(
                MatchOp::NotEqual,
                &name,
                &value
            )
            .unwrap()),
            Just(Matcher::new(MatchOp::Regex, "__name__", ".+").unwrap()),
        ];
        let selectors = prop::collection::vec(prop::collection::vec(matcher, 0..3), 0..3);
        (selectors, any::<i64>(), any::<i64>()).prop_map(|(selectors, start, end)| Deletion {
            selectors,
            range: TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end)),
        })
    }

    proptest! {
        #[test]
        fn returns_whole_on_one_line(deletion in deletions()) {
            let text = deletion.to_string();
            prop_assert_eq!(text.lines().count(), 1);
            prop_assert!(deletion.covers(&deletion));
            prop_assert_eq!(Deletion::parse(&text).unwrap(), deletion);
        }

        #[test]
        fn never_panics(text in ".{0,60}", tail in "[ {}\"=~!,a\\\\]{0,20}") {
            let _ = Deletion::parse(&text);
            let _ = Deletion::parse(&format!("1 2 {{{tail}"));
        }
    }

    #[test]
    fn covers_what_is_narrower_in_time_and_selectors() {
        let parse = |text| Deletion::parse(text).unwrap();
        let both = parse(r#"0 9 {"a"="1"} {"b"=~"x.*"}"#);
        assert!(both.covers(&parse(r#"1 9 {"b"=~"x.*"}"#)));
        assert!(!both.covers(&parse(r#"1 10 {"b"=~"x.*"}"#)));
        assert!(!both.covers(&parse(r#"1 9 {"a"="2"}"#)));
        assert!(parse("0 9 {}").covers(&both));
    }
}
