//! Operands: literals, parentheses, calls, aggregations, selectors, and what may follow them.

use crate::ast::{Aggregate, AggregateOp, Call, Expr, ExprKind, Number, ValueType};
use crate::error::ParseError;
use crate::functions;
use crate::lexer::TokenKind;
use crate::span::Span;

use super::Parser;

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.primary()?;
        loop {
            let is_range = self.is_symbol("[");
            let is_modifier =
                self.is_symbol("@") || self.keyword().is_some_and(|word| word == "offset");
            expr = match (is_range, is_modifier) {
                (true, _) => self.range(expr)?,
                (_, true) => self.modifier(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        let token = self.peek().clone();
        match token.kind {
            TokenKind::Number(value) => self.number(value, false),
            TokenKind::Duration(millis) => self.number(millis as f64 / 1000.0, true),
            TokenKind::String(value) => {
                self.at += 1;
                self.node(token.span, ExprKind::String(value))
            }
            TokenKind::Symbol("(") => self.parentheses(),
            TokenKind::Symbol("{") => self.selector(None),
            TokenKind::Word => self.word(),
            _ => Err(self.unexpected("")),
        }
    }

    fn number(&mut self, value: f64, is_duration: bool) -> Result<Expr, ParseError> {
        let span = self.next().span;
        self.node(span, ExprKind::Number(Number { value, is_duration }))
    }

    fn parentheses(&mut self) -> Result<Expr, ParseError> {
        let start = self.next().span.start;
        let inner = self.expression(0)?;
        self.expect(")", "in parentheses")?;
        let span = Span::new(start, self.end());
        self.node(span, ExprKind::Paren(Box::new(inner)))
    }

    fn word(&mut self) -> Result<Expr, ParseError> {
        let token = self.peek().clone();
        let lower = self.keyword().unwrap_or_default();
        let after = self.peek_after().clone();
        let opens = after.kind == TokenKind::Symbol("(");
        if let Some(op) = AggregateOp::ALL.into_iter().find(|op| op.as_str() == lower) {
            let after = self.text_of(&after).to_ascii_lowercase();
            if opens || after == "by" || after == "without" {
                return self.aggregate(op);
            }
        }
        match lower.as_str() {
            "inf" => return self.number(f64::INFINITY, false),
            "nan" => return self.number(f64::NAN, false),
            "on" | "ignoring" | "group_left" | "group_right" | "bool" => {
                return Err(self.unexpected(""));
            }
            _ if opens => return self.call(),
            _ => {}
        }
        self.at += 1;
        self.selector(Some((self.text_of(&token).to_string(), token.span)))
    }

    fn call(&mut self) -> Result<Expr, ParseError> {
        let token = self.next();
        let name = self.text_of(&token);
        let Some(function) = functions::find(name) else {
            let hint = functions::similar(name)
                .map(|known| format!(", did you mean {known:?}?"))
                .unwrap_or_default();
            let message = format!("unknown function with name {name:?}{hint}");
            return Err(self.error_at(token.span, message));
        };
        let args = self.arguments()?;
        let span = Span::new(token.span.start, self.end());
        self.check_arguments(function, &args, span)?;
        self.node(span, ExprKind::Call(Call { function, args }))
    }

    /// Reads `(a, b)`; no comma may follow the last argument.
    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        self.expect("(", "in call")?;
        let mut args = Vec::new();
        if self.accept(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            if self.accept(")") {
                return Ok(args);
            }
            self.expect(",", "in arguments")?;
            if self.is_symbol(")") {
                return Err(self.error_at(
                    self.peek().span,
                    "trailing commas not allowed in function call args",
                ));
            }
        }
    }

    fn aggregate(&mut self, op: AggregateOp) -> Result<Expr, ParseError> {
        let start = self.next().span.start;
        let mut clause = self.grouping()?;
        let args = self.arguments()?;
        if clause.is_none() {
            clause = self.grouping()?;
        }
        let (without, grouping) = clause.unwrap_or_default();
        let span = Span::new(start, self.end());
        let wanted = 1 + usize::from(op.parameter().is_some());
        let found = args.len();
        let mut args = args.into_iter();
        let parameter = match op.parameter() {
            Some(kind) if found == wanted => {
                let parameter = args.next().map(Box::new);
                if let Some(parameter) = &parameter {
                    self.check_type(parameter, kind, "aggregation parameter")?;
                }
                parameter
            }
            _ => None,
        };
        let Some(expr) = args.next().filter(|_| found == wanted) else {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, \
                 expected {wanted}, got {found}"
            );
            return Err(self.error_at(span, message));
        };
        self.check_type(&expr, ValueType::Vector, "aggregation expression")?;
        let aggregate = Aggregate {
            op,
            expr: Box::new(expr),
            parameter,
            without,
            grouping,
        };
        self.node(span, ExprKind::Aggregate(aggregate))
    }

    /// Reads `by (...)` or `without (...)` when it is there.
    fn grouping(&mut self) -> Result<Option<(bool, Vec<String>)>, ParseError> {
        let without = match self.keyword().as_deref() {
            Some("by") => false,
            Some("without") => true,
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some((without, self.label_list()?)))
    }
}
