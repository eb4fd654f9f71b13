//! The newer syntax: a small lexer and a parser of `{ name op value , ... }`, braces and a last comma being optional.

use plimsoll_gotemplate::unquoted_bytes;
use plimsoll_types::{MatchOp, Matcher};

use super::InvalidMatchers;

/// Says whether a character cannot stand in a text without quotes.
pub(super) fn is_reserved(character: char) -> bool {
    is_space(character) || "{}!=~,\\\"'`".contains(character)
}

/// White space as Go's `unicode.IsSpace` has it, which is that of Rust.
fn is_space(character: char) -> bool {
    character.is_whitespace()
}

/// Reads any number of conditions.
pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, InvalidMatchers> {
    let mut parser = Parser {
        tokens: Lexer { text, at: 0 },
        next: None,
    };
    parser.all()
}

/// Reads one condition, braces around it or not.
pub(super) fn parse_one(text: &str) -> Result<Matcher, InvalidMatchers> {
    let mut all = parse(text)?;
    match (all.pop(), all.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(InvalidMatchers::new(
            "expected a matcher, found none",
            0,
            text.len(),
        )),
        (Some(_), others) => {
            let message = format!("expected one matcher, found {}", others + 1);
            Err(InvalidMatchers::new(message, 0, text.len()))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OpenBrace,
    CloseBrace,
    Comma,
    Operator(MatchOp),
    /// In double quotes, which belong to it.
    Quoted,
    Unquoted,
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
}

impl Token<'_> {
    fn wrong(&self, wanted: &str) -> InvalidMatchers {
        let found = match self.kind {
            Kind::End => "the end".to_owned(),
            _ => format!("`{}`", self.text),
        };
        let message = format!("expected {wanted}, found {found}");
        InvalidMatchers::new(message, self.at, self.at + self.text.len())
    }

    /// Returns the text without quotes.
    fn value(&self) -> Result<String, InvalidMatchers> {
        if self.kind == Kind::Unquoted {
            return Ok(self.text.to_owned());
        }
        let wrong = |message: &str| {
            let message = format!("{} {message}", self.text);
            InvalidMatchers::new(message, self.at, self.at + self.text.len())
        };
        let bytes = unquoted_bytes(self.text).ok_or_else(|| {
            wrong("is no text in quotes: an escape is unknown, or it has more than one line")
        })?;
        String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 once its escapes are read"))
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Token<'a>, InvalidMatchers> {
        let rest = &self.text[self.at..];
        let rest = rest.trim_start_matches(is_space);
        self.at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(self.take(Kind::End, 0));
        };
        match first {
            '{' => Ok(self.take(Kind::OpenBrace, 1)),
            '}' => Ok(self.take(Kind::CloseBrace, 1)),
            ',' => Ok(self.take(Kind::Comma, 1)),
            '=' | '!' => self.operator(rest),
            '"' => self.quoted(rest),
            other if !is_reserved(other) => {
                let length = rest.find(is_reserved).unwrap_or(rest.len());
                Ok(self.take(Kind::Unquoted, length))
            }
            other => {
                let message = format!("`{other}` cannot stand here, put the text in double quotes");
                Err(InvalidMatchers::new(
                    message,
                    self.at,
                    self.at + other.len_utf8(),
                ))
            }
        }
    }

    fn take(&mut self, kind: Kind, length: usize) -> Token<'a> {
        let at = self.at;
        self.at += length;
        Token {
            kind,
            text: &self.text[at..self.at],
            at,
        }
    }

    fn operator(&mut self, rest: &str) -> Result<Token<'a>, InvalidMatchers> {
        let (op, length) = match rest.as_bytes() {
            [b'=', b'~', ..] => (MatchOp::Regex, 2),
            [b'=', ..] => (MatchOp::Equal, 1),
            [b'!', b'=', ..] => (MatchOp::NotEqual, 2),
            [b'!', b'~', ..] => (MatchOp::NotRegex, 2),
            _ => {
                let message = "expected `!=` or `!~`, found `!`";
                return Err(InvalidMatchers::new(message, self.at, self.at + 1));
            }
        };
        Ok(self.take(Kind::Operator(op), length))
    }

    fn quoted(&mut self, rest: &str) -> Result<Token<'a>, InvalidMatchers> {
        let mut is_escaped = false;
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => return Ok(self.take(Kind::Quoted, at + 1)),
                _ => {}
            }
        }
        let message = format!("the quotes of `{rest}` are never closed");
        Err(InvalidMatchers::new(message, self.at, self.text.len()))
    }
}

struct Parser<'a> {
    tokens: Lexer<'a>,
    /// A token that was looked at and not taken.
    next: Option<Token<'a>>,
}

impl<'a> Parser<'a> {
    fn all(&mut self) -> Result<Vec<Matcher>, InvalidMatchers> {
        let mut matchers = Vec::new();
        if self.peek()?.kind == Kind::End {
            return Ok(matchers);
        }
        let has_brace = self.accept(Kind::OpenBrace)?;
        let mut is_first = true;
        loop {
            let token = self.peek()?;
            // Without anything between them braces may stand alone; a last comma changes nothing either.
            let is_end = match token.kind {
                Kind::CloseBrace => true,
                Kind::End => !is_first,
                _ => false,
            };
            if is_end {
                break;
            }
            matchers.push(self.condition()?);
            is_first = false;
            let token = self.peek()?;
            match token.kind {
                Kind::Comma => {
                    self.take()?;
                }
                Kind::CloseBrace | Kind::End => break,
                _ => return Err(token.wrong("a comma or the end")),
            }
        }
        self.close(has_brace)?;
        Ok(matchers)
    }

    /// Reads the end: a closing brace where there was an opening one, and nothing behind it.
    fn close(&mut self, has_brace: bool) -> Result<(), InvalidMatchers> {
        if has_brace && !self.accept(Kind::CloseBrace)? {
            return Err(self.peek()?.wrong("`}`"));
        }
        let token = self.take()?;
        match token.kind {
            Kind::End => Ok(()),
            Kind::CloseBrace if !has_brace => Err(token.wrong("a `{` at the begin")),
            _ => Err(token.wrong("the end")),
        }
    }

    fn condition(&mut self) -> Result<Matcher, InvalidMatchers> {
        let name = self.take()?;
        if !matches!(name.kind, Kind::Quoted | Kind::Unquoted) {
            return Err(name.wrong("the name of a label"));
        }
        let label = name.value()?;
        let operator = self.take()?;
        let Kind::Operator(op) = operator.kind else {
            return Err(operator.wrong("one of `=`, `!=`, `=~`, `!~`"));
        };
        let value = self.take()?;
        if !matches!(value.kind, Kind::Quoted | Kind::Unquoted) {
            return Err(value.wrong("a value"));
        }
        let text = value.value()?;
        Matcher::new(op, &label, &text).map_err(|error| {
            InvalidMatchers::new(error.message, value.at, value.at + value.text.len())
        })
    }

    fn peek(&mut self) -> Result<Token<'a>, InvalidMatchers> {
        let token = match self.next {
            Some(token) => token,
            None => self.tokens.next()?,
        };
        self.next = Some(token);
        Ok(token)
    }

    fn take(&mut self) -> Result<Token<'a>, InvalidMatchers> {
        let token = self.peek()?;
        self.next = None;
        Ok(token)
    }

    fn accept(&mut self, kind: Kind) -> Result<bool, InvalidMatchers> {
        let is_there = self.peek()?.kind == kind;
        if is_there {
            self.next = None;
        }
        Ok(is_there)
    }
}
