//! Binary operators with their matching, and signs.

use crate::ast::{Binary, BinaryOp, Cardinality, Expr, ExprKind, Matching, Number, ValueType};
use crate::error::ParseError;
use crate::lexer::TokenKind;
use crate::span::Span;

use super::Parser;

/// What may stand between an operator and its right operand.
#[derive(Default)]
pub(super) struct BinaryModifiers {
    returns_bool: bool,
    matching: Option<Matching>,
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
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            "unless" => BinaryOp::Unless,
            _ => return None,
        })
    }

    pub(super) fn binary_modifiers(&mut self, op: BinaryOp) -> Result<BinaryModifiers, ParseError> {
        let mut modifiers = BinaryModifiers::default();
        let bool_span = self.peek().span;
        if self.accept_keyword("bool") {
            if !op.is_comparison() {
                let message = "bool modifier can only be used on comparison operators";
                return Err(self.error_at(bool_span, message));
            }
            modifiers.returns_bool = true;
        }
        let on = match self.keyword().as_deref() {
            Some("on") => true,
            Some("ignoring") => false,
            _ => return Ok(modifiers),
        };
        self.at += 1;
        let mut matching = Matching {
            cardinality: Cardinality::OneToOne,
            on,
            labels: self.label_list()?,
            include: Vec::new(),
        };
        self.group_modifier(op, &mut matching)?;
        modifiers.matching = Some(matching);
        Ok(modifiers)
    }

    fn group_modifier(&mut self, op: BinaryOp, matching: &mut Matching) -> Result<(), ParseError> {
        let span = self.peek().span;
        matching.cardinality = match self.keyword().as_deref() {
            Some("group_left") => Cardinality::ManyToOne,
            Some("group_right") => Cardinality::OneToMany,
            _ => return Ok(()),
        };
        self.at += 1;
        if op.is_set() {
            let message = format!("no grouping allowed for {:?} operation", op.as_str());
            return Err(self.error_at(span, message));
        }
        if self.is_symbol("(") {
            matching.include = self.label_list()?;
        }
        let both = matching
            .labels
            .iter()
            .find(|l| matching.include.contains(l));
        match both {
            Some(label) if matching.on => {
                let message =
                    format!("label {label:?} must not occur in ON and GROUP clause at once");
                Err(self.error_at(Span::new(span.start, self.end()), message))
            }
            _ => Ok(()),
        }
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
        for (operand, found) in [(&left, types.0), (&right, types.1)] {
            if !matches!(found, ValueType::Scalar | ValueType::Vector) {
                let message = format!(
                    "binary expression must contain only scalar and instant vector types, \
                     found {}",
                    found.as_str()
                );
                return Err(self.error_at(operand.span, message));
            }
        }
        let scalars = types == (ValueType::Scalar, ValueType::Scalar);
        if scalars && op.is_comparison() && !modifiers.returns_bool {
            let message = "comparisons between scalars must use BOOL modifier";
            return Err(self.error_at(operator, message));
        }
        let vectors = types == (ValueType::Vector, ValueType::Vector);
        if op.is_set() && !vectors {
            let message = format!(
                "set operator {:?} not allowed in binary scalar expression",
                op.as_str()
            );
            return Err(self.error_at(operator, message));
        }
        let matching = self.checked_matching(op, operator, modifiers.matching, vectors)?;
        let span = left.span.to(right.span);
        let binary = Binary {
            op,
            left: Box::new(left),
            right: Box::new(right),
            returns_bool: modifiers.returns_bool,
            matching,
        };
        self.node(span, ExprKind::Binary(binary))
    }

    fn checked_matching(
        &self,
        op: BinaryOp,
        operator: Span,
        written: Option<Matching>,
        vectors: bool,
    ) -> Result<Option<Matching>, ParseError> {
        let mut matching = match (written, vectors) {
            (matching, true) => matching.unwrap_or(Matching {
                cardinality: Cardinality::OneToOne,
                on: false,
                labels: Vec::new(),
                include: Vec::new(),
            }),
            // Prometheus lets empty lists pass.
            (Some(matching), false) if !matching.labels.is_empty() => {
                let message = "vector matching only allowed between instant vectors";
                return Err(self.error_at(operator, message));
            }
            (_, false) => return Ok(None),
        };
        if op.is_set() {
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
            kind => self.node(span, kind),
        }
    }
}
