//! Selectors, ranges, subqueries, `offset` and `@`.

use std::sync::Arc;

use plimsoll_types::{ByteCount, METRIC_NAME, MatchOp, Matcher, Pattern, Timestamp};

use crate::ast::{At, Expr, ExprKind, Extension, Length, Modifiers, Selector, Subquery, ValueType};
use crate::error::ParseError;
use crate::lexer::TokenKind;
use crate::number::Quoted;
use crate::span::Span;

use super::duration::Place;
use super::{MATCHERS_MAX, PATTERN_BYTES_MAX, Parser};

impl Parser<'_> {
    /// Reads what follows a metric name, or the braces of a selector without one.
    pub(super) fn selector(&mut self, name: Option<(String, Span)>) -> Result<Expr, ParseError> {
        let start = name.as_ref().map_or(self.peek().span, |(_, span)| *span);
        let name = name.map(|(name, _)| name);
        let may_select_all = std::mem::take(&mut self.may_select_all);
        let mut matchers = Vec::new();
        if self.accept("{") {
            while !self.accept("}") {
                self.matcher(&mut matchers)?;
                if !self.is_symbol("}") {
                    self.expect(",", "in label matching, expected \",\" or \"}\"")?;
                }
            }
        }
        let span = Span::new(start.start, self.end());
        if let Some(name) = &name {
            self.check_name_once(span, name, &matchers)?;
            matchers.push(Matcher::equal(METRIC_NAME, name));
        }
        if !may_select_all && matchers.iter().all(Matcher::matches_empty) {
            let message = "vector selector must contain at least one non-empty matcher";
            return Err(self.error_at(span, message));
        }
        let selector = Selector {
            name,
            matchers: Arc::from(matchers),
            modifiers: Modifiers::default(),
            extension: None,
        };
        self.node(span, ExprKind::Selector(selector))
    }

    fn check_name_once(
        &self,
        span: Span,
        name: &str,
        matchers: &[Matcher],
    ) -> Result<(), ParseError> {
        let mut matchers = matchers.iter();
        match matchers.find(|matcher| matcher.name() == METRIC_NAME) {
            Some(matcher) => {
                let (first, second) = (Quoted(name), Quoted(matcher.value()));
                let message = format!("metric name must not be set twice: {first} or {second}");
                Err(self.error_at(span, message))
            }
            None => Ok(()),
        }
    }

    /// Reads one entry of the braces: a comparison, or a quoted metric name.
    fn matcher(&mut self, matchers: &mut Vec<Matcher>) -> Result<(), ParseError> {
        let token = self.peek().clone();
        let label = match &token.kind {
            TokenKind::Word => self.text_of(&token).to_string(),
            TokenKind::String(value) => value.clone(),
            _ => return Err(self.unexpected("in label matching, expected identifier or \"}\"")),
        };
        self.next();
        let op = match self.peek().kind {
            TokenKind::Symbol("=") => MatchOp::Equal,
            TokenKind::Symbol("!=") => MatchOp::NotEqual,
            TokenKind::Symbol("=~") => MatchOp::Regex,
            TokenKind::Symbol("!~") => MatchOp::NotRegex,
            TokenKind::Symbol("," | "}") if matches!(token.kind, TokenKind::String(_)) => {
                matchers.push(Matcher::equal(METRIC_NAME, &label));
                return self.count_matcher(token.span, None);
            }
            _ if matches!(token.kind, TokenKind::String(_)) => {
                return Err(self.unexpected("in label matching, expected \",\" or \"}\""));
            }
            _ => return Err(self.unexpected("in label matching, expected label matching operator")),
        };
        self.next();
        let value = self.peek().clone();
        let TokenKind::String(text) = &value.kind else {
            return Err(self.unexpected("in label matching, expected string"));
        };
        self.next();
        let matcher = Matcher::new(op, &label, text).map_err(|error| {
            self.error_at(value.span, error.message)
                .shown_at(token.span.start)
        })?;
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
        self.expect("(", "in grouping opts, expected \"(\"")?;
        let mut labels = Vec::new();
        while !self.accept(")") {
            let token = self.peek().clone();
            let is_number = self
                .keyword()
                .is_some_and(|word| word == "inf" || word == "nan");
            match &token.kind {
                TokenKind::Word if !is_number => labels.push(self.text_of(&token).to_string()),
                TokenKind::String(value) if value.is_empty() => {
                    let message = "invalid label name for grouping: \"\"";
                    return Err(self.error_at(token.span, message));
                }
                TokenKind::String(value) => labels.push(value.clone()),
                _ => return Err(self.unexpected("in grouping opts, expected label")),
            }
            self.next();
            if !self.is_symbol(")") {
                self.expect(",", "in grouping opts, expected \",\" or \")\"")?;
            }
        }
        Ok(labels)
    }

    /// Reads `[5m]` or `[5m:1m]`.
    pub(super) fn range(&mut self, expr: Expr) -> Result<Expr, ParseError> {
        let bracket = self.next().span;
        if self.is_symbol(":") {
            let message = "unexpected colon before duration in duration expression";
            let colon = self.peek().span;
            return Err(self.error_at(colon, message).shown_at(colon.end));
        }
        let range = self.positive_length(Place::Range)?;
        if self.accept(":") {
            let step = match self.is_symbol("]") {
                true => None,
                false => Some(self.positive_length(Place::Step)?),
            };
            self.expect("]", "in subquery selector, expected \"]\"")?;
            return self.subquery(expr, range, step);
        }
        self.expect("]", "in subquery or range, expected \":\" or \"]\"")?;
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
        Err(self.error_at(Span::new(bracket.start, self.end()), message))
    }

    fn subquery(
        &self,
        expr: Expr,
        range: Length,
        step: Option<Length>,
    ) -> Result<Expr, ParseError> {
        let span = Span::new(expr.span.start, self.end());
        let found = match expr.value_type() {
            ValueType::Vector => {
                let subquery = Subquery {
                    expr: Box::new(expr),
                    range,
                    step,
                    modifiers: Modifiers::default(),
                };
                return self.node(span, ExprKind::Subquery(subquery));
            }
            // Here alone Prometheus uses the short name.
            ValueType::Matrix => "matrix",
            other => other.as_str(),
        };
        let message = format!("subquery is only allowed on instant vector, got {found} instead");
        Err(self.error_at(expr.span, message))
    }

    /// Reads one `offset` or `@` behind an expression.
    pub(super) fn modifier(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        let keyword = self.next();
        let is_at = keyword.kind == TokenKind::Symbol("@");
        let (offset, at) = match is_at {
            true => (None, Some(self.at_time(expr.span.start)?)),
            // An offset of nothing is as good as none, and may be set again.
            false => (
                Some(self.offset_length()?).filter(|l| *l != Length::Millis(0)),
                None,
            ),
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
        if is_at && modifiers.at.is_some() {
            return Err(self.error_at(span, "@ <timestamp> may not be set multiple times"));
        }
        if !is_at && modifiers.offset.is_some() {
            return Err(self.error_at(span, "offset may not be set multiple times"));
        }
        modifiers.offset = modifiers.offset.take().or(offset);
        modifiers.at = modifiers.at.or(at);
        self.node(span, expr.kind)
    }

    /// Reads `anchored` or `smoothed` behind an expression.
    pub(super) fn extension(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        let extension = match self.keyword().as_deref() {
            Some("anchored") => Extension::Anchored,
            _ => Extension::Smoothed,
        };
        let word = extension.as_str();
        self.next();
        let span = Span::new(expr.span.start, self.end());
        let wrong = |message: String| Err(self.error_at(span, message));
        if !self.features.extended_range_selectors {
            let hint = "allow it with --enable-feature=promql-extended-range-selectors";
            let message = format!("{word} modifier is experimental and not enabled");
            return wrong(message).map_err(|error| error.with_hint(Some(hint.into())));
        }
        match &mut expr.kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
                let before = selector.extension.replace(extension);
                if before.is_some_and(|before| before != extension) {
                    return wrong("anchored and smoothed modifiers cannot be used together".into());
                }
            }
            ExprKind::Subquery(_) => {
                return wrong(format!("{word} modifier is not supported for subqueries"));
            }
            _ => return wrong(format!("{word} modifier not implemented")),
        }
        self.node(span, expr.kind)
    }

    /// Reads what follows `@` behind an expression that begins at `start`.
    fn at_time(&mut self, start: usize) -> Result<At, ParseError> {
        const EXPECTED: &str = "in @, expected timestamp";
        let first = self.peek().span.start;
        if let Some(word @ ("start" | "end")) = self.keyword().as_deref() {
            let at = if word == "start" { At::Start } else { At::End };
            self.next();
            self.expect("(", EXPECTED)?;
            self.expect(")", EXPECTED)?;
            return Ok(at);
        }
        let negative = self.accept("-");
        if !negative {
            self.accept("+");
        }
        let seconds = match (&self.peek().kind, self.keyword().as_deref()) {
            (TokenKind::Number(seconds), _) => *seconds,
            (TokenKind::Duration(millis), _) => *millis as f64 / 1000.0,
            (_, Some("inf")) => f64::INFINITY,
            (_, Some("nan")) => f64::NAN,
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.next();
        let seconds = if negative { -seconds } else { seconds };
        let millis = (seconds * 1000.0).round();
        if !(millis > i64::MIN as f64 && millis < i64::MAX as f64) {
            let shown = match seconds.is_finite() {
                true => format!("{seconds:.6}"),
                false => crate::number::format(seconds),
            };
            let message = format!("timestamp out of bounds for @ modifier: {shown}");
            let span = Span::new(first, self.end());
            return Err(self.error_at(span, message).shown_at(start));
        }
        Ok(At::Time(Timestamp::from_millis(millis as i64)))
    }
}
