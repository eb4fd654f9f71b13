//! Tokens to a checked tree: a Pratt parser, so that precedence is one number per operator.

mod check;
mod duration;
mod operand;
mod operator;
mod selector;
mod series;

use std::cell::Cell;

use crate::ast::{AggregateOp, BinaryOp, Expr, ExprKind};
use crate::error::ParseError;
use crate::features::Features;
use crate::lexer::{Lexer, Token, TokenKind};
use crate::number::Quoted;
use crate::span::{LineStarts, Span};

pub use series::parse_selector;

/// How deep walks over a tree may recurse, which bounds the stack of all of them. They follow a chain such as
/// `a or b or c` in a loop.
const DEPTH_MAX: usize = 200;
/// How high a tree may be, chains included: evaluation nests one operator per level, on a stack that is as large.
const HEIGHT_MAX: usize = 20_000;
/// How deep parentheses, calls and signs may nest: reading them takes several stack frames per level, and threads
/// have 2 MiB.
const NESTING_MAX: usize = 100;
/// How many nodes a tree may have: each takes a few hundred bytes, and a long text could ask for half a million.
const NODES_MAX: usize = 100_000;
/// The longest text in bytes. Spans, carets and trees stay small; a URL could not carry more anyway.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// How many label matchers an expression may have, the expressions of `label_replace` among them.
const MATCHERS_MAX: usize = 1000;
/// What the compiled regular expressions of an expression may take together: a thousand usual ones, which need up
/// to 64 KiB, or some that are large, such as the lists of names that dashboards write.
const PATTERN_BYTES_MAX: usize = 128 << 20;

/// Reads a PromQL expression and checks its types.
///
/// ```
/// let expr = plimsoll_promql::parse("sum by(job)(rate(x_total[5m]))").unwrap();
/// assert_eq!(expr.to_string(), "sum by (job) (rate(x_total[5m]))");
/// let error = plimsoll_promql::parse("sum(1").unwrap_err();
/// assert_eq!(error.position().to_string(), "1:6");
/// ```
///
/// # Errors
/// [`ParseError`] with the place of the first thing that is wrong; also for nesting deeper than 100, chains of more than
/// 20,000 operators, more than 100,000 parts, texts longer than 1 MiB, more than 1,000 label matchers, and regular
/// expressions that take more than 128 MiB together.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parse_with(text, &Features::default())
}

/// As [`parse`], with parts of the language that are off by default.
///
/// # Errors
/// As [`parse`]; also where a part is used that `features` does not have.
pub fn parse_with(text: &str, features: &Features) -> Result<Expr, ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the expression is longer than {TEXT_BYTES_MAX} bytes");
        return Err(ParseError::new("", Span::default(), message));
    }
    let mut parser = Parser::new(text, *features);
    if parser.peek().kind == TokenKind::End {
        let message = "no expression found in input";
        return Err(parser.error_at(parser.peek().span, message).shown_at(0));
    }
    let expr = parser.expression(0)?;
    match parser.peek().kind {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("")),
    }
}

struct Parser<'a> {
    text: &'a str,
    features: Features,
    lexer: Lexer<'a>,
    lines: LineStarts,
    /// The token that was taken last, the one at hand, and the one after it.
    previous: Span,
    current: Token,
    following: Token,
    depth: usize,
    nodes: Cell<usize>,
    /// The next selector may match every series.
    may_select_all: bool,
    /// How many matchers were read, and what their regular expressions take.
    matchers: usize,
    pattern_bytes: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, features: Features) -> Self {
        let mut lexer = Lexer::new(text);
        let (current, following) = (lexer.token(), lexer.token());
        Self {
            text,
            features,
            lexer,
            lines: LineStarts::of(text),
            previous: Span::default(),
            current,
            following,
            depth: 0,
            nodes: Cell::new(0),
            may_select_all: false,
            matchers: 0,
            pattern_bytes: 0,
        }
    }

    fn peek(&self) -> &Token {
        &self.current
    }

    fn peek_after(&self) -> &Token {
        &self.following
    }

    /// Returns the token and moves on; stays at the last one once there.
    fn next(&mut self) -> Token {
        let following = std::mem::replace(&mut self.following, self.lexer.token());
        let taken = std::mem::replace(&mut self.current, following);
        self.previous = taken.span;
        taken
    }

    /// Returns where the last token that was taken ends.
    fn end(&self) -> usize {
        self.previous.end
    }

    fn text_of(&self, token: &Token) -> &'a str {
        &self.text[token.span.start..token.span.end]
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Symbol(found) if found == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    /// Takes a symbol; `context` is as in [`unexpected`](Self::unexpected).
    fn expect(&mut self, symbol: &str, context: &str) -> Result<(), ParseError> {
        match self.accept(symbol) {
            true => Ok(()),
            false => Err(self.unexpected(context)),
        }
    }

    /// Returns the keyword at hand in lower case; keywords have no case.
    fn keyword(&self) -> Option<String> {
        let token = self.peek();
        (token.kind == TokenKind::Word).then(|| self.text_of(token).to_ascii_lowercase())
    }

    fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = self.keyword().is_some_and(|word| word == keyword);
        if found {
            self.next();
        }
        found
    }

    fn error_at(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, span, message)
    }

    /// Makes the error for a token that does not fit; `context` is what was being read and what may stand there, such
    /// as `in @, expected timestamp`.
    fn unexpected(&self, context: &str) -> ParseError {
        let token = self.peek();
        if let TokenKind::Wrong { message, shown_at } = &token.kind {
            return self.error_at(token.span, message).shown_at(*shown_at);
        }
        let separator = if context.is_empty() { "" } else { " " };
        let found = describe(token, self.text_of(token));
        self.error_at(
            token.span,
            format!("unexpected {found}{separator}{context}"),
        )
    }

    /// Makes a node and refuses trees that are too high.
    fn node(&self, span: Span, kind: ExprKind) -> Result<Expr, ParseError> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > NODES_MAX {
            let message = format!("the expression has more than {NODES_MAX} parts");
            return Err(self.error_at(Span::new(span.start, span.start), message));
        }
        let expr = Expr::new(kind, span, self.lines.position(span.start));
        if expr.facts.depth > DEPTH_MAX {
            return Err(self.too_deep(span, DEPTH_MAX));
        }
        if expr.facts.height > HEIGHT_MAX {
            let message = format!("the expression has a chain of more than {HEIGHT_MAX} operators");
            return Err(self.error_at(Span::new(span.start, span.start), message));
        }
        Ok(expr)
    }

    fn too_deep(&self, span: Span, limit: usize) -> ParseError {
        let message = format!("the expression is nested deeper than {limit} levels");
        self.error_at(Span::new(span.start, span.start), message)
    }

    /// Counts a level of nesting; who calls it counts down at its end.
    fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        match self.depth > NESTING_MAX {
            true => Err(self.too_deep(self.peek().span, NESTING_MAX)),
            false => Ok(()),
        }
    }

    /// Reads an expression whose operators bind at least as tightly as `minimum`.
    fn expression(&mut self, minimum: u8) -> Result<Expr, ParseError> {
        self.deeper()?;
        let mut left = self.prefix()?;
        while let Some(op) = self.binary_operator() {
            if op.precedence() < minimum {
                break;
            }
            let operator = self.next().span;
            let modifiers = self.binary_modifiers()?;
            // `^` alone groups to the right.
            let right_minimum = op.precedence() + u8::from(op != BinaryOp::Power);
            let right = self.expression(right_minimum)?;
            left = self.binary(op, operator, modifiers, left, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Reads signs in front of an operand; they bind like `*`, so looser than `^`.
    fn prefix(&mut self) -> Result<Expr, ParseError> {
        let start = self.peek().span.start;
        let negative = match self.peek().kind {
            TokenKind::Symbol("-") => true,
            TokenKind::Symbol("+") => false,
            _ => return self.operand(),
        };
        self.next();
        let operand = self.expression(BinaryOp::Power.precedence())?;
        self.sign(start, negative, operand)
    }
}

/// Names a token as Prometheus does: keywords and operators by their kind.
fn describe(token: &Token, text: &str) -> String {
    let quoted = Quoted(text);
    match &token.kind {
        TokenKind::End | TokenKind::Wrong { .. } => "end of input".into(),
        TokenKind::Number(_) => format!("number {quoted}"),
        TokenKind::Duration(_) => format!("duration {quoted}"),
        TokenKind::String(_) | TokenKind::Bytes(_) => format!("string {quoted}"),
        TokenKind::Symbol("(" | ")" | "{" | "}" | "[" | "]" | "," | "=" | ":") => {
            quoted.to_string()
        }
        TokenKind::Symbol(symbol) => format!("<op:{symbol}>"),
        TokenKind::Word => describe_word(text),
    }
}

fn describe_word(text: &str) -> String {
    let quoted = Quoted(text);
    let lower = text.to_ascii_lowercase();
    if AggregateOp::ALL.iter().any(|op| op.as_str() == lower) {
        return format!("<aggr:{lower}>");
    }
    match lower.as_str() {
        "and" | "or" | "unless" | "atan2" => format!("<op:{lower}>"),
        "by" | "without" | "on" | "ignoring" | "group_left" | "group_right" | "bool" | "offset"
        | "fill" | "fill_left" | "fill_right" | "anchored" | "smoothed" => format!("<{lower}>"),
        "start" | "end" | "step" | "range" | "max_of" | "min_of" => Quoted(&lower).to_string(),
        "inf" | "nan" => format!("number {quoted}"),
        _ if text.contains(':') => format!("metric identifier {quoted}"),
        _ => format!("identifier {quoted}"),
    }
}

#[cfg(test)]
mod tests;
