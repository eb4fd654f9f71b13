//! The tree back to text, in the one form that `promql format` will show: parsing it gives the same tree.

use std::fmt::{self, Display, Formatter, Write};

use plimsoll_types::{METRIC_NAME, MatchOp, format_duration, is_legacy_label_name};

use crate::ast::{
    Aggregate, At, Binary, Cardinality, Expr, ExprKind, Matching, Modifiers, Number, Selector,
};
use crate::number::Quoted;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => write_number(f, *number),
            ExprKind::String(text) => write!(f, "{}", Quoted(text)),
            ExprKind::Selector(selector) => {
                write_selector(f, selector)?;
                write_modifiers(f, selector.modifiers)
            }
            ExprKind::Matrix(selector, range) => {
                write_selector(f, selector)?;
                write!(f, "[{}]", Millis(*range))?;
                write_modifiers(f, selector.modifiers)
            }
            ExprKind::Subquery(subquery) => {
                write!(f, "{}[{}:", subquery.expr, Millis(subquery.range))?;
                if let Some(step) = subquery.step {
                    write!(f, "{}", Millis(step))?;
                }
                f.write_char(']')?;
                write_modifiers(f, subquery.modifiers)
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Negate(inner) => write!(f, "-{inner}"),
            ExprKind::Binary(binary) => write_binary(f, binary),
            ExprKind::Aggregate(aggregate) => write_aggregate(f, aggregate),
            ExprKind::Call(call) => {
                f.write_str(call.function.name)?;
                write_list(f, "(", &call.args)
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

fn write_number(f: &mut Formatter<'_>, number: Number) -> fmt::Result {
    if !number.is_duration {
        return f.write_str(&crate::number::format_plain(number.value));
    }
    write!(f, "{}", Millis((number.value * 1000.0).round() as i64))
}

fn write_list(f: &mut Formatter<'_>, open: &str, items: &[impl Display]) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    f.write_char(')')
}

fn write_labels(f: &mut Formatter<'_>, keyword: &str, labels: &[String]) -> fmt::Result {
    let names: Vec<_> = labels.iter().map(|label| Name(label)).collect();
    write_list(f, &format!("{keyword} ("), &names)
}

/// The metric name comes first, bare when it can be, else as the first thing inside the braces.
fn write_selector(f: &mut Formatter<'_>, selector: &Selector) -> fmt::Result {
    let mut first = true;
    let mut separate = |f: &mut Formatter<'_>| {
        let open = if std::mem::take(&mut first) {
            "{"
        } else {
            ", "
        };
        f.write_str(open)
    };
    let mut closes = false;
    let name = selector.name.as_deref();
    match name {
        Some(name) if is_bare_name(name) => f.write_str(name)?,
        Some(name) => {
            separate(f)?;
            write!(f, "{}", Quoted(name))?;
            closes = true;
        }
        None => {}
    }
    // The name's own condition is the last one, see the parser.
    let count = selector.matchers.len() - usize::from(name.is_some());
    for matcher in &selector.matchers[..count] {
        separate(f)?;
        let (label, value) = (Name(matcher.name()), Quoted(matcher.value()));
        write!(f, "{label}{}{value}", matcher.op().as_str())?;
        closes = true;
    }
    debug_assert!(
        name.is_none() || {
            let last = &selector.matchers[count];
            last.name() == METRIC_NAME && last.op() == MatchOp::Equal
        }
    );
    f.write_str(if closes { "}" } else { "" })
}

/// Says whether a metric name can stand without quotes: words that begin something else cannot.
fn is_bare_name(name: &str) -> bool {
    const TAKEN: [&str; 7] = [
        "inf",
        "nan",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
    ];
    let lower = name.to_ascii_lowercase();
    plimsoll_types::is_legacy_metric_name(name) && !TAKEN.contains(&lower.as_str())
        // Inside the range of a subquery a leading colon would be read as the separator.
        && !name.starts_with(':')
}

fn write_modifiers(f: &mut Formatter<'_>, modifiers: Modifiers) -> fmt::Result {
    match modifiers.at {
        Some(At::Time(time)) => {
            let millis = time.millis();
            let sign = if millis < 0 { "-" } else { "" };
            let (whole, part) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
            write!(f, " @ {sign}{whole}.{part:03}")?;
        }
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
        None => {}
    }
    match modifiers.offset {
        Some(offset) => write!(f, " offset {}", Millis(offset)),
        None => Ok(()),
    }
}

fn write_binary(f: &mut Formatter<'_>, binary: &Binary) -> fmt::Result {
    write!(f, "{} {}", binary.left, binary.op.as_str())?;
    if binary.returns_bool {
        f.write_str(" bool")?;
    }
    if let Some(matching) = &binary.matching {
        write_matching(f, matching)?;
    }
    write!(f, " {}", binary.right)
}

fn write_matching(f: &mut Formatter<'_>, matching: &Matching) -> fmt::Result {
    let group = match matching.cardinality {
        Cardinality::ManyToOne => Some(" group_left"),
        Cardinality::OneToMany => Some(" group_right"),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if matching.on || !matching.labels.is_empty() || group.is_some() {
        let keyword = if matching.on { " on" } else { " ignoring" };
        write_labels(f, keyword, &matching.labels)?;
    }
    match group {
        Some(keyword) => write_labels(f, keyword, &matching.include),
        None => Ok(()),
    }
}

fn write_aggregate(f: &mut Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    f.write_str(aggregate.op.as_str())?;
    if aggregate.without {
        write_labels(f, " without", &aggregate.grouping)?;
        f.write_char(' ')?;
    } else if !aggregate.grouping.is_empty() {
        write_labels(f, " by", &aggregate.grouping)?;
        f.write_char(' ')?;
    }
    let args: Vec<&Expr> = aggregate
        .parameter
        .iter()
        .map(|parameter| &**parameter)
        .chain([&*aggregate.expr])
        .collect();
    write_list(f, "(", &args)
}
