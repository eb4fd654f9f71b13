//! Text to tokens. Keywords are words here: whether `sum` is an aggregation or a label is for the parser to say.
//!
//! What is no token becomes a last token that says so: the parser may find something wrong before it.

mod number;
mod string;

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
    /// A string whose escapes make something that is not UTF-8.
    Bytes(Vec<u8>),
    /// Punctuation and operators, in their own spelling.
    Symbol(&'static str),
    /// The end of the text.
    End,
    /// No token: what is wrong, and the offset that Prometheus names for it. Nothing follows.
    Wrong { message: String, shown_at: usize },
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// What is wrong, its span, and the offset that Prometheus names for it.
type Wrong = (String, Span, usize);

/// Longer spellings come first.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "</", ">/", "(", ")", "{", "[", "]", ",", "=", "<", ">", "+", "-", "*",
    "/", "%", "^", "@", ":", "}",
];
/// Inside braces stand names, strings and these.
const BRACE_SYMBOLS: [&str; 6] = ["=~", "!=", "!~", "=", ",", "}"];

/// How far the text between brackets is.
#[derive(Clone, Copy, Default)]
struct Brackets {
    /// Until the first number only lengths of time may stand there, even without a parser.
    has_number: bool,
    has_colon: bool,
}

/// Splits a text as it is asked for tokens.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    parentheses: usize,
    in_braces: bool,
    brackets: Option<Brackets>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            parentheses: 0,
            in_braces: false,
            brackets: None,
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Returns the next token; [`TokenKind::End`] and [`TokenKind::Wrong`] again and again once they were there.
    pub(crate) fn token(&mut self) -> Token {
        self.skip_blanks();
        let start = self.at;
        match self.kind() {
            Ok(kind) => Token {
                kind,
                span: Span::new(start, self.at),
            },
            Err((message, span, shown_at)) => Token {
                kind: TokenKind::Wrong { message, shown_at },
                span,
            },
        }
    }

    /// Makes the error for the next `length` bytes.
    fn wrong<T>(&self, length: usize, message: impl Into<String>) -> Result<T, Wrong> {
        let span = Span::new(self.at, (self.at + length).min(self.text.len()));
        Err((message.into(), span, self.at))
    }

    fn kind(&mut self) -> Result<TokenKind, Wrong> {
        let mut chars = self.rest().chars();
        let Some(first) = chars.next() else {
            return self.end();
        };
        let second = chars.next();
        let takes_words_only = self.in_braces;
        match first {
            '"' | '\'' | '`' if !self.expects_length() => self.string(first),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '0'..='9' if !takes_words_only => self.number(),
            '.' if !takes_words_only && second.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            ':' if !takes_words_only && self.brackets.is_none() => self.word(),
            _ if takes_words_only => self.symbol_in_braces(first, second),
            _ => self.symbol(first, second),
        }
    }

    /// Only a length of time may follow: the text is between brackets and holds no number yet.
    fn expects_length(&self) -> bool {
        self.brackets.is_some_and(|brackets| !brackets.has_number)
    }

    fn end(&self) -> Result<TokenKind, Wrong> {
        let message = if self.in_braces {
            "unexpected end of input inside braces"
        } else if self.expects_length() {
            "unexpected end of input in duration expression"
        } else if self.parentheses > 0 {
            "unclosed left parenthesis"
        } else if self.brackets.is_some() {
            "unclosed left bracket"
        } else {
            return Ok(TokenKind::End);
        };
        self.wrong(0, message)
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.at += blank;
            if !self.rest().starts_with('#') || self.expects_length() {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn symbol_in_braces(&mut self, first: char, second: Option<char>) -> Result<TokenKind, Wrong> {
        let rest = self.rest();
        let Some(symbol) = BRACE_SYMBOLS
            .into_iter()
            .find(|symbol| rest.starts_with(symbol))
        else {
            let message = match first {
                '{' => "unexpected left brace '{'".into(),
                '!' => format!(
                    "unexpected character after '!' inside braces: {}",
                    quoted(second)
                ),
                _ => format!(
                    "unexpected character inside braces: {}",
                    quoted(Some(first))
                ),
            };
            return self.wrong(first.len_utf8(), message);
        };
        self.in_braces = symbol != "}";
        self.at += symbol.len();
        Ok(TokenKind::Symbol(symbol))
    }

    fn symbol(&mut self, first: char, second: Option<char>) -> Result<TokenKind, Wrong> {
        let rest = self.rest();
        let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
        let message = match (symbol, first, second) {
            (_, '=', Some('~')) => "unexpected character after '=': '~'".into(),
            (None, '!', _) if !self.expects_length() => {
                format!("unexpected character after '!': {}", quoted(second))
            }
            (None | Some("}"), ..) => return self.unknown(first),
            (Some(symbol), ..) if self.expects_length() && !is_of_length(symbol) => {
                return self.unknown(first);
            }
            (Some(symbol), ..) => {
                self.nest(symbol)?;
                self.at += symbol.len();
                return Ok(TokenKind::Symbol(symbol));
            }
        };
        self.wrong(first.len_utf8(), message)
    }

    fn unknown<T>(&self, first: char) -> Result<T, Wrong> {
        let message = match self.expects_length() {
            true => "unexpected character in duration expression",
            false => "unexpected character",
        };
        self.wrong(
            first.len_utf8(),
            format!("{message}: {}", quoted(Some(first))),
        )
    }

    /// Follows what opens and closes.
    fn nest(&mut self, symbol: &str) -> Result<(), Wrong> {
        match (symbol, &mut self.brackets) {
            ("(", _) => self.parentheses += 1,
            (")", _) if self.parentheses == 0 => {
                let message = "unexpected right parenthesis ')'".into();
                // Prometheus names the place behind it.
                return Err((message, Span::new(self.at, self.at + 1), self.at + 1));
            }
            (")", _) => self.parentheses -= 1,
            ("{", _) => self.in_braces = true,
            ("[", None) => self.brackets = Some(Brackets::default()),
            ("[", Some(_)) => return self.wrong(1, "unexpected left bracket '['"),
            ("]", None) => return self.wrong(1, "unexpected right bracket ']'"),
            ("]", Some(_)) => self.brackets = None,
            (":", Some(brackets)) if brackets.has_colon => {
                return self.wrong(1, "unexpected colon ':'");
            }
            (":", Some(brackets)) => brackets.has_colon = true,
            _ => {}
        }
        Ok(())
    }

    fn word(&mut self) -> Result<TokenKind, Wrong> {
        let colons = self.brackets.is_none() && !self.in_braces;
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || (c == ':' && colons)))
            .unwrap_or(rest.len());
        if self.brackets.is_some() && !self.in_braces && !is_length_word(&rest[..end]) {
            let first = rest.chars().next();
            let message = match self.expects_length() {
                true => format!(
                    "unexpected character in duration expression: {}",
                    quoted(first)
                ),
                false => format!("unexpected character: {}, expected ':'", quoted(first)),
            };
            // The caret stands under the whole word.
            return self.wrong(end, message);
        }
        self.at += end;
        Ok(TokenKind::Word)
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, Wrong> {
        match string::unquote(self.rest(), quote) {
            Ok((bytes, length)) => {
                self.at += length;
                let text = String::from_utf8(bytes).map(TokenKind::String);
                Ok(text.unwrap_or_else(|error| TokenKind::Bytes(error.into_bytes())))
            }
            Err((offset, length, message)) => {
                let start = self.at + offset;
                Err((message, Span::new(start, start + length), self.at))
            }
        }
    }

    /// Reads a number or a duration: both begin with a digit, the letters behind it decide.
    fn number(&mut self) -> Result<TokenKind, Wrong> {
        let (kind, length) = number::read(self.rest());
        match kind {
            Ok(kind) => {
                self.at += length;
                if let Some(brackets) = &mut self.brackets {
                    brackets.has_number = true;
                }
                Ok(kind)
            }
            Err(message) => self.wrong(length, message),
        }
    }
}

/// Says whether a symbol may stand before the first number between brackets.
fn is_of_length(symbol: &str) -> bool {
    matches!(
        symbol,
        "(" | ")" | "]" | "," | "+" | "-" | "*" | "/" | "%" | "^" | ":"
    )
}

/// Says whether a word means something between brackets.
pub(crate) fn is_length_word(word: &str) -> bool {
    ["step", "range", "max_of", "min_of"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// A character as Go's `%q` writes it; the replacement character at the end of the text.
fn quoted(c: Option<char>) -> String {
    match c.unwrap_or(char::REPLACEMENT_CHARACTER) {
        '"' => "'\"'".into(),
        '\'' => "'\\''".into(),
        c => {
            let text = crate::number::Quoted(c.encode_utf8(&mut [0; 4])).to_string();
            format!("'{}'", text.trim_matches('"'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        let mut lexer = Lexer::new(text);
        let mut kinds = Vec::new();
        while !matches!(kinds.last(), Some(TokenKind::End | TokenKind::Wrong { .. })) {
            kinds.push(lexer.token().kind);
        }
        kinds
    }

    fn wrong(text: &str) -> String {
        match kinds(text).pop() {
            Some(TokenKind::Wrong { message, shown_at }) => format!("{shown_at}: {message}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_colon_belongs_to_names_only_outside_brackets() {
        let words = |text: &str| kinds(text).len() - 1;
        assert_eq!(words("a:b:c"), 1);
        assert_eq!(words("a[5m:1m]"), 6);
        assert_eq!(words("a[5m:step()]"), 8);
    }

    #[test]
    fn skips_comments() {
        assert_eq!(kinds("# all\n1 # rest").len(), 2);
    }

    #[test]
    fn says_what_is_no_token() {
        for (text, expected) in [
            ("a \u{e4}", "2: unexpected character: '\u{e4}'"),
            ("(a", "2: unclosed left parenthesis"),
            ("a)", "2: unexpected right parenthesis ')'"),
            ("a]", "1: unexpected right bracket ']'"),
            ("{a", "2: unexpected end of input inside braces"),
            ("{5}", "1: unexpected character inside braces: '5'"),
            (
                "{a!\"b\"}",
                "2: unexpected character after '!' inside braces: '\"'",
            ),
            ("a[", "2: unexpected end of input in duration expression"),
            ("a[5m", "4: unclosed left bracket"),
            (
                "a[b]",
                "2: unexpected character in duration expression: 'b'",
            ),
            ("a[5m b]", "5: unexpected character: 'b', expected ':'"),
            ("a[5m::]", "5: unexpected colon ':'"),
            ("a ! b", "2: unexpected character after '!': ' '"),
            ("a =~ b", "2: unexpected character after '=': '~'"),
        ] {
            assert_eq!(wrong(text), expected, "{text}");
        }
    }
}
