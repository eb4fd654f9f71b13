//! The tree back to text, as Prometheus prints it; parsing that gives the same tree.

mod pretty;

use std::fmt::{self, Display, Formatter, Write};

use plimsoll_types::{METRIC_NAME, MatchOp, Matcher, format_duration, is_legacy_label_name};

use crate::ast::{
    Aggregate, At, Binary, Cardinality, DurationExpr, DurationKind, Expr, ExprKind, Length,
    Matching, Modifiers, Number, Selector, Subquery,
};
use crate::number::{Quoted, QuotedBytes, format_plain};

pub use pretty::pretty;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => write!(f, "{number}"),
            ExprKind::String(text) => write!(f, "{}", Quoted(text)),
            ExprKind::Bytes(bytes) => write!(f, "{}", QuotedBytes(bytes)),
            ExprKind::Selector(selector) => {
                write_selector(f, selector)?;
                write_at(f, &selector.modifiers)?;
                write_extension(f, selector)?;
                write_offset(f, &selector.modifiers)
            }
            ExprKind::Matrix(selector, range) => {
                write_selector(f, selector)?;
                write!(f, "[{range}]")?;
                write_extension(f, selector)?;
                write_at(f, &selector.modifiers)?;
                write_offset(f, &selector.modifiers)
            }
            ExprKind::Subquery(subquery) => {
                write!(f, "{}{}", subquery.expr, Steps(subquery))
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Negate(inner) => write!(f, "-{inner}"),
            ExprKind::Plus(inner) => write!(f, "+{inner}"),
            ExprKind::Binary(_) => write_chain(f, self),
            ExprKind::Aggregate(aggregate) => {
                write!(f, "{}", Head(aggregate))?;
                let parameter = aggregate.parameter.iter().map(|parameter| &**parameter);
                write_list(f, parameter.chain([&*aggregate.expr]))
            }
            ExprKind::Call(call) => {
                f.write_str(call.function.name)?;
                write_list(f, &call.args)
            }
        }
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.is_duration {
            true => write!(f, "{}", Millis((self.value * 1000.0).round() as i64)),
            false => f.write_str(&format_plain(self.value)),
        }
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Millis(millis) => write!(f, "{}", Millis(*millis)),
            Self::Computed(expr) => write!(f, "{expr}"),
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DurationKind::Number(number) => write!(f, "{number}"),
            DurationKind::Step => f.write_str("step()"),
            DurationKind::Range => f.write_str("range()"),
            DurationKind::Negate(inner) => write!(f, "-{inner}"),
            DurationKind::Paren(inner) => write!(f, "({inner})"),
            DurationKind::Binary(op, left, right) => {
                write!(f, "{left} {} {right}", op.as_str())
            }
            DurationKind::Max(left, right) => write!(f, "max_of({left}, {right})"),
            DurationKind::Min(left, right) => write!(f, "min_of({left}, {right})"),
        }
    }
}

impl Display for Matching {
    /// Writes ` on (a) group_left (b) fill (0)`, nothing for a match on all labels.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let group = match self.cardinality {
            Cardinality::ManyToOne => Some(" group_left"),
            Cardinality::OneToMany => Some(" group_right"),
            Cardinality::OneToOne | Cardinality::ManyToMany => None,
        };
        if self.on || !self.labels.is_empty() || group.is_some() {
            f.write_str(if self.on { " on " } else { " ignoring " })?;
            write_labels(f, &self.labels)?;
        }
        if let Some(keyword) = group {
            write!(f, "{keyword} ")?;
            write_labels(f, &self.include)?;
        }
        match (self.fill_left, self.fill_right) {
            (Some(left), Some(right)) if left == right => write_fill(f, "fill", left),
            (left, right) => {
                left.map_or(Ok(()), |value| write_fill(f, "fill_left", value))?;
                right.map_or(Ok(()), |value| write_fill(f, "fill_right", value))
            }
        }
    }
}

/// Milliseconds as PromQL writes a duration.
struct Millis(i64);

impl Display for Millis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_char('-')?;
        }
        let length = std::time::Duration::from_millis(self.0.unsigned_abs());
        f.write_str(&format_duration(length))
    }
}

/// What stands behind the inner expression of a subquery.
struct Steps<'a>(&'a Subquery);

impl Display for Steps<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "[{}:", self.0.range)?;
        if let Some(step) = &self.0.step {
            write!(f, "{step}")?;
        }
        f.write_char(']')?;
        write_at(f, &self.0.modifiers)?;
        write_offset(f, &self.0.modifiers)
    }
}

/// What stands before the parentheses of an aggregation.
struct Head<'a>(&'a Aggregate);

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.op.as_str())?;
        let keyword = match (self.0.without, self.0.grouping.is_empty()) {
            (true, _) => " without ",
            (false, false) => " by ",
            (false, true) => return Ok(()),
        };
        f.write_str(keyword)?;
        write_labels(f, &self.0.grouping)?;
        f.write_char(' ')
    }
}

/// A label name, in quotes where the classic alphabet does not reach.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match is_legacy_label_name(self.0) {
            true => f.write_str(self.0),
            false => write!(f, "{}", Quoted(self.0)),
        }
    }
}

fn write_list<T: Display>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    f.write_char('(')?;
    for (index, item) in items.into_iter().enumerate() {
        write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
    }
    f.write_char(')')
}

fn write_labels(f: &mut Formatter<'_>, labels: &[String]) -> fmt::Result {
    write_list(f, labels.iter().map(|label| Name(label)))
}

/// A name that was written in front of the braces stays there; conditions are sorted by their text.
fn write_selector(f: &mut Formatter<'_>, selector: &Selector) -> fmt::Result {
    let name = selector.name.as_deref();
    f.write_str(name.unwrap_or_default())?;
    let is_name = |matcher: &&Matcher| {
        name.is_some() && matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal
    };
    let conditions = selector.matchers.iter().filter(|matcher| !is_name(matcher));
    let mut texts: Vec<String> = conditions
        .map(|matcher| {
            let (label, value) = (Name(matcher.name()), Quoted(matcher.value()));
            format!("{label}{}{value}", matcher.op().as_str())
        })
        .collect();
    texts.sort();
    match texts.is_empty() && name.is_some() {
        true => Ok(()),
        false => write!(f, "{{{}}}", texts.join(",")),
    }
}

fn write_at(f: &mut Formatter<'_>, modifiers: &Modifiers) -> fmt::Result {
    match modifiers.at {
        Some(At::Time(time)) => {
            let millis = time.millis();
            let sign = if millis < 0 { "-" } else { "" };
            let (whole, part) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
            write!(f, " @ {sign}{whole}.{part:03}")
        }
        Some(At::Start) => f.write_str(" @ start()"),
        Some(At::End) => f.write_str(" @ end()"),
        None => Ok(()),
    }
}

fn write_offset(f: &mut Formatter<'_>, modifiers: &Modifiers) -> fmt::Result {
    match &modifiers.offset {
        Some(offset) => write!(f, " offset {offset}"),
        None => Ok(()),
    }
}

fn write_extension(f: &mut Formatter<'_>, selector: &Selector) -> fmt::Result {
    match selector.extension {
        Some(extension) => write!(f, " {}", extension.as_str()),
        None => Ok(()),
    }
}

/// Follows the chain of operators in a loop, see `ast/chain.rs`.
fn write_chain(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    for (index, binary) in expr.chain().into_iter().rev().enumerate() {
        if index == 0 {
            write!(f, "{}", binary.left)?;
        }
        write!(f, " {} {}", Operator(binary), binary.right)?;
    }
    Ok(())
}

/// An operator with all that may stand between it and its right operand.
struct Operator<'a>(&'a Binary);

impl Display for Operator<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.op.as_str())?;
        if self.0.returns_bool {
            f.write_str(" bool")?;
        }
        match &self.0.matching {
            Some(matching) => write!(f, "{matching}"),
            None => Ok(()),
        }
    }
}

fn write_fill(f: &mut Formatter<'_>, keyword: &str, value: f64) -> fmt::Result {
    write!(f, " {keyword} ({})", crate::number::format(value))
}
