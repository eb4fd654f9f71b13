//! Selectors, ranges, subqueries, `offset` and `@`.

use std::sync::Arc;

use plimsoll_types::{ByteCount, METRIC_NAME, MatchOp, Matcher, Pattern, Timestamp};

use crate::ast::{At, Expr, ExprKind, Modifiers, Selector, Subquery, ValueType};
use crate::error::ParseError;
use crate::lexer::TokenKind;
use crate::span::Span;

use super::{MATCHERS_MAX, PATTERN_BYTES_MAX, Parser};

impl Parser<'_> {
    /// Reads what follows a metric name, or the braces of a selector without one.
    pub(super) fn selector(&mut self, name: Option<(String, Span)>) -> Result<Expr, ParseError> {
        let start = name.as_ref().map_or(self.peek().span, |(_, span)| *span);
        let written_before = name.is_some();
        let mut name = name.map(|(name, _)| name);
        let mut matchers = Vec::new();
        if self.accept("{") {
            while !self.accept("}") {
                self.matcher(&mut name, &mut matchers)?;
                if !self.is_symbol("}") {
                    self.expect(",", "in label matching")?;
                }
            }
        }
        let span = Span::new(start.start, self.end());
        self.check_matchers(span, name.as_deref().filter(|_| written_before), &matchers)?;
        if let Some(name) = &name {
            matchers.push(Matcher::equal(METRIC_NAME, name));
        }
        if matchers.iter().all(Matcher::matches_empty) {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(self.error_at(span, message));
        }
        let selector = Selector {
            name,
            matchers: Arc::from(matchers),
            modifiers: Modifiers::default(),
        };
        self.node(span, ExprKind::Selector(selector))
    }

    fn check_matchers(
        &self,
        span: Span,
        name: Option<&str>,
        matchers: &[Matcher],
    ) -> Result<(), ParseError> {
        let twice = matchers
            .iter()
            .find(|matcher| matcher.name() == METRIC_NAME);
        match (name, twice) {
            (Some(name), Some(matcher)) => {
                let message = format!(
                    "metric name must not be set twice: {name:?} or {:?}",
                    matcher.value()
                );
                Err(self.error_at(span, message))
            }
            _ => Ok(()),
        }
    }

    /// Reads one entry of the braces: a comparison, or a quoted metric name.
    fn matcher(
        &mut self,
        name: &mut Option<String>,
        matchers: &mut Vec<Matcher>,
    ) -> Result<(), ParseError> {
        let token = self.peek().clone();
        let label = match &token.kind {
            TokenKind::Word => self.text_of(&token).to_string(),
            TokenKind::String(value) => value.clone(),
            _ => return Err(self.unexpected("in label matching, expected identifier or \"}\"")),
        };
        self.at += 1;
        let op = match self.peek().kind {
            TokenKind::Symbol("=") => MatchOp::Equal,
            TokenKind::Symbol("!=") => MatchOp::NotEqual,
            TokenKind::Symbol("=~") => MatchOp::Regex,
            TokenKind::Symbol("!~") => MatchOp::NotRegex,
            TokenKind::Symbol("," | "}") if matches!(token.kind, TokenKind::String(_)) => {
                if let Some(first) = name.replace(label) {
                    let second = name.as_deref().unwrap_or_default();
                    let message =
                        format!("metric name must not be set twice: {first:?} or {second:?}");
                    return Err(self.error_at(token.span, message));
                }
                return Ok(());
            }
            _ => return Err(self.unexpected("in label matching, expected label matching operator")),
        };
        self.at += 1;
        let value = self.next();
        let TokenKind::String(text) = &value.kind else {
            self.at -= usize::from(value.kind != TokenKind::End);
            return Err(self.unexpected("in label matching, expected string"));
        };
        let matcher = Matcher::new(op, &label, text)
            .map_err(|error| self.error_at(value.span, error.message))?;
        self.count_matcher(value.span, matcher.pattern())?;
        matchers.push(matcher);
        Ok(())
    }

    /// Refuses an expression that has too many conditions, or whose regular expressions together are too large.
    pub(super) fn count_matcher(
        &mut self,
        span: Span,
        pattern: Option<&Pattern>,
    ) -> Result<(), ParseError> {
        self.matchers += 1;
        self.pattern_bytes += pattern.map_or(0, Pattern::compiled_bytes_max);
        if self.matchers > MATCHERS_MAX {
            let message = format!("the expression has more than {MATCHERS_MAX} label matchers");
            return Err(self.error_at(span, message));
        }
        if self.pattern_bytes > PATTERN_BYTES_MAX {
            let message = format!(
                "the regular expressions of the expression take more than {} once compiled",
                ByteCount(PATTERN_BYTES_MAX as u64)
            );
            return Err(self.error_at(span, message));
        }
        Ok(())
    }

    /// Reads `(a, "b c")`.
    pub(super) fn label_list(&mut self) -> Result<Vec<String>, ParseError> {
        self.expect("(", "in grouping opts")?;
        let mut labels = Vec::new();
        while !self.accept(")") {
            let token = self.peek().clone();
            match &token.kind {
                TokenKind::Word if !self.text_of(&token).contains(':') => {
                    labels.push(self.text_of(&token).to_string());
                }
                TokenKind::String(value) if !value.is_empty() => labels.push(value.clone()),
                _ => return Err(self.unexpected("in grouping opts, expected label")),
            }
            self.at += 1;
            if !self.is_symbol(")") {
                self.expect(",", "in grouping opts")?;
            }
        }
        Ok(labels)
    }

    /// Reads `[5m]` or `[5m:1m]`.
    pub(super) fn range(&mut self, expr: Expr) -> Result<Expr, ParseError> {
        self.expect("[", "")?;
        let range = self.positive_duration()?;
        if self.accept(":") {
            let step = match self.is_symbol("]") {
                true => None,
                false => Some(self.positive_duration()?),
            };
            self.expect("]", "in subquery selector")?;
            return self.subquery(expr, range, step);
        }
        self.expect("]", "in matrix selector")?;
        let span = Span::new(expr.span.start, self.end());
        let message = match expr.kind {
            ExprKind::Selector(selector) if selector.modifiers == Modifiers::default() => {
                return self.node(span, ExprKind::Matrix(selector, range));
            }
            ExprKind::Selector(selector) if selector.modifiers.at.is_some() => {
                "no @ modifiers allowed before range"
            }
            ExprKind::Selector(_) => "no offset modifiers allowed before range",
            _ => "ranges only allowed for vector selectors",
        };
        Err(self.error_at(span, message))
    }

    fn subquery(&self, expr: Expr, range: i64, step: Option<i64>) -> Result<Expr, ParseError> {
        let span = Span::new(expr.span.start, self.end());
        if expr.value_type() != ValueType::Vector {
            let message = format!(
                "subquery is only allowed on instant vector, got {} instead",
                expr.value_type().as_str()
            );
            return Err(self.error_at(expr.span, message));
        }
        let subquery = Subquery {
            expr: Box::new(expr),
            range,
            step,
            modifiers: Modifiers::default(),
        };
        self.node(span, ExprKind::Subquery(subquery))
    }

    /// Reads a duration, or a number of seconds; returns milliseconds.
    fn duration(&mut self) -> Result<i64, ParseError> {
        let start = self.peek().span.start;
        let sign = match self.peek().kind {
            TokenKind::Symbol("-") => -1.0,
            _ => 1.0,
        };
        if self.is_symbol("-") || self.is_symbol("+") {
            self.at += 1;
        }
        let millis = match self.peek().kind {
            TokenKind::Duration(millis) => millis as f64,
            TokenKind::Number(seconds) => (seconds * 1000.0).round(),
            _ => return Err(self.unexpected("in duration, expected number or duration")),
        };
        self.at += 1;
        // Prometheus keeps durations in nanoseconds of 64 bits, and refuses what does not fit.
        if millis.abs() > i64::MAX as f64 / 1e6 {
            let span = Span::new(start, self.end());
            return Err(self.error_at(span, "duration out of range"));
        }
        Ok((sign * millis) as i64)
    }

    fn positive_duration(&mut self) -> Result<i64, ParseError> {
        let start = self.peek().span.start;
        let millis = self.duration()?;
        if millis > 0 {
            return Ok(millis);
        }
        let span = Span::new(start, self.end());
        Err(self.error_at(span, "duration must be greater than 0"))
    }

    /// Reads one `offset` or `@` behind an expression.
    pub(super) fn modifier(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        let keyword = self.next();
        let is_at = keyword.kind == TokenKind::Symbol("@");
        let (offset, at) = match is_at {
            true => (None, Some(self.at_time()?)),
            false => (Some(self.duration()?), None),
        };
        let span = Span::new(expr.span.start, self.end());
        let word = if is_at { "@" } else { "offset" };
        let modifiers = match &mut expr.kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => &mut selector.modifiers,
            ExprKind::Subquery(subquery) => &mut subquery.modifiers,
            _ => {
                let message = format!(
                    "{word} modifier must be preceded by an instant vector selector or range \
                     vector selector or a subquery"
                );
                return Err(self.error_at(span, message));
            }
        };
        let is_set = if is_at {
            modifiers.at.is_some()
        } else {
            modifiers.offset.is_some()
        };
        if is_set {
            let message = match is_at {
                true => "@ <timestamp> may not be set multiple times",
                false => "offset may not be set multiple times",
            };
            return Err(self.error_at(span, message));
        }
        modifiers.offset = modifiers.offset.or(offset);
        modifiers.at = modifiers.at.or(at);
        expr.span = span;
        Ok(expr)
    }

    fn at_time(&mut self) -> Result<At, ParseError> {
        let start = self.peek().span.start;
        match self.keyword().as_deref() {
            Some(word @ ("start" | "end")) => {
                let at = if word == "start" { At::Start } else { At::End };
                self.at += 1;
                self.expect("(", "in @")?;
                self.expect(")", "in @")?;
                return Ok(at);
            }
            Some("inf" | "nan") => {
                let message = "timestamp out of bounds for @ modifier";
                return Err(self.error_at(self.peek().span, message));
            }
            _ => {}
        }
        let sign = if self.is_symbol("-") { -1.0 } else { 1.0 };
        if self.is_symbol("-") || self.is_symbol("+") {
            self.at += 1;
        }
        let seconds = match self.peek().kind {
            TokenKind::Number(seconds) => seconds,
            TokenKind::Duration(millis) => millis as f64 / 1000.0,
            _ => return Err(self.unexpected("in @, expected timestamp")),
        };
        self.at += 1;
        let millis = (sign * seconds * 1000.0).round();
        if !(millis > i64::MIN as f64 && millis < i64::MAX as f64) {
            let message = "timestamp out of bounds for @ modifier";
            return Err(self.error_at(Span::new(start, self.end()), message));
        }
        Ok(At::Time(Timestamp::from_millis(millis as i64)))
    }
}
