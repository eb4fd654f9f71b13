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
    assert_eq!(expr.to_string(), chain);
    assert_eq!(expr.clone().to_string(), chain);
    assert!(format!("{expr:?}").contains(&chain[..chain.len() - 5]));
}
