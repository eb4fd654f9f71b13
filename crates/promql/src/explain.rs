//! What a query is made of: its operators as a tree, with what each one costs when it was measured.

use std::fmt::{self, Display, Formatter, Write};
use std::time::Duration;

use plimsoll_types::ByteCount;

use crate::ast::{Aggregate, Binary, Cardinality, Expr, ExprKind, Length, Matching, ValueType};
use crate::span::Position;

/// One operator of a plan and those it reads from. Displays as an indented tree.
///
/// ```text
/// sum by (job)                      series 2  samples 122  time 310us
///   rate                            series 40  samples 2440  time 1.2ms
///     requests_total{env="p"}[5m]   series 40  time 5.1ms  read 40 series, 9640 samples
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanNode {
    /// What it does, close to how it is written: `sum by (job)`, `rate`, `up{job="a"}[5m]`.
    pub operator: String,
    /// What the planner did with it, such as evaluating it once for all steps; empty when nothing.
    pub notes: Vec<String>,
    /// Where it is written.
    pub position: Option<Position>,
    /// At how many steps it is evaluated.
    pub steps: usize,
    /// How many series it gives; of a plan that did not run, what its selector finds.
    pub series: Option<u64>,
    /// What it cost; `None` when the plan did not run.
    pub cost: Option<Cost>,
    /// What it reads from, in the order in which that is written.
    pub children: Vec<PlanNode>,
}

/// What an operator cost, without those it reads from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Samples that it gave.
    pub samples: u64,
    /// Time spent in it.
    pub time: Duration,
    /// The most bytes that it held at the same time.
    pub bytes_peak: u64,
    /// Series that it read from the store.
    pub series_read: u64,
    /// Samples that it read from the store.
    pub samples_read: u64,
    /// Blocks of the store that it decoded.
    pub blocks_read: u64,
    /// Blocks of the same series that lie beside the range and were not looked at.
    pub blocks_skipped: u64,
}

impl PlanNode {
    /// Walks the tree from the top, each node before those it reads from, with its distance from the top.
    pub fn walk(&self) -> impl Iterator<Item = (usize, &PlanNode)> {
        let mut open = vec![(0, self)];
        std::iter::from_fn(move || {
            let (depth, node) = open.pop()?;
            open.extend(node.children.iter().rev().map(|child| (depth + 1, child)));
            Some((depth, node))
        })
    }

    fn line(&self) -> String {
        let mut line = String::new();
        let mut add = |part: fmt::Arguments<'_>| {
            let gap = if line.is_empty() { "" } else { "  " };
            write!(line, "{gap}{part}").expect("a String takes all");
        };
        if let Some(series) = self.series {
            add(format_args!("series {series}"));
        }
        if let Some(cost) = &self.cost {
            if cost.samples > 0 {
                add(format_args!("samples {}", cost.samples));
            }
            add(format_args!("time {:.1?}", cost.time));
            if cost.bytes_peak > 0 {
                add(format_args!("held {}", ByteCount(cost.bytes_peak)));
            }
            if cost.series_read > 0 {
                let Cost {
                    series_read,
                    samples_read,
                    ..
                } = cost;
                add(format_args!(
                    "read {series_read} series, {samples_read} samples"
                ));
            }
            if cost.blocks_read + cost.blocks_skipped > 0 {
                let (read, skipped) = (cost.blocks_read, cost.blocks_skipped);
                add(format_args!("blocks {read} read, {skipped} skipped"));
            }
        }
        for note in &self.notes {
            add(format_args!("({note})"));
        }
        line
    }
}

impl Display for PlanNode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        /// A longer operator does not push the columns of all others away.
        const WIDTH_MAX: usize = 60;
        let width = |(depth, node): (usize, &Self)| 2 * depth + node.operator.chars().count();
        let widest = self.walk().map(width).filter(|width| *width <= WIDTH_MAX);
        let widest = widest.max().unwrap_or(0);
        for (depth, node) in self.walk() {
            let (indent, operator, line) = (2 * depth, &node.operator, node.line());
            let width = widest.saturating_sub(indent);
            let text = format!("{:indent$}{operator:width$}  {line}", "");
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// Names what an expression does without its inputs, which are operators of their own.
pub(crate) fn operator(expr: &Expr) -> String {
    let text = match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Bytes(_)
        | ExprKind::Selector(_)
        | ExprKind::Matrix(..) => expr.to_string(),
        ExprKind::Paren(inner) | ExprKind::Plus(inner) => return operator(inner),
        ExprKind::Negate(_) => "-".into(),
        ExprKind::Subquery(subquery) => {
            let step = subquery
                .step
                .as_ref()
                .map_or(String::new(), Length::to_string);
            format!("subquery [{}:{step}]", subquery.range)
        }
        ExprKind::Binary(binary) => binary_operator(binary),
        ExprKind::Aggregate(aggregate) => aggregation(aggregate),
        ExprKind::Call(call) => {
            let shown =
                |arg: &&Expr| matches!(arg.value_type(), ValueType::Scalar | ValueType::String);
            let literals = call.args.iter().filter(shown).map(Expr::to_string);
            match literals.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => call.function.name.into(),
                some => format!("{}(..., {some})", call.function.name),
            }
        }
    };
    shortened(text)
}

fn binary_operator(binary: &Binary) -> String {
    let mut text = binary.op.as_str().to_string();
    if binary.returns_bool {
        text.push_str(" bool");
    }
    if let Some(matching) = &binary.matching {
        text.push_str(&match_clause(matching));
    }
    text
}

fn match_clause(matching: &Matching) -> String {
    let list = |keyword: &str, labels: &[String]| format!(" {keyword} ({})", labels.join(", "));
    let mut text = String::new();
    if matching.on || !matching.labels.is_empty() {
        let keyword = if matching.on { "on" } else { "ignoring" };
        text.push_str(&list(keyword, &matching.labels));
    }
    match matching.cardinality {
        Cardinality::ManyToOne => text.push_str(&list("group_left", &matching.include)),
        Cardinality::OneToMany => text.push_str(&list("group_right", &matching.include)),
        Cardinality::OneToOne | Cardinality::ManyToMany => {}
    }
    let fills = [
        ("fill_left", matching.fill_left),
        ("fill_right", matching.fill_right),
    ];
    for (keyword, value) in fills {
        if let Some(value) = value {
            text.push_str(&format!(" {keyword} ({value})"));
        }
    }
    text
}

fn aggregation(aggregate: &Aggregate) -> String {
    let mut text = aggregate.op.as_str().to_string();
    if let Some(parameter) = &aggregate.parameter {
        text.push_str(&format!("({parameter})"));
    }
    if aggregate.without || !aggregate.grouping.is_empty() {
        let keyword = if aggregate.without { "without" } else { "by" };
        text.push_str(&format!(" {keyword} ({})", aggregate.grouping.join(", ")));
    }
    text
}

/// A selector of a thousand matchers is known by its beginning.
fn shortened(mut text: String) -> String {
    const CHARS_MAX: usize = 200;
    if let Some((end, _)) = text.char_indices().nth(CHARS_MAX) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_a_tree() {
        let leaf = PlanNode {
            operator: "x[5m]".into(),
            series: Some(3),
            cost: Some(Cost {
                time: Duration::from_micros(1500),
                series_read: 3,
                samples_read: 30,
                ..Cost::default()
            }),
            ..PlanNode::default()
        };
        let rate = PlanNode {
            operator: "rate".into(),
            notes: vec!["once for 3 steps".into()],
            children: vec![leaf],
            ..PlanNode::default()
        };
        assert_eq!(
            rate.to_string(),
            "rate     (once for 3 steps)\n  x[5m]  series 3  time 1.5ms  read 3 series, 30 samples\n"
        );
    }
}
