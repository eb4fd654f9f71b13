//! Operands: literals, parentheses, calls, aggregations, selectors, and what may follow them.

use crate::ast::{Aggregate, AggregateOp, Call, Expr, ExprKind, Number, ValueType};
use crate::error::ParseError;
use crate::functions;
use crate::lexer::TokenKind;
use crate::number::Quoted;
use crate::span::Span;

use super::Parser;

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.primary()?;
        loop {
            let keyword = self.keyword();
            expr = match (&self.peek().kind, keyword.as_deref()) {
                (TokenKind::Symbol("["), _) => self.range(expr)?,
                (TokenKind::Symbol("@"), _) | (_, Some("offset")) => self.modifier(expr)?,
                (_, Some("anchored" | "smoothed")) => self.extension(expr)?,
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
                self.next();
                self.node(token.span, ExprKind::String(value))
            }
            TokenKind::Bytes(bytes) => {
                self.next();
                self.node(token.span, ExprKind::Bytes(bytes))
            }
            TokenKind::Symbol("(") => self.parentheses(),
            TokenKind::Symbol("{") => self.selector(None),
            TokenKind::Word => self.word(),
            _ => Err(self.unexpected("")),
        }
    }

    /// Says whether an operand may begin here.
    pub(super) fn starts_operand(&self) -> bool {
        match self.peek().kind {
            TokenKind::End | TokenKind::Wrong { .. } => false,
            TokenKind::Symbol(symbol) => matches!(symbol, "(" | "{" | "+" | "-"),
            _ => true,
        }
    }

    fn number(&mut self, value: f64, is_duration: bool) -> Result<Expr, ParseError> {
        let span = self.next().span;
        self.node(span, ExprKind::Number(Number { value, is_duration }))
    }

    fn parentheses(&mut self) -> Result<Expr, ParseError> {
        let start = self.next().span.start;
        let inner = self.expression(0)?;
        self.expect(")", "")?;
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
            "on" | "ignoring" | "group_left" | "group_right" | "bool" | "atan2" => {
                return Err(self.unexpected(""));
            }
            // These are metric names and never functions.
            "fill" | "fill_left" | "fill_right" if opens => {
                self.next();
                return Err(self.unexpected(""));
            }
            _ if opens => return self.call(),
            _ => {}
        }
        self.next();
        self.selector(Some((self.text_of(&token).to_string(), token.span)))
    }

    fn call(&mut self) -> Result<Expr, ParseError> {
        let token = self.next();
        let name = self.text_of(&token);
        let args = self.arguments(name == "info", "")?;
        let Some(function) = functions::find(name) else {
            let hint = functions::similar(name).map(|known| format!("did you mean {known:?}?"));
            let message = format!("unknown function with name {}", Quoted(name));
            return Err(self.error_at(token.span, message).with_hint(hint));
        };
        let span = Span::new(token.span.start, self.end());
        if function.experimental && !self.features.experimental_functions {
            let message = format!("function {name:?} is not enabled");
            let hint = "allow it with --enable-feature=promql-experimental-functions".to_string();
            return Err(self.error_at(token.span, message).with_hint(Some(hint)));
        }
        self.check_arguments(function, &args, span)?;
        self.node(span, ExprKind::Call(Call { function, args }))
    }

    /// Reads `(a, b)`; no comma may follow the last argument.
    ///
    /// The braces that `info()` takes need not select anything by themselves.
    fn arguments(&mut self, is_info: bool, context: &str) -> Result<Vec<Expr>, ParseError> {
        self.expect("(", context)?;
        let mut args = Vec::new();
        if self.accept(")") {
            return Ok(args);
        }
        loop {
            if self.is_symbol(",") {
                return Err(self.unexpected(context));
            }
            self.may_select_all = is_info && args.len() == 1 && self.is_symbol("{");
            args.push(self.expression(0)?);
            if self.accept(")") {
                return Ok(args);
            }
            let comma = self.peek().span;
            self.expect(",", context)?;
            if self.is_symbol(")") {
                let message = "trailing commas not allowed in function call args";
                return Err(self.error_at(comma, message));
            }
        }
    }

    fn aggregate(&mut self, op: AggregateOp) -> Result<Expr, ParseError> {
        let start = self.next().span.start;
        let mut clause = self.grouping()?;
        let args = self.arguments(false, "in aggregation")?;
        if clause.is_none() {
            clause = self.grouping()?;
        }
        let (without, grouping) = clause.unwrap_or_default();
        let span = Span::new(start, self.end());
        if args.is_empty() {
            return Err(self.error_at(span, "no arguments for aggregate expression provided"));
        }
        if op.is_experimental() && !self.features.experimental_functions {
            let message = format!(
                "{}() is experimental and must be enabled with \
                 --enable-feature=promql-experimental-functions",
                op.as_str()
            );
            return Err(self.error_at(span, message));
        }
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
        self.next();
        Ok(Some((without, self.label_list()?)))
    }
}
