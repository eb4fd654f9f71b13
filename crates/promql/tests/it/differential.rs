//! Our parser against the crate promql-parser: whatever it accepts, we accept, but for listed reasons.

use plimsoll_promql::parse;

use crate::promqltest;

/// Texts inside an expression for which the two may differ, and why.
const REASONS: &[(&str, &str)] = &[
    ("anchored", "extended range selectors are experimental"),
    ("smoothed", "extended range selectors are experimental"),
    ("fill", "fill modifiers are experimental"),
    ("limitk", "experimental aggregation"),
    ("limit_ratio", "experimental aggregation"),
    ("double_exponential_smoothing", "experimental function"),
    ("holt_winters", "renamed in Prometheus 3"),
    ("histogram_quantiles", "experimental function"),
    ("histogram_std", "native histograms only"),
    ("info(", "experimental function"),
    ("mad_over_time", "experimental function"),
    ("ts_of_", "experimental function"),
    ("max_of(", "experimental function"),
    ("min_of(", "experimental function"),
    ("start_timestamp(", "experimental function"),
    ("step()", "experimental function"),
    ("range()", "experimental function"),
    ("start()", "experimental as a function"),
    ("end()", "experimental as a function"),
    ("\\xc5", "strings are UTF-8 here"),
];

/// Texts for which the trees of promql-parser differ although they mean the same, and why.
const SAME_MEANING: &[(&str, &str)] = &[
    (
        "{\"foo\"",
        "their tree keeps whether the name was written before the braces",
    ),
    (
        "by ()",
        "an empty `by` is not printed, and their tree keeps that it was there",
    ),
];

/// Expressions beside those of the scripts, so that the comparison runs without them, too.
const COLLECTED: &[&str] = &[
    "1",
    "+Inf",
    "-.5",
    "0x1f",
    "1 + 2 / (3 * 1)",
    "1 < bool 2 - 1 * 2",
    "foo * bar",
    "foo == 1",
    "foo unless bar and baz or qux",
    "foo * on(test,blub) group_left(bar) bar",
    "foo / ignoring(test) group_right(bar) bar",
    "foo offset 5m",
    "foo offset -7m",
    "foo @ 1603774568",
    "foo @ start()",
    "foo:bar{a=\"bc\"}",
    "foo{NaN='bc'}",
    "foo{a=\"b\", foo!=\"bar\", test=~\"t\"}",
    "{\"foo\"}",
    "{\"foo\", a=\"b\",}",
    "test[5m] @ 1603774699",
    "test[5h] OFFSET 5m",
    "sum by (foo)(some_metric)",
    "avg by (foo)(m)",
    "sum(m) without (\"foo bar\")",
    "sum without(and, by, avg, count, alert, annotations)(m)",
    "topk(5, m)",
    "sum by ()(m)",
    "floor(m{foo!=\"bar\"})",
    "rate(m[5m])",
    "round(m, 5)",
    "time()",
    "sum(sum)",
    "a + sum",
    "foo{bar=\"baz\"}[10m:6s]",
    "foo[10m:]",
    "min_over_time(rate(foo[2s])[5m:5s])[4m:3s]",
    "(foo + bar{nm=\"val\"})[5m:] @ 1603775019",
    "-some_metric",
    "-1^2",
    "2^3^2",
    "a and on() b",
    "foo and ignoring(a) bar",
    "count_values(\"v\", m)",
    "label_join(m, \"a\", \",\", \"b\")",
    "'s'",
    "foo atan2 bar",
    "foo > bool 1",
    "absent(x{a=\"b\"})",
    "# c\nfoo",
    "m{le=\"+Inf\"}",
    "m[1h30m]",
];

fn expressions() -> Vec<String> {
    let collected = COLLECTED.iter().map(|text| text.to_string());
    let texts = promqltest::texts();
    let evals = texts.iter().flat_map(|(_, text)| promqltest::queries(text));
    collected.chain(evals).collect()
}

fn excused(text: &str) -> bool {
    REASONS.iter().any(|(part, _)| text.contains(part))
}

#[test]
fn accepts_what_promql_parser_accepts() {
    let expressions = expressions();
    let refused: Vec<String> = expressions
        .iter()
        .filter(|text| promql_parser::parser::parse(text).is_ok() && !excused(text))
        .filter_map(|text| parse(text).err().map(|error| format!("{text}: {error}")))
        .collect();
    assert!(
        refused.is_empty(),
        "of {}:\n{}",
        expressions.len(),
        refused.join("\n")
    );
}

#[test]
fn agrees_on_how_operators_group() {
    // Both print the tree again; what they make of the print of the other must be the same.
    let differ: Vec<String> = expressions()
        .iter()
        .filter(|text| !excused(text) && !SAME_MEANING.iter().any(|(part, _)| text.contains(part)))
        .filter_map(|text| {
            let theirs = promql_parser::parser::parse(text).ok()?;
            let ours = parse(text).ok()?;
            let of_print = promql_parser::parser::parse(&ours.to_string());
            let same = of_print.as_ref().is_ok_and(|of_print| *of_print == theirs);
            (!same).then(|| format!("{text} prints as {ours}: {theirs:?} but {of_print:?}"))
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn refuses_wrong_mutations_together() {
    // Dropping any one character of a good expression: where both fail or both succeed all is well; where only ours
    // fails, theirs must be excused.
    let mut refused = Vec::new();
    for text in COLLECTED {
        for at in text.char_indices().map(|(at, _)| at) {
            let mut mutated = text.to_string();
            mutated.remove(at);
            if excused(&mutated) || promql_parser::parser::parse(&mutated).is_err() {
                continue;
            }
            if let Err(error) = parse(&mutated) {
                refused.push(format!("{mutated}: {error}"));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
