//! What the parser refuses, where it points, and what it makes of what it accepts.

use super::parse;

#[test]
fn groups_by_precedence() {
    // Parentheses stay, so a tree is shown by where they may be added without changing the meaning.
    let check = |text: &str, outer: &str| {
        let expr = parse(text).unwrap();
        let crate::ExprKind::Binary(binary) = &expr.kind else {
            panic!("{text} is no binary expression");
        };
        let shown = format!(
            "{} | {} | {}",
            binary.left,
            binary.op.as_str(),
            binary.right
        );
        assert_eq!(shown, outer, "{text}");
    };
    check("1 + 2 * 3", "1 | + | 2 * 3");
    check("1 * 2 + 3", "1 * 2 | + | 3");
    check("2 ^ 3 ^ 4", "2 | ^ | 3 ^ 4");
    check("1 - 2 - 3", "1 - 2 | - | 3");
    check("-a * b", "-a | * | b");
    check("a or b and c", "a | or | b and c");
    check("a and b unless c", "a and b | unless | c");
    check("a + b > c", "a + b | > | c");
    check("a atan2 b ^ c", "a | atan2 | b ^ c");
    check("a > bool b == bool c", "a > bool b | == | c");
}

#[test]
fn prints_one_canonical_form() {
    for (text, printed) in [
        ("sum(a)by(b,c)", "sum by (b, c) (a)"),
        ("TOPK(5,a)", "topk(5, a)"),
        ("{__name__=\"a b\",c='d'}", "{__name__=\"a b\", c=\"d\"}"),
        ("{\"a b\",c!~`d`}", "{\"a b\", c!~\"d\"}"),
        ("a[300] OFFSET -90", "a[5m] offset -1m30s"),
        ("a@1.5 offset 1h", "a @ 1.500 offset 1h"),
        ("a[1h:]@end()", "a[1h:] @ end()"),
        ("a*on(b)group_left c", "a * on (b) group_left () c"),
        ("- - +a", "--a"),
        ("-1", "-1"),
        ("0x10+1e3", "16 + 1000"),
        ("(1h)", "(1h)"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), printed, "{text}");
    }
}

#[test]
fn points_at_what_is_wrong() {
    for (text, expected) in [
        ("", "1:1: parse error: no expression found in input"),
        (
            "sum(a",
            "1:6: parse error: unexpected end of input in arguments, expected \",\"",
        ),
        ("a b", "1:3: parse error: unexpected identifier \"b\""),
        (
            "raet(a[5m])",
            "1:1: parse error: unknown function with name \"raet\", did you mean \"rate\"?",
        ),
        (
            "1 +\nrate(a)",
            "2:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
        ),
        (
            "1 > 2",
            "1:3: parse error: comparisons between scalars must use BOOL modifier",
        ),
        (
            "a and 1",
            "1:3: parse error: set operator \"and\" not allowed in binary scalar expression",
        ),
        (
            "{a=\"\"}",
            "1:1: parse error: vector selector must contain at least one non-empty matcher",
        ),
        (
            "a{__name__=\"b\"}",
            "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"",
        ),
        ("a[0s]", "1:3: parse error: duration must be greater than 0"),
        (
            "(a)[5m]",
            "1:1: parse error: ranges only allowed for vector selectors",
        ),
        (
            "a offset 5m offset 5m",
            "1:1: parse error: offset may not be set multiple times",
        ),
        (
            "a offset 5m[5m]",
            "1:1: parse error: no offset modifiers allowed before range",
        ),
        (
            "rate(a[5m], 1)",
            "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2",
        ),
        (
            "a + bool b",
            "1:5: parse error: bool modifier can only be used on comparison operators",
        ),
        (
            "-\"a\"",
            "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"string\"",
        ),
        (
            "topk(a)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
        ),
        (
            "sum(1)",
            "1:5: parse error: expected type instant vector in aggregation expression, got scalar",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
    assert!(parse("a{b=~\"(\"}").unwrap_err().position().to_string() == "1:6");
}

#[test]
fn spans_cover_what_was_written() {
    let text = " sum by (a) (rate(b[5m] offset 1m)) ";
    let expr = parse(text).unwrap();
    assert_eq!(&text[expr.span.start..expr.span.end], text.trim());
    let call = expr.children()[0];
    assert_eq!(
        &text[call.span.start..call.span.end],
        "rate(b[5m] offset 1m)"
    );
    let matrix = call.children()[0];
    assert_eq!(&text[matrix.span.start..matrix.span.end], "b[5m] offset 1m");
}

#[test]
fn bounds_matchers_and_regular_expressions() {
    let selector = |matchers: usize, matcher: &str| {
        let matchers = vec![matcher; matchers].join(",");
        format!("a{{{matchers}}}")
    };
    assert!(parse(&selector(1000, "b=~\"c\"")).is_ok());
    let error = parse(&selector(1001, "b=\"c\"")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("the expression has more than 1000 label matchers"),
        "{text}"
    );
    // Each takes more than 4 MiB.
    let large = "b=~\"(a{1000}){200}\"";
    assert!(parse(&selector(12, large)).is_ok());
    let error = parse(&selector(13, large)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("take more than 128 MiB once compiled"),
        "{text}"
    );
    let error = parse("label_replace(a, \"b\", \"c\", \"d\", \"a)|(b\")").unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("label_replace(): unopened group"), "{text}");
}

#[test]
fn empty_matching_lists_may_stand_beside_a_scalar() {
    for text in ["a + on () 1", "1 + ignoring () a", "1 + on () 2"] {
        assert!(parse(text).is_ok(), "{text}");
    }
    for text in ["a + on (b) 1", "1 + ignoring (b) a"] {
        let error = parse(text).unwrap_err().to_string();
        assert!(
            error.ends_with("vector matching only allowed between instant vectors"),
            "{error}"
        );
    }
}
