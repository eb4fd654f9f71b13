//! Series selectors in the configuration: `up`, `http_requests_total{job="web", path=~"/x/.*"}`, `{env!="prod"}`.
//!
//! The same spelling as in PromQL, without times: names and values may be quoted with any of its three quotes. This crate
//! knows no PromQL, and of a whole language a file needs this much.

use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

/// The most bytes of a selector.
const LENGTH_MAX: usize = 16 << 10;

/// Reads a selector; it has at least one matcher that the empty string does not fulfil, as in PromQL.
///
/// # Errors
/// What is wrong, in one line, with the place in the text counted in characters from 1.
pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("a selector has at most {LENGTH_MAX} bytes"));
    }
    let mut reader = Reader { text, at: 0 };
    let matchers = reader.selector().map_err(|reason| {
        let place = text[..reader.at].chars().count() + 1;
        format!("{reason} at character {place}")
    })?;
    if matchers.iter().all(Matcher::matches_empty) {
        return Err("at least one matcher must not match the empty string".into());
    }
    Ok(matchers)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn selector(&mut self) -> Result<Vec<Matcher>, String> {
        let mut matchers = Vec::new();
        self.skip_blanks();
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        if !name.is_empty() {
            if name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(format!("`{name}` is no metric name"));
            }
            matchers.push(Matcher::equal(METRIC_NAME, name));
        }
        self.skip_blanks();
        if self.takes("{") {
            self.matchers(&mut matchers)?;
        } else if name.is_empty() {
            return Err("expected a metric name or `{`".into());
        }
        self.skip_blanks();
        match self.rest().is_empty() {
            true => Ok(matchers),
            false => Err("expected the end".into()),
        }
    }

    fn matchers(&mut self, into: &mut Vec<Matcher>) -> Result<(), String> {
        loop {
            self.skip_blanks();
            if self.takes("}") {
                return Ok(());
            }
            into.push(self.matcher()?);
            self.skip_blanks();
            if !self.takes(",") && !self.rest().starts_with('}') {
                return Err("expected `,` or `}`".into());
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let is_quoted = self.rest().starts_with(['"', '\'', '`']);
        let name = match is_quoted {
            true => self.quoted()?,
            false => self
                .word(|c| c.is_ascii_alphanumeric() || c == '_')
                .to_owned(),
        };
        if name.is_empty() {
            return Err("expected a label name".into());
        }
        self.skip_blanks();
        let ops = [
            ("=~", MatchOp::Regex),
            ("!~", MatchOp::NotRegex),
            ("!=", MatchOp::NotEqual),
            ("=", MatchOp::Equal),
        ];
        let Some((_, op)) = ops.into_iter().find(|(spelling, _)| self.takes(spelling)) else {
            // A quoted name alone is that of the metric.
            return match is_quoted {
                true => Ok(Matcher::equal(METRIC_NAME, &name)),
                false => Err("expected one of = != =~ !~".into()),
            };
        };
        self.skip_blanks();
        let value = self.quoted()?;
        Matcher::new(op, &name, &value).map_err(|error| error.message)
    }

    /// Reads a string in quotes; between backticks a backslash is nothing special.
    fn quoted(&mut self) -> Result<String, String> {
        let mut characters = self.rest().char_indices();
        let Some((_, quote @ ('"' | '\'' | '`'))) = characters.next() else {
            return Err("expected a string in quotes".into());
        };
        let mut value = String::new();
        while let Some((offset, character)) = characters.next() {
            match character {
                _ if character == quote => {
                    self.at += offset + quote.len_utf8();
                    return Ok(value);
                }
                '\\' if quote != '`' => {
                    let escaped = characters.next().map(|(_, character)| character);
                    value.push(match escaped {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some('r') => '\r',
                        Some(same @ ('\\' | '"' | '\'')) => same,
                        _ => return Err("unknown escape in a string".into()),
                    });
                }
                other => value.push(other),
            }
        }
        Err("a string without its closing quote".into())
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let matchers = parse(text)?;
        let texts: Vec<String> = matchers.iter().map(Matcher::to_string).collect();
        Ok(texts.join(","))
    }

    #[test]
    fn reads_what_promql_reads() {
        for (text, expected) in [
            ("up", r#"__name__="up""#),
            (" up { } ", r#"__name__="up""#),
            (
                r#"a:b{job="x",path!='/'}"#,
                r#"__name__="a:b",job="x",path!="/""#,
            ),
            (r#"{a=~"x|y", b!~`z\d`,}"#, r#"a=~"x|y",b!~"z\\d""#),
            (
                r#"{"http.requests", "my label"="a\"b\n"}"#,
                r#"__name__="http.requests","my label"="a\"b\n""#,
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, expected) in [
            ("", "expected a metric name or `{` at character 1"),
            ("{}", "at least one matcher must not match the empty string"),
            (
                r#"{a!="x"}"#,
                "at least one matcher must not match the empty string",
            ),
            ("up[5m]", "expected the end at character 3"),
            ("{a=x}", "expected a string in quotes at character 4"),
            (r#"{a="x" b="y"}"#, "expected `,` or `}` at character 8"),
            (
                r#"{a="x"#,
                "a string without its closing quote at character 4",
            ),
            (r#"{a"x"}"#, "expected one of = != =~ !~ at character 3"),
            ("9a", "`9a` is no metric name at character 3"),
        ] {
            assert_eq!(shown(text).unwrap_err(), expected, "{text}");
        }
        assert!(shown(r#"{a=~"("}"#).is_err());
        assert!(parse(&"a".repeat(LENGTH_MAX + 1)).is_err());
    }

    #[test]
    fn never_panics() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let _ = parse(&String::from_utf8_lossy(bytes));
        });
    }
}
