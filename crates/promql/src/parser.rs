//! Tokens to a checked tree: a Pratt parser, so that precedence is one number per operator.

mod check;
mod operand;
mod operator;
mod selector;

use crate::ast::{BinaryOp, Expr, ExprKind};
use crate::error::ParseError;
use crate::lexer::{Token, TokenKind, tokenize};
use crate::span::{LineStarts, Span};

/// How high a tree may be. Every walk over a tree recurses, so this bounds the stack of all of them. A chain such as
/// `a or b or c` is as high as it has operators.
const DEPTH_MAX: usize = 200;
/// How deep parentheses, calls and signs may nest: reading them takes several stack frames per level, and threads
/// have 2 MiB.
const NESTING_MAX: usize = 100;
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
/// [`ParseError`] with the place of the first thing that is wrong; also for trees higher than 200 nodes, nesting
/// deeper than 100, texts longer than 1 MiB, more than 1,000 label matchers, and regular expressions that take more than
/// 128 MiB together.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the expression is longer than {TEXT_BYTES_MAX} bytes");
        return Err(ParseError::new("", Span::default(), message));
    }
    let mut parser = Parser::new(text)?;
    if parser.peek().kind == TokenKind::End {
        return Err(parser.error_at(parser.peek().span, "no expression found in input"));
    }
    let expr = parser.expression(0)?;
    match parser.peek().kind {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    lines: LineStarts,
    at: usize,
    depth: usize,
    /// How many matchers were read, and what their regular expressions take.
    matchers: usize,
    pattern_bytes: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, ParseError> {
        Ok(Self {
            text,
            tokens: tokenize(text)?,
            lines: LineStarts::of(text),
            at: 0,
            depth: 0,
            matchers: 0,
            pattern_bytes: 0,
        })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn peek_after(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)]
    }

    /// Returns the token and moves on; stays at the end once there.
    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Returns where the last token that was taken ends.
    fn end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].span.end
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
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str, context: &str) -> Result<(), ParseError> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(self.unexpected(&format!("{context}, expected \"{symbol}\"")))
    }

    /// Returns the keyword at hand in lower case; keywords have no case.
    fn keyword(&self) -> Option<String> {
        let token = self.peek();
        (token.kind == TokenKind::Word).then(|| self.text_of(token).to_ascii_lowercase())
    }

    fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = self.keyword().is_some_and(|word| word == keyword);
        if found {
            self.at += 1;
        }
        found
    }

    fn error_at(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, span, message)
    }

    /// Makes the error for a token that does not fit; `context` is what was being read, such as "in grouping".
    fn unexpected(&self, context: &str) -> ParseError {
        let token = self.peek();
        let found = match &token.kind {
            TokenKind::End => "end of input".into(),
            TokenKind::Word => format!("identifier {:?}", self.text_of(token)),
            TokenKind::Number(_) => format!("number {:?}", self.text_of(token)),
            TokenKind::Duration(_) => format!("duration {:?}", self.text_of(token)),
            TokenKind::String(value) => format!("string {value:?}"),
            TokenKind::Symbol(symbol) => format!("{symbol:?}"),
        };
        let context = match context {
            "" => String::new(),
            context if context.starts_with(',') => context.into(),
            context => format!(" {context}"),
        };
        self.error_at(token.span, format!("unexpected {found}{context}"))
    }

    /// Makes a node and refuses trees that are too high.
    fn node(&self, span: Span, kind: ExprKind) -> Result<Expr, ParseError> {
        let mut expr = Expr {
            kind,
            span,
            position: self.lines.position(span.start),
            depth: 1,
        };
        expr.depth += expr.children().iter().map(|c| c.depth).max().unwrap_or(0);
        if expr.depth > DEPTH_MAX {
            return Err(self.too_deep(span, DEPTH_MAX));
        }
        Ok(expr)
    }

    fn too_deep(&self, span: Span, limit: usize) -> ParseError {
        let message = format!("the expression is nested deeper than {limit} levels");
        self.error_at(Span::new(span.start, span.start), message)
    }

    /// Reads an expression whose operators bind at least as tightly as `minimum`.
    fn expression(&mut self, minimum: u8) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(self.too_deep(self.peek().span, NESTING_MAX));
        }
        let mut left = self.prefix()?;
        while let Some(op) = self.binary_operator() {
            if op.precedence() < minimum {
                break;
            }
            let operator = self.next().span;
            let modifiers = self.binary_modifiers(op)?;
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
        self.at += 1;
        let operand = self.expression(BinaryOp::Power.precedence())?;
        self.sign(start, negative, operand)
    }
}

#[cfg(test)]
mod tests;
