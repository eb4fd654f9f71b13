//! The printers and the parser agree: what is printed, on one line or on several, parses to the same tree.

use plimsoll_promql::{Expr, Features, ParseError, parse_with, pretty, tree_json};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Expr, ParseError> {
    parse_with(text, &Features::ALL)
}

/// The tree without places, and with the conditions of selectors in the order that they are printed in.
fn tree(expr: &Expr) -> Result<String, ParseError> {
    // What is printed twice has its conditions in order; the first print may have moved them.
    Ok(tree_json(&parse(&expr.to_string())?))
}

fn selector() -> impl Strategy<Value = String> {
    let matcher = prop::sample::select(vec![
        "",
        "{}",
        "{a=\"b\"}",
        "{a!=\"\",b=~\"x|y\"}",
        "{\"my label\"!~\"a.*\"}",
        "{__x__=`\\`}",
    ]);
    let name = prop::sample::select(vec![
        "up",
        "a:b:c",
        "sum",
        "by",
        "offset",
        "start",
        "Inf_total",
        "http_requests_total",
        "and",
    ]);
    prop_oneof![
        (name, matcher).prop_map(|(name, matcher)| format!("{name}{matcher}")),
        Just("{\"my.metric\", a=\"b\"}".to_string()),
        Just("{\"inf\"}".to_string()),
        Just("{__name__=~\"a.+\"}".to_string()),
    ]
}

fn modifier() -> impl Strategy<Value = String> {
    let texts = vec![
        "",
        " offset 5m",
        " offset -1h30m",
        " @ 1.5",
        " @ -10",
        " @ start()",
        " @ end() offset 1d",
        " offset 3.5",
        " @ 1e3",
        " offset (step() * 2)",
        " offset -(1h - range()) @ end()",
        " offset max_of(1m, step())",
        " smoothed",
        " anchored @ 3 offset 1m",
    ];
    prop::sample::select(texts).prop_map(String::from)
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|value| format!("{value}").replace("inf", "Inf")),
        prop::sample::select(vec![
            "1e-300", "0x1F", "1_000", "5m", "1h30m", "-2", ".5", "pi()"
        ])
        .prop_map(String::from),
    ]
}

/// An instant vector.
fn vector() -> impl Strategy<Value = String> {
    let leaf = (selector(), modifier()).prop_map(|(selector, modifier)| selector + &modifier);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "^",
            "atan2",
            "==",
            "!= bool",
            "< bool",
            ">=",
            "and",
            "or",
            "unless",
            "* on (a)",
            "/ ignoring (a, b) group_left (c)",
            "> on () group_right",
            "and ignoring (\"x y\")",
            "</",
            ">/ on (a)",
            "+ fill (0)",
            "/ on (a) group_right () fill_left (-1e6)",
            "* fill_right (NaN) fill_left (Inf)",
        ]);
        let number_operator = prop::sample::select(vec!["+", "-", "*", "^", "== bool", ">"]);
        let aggregate = prop::sample::select(vec![
            "sum",
            "avg by (a, b)",
            "max without ()",
            "topk(3, @)",
            "quantile without (x)(.9, @)",
            "count_values(\"v\", @)",
            "min(@) by (\"a b\")",
        ]);
        let call = prop::sample::select(vec![
            "abs(@)",
            "rate(@[5m:])",
            "rate(@[(5m + 30s):step()])",
            "rate(@[-(1h ^ 2) % range():min_of(1, 2) / 3] offset (1))",
            "rate(m[5m] smoothed)",
            "rate(m[2 * -(3)] anchored offset +step())",
            "info(@, {a=~\"b.*\"})",
            "info(@, {})",
            "@ * step() - start()",
            "count_values(\"\\xff\", @)",
            "max_over_time(@[1h:1m] offset 5m)",
            "round(@, 5)",
            "(@)",
            "-@",
            "+@",
            "label_replace(@, \"a\", \"$1\", \"b\", \"(.*)\")",
            "scalar(@) + (@)",
            "histogram_quantile(0.9, @)",
            "sort_desc(@)",
            "vector(scalar(@))",
            "- - @",
        ]);
        let fill = |form: &str, inner: &str| match form.contains('@') {
            true => form.replace('@', inner),
            false => format!("{form}({inner})"),
        };
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), number_operator, scalar())
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), aggregate).prop_map(move |(inner, form)| fill(form, &inner)),
            (inner, call).prop_map(move |(inner, form)| fill(form, &inner)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_printed_parses_to_the_same_tree(text in vector()) {
        let first = parse(&text);
        // Signs and ranges in front of binary operators may make the text another, invalid one.
        prop_assume!(first.is_ok());
        let first = first.unwrap();
        let printed = first.to_string();
        let again = parse(&printed);
        prop_assert!(again.is_ok(), "{} printed as {}: {:?}", text, printed, again);
        let again = again.unwrap();
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(tree_json(&again), tree(&first).unwrap());
        let lines = pretty(&first);
        let of_lines = parse(&lines);
        prop_assert!(of_lines.is_ok(), "{} printed as {}: {:?}", text, lines, of_lines);
        let of_lines = of_lines.unwrap();
        prop_assert_eq!(pretty(&of_lines), lines);
        prop_assert_eq!(tree_json(&of_lines), tree_json(&again));
    }

    #[test]
    fn any_text_gives_an_answer(text in "[a-z0-9_:.(){}\\[\\],=!~<>+*/%^@\"'`# -]{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.span().start <= text.len());
            prop_assert!(!error.render().is_empty());
        }
    }
}
