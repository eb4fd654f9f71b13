//! What the parser refuses, where it points, and what it makes of what it accepts.

use super::{Features, parse, parse_with};

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
        ("sum without()(a)by", "error"),
        ("TOPK(5,a)", "topk(5, a)"),
        ("{__name__=\"a b\",c='d'}", "{__name__=\"a b\",c=\"d\"}"),
        ("{\"a b\",c!~`d`}", "{__name__=\"a b\",c!~\"d\"}"),
        (
            "a{c=\"d\",\"b c\"=\"e\",b!=\"\"}",
            "a{\"b c\"=\"e\",b!=\"\",c=\"d\"}",
        ),
        ("a[300] OFFSET -90", "a[5m] offset -1m30s"),
        ("a@1.5 offset 25h", "a @ 1.500 offset 1d1h"),
        ("a offset 0", "a"),
        ("a[1h:]@end()", "a[1h:] @ end()"),
        ("a*on(b)group_left c", "a * on (b) group_left () c"),
        ("a*ignoring()c", "a * c"),
        ("a==bool fill(0)c", "a == bool fill (0) c"),
        (
            "a+on(b)fill_right(1)fill_left(-Inf)c",
            "a + on (b) fill_left (-Inf) fill_right (1) c",
        ),
        ("a</1>/2", "a </ 1 >/ 2"),
        ("- - +a", "--+a"),
        ("- -1", "1"),
        ("0x10+1e3", "16 + 1000"),
        ("(1h)", "(1h)"),
        ("a[(5m)+1:-step()]", "a[5m + 1:-step()]"),
        ("a[((1*2))]", "a[(1 * 2)]"),
        ("a offset -(range()/2)", "a offset -(range() / 2)"),
        (
            "a[MAX_OF(1m,step())] smoothed @ 1 offset 1m",
            "a[max_of(1m, step())] smoothed @ 1.000 offset 1m",
        ),
        ("a offset 1m smoothed @ 1", "a @ 1.000 smoothed offset 1m"),
        ("info(a,{})", "info(a, {})"),
        ("'\\x00\\u200b\\'`'", "\"\\x00\\u200b'`\""),
    ] {
        let expr = parse_with(text, &Features::ALL);
        let shown = expr.map_or("error".into(), |expr| expr.to_string());
        assert_eq!(shown, printed, "{text}");
    }
}

#[test]
fn operators_behind_an_offset_belong_outside_unless_it_begins_with_a_parenthesis() {
    for (text, is_binary) in [
        ("a offset 1m + 1", true),
        ("a offset -1m ^ 2", true),
        ("a offset -(1m) + 1", true),
        ("a offset step() + 1", true),
        ("a offset (1m) + 1", false),
    ] {
        let expr = parse(text).unwrap();
        let found = matches!(expr.kind, crate::ExprKind::Binary(_));
        assert_eq!(found, is_binary, "{text}");
    }
}

#[test]
fn points_at_what_is_wrong() {
    for (text, expected) in [
        (
            "",
            "unknown position: parse error: no expression found in input",
        ),
        ("# c", "1:1: parse error: no expression found in input"),
        ("sum(a", "1:6: parse error: unclosed left parenthesis"),
        (
            "sum()",
            "1:1: parse error: no arguments for aggregate expression provided",
        ),
        (
            "sum by (a b) (c)",
            "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\"",
        ),
        ("a b", "1:3: parse error: unexpected identifier \"b\""),
        ("a b $", "1:3: parse error: unexpected identifier \"b\""),
        ("a on b", "1:3: parse error: unexpected <on>"),
        ("a ** b", "1:4: parse error: unexpected <op:*>"),
        (
            "raet(a[5m])",
            "1:1: parse error: unknown function with name \"raet\"",
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
            "1:1: parse error: set operator \"and\" not allowed in binary scalar expression",
        ),
        (
            "\"a\" + 1",
            "1:1: parse error: binary expression must contain only scalar and instant vector types",
        ),
        (
            "{a=\"\"}",
            "1:1: parse error: vector selector must contain at least one non-empty matcher",
        ),
        (
            "{a",
            "1:3: parse error: unexpected end of input inside braces",
        ),
        (
            "{a=5}",
            "1:4: parse error: unexpected character inside braces: '5'",
        ),
        (
            "a{__name__=\"b\"}",
            "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"",
        ),
        ("a[0s]", "1:3: parse error: duration must be greater than 0"),
        ("a[5m", "1:5: parse error: unclosed left bracket"),
        (
            "a[:5m]",
            "1:4: parse error: unexpected colon before duration in duration expression",
        ),
        (
            "a[5m+]",
            "1:6: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()",
        ),
        ("a[1/0]", "1:4: parse error: division by zero"),
        (
            "(a)[5m]",
            "1:4: parse error: ranges only allowed for vector selectors",
        ),
        (
            "a offset 5m offset 5m",
            "1:1: parse error: offset may not be set multiple times",
        ),
        (
            "a offset 5m[5m]",
            "1:12: parse error: no offset modifiers allowed before range",
        ),
        (
            "a offset x",
            "1:10: parse error: unexpected identifier \"x\" in offset, expected number, duration, step(), or range()",
        ),
        (
            "a @ Inf",
            "1:1: parse error: timestamp out of bounds for @ modifier: +Inf",
        ),
        (
            "rate(a[5m], 1)",
            "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2",
        ),
        (
            "abs(a,)",
            "1:6: parse error: trailing commas not allowed in function call args",
        ),
        (
            "a + bool b",
            "1:3: parse error: bool modifier can only be used on comparison operators",
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
        (
            "a[5m:][5m:]",
            "1:1: parse error: subquery is only allowed on instant vector, got matrix instead",
        ),
        ("300y", "1:1: parse error: duration out of range"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn marks_what_is_wrong_and_says_what_may_have_been_meant() {
    for (text, expected) in [
        (
            "raet(a[5m])",
            "1:1: parse error: unknown function with name \"raet\"\n  \
             raet(a[5m])\n  ^^^^ did you mean \"rate\"?",
        ),
        (
            "a and 1",
            "1:1: parse error: set operator \"and\" not allowed in binary scalar expression\n  \
             a and 1\n    ^^^",
        ),
        (
            "a{b=~\"(\"}",
            "1:3: parse error: invalid regular expression \"(\": unclosed group\n  \
             a{b=~\"(\"}\n       ^^^",
        ),
        (
            "rate(a)",
            "1:6: parse error: expected type range vector in call to function \"rate\", got instant \
             vector\n  rate(a)\n       ^ write a range behind the selector: [5m]",
        ),
        (
            "\"a\\q\"",
            "1:1: parse error: unknown escape sequence U+0071 'q'\n  \"a\\q\"\n    ^^",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err().render(), expected, "{text}");
    }
}

#[test]
fn what_is_experimental_needs_its_flag() {
    let off = Features {
        duration_expressions: false,
        ..Features::default()
    };
    for (text, flag, expected) in [
        (
            "sort_by_label(a)",
            "promql-experimental-functions",
            "1:1: parse error: function \"sort_by_label\" is not enabled",
        ),
        (
            "1 + step()",
            "promql-experimental-functions",
            "1:5: parse error: function \"step\" is not enabled",
        ),
        (
            "limitk(1, a)",
            "promql-experimental-functions",
            "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
        ),
        (
            "a[5m] anchored",
            "promql-extended-range-selectors",
            "1:1: parse error: anchored modifier is experimental and not enabled",
        ),
        (
            "a + fill(0) b",
            "promql-binop-fill-modifiers",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
        ),
        (
            "a[(5m)]",
            "promql-duration-expr",
            "1:4: parse error: experimental duration expression is not enabled",
        ),
        (
            "a offset step()",
            "promql-duration-expr",
            "1:10: parse error: experimental duration expression is not enabled",
        ),
    ] {
        let error = parse_with(text, &off).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
        let with_flag = off.union(Features::from_flag(flag).unwrap());
        assert!(parse_with(text, &with_flag).is_ok(), "{text}");
    }
    assert_eq!(Features::from_flag("exemplar-storage"), None);
}

#[test]
fn info_takes_conditions_on_labels() {
    for (text, expected) in [
        ("info(a, {b=\"c\"})", None),
        ("info(a, {})", None),
        (
            "info(a, b)",
            Some("1:9: parse error: expected label selectors only, got vector selector instead"),
        ),
        (
            "info(a, ({b=\"c\"}))",
            Some("1:9: parse error: expected label selectors only"),
        ),
        (
            "info(a, 1)",
            Some(
                "1:1: parse error: expected type instant vector in call to function \"info\", got scalar",
            ),
        ),
        (
            "abs({})",
            Some("1:5: parse error: vector selector must contain at least one non-empty matcher"),
        ),
    ] {
        let error = parse_with(text, &Features::ALL).err();
        let error = error.map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{text}");
    }
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
