//! Text to tokens. Keywords are words here: whether `sum` is an aggregation or a label is for the parser to say.

mod string;

use crate::error::ParseError;
use crate::span::Span;

/// The kinds of tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// A name; with colons only outside braces and brackets.
    Word,
    /// A number.
    Number(f64),
    /// A duration in milliseconds.
    Duration(i64),
    /// A string with its escapes resolved.
    String(String),
    /// Punctuation and operators, in their own spelling.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// Longer spellings come first.
const SYMBOLS: [&str; 24] = [
    "==", "=~", "!=", "!~", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", "=", "<", ">", "+", "-",
    "*", "/", "%", "^", "@", ":",
];

/// Splits a whole text; the last token is always [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer {
        text,
        at: 0,
        brackets: 0,
        braces: 0,
    };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token()?;
        let is_end = token.kind == TokenKind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    brackets: usize,
    braces: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, start: usize, end: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, Span::new(start, end), message)
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        self.skip_blanks();
        let start = self.at;
        let mut chars = self.rest().chars();
        let Some(first) = chars.next() else {
            return Ok(self.finish(start, TokenKind::End));
        };
        let second = chars.next().unwrap_or(' ');
        let kind = match first {
            '0'..='9' => self.number()?,
            '.' if second.is_ascii_digit() => self.number()?,
            '"' | '\'' | '`' => self.string(first)?,
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            // Inside brackets a colon separates range and step, inside braces no name holds one.
            ':' if self.brackets == 0 && self.braces == 0 => self.word(),
            _ => self.symbol(first)?,
        };
        Ok(self.finish(start, kind))
    }

    fn finish(&self, start: usize, kind: TokenKind) -> Token {
        let span = Span::new(start, self.at);
        Token { kind, span }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.at += blank;
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn symbol(&mut self, first: char) -> Result<TokenKind, ParseError> {
        let rest = self.rest();
        let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(*symbol)) else {
            let message = format!("unexpected character: {first:?}");
            return Err(self.error(self.at, self.at + first.len_utf8(), message));
        };
        match symbol {
            "[" => self.brackets += 1,
            "]" => self.brackets = self.brackets.saturating_sub(1),
            "{" => self.braces += 1,
            "}" => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.at += symbol.len();
        Ok(TokenKind::Symbol(symbol))
    }

    fn word(&mut self) -> TokenKind {
        let colons = self.brackets == 0 && self.braces == 0;
        let end = self
            .rest()
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || (c == ':' && colons)))
            .unwrap_or(self.rest().len());
        self.at += end;
        TokenKind::Word
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, ParseError> {
        match string::unquote(self.rest(), quote) {
            Ok((value, length)) => {
                self.at += length;
                Ok(TokenKind::String(value))
            }
            Err((offset, length, message)) => {
                let start = self.at + offset;
                Err(self.error(start, start + length, message))
            }
        }
    }

    /// Reads a number or a duration: both begin with a digit, the letters behind it decide.
    fn number(&mut self) -> Result<TokenKind, ParseError> {
        let start = self.at;
        let rest = self.rest();
        let end = start + number_length(rest);
        let word = &self.text[start..end];
        let kind = if is_duration(word) {
            let millis = plimsoll_types::parse_duration(word)
                .map_err(|error| self.error(start, end, error.to_string()))?;
            // `parse_duration` refuses what does not fit.
            TokenKind::Duration(i64::try_from(millis.as_millis()).unwrap_or(i64::MAX))
        } else {
            let value = parse_number(word).ok_or_else(|| {
                self.error(
                    start,
                    end,
                    format!("bad number or duration syntax: {word:?}"),
                )
            })?;
            TokenKind::Number(value)
        };
        self.at = end;
        Ok(kind)
    }
}

/// Returns the length of the run that can only be one number or duration, a wrong one included.
fn number_length(rest: &str) -> usize {
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut previous = ' ';
    rest.find(|c: char| {
        let exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E') && !is_hex;
        let inside = c.is_ascii_alphanumeric() || c == '_' || c == '.' || exponent_sign;
        previous = c;
        !inside
    })
    .unwrap_or(rest.len())
}

fn is_duration(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    digits.starts_with(['y', 'w', 'd', 'h', 'm', 's'])
}

fn parse_number(word: &str) -> Option<f64> {
    // An underscore may stand between two digits only.
    let bytes = word.as_bytes();
    let separators_fit = bytes.iter().enumerate().all(|(at, byte)| {
        let hex = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
        *byte != b'_' || (at > 0 && hex(at - 1) && hex(at + 1))
    });
    if !separators_fit {
        return None;
    }
    let plain = word.replace('_', "");
    let lower = plain.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(|value| value as f64);
    }
    if plain.len() > 1
        && plain.starts_with('0')
        && plain.bytes().all(|b| (b'0'..=b'7').contains(&b))
    {
        // Go reads a leading zero as octal, and so does Prometheus.
        return u64::from_str_radix(&plain, 8).ok().map(|v| v as f64);
    }
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-');
    let value: Option<f64> = lower.chars().all(numeric).then(|| lower.parse().ok())?;
    // What overflows would silently be infinity.
    value.filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<TokenKind>, String> {
        let tokens = tokenize(text).map_err(|error| error.to_string())?;
        Ok(tokens.into_iter().map(|token| token.kind).collect())
    }

    #[test]
    fn reads_numbers_and_durations() {
        for (text, expected) in [
            ("1", TokenKind::Number(1.0)),
            ("4.23", TokenKind::Number(4.23)),
            (".3", TokenKind::Number(0.3)),
            ("5.", TokenKind::Number(5.0)),
            ("1e-7", TokenKind::Number(1e-7)),
            ("0x1F", TokenKind::Number(31.0)),
            ("0755", TokenKind::Number(493.0)),
            ("0789", TokenKind::Number(789.0)),
            ("1_000_000", TokenKind::Number(1e6)),
            ("1e308", TokenKind::Number(1e308)),
            ("1h30m", TokenKind::Duration(5_400_000)),
            ("5ms", TokenKind::Duration(5)),
        ] {
            assert_eq!(kinds(text).unwrap()[0], expected, "{text}");
        }
        for text in ["1__0", "1_", "0x", "1.2.3", "1m1h", "3x", "5m7", "1e309"] {
            assert!(kinds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_colon_belongs_to_names_only_outside_brackets() {
        let words = |text: &str| kinds(text).unwrap().len() - 1;
        assert_eq!(words("a:b:c"), 1);
        assert_eq!(words("[5m:1m]"), 5);
    }

    #[test]
    fn skips_comments() {
        assert_eq!(kinds("# all\n1 # rest").unwrap().len(), 2);
    }

    #[test]
    fn points_at_what_is_no_token() {
        assert_eq!(
            kinds("a \u{e4}").unwrap_err(),
            "1:3: parse error: unexpected character: '\u{e4}'"
        );
    }
}
