//! Random routing trees, in all spellings of conditions.

use plimsoll_testkit::Seed;

use super::case::{Case, Node, RECEIVERS, quoted};

const NAMES: [&str; 3] = ["a", "b", "team_name"];
const VALUES: [&str; 9] = ["x", "y", "x", "xy", "", "x y", "a\"b", "c,d", "e\\f"];
const PATTERNS: [&str; 14] = [
    "x|y", "[xy]+", ".*", ".+", "", "x.*", "^x$", "(x|y)y?", "(?i)X", "x\\sy", "^(x|y)", "\\w",
    "a.b", "[^x]*",
];
const OPERATORS: [&str; 5] = ["=", "!=", "=~", "=~", "!~"];

pub(super) fn one<'a>(random: &mut Seed, all: &[&'a str]) -> &'a str {
    all[random.below(all.len() as u64) as usize]
}

/// Makes a tree and label sets over the same names and values.
pub(super) fn case(random: &mut Seed, label_sets: usize) -> Case {
    let mut root = Node::default();
    root.fields.push(("receiver", quoted(RECEIVERS[0])));
    if random.percent(30) {
        root.fields.push(("group_by", "['...']".into()));
    }
    let mut budget = 3 + random.below(14);
    root.routes = routes(random, &mut budget, 4);
    let label_sets = (0..label_sets).map(|_| labels(random)).collect();
    Case { root, label_sets }
}

fn routes(random: &mut Seed, budget: &mut u64, depth: u32) -> Vec<Node> {
    let mut routes = Vec::new();
    let wanted = 1 + random.below(5);
    for _ in 0..wanted {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        let mut node = node(random);
        if depth > 1 && random.percent(45) {
            node.routes = self::routes(random, budget, depth - 1);
        }
        routes.push(node);
    }
    routes
}

fn node(random: &mut Seed) -> Node {
    let mut fields = Vec::new();
    if random.percent(25) {
        let pairs: Vec<String> = names(random)
            .map(|name| (name, one(random, &VALUES)))
            .map(|(name, value)| format!("{name}: {}", quoted(value)))
            .collect();
        fields.push(("match", format!("{{{}}}", pairs.join(", "))));
    }
    if random.percent(25) {
        let pairs: Vec<String> = names(random)
            .map(|name| (name, one(random, &PATTERNS)))
            .map(|(name, value)| format!("{name}: {}", quoted(value)))
            .collect();
        fields.push(("match_re", format!("{{{}}}", pairs.join(", "))));
    }
    if fields.is_empty() || random.percent(15) {
        let lines: Vec<String> = (0..1 + u64::from(random.percent(15)))
            .map(|_| quoted(&conditions(random)))
            .collect();
        fields.push(("matchers", format!("[{}]", lines.join(", "))));
    }
    if random.percent(50) {
        fields.push(("receiver", quoted(one(random, &RECEIVERS))));
    }
    if random.percent(80) {
        fields.push((
            "continue",
            one(random, &["true", "true", "false", "yes"]).into(),
        ));
    }
    if random.percent(20) {
        fields.push((
            "group_by",
            one(random, &["[a]", "['...']", "[b, a]"]).into(),
        ));
    }
    if random.percent(20) {
        fields.push((
            "group_wait",
            one(random, &["0s", "5s", "1m30s", "0"]).into(),
        ));
    }
    Node {
        fields,
        routes: Vec::new(),
    }
}

/// One or two names, none twice.
fn names(random: &mut Seed) -> impl Iterator<Item = &'static str> + use<> {
    let first = random.below(NAMES.len() as u64) as usize;
    let count = 1 + usize::from(random.percent(20));
    (0..count).map(move |at| NAMES[(first + at) % NAMES.len()])
}

/// A line of `matchers`, as users write them.
fn conditions(random: &mut Seed) -> String {
    let count = 1 + u64::from(random.percent(20));
    let all: Vec<String> = (0..count).map(|_| condition(random)).collect();
    let joined = all.join(one(random, &[",", ", ", " , "]));
    match random.below(6) {
        0 => format!("{{{joined}}}"),
        1 => format!("{joined},"),
        _ => joined,
    }
}

fn condition(random: &mut Seed) -> String {
    let operator = one(random, &OPERATORS);
    let value = match operator {
        "=" | "!=" => one(random, &VALUES),
        _ => one(random, &PATTERNS),
    };
    let is_plain = !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"|.*+^$".contains(&byte));
    let value = match is_plain && random.percent(50) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let space = one(random, &["", "", " "]);
    format!("{}{space}{operator}{space}{value}", one(random, &NAMES))
}

fn labels(random: &mut Seed) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    for name in NAMES {
        if random.percent(65) {
            // Mostly one of the first two, so that conditions are met.
            let among = if random.percent(75) { 2 } else { VALUES.len() };
            let value = one(random, &VALUES[..among]);
            labels.push((name.to_owned(), value.to_owned()));
        }
    }
    labels
}

/// Makes a file with every section, to be damaged.
pub(super) fn full(random: &mut Seed) -> String {
    let mut text = case(random, 0).text();
    text.push_str(FULL);
    text
}

const FULL: &str = "global:
  resolve_timeout: 5m
  smtp_smarthost: 'localhost:25'
  smtp_from: 'a@example.org'
templates: []
inhibit_rules:
- source_match: {a: 'x'}
  target_match_re: {a: 'y|z'}
  equal: [b, team_name]
- source_matchers: ['a=\"x\"']
  target_matchers: ['a=~\"y|z\"', b!=c]
  equal: ['b']
mute_time_intervals:
- name: nights
  time_intervals:
  - times:
    - start_time: '00:00'
      end_time: '06:00'
    location: 'Europe/Berlin'
time_intervals:
- name: office
  time_intervals:
  - weekdays: ['monday:friday']
    times:
    - start_time: '09:00'
      end_time: '17:00'
  - days_of_month: ['1:5', '-3:-1']
    months: ['may:august', december, '1:3']
    years: ['2020:2022', 2030]
";
