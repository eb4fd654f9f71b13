//! The printer and the parser agree: what is printed parses to what prints the same.

use plimsoll_promql::parse;
use proptest::prelude::*;

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
    fn printing_is_a_fixpoint(text in vector()) {
        let first = parse(&text);
        // Signs and ranges in front of binary operators may make the text another, invalid one.
        prop_assume!(first.is_ok());
        let printed = first.unwrap().to_string();
        let again = parse(&printed);
        prop_assert!(again.is_ok(), "{} printed as {}: {:?}", text, printed, again);
        prop_assert_eq!(again.unwrap().to_string(), printed);
    }

    #[test]
    fn any_text_gives_an_answer(text in "[a-z0-9_:.(){}\\[\\],=!~<>+*/%^@\"'`# -]{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.span().start <= text.len());
            prop_assert!(!error.render().is_empty());
        }
    }
}
