//! Binary operators with their matching, and signs.

use std::collections::HashSet;

use crate::ast::{Binary, BinaryOp, Cardinality, Expr, ExprKind, Matching, Number, ValueType};
use crate::error::ParseError;
use crate::lexer::TokenKind;
use crate::number::Quoted;
use crate::span::Span;

use super::Parser;

/// What may stand between an operator and its right operand, and where it was written.
#[derive(Default)]
pub(super) struct BinaryModifiers {
    matching: Option<Matching>,
    bool_span: Option<Span>,
    group_span: Option<Span>,
    fill_span: Option<Span>,
}

impl Parser<'_> {
    pub(super) fn binary_operator(&self) -> Option<BinaryOp> {
        let token = self.peek();
        let spelling = match token.kind {
            TokenKind::Symbol(symbol) => symbol.to_string(),
            TokenKind::Word => self.text_of(token).to_ascii_lowercase(),
            _ => return None,
        };
        Some(match spelling.as_str() {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Subtract,
            "*" => BinaryOp::Multiply,
            "/" => BinaryOp::Divide,
            "%" => BinaryOp::Modulo,
            "^" => BinaryOp::Power,
            "atan2" => BinaryOp::Atan2,
            "==" => BinaryOp::Equal,
            "!=" => BinaryOp::NotEqual,
            "<" => BinaryOp::Less,
            "<=" => BinaryOp::LessOrEqual,
            ">" => BinaryOp::Greater,
            ">=" => BinaryOp::GreaterOrEqual,
            "</" => BinaryOp::TrimUpper,
            ">/" => BinaryOp::TrimLower,
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            "unless" => BinaryOp::Unless,
            _ => return None,
        })
    }

    pub(super) fn binary_modifiers(&mut self) -> Result<BinaryModifiers, ParseError> {
        let mut modifiers = BinaryModifiers::default();
        let bool_span = self.peek().span;
        if self.accept_keyword("bool") {
            modifiers.bool_span = Some(bool_span);
        }
        let mut matching = Matching::on_all_labels();
        let is_written = self.accept_keyword("on") || self.accept_keyword("ignoring");
        if is_written {
            let keyword = &self.text[self.previous.start..self.previous.end];
            matching.on = keyword.eq_ignore_ascii_case("on");
            matching.labels = self.label_list()?;
            modifiers.group_span = self.group_modifier(&mut matching)?;
        }
        modifiers.fill_span = self.fill_modifiers(&mut matching)?;
        if is_written || modifiers.fill_span.is_some() {
            modifiers.matching = Some(matching);
        }
        Ok(modifiers)
    }

    /// Reads `group_left (a)` or `group_right (a)`.
    fn group_modifier(&mut self, matching: &mut Matching) -> Result<Option<Span>, ParseError> {
        let start = self.peek().span.start;
        matching.cardinality = match self.keyword().as_deref() {
            Some("group_left") => Cardinality::ManyToOne,
            Some("group_right") => Cardinality::OneToMany,
            _ => return Ok(None),
        };
        self.next();
        if self.is_symbol("(") {
            matching.include = self.label_list()?;
        } else if !self.starts_operand() {
            return Err(self.unexpected("in grouping opts, expected \"(\""));
        }
        Ok(Some(Span::new(start, self.end())))
    }

    /// Reads `fill (x)`, or `fill_left (x)` and `fill_right (x)`.
    fn fill_modifiers(&mut self, matching: &mut Matching) -> Result<Option<Span>, ParseError> {
        let start = self.peek().span.start;
        // The words are metric names unless a parenthesis follows.
        while self.peek_after().kind == TokenKind::Symbol("(") {
            let free = (matching.fill_left.is_none(), matching.fill_right.is_none());
            let (left, right) = match (self.keyword().as_deref(), free) {
                (Some("fill"), (true, true)) => (true, true),
                (Some("fill_left"), (true, _)) => (true, false),
                (Some("fill_right"), (_, true)) => (false, true),
                _ => break,
            };
            self.next();
            let value = self.fill_value()?;
            matching.fill_left = matching.fill_left.or(left.then_some(value));
            matching.fill_right = matching.fill_right.or(right.then_some(value));
        }
        let found = matching.fill_left.is_some() || matching.fill_right.is_some();
        Ok(found.then(|| Span::new(start, self.end())))
    }

    /// Reads a number in parentheses.
    fn fill_value(&mut self) -> Result<f64, ParseError> {
        self.expect("(", "")?;
        let negative = self.accept("-");
        if !negative {
            self.accept("+");
        }
        let value = match (&self.peek().kind, self.keyword().as_deref()) {
            (TokenKind::Number(value), _) => *value,
            (TokenKind::Duration(millis), _) => *millis as f64 / 1000.0,
            (_, Some("inf")) => f64::INFINITY,
            (_, Some("nan")) => f64::NAN,
            _ => return Err(self.unexpected("")),
        };
        self.next();
        self.expect(")", "")?;
        Ok(if negative { -value } else { value })
    }

    pub(super) fn binary(
        &self,
        op: BinaryOp,
        operator: Span,
        modifiers: BinaryModifiers,
        left: Expr,
        right: Expr,
    ) -> Result<Expr, ParseError> {
        let types = (left.value_type(), right.value_type());
        if let (Some(span), false) = (modifiers.bool_span, op.is_comparison()) {
            let message = "bool modifier can only be used on comparison operators";
            return Err(self.error_at(span, message).shown_at(operator.start));
        }
        let scalars = types == (ValueType::Scalar, ValueType::Scalar);
        if scalars && op.is_comparison() && modifiers.bool_span.is_none() {
            let message = "comparisons between scalars must use BOOL modifier";
            return Err(self.error_at(operator, message));
        }
        self.check_labels_apart(operator, &modifiers)?;
        for (operand, found) in [(&left, types.0), (&right, types.1)] {
            if !matches!(found, ValueType::Scalar | ValueType::Vector) {
                let message = "binary expression must contain only scalar and instant vector types";
                let hint = format!("this is a {}", found.as_str());
                return Err(self.error_at(operand.span, message).with_hint(Some(hint)));
            }
        }
        let vectors = types == (ValueType::Vector, ValueType::Vector);
        let span = left.span.to(right.span);
        let returns_bool = modifiers.bool_span.is_some();
        let matching = self
            .checked_matching(op, operator, modifiers, vectors)
            .map_err(|error| error.shown_at(span.start))?;
        let binary = Binary {
            op,
            left: Box::new(left),
            right: Box::new(right),
            returns_bool,
            matching,
        };
        self.node(span, ExprKind::Binary(binary))
    }

    /// A label cannot both decide what matches and be taken from one side.
    fn check_labels_apart(
        &self,
        operator: Span,
        modifiers: &BinaryModifiers,
    ) -> Result<(), ParseError> {
        let (Some(matching), Some(span)) = (&modifiers.matching, modifiers.group_span) else {
            return Ok(());
        };
        // Lists may be as long as the text is.
        let include: HashSet<&String> = matching.include.iter().collect();
        let mut labels = matching.labels.iter();
        match labels.find(|label| include.contains(label)) {
            Some(label) if matching.on => {
                let label = Quoted(label);
                let message =
                    format!("label {label} must not occur in ON and GROUP clause at once");
                Err(self.error_at(span, message).shown_at(operator.start))
            }
            _ => Ok(()),
        }
    }

    /// Checks what was written between the operator and its right operand against the operator and the types.
    fn checked_matching(
        &self,
        op: BinaryOp,
        operator: Span,
        modifiers: BinaryModifiers,
        vectors: bool,
    ) -> Result<Option<Matching>, ParseError> {
        if let Some(span) = modifiers.fill_span {
            let message = if !self.features.binop_fill_modifiers {
                "binop fill modifiers are experimental and not enabled"
            } else if !vectors {
                "filling in missing series only allowed between instant vectors"
            } else if op.is_set() {
                "filling in missing series not allowed for set operators"
            } else {
                ""
            };
            if !message.is_empty() {
                let hint = "allow it with --enable-feature=promql-binop-fill-modifiers";
                let hint = (!self.features.binop_fill_modifiers).then(|| hint.to_owned());
                return Err(self.error_at(span, message).with_hint(hint));
            }
        }
        let name = op.as_str();
        let mut matching = match (modifiers.matching, vectors) {
            (matching, true) => matching.unwrap_or_else(Matching::on_all_labels),
            // Prometheus lets empty lists pass.
            (Some(matching), false) if !matching.labels.is_empty() => {
                let message = "vector matching only allowed between instant vectors";
                return Err(self.error_at(operator, message));
            }
            _ if op.is_set() => {
                let message =
                    format!("set operator {name:?} not allowed in binary scalar expression");
                return Err(self.error_at(operator, message));
            }
            _ => return Ok(None),
        };
        if op.is_set() {
            if let Some(span) = modifiers.group_span {
                let message = format!("no grouping allowed for {name:?} operation");
                return Err(self.error_at(span, message));
            }
            matching.cardinality = Cardinality::ManyToMany;
        }
        Ok(Some(matching))
    }

    pub(super) fn sign(
        &self,
        start: usize,
        negative: bool,
        operand: Expr,
    ) -> Result<Expr, ParseError> {
        let span = Span::new(start, operand.span.end);
        let found = operand.value_type();
        if !matches!(found, ValueType::Scalar | ValueType::Vector) {
            let message = format!(
                "unary expression only allowed on expressions of type scalar or instant vector, \
                 got {:?}",
                found.as_str()
            );
            return Err(self.error_at(span, message));
        }
        match operand.kind {
            ExprKind::Number(number) => {
                let value = if negative {
                    -number.value
                } else {
                    number.value
                };
                let is_duration = number.is_duration;
                self.node(span, ExprKind::Number(Number { value, is_duration }))
            }
            _ if negative => self.node(span, ExprKind::Negate(Box::new(operand))),
            _ => self.node(span, ExprKind::Plus(Box::new(operand))),
        }
    }
}
