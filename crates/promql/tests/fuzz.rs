//! Hostile text: the parser answers, never panics, never overflows the stack; what it accepts it can print and read.

use plimsoll_promql::{
    Features, SeriesPoint, histogram_notation, parse, parse_metric, parse_points, parse_series,
    parse_with, pretty, tree_json,
};

#[test]
fn parser() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        match parse_with(&text, &Features::ALL) {
            Ok(expr) => {
                let printed = expr.to_string();
                let again =
                    parse_with(&printed, &Features::ALL).expect("what is printed can be read");
                assert_eq!(again.to_string(), printed);
                assert_eq!(pretty(&again), pretty(&expr));
                assert!(!tree_json(&expr).is_empty());
            }
            Err(error) => {
                assert!(error.span().start <= error.span().end);
                assert!(!error.render().is_empty());
                assert!(parse(&text).is_err(), "fewer features accept less");
            }
        }
    });
}

#[test]
fn series_notation() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        for error in [
            parse_series(&text).err(),
            parse_metric(&text).err(),
            parse_points(&text).err(),
        ]
        .into_iter()
        .flatten()
        {
            assert!(error.span().start <= error.span().end && error.span().end <= text.len());
            assert!(!error.render().is_empty());
        }
        for point in parse_points(&text).into_iter().flatten().flatten() {
            if let SeriesPoint::Histogram { value, .. } = point {
                let written = histogram_notation(&value);
                let read = parse_points(&written).expect("what is written can be read");
                assert_eq!(read.len(), 1, "{written}");
            }
        }
    });
}

#[test]
fn deep_nesting_is_refused_with_its_limit() {
    let count = 100_000;
    for text in [
        "(".repeat(count),
        "-".repeat(count),
        "sum(".repeat(count),
        format!("{}1", "1^".repeat(count)),
        format!("{}1{}", "(".repeat(count), ")".repeat(count)),
        format!("a[{}1", "(".repeat(count)),
        format!("a[{}1", "-".repeat(count)),
        format!("a[1{}]", "+1".repeat(count)),
        format!("a[{}1", "1^".repeat(count)),
        format!("a[{}1", "max_of(1,".repeat(count)),
        format!("a offset {}1", "-".repeat(count)),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.to_string().contains("nested deeper than"), "{error}");
    }
}

#[test]
fn long_chains_are_refused_with_their_limit() {
    for text in [
        format!("{}1", "1+".repeat(100_000)),
        format!("{}a", "a or ".repeat(100_000)),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            error.to_string().contains("more than 20000 operators"),
            "{error}"
        );
    }
}

#[test]
fn the_deepest_allowed_tree_can_be_walked() {
    let text = format!("{}a{}", "abs(".repeat(98), ")".repeat(98));
    let expr = parse(&text).expect("it is not deeper than the limit");
    assert_eq!(expr.to_string(), text);
}

#[test]
fn the_longest_allowed_chain_can_be_walked() {
    let chain = format!("a{}", " or a".repeat(19_999));
    let expr = parse(&chain).expect("it is not longer than the limit");
    assert_eq!(expr.chain().len(), 19_999);
    assert!(format!("{expr:?}").contains(&chain[..chain.len() - 5]));
    let copy = expr.clone();
    assert_eq!(expr.to_string(), chain);
    drop(expr);
    assert_eq!(copy.to_string(), chain);
}
