//! Types and numbers of arguments.

use plimsoll_types::Pattern;

use crate::ast::{Expr, ExprKind, ValueType};
use crate::error::ParseError;
use crate::functions::Function;
use crate::span::Span;

use super::Parser;

impl Parser<'_> {
    pub(super) fn check_type(
        &self,
        expr: &Expr,
        wanted: ValueType,
        context: &str,
    ) -> Result<(), ParseError> {
        let found = expr.value_type();
        if found == wanted {
            return Ok(());
        }
        let message = format!(
            "expected type {} in {context}, got {}",
            wanted.as_str(),
            found.as_str()
        );
        let hint = match (wanted, found) {
            (ValueType::Matrix, ValueType::Vector) => "write a range behind the selector: [5m]",
            (ValueType::Vector, ValueType::Matrix) => "a function such as rate() takes a range",
            (ValueType::Vector, ValueType::Scalar) => "vector() makes a vector of a scalar",
            (ValueType::Scalar, ValueType::Vector) => "scalar() makes a scalar of one series",
            _ => return Err(self.error_at(expr.span, message)),
        };
        Err(self
            .error_at(expr.span, message)
            .with_hint(Some(hint.into())))
    }

    pub(super) fn check_arguments(
        &mut self,
        function: &'static Function,
        args: &[Expr],
        span: Span,
    ) -> Result<(), ParseError> {
        let (name, found) = (function.name, args.len());
        let (least, most) = function.arity();
        let wrong = |quantity: &str, wanted: usize| {
            let message =
                format!("expected {quantity}{wanted} argument(s) in call to {name:?}, got {found}");
            Err(self.error_at(span, message))
        };
        match most {
            Some(most) if most == least && found != least => return wrong("", least),
            _ if found < least => return wrong("at least ", least),
            Some(most) if found > most => return wrong("at most ", most),
            _ => {}
        }
        for (index, arg) in args.iter().enumerate() {
            let wanted = function.argument(index);
            let checked = self.check_type(arg, wanted, &format!("call to function {name:?}"));
            // Prometheus names the call when the conditions of info() have a wrong type.
            checked.map_err(|error| match (name, index) {
                ("info", 1) => error.shown_at(span.start),
                _ => error,
            })?;
        }
        if let ("info", Some(labels)) = (name, args.get(1)) {
            self.check_label_selector(labels)?;
        }
        if name == "label_replace" {
            self.check_expression(&args[4])?;
        }
        Ok(())
    }

    /// `info()` takes conditions on labels, not metrics.
    fn check_label_selector(&self, arg: &Expr) -> Result<(), ParseError> {
        let message = match arg.kind {
            ExprKind::Selector(_) if self.text[arg.span.start..].starts_with('{') => return Ok(()),
            ExprKind::Selector(_) => "expected label selectors only, got vector selector instead",
            _ => "expected label selectors only",
        };
        Err(self.error_at(arg.span, message))
    }

    /// An expression that does not compile is found here and not when the query runs.
    fn check_expression(&mut self, arg: &Expr) -> Result<(), ParseError> {
        let ExprKind::String(text) = &arg.unwrapped().kind else {
            return Ok(());
        };
        match Pattern::new(text) {
            Ok(pattern) => self.count_matcher(arg.span, Some(&pattern)),
            Err(error) => {
                let message = format!("invalid regular expression in label_replace(): {error}");
                Err(self.error_at(arg.span, message))
            }
        }
    }
}
