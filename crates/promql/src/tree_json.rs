//! The tree as JSON, in the shape of Prometheus' `/api/v1/parse_query`.
//!
//! Each node is an object whose `type` tells its kind; what a node does not have is `null`. Keys are in order of names,
//! as Prometheus writes them.

mod duration;

use std::fmt::{self, Display, Formatter, Write};

use crate::ast::{
    Aggregate, At, Binary, Call, Cardinality, Expr, ExprKind, Extension, Length, Matching,
    Modifiers, Selector, Subquery, ValueType,
};
use crate::functions::Function;
use crate::number::format_plain;

use duration::{MillisOf, TreeOf};

/// Writes the tree as JSON, as `/api/v1/parse_query` answers it inside of `data`.
///
/// ```
/// let expr = plimsoll_promql::parse("-1h").unwrap();
/// assert_eq!(plimsoll_promql::tree_json(&expr), r#"{"type":"numberLiteral","val":"-3600"}"#);
/// ```
pub fn tree_json(expr: &Expr) -> String {
    Tree(expr).to_string()
}

struct Tree<'a>(&'a Expr);

impl Display for Tree<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExprKind::Number(number) => {
                let value = format_plain(number.value);
                write!(f, r#"{{"type":"numberLiteral","val":"{value}"}}"#)
            }
            ExprKind::String(text) => write_string(f, text),
            ExprKind::Bytes(bytes) => write_string(f, &String::from_utf8_lossy(bytes)),
            ExprKind::Selector(selector) => write_selector(f, selector, None),
            ExprKind::Matrix(selector, range) => write_selector(f, selector, Some(range)),
            ExprKind::Subquery(subquery) => write_subquery(f, subquery),
            ExprKind::Paren(inner) => {
                write!(f, r#"{{"expr":{},"type":"parenExpr"}}"#, Tree(inner))
            }
            ExprKind::Negate(inner) => write_unary(f, '-', inner),
            ExprKind::Plus(inner) => write_unary(f, '+', inner),
            ExprKind::Binary(_) => write_chain(f, self.0),
            ExprKind::Aggregate(aggregate) => write_aggregate(f, aggregate),
            ExprKind::Call(call) => write_call(f, call),
        }
    }
}

fn write_string(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, r#"{{"type":"stringLiteral","val":{}}}"#, Text(text))
}

fn write_unary(f: &mut Formatter<'_>, op: char, inner: &Expr) -> fmt::Result {
    let inner = Tree(inner);
    write!(f, r#"{{"expr":{inner},"op":"{op}","type":"unaryExpr"}}"#)
}

/// Writes an instant vector selector, or a range vector selector when it has a range.
fn write_selector(
    f: &mut Formatter<'_>,
    selector: &Selector,
    range: Option<&Length>,
) -> fmt::Result {
    let is = |extension| selector.extension == Some(extension);
    write!(
        f,
        r#"{{"anchored":{},"matchers":["#,
        is(Extension::Anchored)
    )?;
    for (index, matcher) in selector.matchers.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let (name, op) = (Text(matcher.name()), matcher.op().as_str());
        let value = Text(matcher.value());
        write!(
            f,
            r#"{separator}{{"name":{name},"type":"{op}","value":{value}}}"#
        )?;
    }
    let name = Text(selector.name.as_deref().unwrap_or_default());
    write!(f, r#"],"name":{name},"#)?;
    write_offset(f, &selector.modifiers)?;
    if let Some(range) = range {
        let (millis, tree) = (MillisOf(Some(range)), TreeOf(Some(range)));
        write!(f, r#""range":{millis},"rangeExpr":{tree},"#)?;
    }
    write!(f, r#""smoothed":{},"#, is(Extension::Smoothed))?;
    write_at(f, &selector.modifiers, "")?;
    let kind = if range.is_some() { "matrix" } else { "vector" };
    write!(f, r#","type":"{kind}Selector"}}"#)
}

fn write_subquery(f: &mut Formatter<'_>, subquery: &Subquery) -> fmt::Result {
    write!(f, r#"{{"expr":{},"#, Tree(&subquery.expr))?;
    write_offset(f, &subquery.modifiers)?;
    let range = Some(&subquery.range);
    let (millis, tree) = (MillisOf(range), TreeOf(range));
    write!(f, r#""range":{millis},"rangeExpr":{tree},"#)?;
    let step = subquery.step.as_ref();
    let step = format!(r#""step":{},"stepExpr":{},"#, MillisOf(step), TreeOf(step));
    write_at(f, &subquery.modifiers, &step)?;
    f.write_str(r#","type":"subquery"}"#)
}

fn write_offset(f: &mut Formatter<'_>, modifiers: &Modifiers) -> fmt::Result {
    let offset = modifiers.offset.as_ref();
    let (millis, tree) = (MillisOf(offset), TreeOf(offset));
    write!(f, r#""offset":{millis},"offsetExpr":{tree},"#)
}

/// Writes `startOrEnd` and `timestamp`, and what stands between them in the order of names.
fn write_at(f: &mut Formatter<'_>, modifiers: &Modifiers, between: &str) -> fmt::Result {
    let (word, time) = match modifiers.at {
        Some(At::Start) => (r#""start""#, None),
        Some(At::End) => (r#""end""#, None),
        Some(At::Time(time)) => ("null", Some(time.millis())),
        None => ("null", None),
    };
    let time = time.map_or("null".into(), |millis| millis.to_string());
    write!(f, r#""startOrEnd":{word},{between}"timestamp":{time}"#)
}

/// Follows the chain of operators in a loop, see `ast/chain.rs`.
fn write_chain(f: &mut Formatter<'_>, expr: &Expr) -> fmt::Result {
    let chain = expr.chain();
    for binary in &chain {
        write!(f, r#"{{"bool":{},"lhs":"#, binary.returns_bool)?;
    }
    if let Some(first) = chain.last() {
        write!(f, "{}", Tree(&first.left))?;
    }
    for binary in chain.into_iter().rev() {
        write_right(f, binary)?;
    }
    Ok(())
}

fn write_right(f: &mut Formatter<'_>, binary: &Binary) -> fmt::Result {
    f.write_str(r#","matching":"#)?;
    match &binary.matching {
        Some(matching) => write_matching(f, matching)?,
        None => f.write_str("null")?,
    }
    let (op, right) = (binary.op.as_str(), Tree(&binary.right));
    write!(f, r#","op":"{op}","rhs":{right},"type":"binaryExpr"}}"#)
}

fn write_matching(f: &mut Formatter<'_>, matching: &Matching) -> fmt::Result {
    let cardinality = match matching.cardinality {
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    write!(
        f,
        r#"{{"card":"{cardinality}","fillValues":{{"lhs":{},"rhs":{}}},"include":{},"labels":{},"on":{}}}"#,
        Fill(matching.fill_left),
        Fill(matching.fill_right),
        Names(&matching.include),
        Names(&matching.labels),
        matching.on
    )
}

fn write_aggregate(f: &mut Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    let (expr, grouping) = (Tree(&aggregate.expr), Names(&aggregate.grouping));
    let op = aggregate.op.as_str();
    write!(
        f,
        r#"{{"expr":{expr},"grouping":{grouping},"op":"{op}","param":"#
    )?;
    match &aggregate.parameter {
        Some(parameter) => write!(f, "{}", Tree(parameter))?,
        None => f.write_str("null")?,
    }
    write!(
        f,
        r#","type":"aggregation","without":{}}}"#,
        aggregate.without
    )
}

fn write_call(f: &mut Formatter<'_>, call: &Call) -> fmt::Result {
    f.write_str(r#"{"args":["#)?;
    for (index, arg) in call.args.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        write!(f, "{separator}{}", Tree(arg))?;
    }
    f.write_str(r#"],"func":"#)?;
    write_function(f, call.function)?;
    f.write_str(r#","type":"call"}"#)
}

fn write_function(f: &mut Formatter<'_>, function: &Function) -> fmt::Result {
    let types = function.arguments.iter().map(|kind| short_name(*kind));
    let types: Vec<String> = types.map(String::from).collect();
    let least = function.arguments.len().saturating_sub(1);
    // How many arguments there may be beyond those that must be there; -1 for any number.
    let variadic = match function.arity() {
        (_, None) => "-1".into(),
        (required, Some(most)) if required == most => "0".into(),
        (_, Some(most)) => (most - least).to_string(),
    };
    let (types, returns) = (Names(&types), short_name(function.returns));
    let name = function.name;
    write!(
        f,
        r#"{{"argTypes":{types},"name":"{name}","returnType":"{returns}","variadic":{variadic}}}"#
    )
}

fn short_name(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Scalar => "scalar",
        ValueType::String => "string",
        ValueType::Vector => "vector",
        ValueType::Matrix => "matrix",
    }
}

/// A list of strings.
struct Names<'a>(&'a [String]);

impl Display for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, name) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "," }, Text(name))?;
        }
        f.write_char(']')
    }
}

/// A number; JSON has no infinity and no NaN.
struct Fill(Option<f64>);

impl Display for Fill {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.filter(|value| value.is_finite()) {
            Some(value) => write!(f, "{value}"),
            None => f.write_str("null"),
        }
    }
}

/// A string.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(c))?,
                _ => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Features, parse_with};

    fn check(text: &str, expected: &str) {
        let expr = parse_with(text, &Features::ALL).unwrap();
        assert_eq!(tree_json(&expr), expected, "{text}");
    }

    #[test]
    fn selectors_and_lengths() {
        check(
            "a{b!~\"\\n\"} anchored offset -(step())",
            concat!(
                r#"{"anchored":true,"matchers":[{"name":"b","type":"!~","value":"\u000a"},"#,
                r#"{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"offsetExpr":"#,
                r#"{"lhs":null,"op":"-","rhs":{"lhs":null,"op":"step","rhs":null,"type":"durationExpr","#,
                r#""wrapped":true},"type":"durationExpr","wrapped":false},"smoothed":false,"#,
                r#""startOrEnd":null,"timestamp":null,"type":"vectorSelector"}"#,
            ),
        );
    }

    #[test]
    fn operators_and_calls() {
        check(
            "1 + time() + 2",
            concat!(
                r#"{"bool":false,"lhs":{"bool":false,"lhs":{"type":"numberLiteral","val":"1"},"#,
                r#""matching":null,"op":"+","rhs":{"args":[],"func":{"argTypes":[],"name":"time","#,
                r#""returnType":"scalar","variadic":0},"type":"call"},"type":"binaryExpr"},"matching":null,"#,
                r#""op":"+","rhs":{"type":"numberLiteral","val":"2"},"type":"binaryExpr"}"#,
            ),
        );
    }
}
