//! Expressions to compare parsers with: collected, generated from a grammar, and mutated.

use crate::promqltest;

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
    "foo + on(a) group_left(b) fill_left(1) bar",
    "foo - fill(0) bar",
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
    "limitk by (a) (5, m)",
    "limit_ratio(-0.5, m)",
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

/// Pieces that mutations insert.
const PIECES: &[&str] = &[
    "(", ")", "{", "}", "[", "]", ",", "=", "!=", "=~", "\"", "'", "`", ":", "+", "-", "*", "/",
    "%", "^", "@", "<", ">", "==", " by ", " on ", " bool ", " offset ", " and ", " or ", "sum",
    "rate", "1", "5m", "0x", "e", ".", "_", "\\", "#", "a", " ", "\n", "inf", "\u{e4}", "$",
];

/// Evaluations of the scripts, and those above.
pub(super) fn collected() -> Vec<String> {
    let collected = COLLECTED.iter().map(|text| text.to_string());
    let texts = promqltest::texts();
    let evals = texts.iter().flat_map(|(_, text)| promqltest::queries(text));
    collected.chain(evals).collect()
}

/// Expressions that are mostly well typed, the same ones in every run.
pub(super) fn generated() -> Vec<String> {
    let mut random = Random(1);
    (0..4000).map(|_| vector(&mut random, 4)).collect()
}

/// Good expressions with one to three pieces removed, doubled, swapped or inserted, the same ones in every run.
pub(super) fn mutated() -> Vec<String> {
    let mut random = Random(2);
    let mut texts = collected();
    texts.extend(generated());
    let mutate = |text: &String| {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..1 + random.below(3) {
            let at = random.below(chars.len() + 1);
            match random.below(4) {
                0 if at < chars.len() => drop(chars.remove(at)),
                1 if at < chars.len() => chars.insert(at, chars[at]),
                2 if at + 1 < chars.len() => chars.swap(at, at + 1),
                _ => {
                    let piece = random.pick(PIECES);
                    chars.splice(at..at, piece.chars());
                }
            }
        }
        chars.into_iter().collect()
    };
    texts.iter().map(mutate).collect()
}

fn vector(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return selector(random);
    }
    let mut inner = || vector(random, depth - 1);
    let (a, b) = (inner(), inner());
    match random.below(9) {
        0 => selector(random),
        1 => format!("{a} {} {b}", random.pick(OPERATORS)),
        2 => format!("{a} {} {}", random.pick(OPERATORS), random.pick(NUMBERS)),
        3 => format!("{}({a})", random.pick(AGGREGATIONS)),
        4 => random.pick(CALLS).replace('@', &a),
        5 => format!("({a})"),
        6 => format!("-{a}"),
        7 => format!(
            "max_over_time(({a})[{}:]{})",
            random.pick(DURATIONS),
            modifier(random)
        ),
        _ => format!(
            "rate({}[{}]{})",
            name(random),
            random.pick(DURATIONS),
            modifier(random)
        ),
    }
}

fn name(random: &mut Random) -> String {
    let names = [
        "up",
        "a:b:c",
        "http_requests_total",
        "sum",
        "by",
        "offset",
        "start",
        "bottomk",
    ];
    random.pick(&names).to_string()
}

fn selector(random: &mut Random) -> String {
    let braces = [
        "",
        "{}",
        "{a=\"b\"}",
        "{a!=\"\",b=~\"x|y\"}",
        "{\"my label\"!~'a.*',}",
        "{on=`x`}",
    ];
    let without_name = [
        "{a=\"b\"}",
        "{__name__=~\"a.+\"}",
        "{\"my.metric\",a=\"b\"}",
    ];
    let selector = match random.below(8) {
        0 => random.pick(&without_name).to_string(),
        _ => name(random) + random.pick(&braces),
    };
    selector + modifier(random)
}

fn modifier(random: &mut Random) -> &'static str {
    match random.below(3) {
        0 => random.pick(&[
            " offset 5m",
            " offset -1h30m",
            " @ 1.5",
            " @ end() offset 1d",
        ]),
        _ => "",
    }
}

const DURATIONS: &[&str] = &["5m", "1h30m", "90s", "300", "1d1h", "1w", "1500ms"];
const NUMBERS: &[&str] = &[
    "1", "0.5", "1e3", "-2", "+3", "Inf", "NaN", "0x1F", "5m", ".5", "007",
];
const OPERATORS: &[&str] = &[
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
    "and ignoring (a)",
    "+ on (a, b) group_left () fill (0)",
];
const AGGREGATIONS: &[&str] = &[
    "sum",
    "avg by (a, b)",
    "max without ()",
    "count without (x)",
    "group",
    "stddev by (le)",
];
const CALLS: &[&str] = &[
    "abs(@)",
    "round(@, 5)",
    "topk(3, @)",
    "quantile by (x) (.9, @)",
    "sort_desc(@)",
    "count_values(\"v\", @)",
    "label_replace(@, \"a\", \"$1\", \"b\", \"(.*)\")",
    "histogram_quantile(0.9, @)",
    "clamp(@, 0, 1)",
    "vector(scalar(@))",
    "absent(@)",
    "label_join(@, \"a\", \"-\", \"b\", \"c\")",
    "day_of_week(@)",
    "min(@) by (a)",
];

/// A small generator, so that the same texts are made everywhere (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        for shift in [13, -7, 17] {
            self.0 ^= if shift > 0 {
                self.0 << shift
            } else {
                self.0 >> -shift
            };
        }
        (self.0 % limit as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}
