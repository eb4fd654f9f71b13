//! Label matchers: the four comparisons of a selector.

use std::fmt;

use crate::pattern::{Language, Pattern};

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, anchored at both ends; `.` also matches a line feed, as in Prometheus.
    Regex,
    /// `!~`
    NotRegex,
}

impl MatchOp {
    /// Returns the PromQL spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A regular expression that does not compile.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct InvalidMatcher {
    /// What is wrong, in one line.
    pub message: String,
}

/// One condition on one label. A label that a series does not have counts as the empty string.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: Box<str>,
    regex: Option<Pattern>,
}

impl Matcher {
    /// Makes a matcher and compiles its expression when it has one.
    ///
    /// # Errors
    /// [`InvalidMatcher`] when `value` is not a legal [`Pattern`], or one that needs more than 32 MiB when compiled.
    pub fn new(op: MatchOp, name: &str, value: &str) -> Result<Self, InvalidMatcher> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(compiled(value)?),
        };
        Ok(Self {
            name: name.into(),
            op,
            value: value.into(),
            regex,
        })
    }

    /// Makes the matcher `name="value"`.
    pub fn equal(name: &str, value: &str) -> Self {
        Self {
            name: name.into(),
            op: MatchOp::Equal,
            value: value.into(),
            regex: None,
        }
    }

    /// Returns the label's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the comparison.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// Returns what is compared with: a value or an expression.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the compiled expression; `None` for `=` and `!=`.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.regex.as_ref()
    }

    /// Returns the texts that are compared with, sorted, when they are a small set: the value of `=` and `!=`, all that
    /// the expression of `=~` and `!~` matches.
    pub fn literals(&self) -> Option<&[Box<str>]> {
        match &self.regex {
            Some(pattern) => pattern.literals(),
            None => Some(std::slice::from_ref(&self.value)),
        }
    }

    /// Returns what each of the texts begins with that are compared with; empty when nothing is known.
    pub fn prefix(&self) -> &str {
        match self.regex.as_ref().map(Pattern::language) {
            Some(Language::Others { prefix }) => prefix,
            _ => "",
        }
    }

    /// Says whether the condition is a negated one: `!=` or `!~`.
    pub fn is_negative(&self) -> bool {
        matches!(self.op, MatchOp::NotEqual | MatchOp::NotRegex)
    }

    /// Says whether a label of this value fulfils the condition.
    pub fn matches(&self, value: &str) -> bool {
        match (&self.regex, self.op) {
            (None, MatchOp::NotEqual) => *self.value != *value,
            (None, _) => *self.value == *value,
            (Some(regex), MatchOp::NotRegex) => !regex.is_match(value),
            (Some(regex), _) => regex.is_match(value),
        }
    }

    /// Says whether a series without the label fulfils the condition.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }
}

/// Two matchers are equal when they are written the same.
impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

/// Writes it as in a selector: `job=~"a|b"`.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::labels::write_name(f, &self.name)?;
        write!(f, "{}", self.op.as_str())?;
        crate::labels::write_quoted(f, &self.value)
    }
}

fn compiled(expression: &str) -> Result<Pattern, InvalidMatcher> {
    Pattern::new(expression).map_err(|error| InvalidMatcher {
        message: format!("invalid regular expression {expression:?}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regexes_are_anchored_and_dot_matches_line_feeds() {
        let matcher = Matcher::new(MatchOp::Regex, "a", "b|c.d").unwrap();
        assert!(matcher.matches("b"));
        assert!(matcher.matches("c\nd"));
        assert!(!matcher.matches("bb"));
        assert!(!matcher.matches("xc.d"));
        assert!(!matcher.matches_empty());
    }

    #[test]
    fn regexes_are_of_go_s_dialect() {
        let matches = |expression: &str, value: &str| {
            let matcher = Matcher::new(MatchOp::Regex, "a", expression).unwrap();
            matcher.matches(value)
        };
        assert!(matches("/api/{id}", "/api/{id}"));
        assert!(matches("\\d+", "12"));
        assert!(
            !matches("\\d+", "\u{663}"),
            "an Arabic three is no digit in Go"
        );
        let error = Matcher::new(MatchOp::Regex, "a", "b)|(c").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid regular expression \"b)|(c\": unopened group"
        );
    }

    #[test]
    fn negations_match_an_absent_label() {
        assert!(
            Matcher::new(MatchOp::NotEqual, "a", "b")
                .unwrap()
                .matches_empty()
        );
        assert!(
            Matcher::new(MatchOp::NotRegex, "a", ".+")
                .unwrap()
                .matches_empty()
        );
    }

    #[test]
    fn writes_itself_as_promql() {
        let matcher = Matcher::new(MatchOp::Regex, "my label", "a\"b").unwrap();
        assert_eq!(matcher.to_string(), r#""my label"=~"a\"b""#);
    }
}
