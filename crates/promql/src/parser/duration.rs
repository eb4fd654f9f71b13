//! Lengths of time in ranges, steps and offsets: literals, and the arithmetic around them.

use crate::ast::{BinaryOp, DurationExpr, DurationKind, Length, Number};
use crate::error::ParseError;
use crate::lexer::TokenKind;
use crate::span::Span;

use super::{NESTING_MAX, Parser};

/// Where a length stands, as errors name it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Range,
    /// Behind the colon of a subquery.
    Step,
    Offset,
}

impl Place {
    fn expected(self) -> &'static str {
        match self {
            Self::Range => {
                "in subquery or range selector, expected number, duration, step(), or range()"
            }
            Self::Step => {
                "in subquery selector, expected number, duration, step(), range(), or \"]\""
            }
            Self::Offset => "in offset, expected number, duration, step(), or range()",
        }
    }
}

impl Parser<'_> {
    /// Reads a length above 0 between brackets.
    pub(super) fn positive_length(&mut self, place: Place) -> Result<Length, ParseError> {
        let expr = self.duration_expression(0, place)?;
        let span = expr.span;
        let length = self.length(expr)?;
        match length {
            Length::Millis(millis) if millis <= 0 => {
                Err(self.error_at(span, "duration must be greater than 0"))
            }
            length => Ok(length),
        }
    }

    /// Reads what follows `offset`: a sign and one operand; operators behind it belong to the expression around the
    /// selector. Not so when it begins with a parenthesis: `a offset (1m) + 1` looks back 61 seconds, in Prometheus too.
    pub(super) fn offset_length(&mut self) -> Result<Length, ParseError> {
        let expr = match self.is_symbol("(") {
            true => self.duration_expression(0, Place::Offset)?,
            false => self.offset_operand()?,
        };
        self.length(expr)
    }

    /// Makes milliseconds of literals.
    fn length(&self, expr: DurationExpr) -> Result<Length, ParseError> {
        let DurationKind::Number(number) = expr.kind else {
            return Ok(Length::Computed(Box::new(expr)));
        };
        Ok(Length::Millis((number.value * 1000.0).round() as i64))
    }

    fn duration_node(&self, kind: DurationKind, span: Span) -> Result<DurationExpr, ParseError> {
        let mut expr = DurationExpr {
            kind,
            span,
            depth: 1,
        };
        expr.depth += expr.children().map(|child| child.depth).max().unwrap_or(0);
        if expr.depth > NESTING_MAX {
            return Err(self.too_deep(span, NESTING_MAX));
        }
        if !matches!(expr.kind, DurationKind::Number(_)) {
            self.check_durations_enabled(span)?;
        }
        Ok(expr)
    }

    fn check_durations_enabled(&self, span: Span) -> Result<(), ParseError> {
        match self.features.duration_expressions {
            true => Ok(()),
            false => Err(self.error_at(span, "experimental duration expression is not enabled")),
        }
    }

    /// Reads an expression whose operators bind at least as tightly as `minimum`.
    fn duration_expression(
        &mut self,
        minimum: u8,
        place: Place,
    ) -> Result<DurationExpr, ParseError> {
        self.deeper()?;
        let mut left = self.duration_operand(place)?;
        while let Some(op) = self.duration_operator() {
            if op.precedence() < minimum {
                break;
            }
            let operator = self.next().span;
            let right_minimum = op.precedence() + u8::from(op != BinaryOp::Power);
            let right = self.duration_expression(right_minimum, place)?;
            self.check_divisor(op, operator, &right)?;
            let span = left.span.to(right.span);
            let kind = DurationKind::Binary(op, Box::new(left), Box::new(right));
            left = self.duration_node(kind, span)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn check_divisor(
        &self,
        op: BinaryOp,
        operator: Span,
        divisor: &DurationExpr,
    ) -> Result<(), ParseError> {
        let is_zero = matches!(divisor.kind, DurationKind::Number(number) if number.value == 0.0);
        match op {
            BinaryOp::Divide if is_zero => Err(self.error_at(operator, "division by zero")),
            BinaryOp::Modulo if is_zero => Err(self.error_at(operator, "modulo by zero")),
            _ => Ok(()),
        }
    }

    fn duration_operator(&self) -> Option<BinaryOp> {
        let TokenKind::Symbol(symbol) = self.peek().kind else {
            return None;
        };
        Some(match symbol {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Subtract,
            "*" => BinaryOp::Multiply,
            "/" => BinaryOp::Divide,
            "%" => BinaryOp::Modulo,
            "^" => BinaryOp::Power,
            _ => return None,
        })
    }

    /// Reads an operand of arithmetic; signs bind looser than `^`.
    fn duration_operand(&mut self, place: Place) -> Result<DurationExpr, ParseError> {
        let Some((start, negative)) = self.duration_sign() else {
            return self.duration_primary(place);
        };
        let operand = self.duration_expression(BinaryOp::Power.precedence(), place)?;
        self.signed_duration(start, negative, operand)
    }

    /// Reads what may stand behind `offset`: operators there belong to the expression around the selector.
    fn offset_operand(&mut self) -> Result<DurationExpr, ParseError> {
        let Some((start, negative)) = self.duration_sign() else {
            return self.duration_primary(Place::Offset);
        };
        self.deeper()?;
        let operand = self.offset_operand()?;
        self.depth -= 1;
        self.signed_duration(start, negative, operand)
    }

    /// Takes a sign; returns where it is, and whether it is `-`.
    fn duration_sign(&mut self) -> Option<(usize, bool)> {
        let start = self.peek().span.start;
        let negative = self.accept("-");
        (negative || self.accept("+")).then_some((start, negative))
    }

    fn signed_duration(
        &self,
        start: usize,
        negative: bool,
        operand: DurationExpr,
    ) -> Result<DurationExpr, ParseError> {
        if !negative {
            return Ok(operand);
        }
        let span = Span::new(start, operand.span.end);
        let kind = match operand.kind {
            DurationKind::Number(Number { value, is_duration }) => DurationKind::Number(Number {
                value: -value,
                is_duration,
            }),
            _ => DurationKind::Negate(Box::new(operand)),
        };
        self.duration_node(kind, span)
    }

    fn duration_primary(&mut self, place: Place) -> Result<DurationExpr, ParseError> {
        let token = self.peek().clone();
        match token.kind {
            TokenKind::Number(value) => self.duration_literal(value, false),
            TokenKind::Duration(millis) => self.duration_literal(millis as f64 / 1000.0, true),
            TokenKind::Symbol("(") => self.duration_parentheses(place),
            TokenKind::Word => self.duration_call(place),
            _ => Err(self.unexpected(place.expected())),
        }
    }

    fn duration_literal(
        &mut self,
        value: f64,
        is_duration: bool,
    ) -> Result<DurationExpr, ParseError> {
        let span = self.next().span;
        // Prometheus keeps durations in nanoseconds of 64 bits, and refuses what does not fit.
        if value.abs() > i64::MAX as f64 / 1e9 {
            return Err(self.error_at(span, "duration out of range"));
        }
        self.duration_node(DurationKind::Number(Number { value, is_duration }), span)
    }

    fn duration_parentheses(&mut self, place: Place) -> Result<DurationExpr, ParseError> {
        self.next();
        let inner = self.duration_expression(0, place)?;
        self.expect(")", place.expected())?;
        self.check_durations_enabled(inner.span)?;
        match inner.kind {
            DurationKind::Number(_) | DurationKind::Paren(_) => Ok(inner),
            // The span stays that of what is inside, as in the errors of Prometheus.
            _ => {
                let span = inner.span;
                self.duration_node(DurationKind::Paren(Box::new(inner)), span)
            }
        }
    }

    /// Reads `step()`, `range()`, `max_of(a, b)` or `min_of(a, b)`.
    fn duration_call(&mut self, place: Place) -> Result<DurationExpr, ParseError> {
        let start = self.peek().span.start;
        let name = self.keyword().unwrap_or_default();
        if !matches!(name.as_str(), "step" | "range" | "max_of" | "min_of") {
            return Err(self.unexpected(place.expected()));
        }
        self.next();
        self.expect("(", place.expected())?;
        let arguments = match name.as_str() {
            "step" | "range" => None,
            _ => {
                let first = self.duration_expression(0, place)?;
                self.expect(",", place.expected())?;
                let second = self.duration_expression(0, place)?;
                Some((Box::new(first), Box::new(second)))
            }
        };
        self.expect(")", place.expected())?;
        let kind = match (name.as_str(), arguments) {
            ("max_of", Some((first, second))) => DurationKind::Max(first, second),
            (_, Some((first, second))) => DurationKind::Min(first, second),
            ("step", None) => DurationKind::Step,
            (_, None) => DurationKind::Range,
        };
        self.duration_node(kind, Span::new(start, self.end()))
    }
}
