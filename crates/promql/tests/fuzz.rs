//! Hostile text: the parser answers, never panics, never overflows the stack; what it accepts it can print and read.

use plimsoll_promql::parse;

#[test]
fn parser() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        match parse(&text) {
            Ok(expr) => {
                let printed = expr.to_string();
                let again = parse(&printed).expect("what is printed can be read");
                assert_eq!(again.to_string(), printed);
            }
            Err(error) => assert!(!error.render().is_empty()),
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
        format!("{}1", "1+".repeat(count)),
        format!("{}a", "a or ".repeat(count / 10)),
        format!("{}1{}", "(".repeat(count), ")".repeat(count)),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.to_string().contains("nested deeper than"), "{error}");
    }
}

#[test]
fn the_deepest_allowed_tree_can_be_walked() {
    let text = format!("{}a{}", "abs(".repeat(98), ")".repeat(98));
    let expr = parse(&text).expect("it is not deeper than the limit");
    assert_eq!(expr.to_string(), text);
    let chain = format!("a{}", " or a".repeat(199));
    let expr = parse(&chain).expect("it is not higher than the limit");
    assert_eq!(expr.to_string(), chain);
}
