//! Where a part of an expression stands in the file, also when the expression is a block of lines.
//!
//! The place of a block (`expr: |`) begins at the first character of its first line, so its first line has no indent and
//! the others have.

use plimsoll_promql::Span as Part;
use plimsoll_runtime::config::{Source, Span};

use crate::model::Rule;

/// Returns the place of a part: the very bytes when the text stands in the file as it was parsed, on one line or on
/// several; otherwise, because of folding or escapes, the whole expression.
pub(super) fn span(source: &Source, rule: &Rule, part: Part) -> Span {
    let exact = rule.span_in_expr(source, part);
    let whole = rule.spans.expr.whole;
    if exact != whole {
        return exact;
    }
    let text = &*rule.spans.expr.text;
    let written = source.text().get(whole.start as usize..whole.end as usize);
    let found = written.and_then(|written| in_block(written, text, part.start));
    let length = text
        .get(part.start..part.end)
        .and_then(|part| part.lines().next());
    match (found, length) {
        (Some(at), Some(line)) => {
            let start = whole.start + at as u32;
            Span {
                start,
                end: start + line.len() as u32,
            }
        }
        _ => whole,
    }
}

/// Finds byte `at` of a text in the lines that it was written as, each behind the same indent but the first.
fn in_block(written: &str, text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let number = before.matches('\n').count();
    let line = text[line_start..].lines().next()?;
    let mut offset = 0;
    for (index, have) in written.split_inclusive('\n').enumerate() {
        if index == number {
            let indent = have.trim_end_matches(['\n', '\r']).strip_suffix(line)?;
            let is_indent = indent.chars().all(|character| character == ' ');
            return is_indent.then_some(offset + indent.len() + (at - line_start));
        }
        offset += have.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use plimsoll_promql::Features;

    use super::*;

    fn place(expr: &str, wanted: &str) -> String {
        let text =
            format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n    for: 5m\n");
        let source = Source::new("rules.yml".as_ref(), &text).unwrap();
        let file = crate::check(&source, &Features::default()).unwrap();
        let rule = &file.groups[0].rules[0];
        let start = rule.spans.expr.text.find(wanted).unwrap();
        let span = span(&file.source, rule, Part::new(start, start + wanted.len()));
        let shown = source.warning(span, "");
        format!("{}:{}+{}", shown.line, shown.column, shown.length)
    }

    #[test]
    fn a_part_of_an_expression_is_found_however_it_is_written() {
        assert_eq!(place("up > 1", "> 1"), "5:14+3");
        assert_eq!(place("'up > 1'", "> 1"), "5:15+3");
        assert_eq!(place("\"up > 1\\t\"", "> 1"), "5:11+10");
        assert_eq!(place("|\n      up\n      > 1", "> 1"), "7:7+3");
        assert_eq!(place("|-\n      up\n\n        > 1", "> 1"), "8:9+3");
        assert_eq!(place("|\n      up > 1", "> 1"), "6:10+3");
        assert_eq!(place("|\n      up > 1", "up > 1"), "6:7+6");
        assert_eq!(place(">-\n      up\n      > 1", "> 1"), "6:7+2");
    }
}
