//! Cuts a template into tokens: text between actions, and what stands inside them.

use crate::quote::{is_printable, quote};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    /// An ASCII sign that means nothing by itself, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParenthesis,
    Number,
    Pipe,
    RawText,
    RightDelimiter,
    RightParenthesis,
    Space,
    QuotedText,
    Text,
    Variable,
    Dot,
    Nil,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

const KEYWORDS: [(&str, Kind); 12] = [
    ("nil", Kind::Nil),
    ("block", Kind::Block),
    ("break", Kind::Break),
    ("continue", Kind::Continue),
    ("define", Kind::Define),
    ("else", Kind::Else),
    ("end", Kind::End),
    ("if", Kind::If),
    ("range", Kind::Range),
    ("template", Kind::Template),
    ("with", Kind::With),
    (".", Kind::Dot),
];

/// A token with its place.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The byte where it starts.
    pub(super) position: usize,
    pub(super) text: String,
    /// The line where it starts, from 1.
    pub(super) line: usize,
}

/// As Go shows a token in an error.
impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_keyword = KEYWORDS.iter().any(|(_, kind)| *kind == self.kind);
        match self.kind {
            Kind::Eof => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.text),
            _ if is_keyword => write!(f, "<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                write!(f, "{}...", quote(&start, false))
            }
            _ => f.write_str(&quote(&self.text, false)),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// Cuts a text into tokens; the last is the end or an error.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        position: 0,
        start: 0,
        line: 1,
        start_line: 1,
        parentheses: 0,
        tokens: Vec::new(),
    };
    let mut state = State::Text;
    while state != State::Done {
        state = match state {
            State::Text => lexer.text(),
            State::Action => lexer.action(),
            State::Done => State::Done,
        };
    }
    lexer.tokens
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Action,
    Done,
}

struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// Where the current token starts, and its line.
    start: usize,
    line: usize,
    start_line: usize,
    parentheses: usize,
    tokens: Vec<Token>,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphabetic() || is_digit(character)
}

/// Go's `unicode.IsDigit`: decimal digits of any script.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || !character.is_ascii() && character.is_numeric()
}

fn has_left_trim(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0] == b'-' && is_space(bytes[1])
}

fn has_right_trim(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && is_space(bytes[0]) && bytes[1] == b'-'
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += character.len_utf8();
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    /// Steps over bytes and counts their lines.
    fn skip(&mut self, length: usize) {
        let skipped = &self.text[self.position..self.position + length];
        self.line += skipped.bytes().filter(|byte| *byte == b'\n').count();
        self.position += length;
    }

    /// Forgets what was read since the last token.
    fn ignore(&mut self) {
        self.start = self.position;
        self.start_line = self.line;
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            position: self.start,
            text: self.text[self.start..self.position].to_owned(),
            line: self.start_line,
        });
        self.ignore();
    }

    fn fail(&mut self, reason: impl Into<String>) -> State {
        self.tokens.push(Token {
            kind: Kind::Error,
            position: self.start,
            text: reason.into(),
            line: self.start_line,
        });
        State::Done
    }

    /// Reads text up to an action.
    fn text(&mut self) -> State {
        let Some(length) = self.rest().find(LEFT) else {
            self.skip(self.rest().len());
            if self.position > self.start {
                self.emit(Kind::Text);
            }
            self.emit(Kind::Eof);
            return State::Done;
        };
        let text = &self.rest()[..length];
        let is_trimmed = has_left_trim(&self.rest()[length + LEFT.len()..]);
        let kept = match is_trimmed {
            true => text.trim_end_matches(SPACES).len(),
            false => length,
        };
        self.skip(kept);
        if kept > 0 {
            self.emit(Kind::Text);
        }
        self.skip(length - kept);
        self.ignore();
        self.left_delimiter(is_trimmed)
    }

    fn left_delimiter(&mut self, is_trimmed: bool) -> State {
        let marker = if is_trimmed { 2 } else { 0 };
        if self.rest()[LEFT.len() + marker..].starts_with("/*") {
            self.skip(LEFT.len() + marker);
            self.ignore();
            return self.comment();
        }
        self.skip(LEFT.len());
        self.emit(Kind::LeftDelimiter);
        self.skip(marker);
        self.ignore();
        self.parentheses = 0;
        State::Action
    }

    fn comment(&mut self) -> State {
        let Some(end) = self.rest()[2..].find("*/") else {
            return self.fail("unclosed comment");
        };
        self.skip(2 + end + 2);
        let Some(is_trimmed) = self.at_right_delimiter() else {
            return self.fail("comment ends before closing delimiter");
        };
        self.leave_action(is_trimmed)
    }

    /// Says whether the action ends here, and if so, whether it trims what follows.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && rest[2..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn leave_action(&mut self, is_trimmed: bool) -> State {
        self.skip(if is_trimmed { 2 } else { 0 } + RIGHT.len());
        if is_trimmed {
            let rest = self.rest();
            self.skip(rest.len() - rest.trim_start_matches(SPACES).len());
        }
        self.ignore();
        State::Text
    }

    fn right_delimiter(&mut self, is_trimmed: bool) -> State {
        if is_trimmed {
            self.skip(2);
            self.ignore();
        }
        self.skip(RIGHT.len());
        self.emit(Kind::RightDelimiter);
        if is_trimmed {
            let rest = self.rest();
            self.skip(rest.len() - rest.trim_start_matches(SPACES).len());
            self.ignore();
        }
        State::Text
    }

    /// Reads one token of an action.
    fn action(&mut self) -> State {
        if let Some(is_trimmed) = self.at_right_delimiter() {
            return match self.parentheses {
                0 => self.right_delimiter(is_trimmed),
                _ => self.fail("unclosed left paren"),
            };
        }
        let Some(character) = self.peek() else {
            return self.fail("unclosed action");
        };
        if SPACES.contains(&character) {
            return self.space();
        }
        if character.is_ascii_digit()
            || matches!(character, '+' | '-')
            || character == '.'
                && self.rest()[1..]
                    .chars()
                    .next()
                    .is_none_or(|c| c.is_ascii_digit())
        {
            return self.number();
        }
        if is_name(character) {
            return self.identifier();
        }
        self.next();
        match character {
            '=' => self.emit(Kind::Assign),
            ':' if self.peek() != Some('=') => return self.fail("expected :="),
            ':' => {
                self.next();
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => return self.quoted('"', Kind::QuotedText, "unterminated quoted string"),
            '\'' => {
                return self.quoted('\'', Kind::CharConstant, "unterminated character constant");
            }
            '`' => return self.raw(),
            '$' => return self.name(Kind::Variable, Kind::Variable),
            '.' => return self.name(Kind::Field, Kind::Dot),
            '(' => {
                self.parentheses += 1;
                self.emit(Kind::LeftParenthesis);
            }
            ')' if self.parentheses == 0 => return self.fail("unexpected right paren"),
            ')' => {
                self.parentheses -= 1;
                self.emit(Kind::RightParenthesis);
            }
            '!'..='~' => self.emit(Kind::Char),
            other => {
                let shown = code_point(other);
                return self.fail(format!("unrecognized character in action: {shown}"));
            }
        }
        State::Action
    }

    /// Reads spaces, but leaves the one that belongs to a trim marker.
    fn space(&mut self) -> State {
        while self.peek().is_some_and(|next| SPACES.contains(&next)) {
            if has_right_trim(self.rest()) && self.rest()[2..].starts_with(RIGHT) {
                break;
            }
            self.next();
        }
        if self.position > self.start {
            self.emit(Kind::Space);
        }
        State::Action
    }

    fn identifier(&mut self) -> State {
        while self.peek().is_some_and(is_name) {
            self.next();
        }
        if let Some(bad) = self.bad_end() {
            return self.fail(bad);
        }
        let word = &self.text[self.start..self.position];
        let keyword = KEYWORDS.iter().find(|(name, _)| *name == word);
        let kind = match (keyword, word) {
            (Some((_, kind)), _) => *kind,
            (None, "true" | "false") => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind);
        State::Action
    }

    /// Reads the name behind a dot or dollar, which may be missing.
    fn name(&mut self, named: Kind, bare: Kind) -> State {
        let start = self.position;
        while self.peek().is_some_and(is_name) {
            self.next();
        }
        if let Some(bad) = self.bad_end() {
            return self.fail(bad);
        }
        self.emit(if self.position == start { bare } else { named });
        State::Action
    }

    /// A name must end at a space, a sign that separates, or the end of the action.
    fn bad_end(&self) -> Option<String> {
        let next = self.peek()?;
        let ends = SPACES.contains(&next)
            || matches!(next, '.' | ',' | '|' | ':' | ')' | '(')
            || self.rest().starts_with(RIGHT);
        (!ends).then(|| format!("bad character {}", code_point(next)))
    }

    fn quoted(&mut self, mark: char, kind: Kind, unterminated: &str) -> State {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\\' | '\n') => return self.fail(unterminated),
                Some(character) if character == mark => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        State::Action
    }

    fn raw(&mut self) -> State {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => break,
                Some(_) => {}
            }
        }
        self.emit(Kind::RawText);
        State::Action
    }

    fn number(&mut self) -> State {
        let mut is_good = self.scan_number();
        let mut kind = Kind::Number;
        if is_good && matches!(self.peek(), Some('+' | '-')) {
            kind = Kind::Complex;
            is_good = self.scan_number() && self.text[..self.position].ends_with('i');
        }
        if !is_good {
            let shown = quote(&self.text[self.start..self.position], false);
            return self.fail(format!("bad number syntax: {shown}"));
        }
        self.emit(kind);
        State::Action
    }

    /// Reads what looks like a number; whether it is one is the parser's to say.
    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        match self.peek().is_some_and(is_name) {
            true => {
                self.next();
                false
            }
            false => true,
        }
    }

    fn accept(&mut self, valid: &str) -> bool {
        let is_valid = self.peek().is_some_and(|next| valid.contains(next));
        if is_valid {
            self.next();
        }
        is_valid
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }
}

/// Go's `%#U`.
fn code_point(character: char) -> String {
    match is_printable(character) {
        true => format!("U+{:04X} '{character}'", u32::from(character)),
        false => format!("U+{:04X}", u32::from(character)),
    }
}
