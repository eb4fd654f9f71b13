//! Hostile rule files: none makes the check panic, and every place that it tells lies inside of the file.

use std::sync::Arc;

use plimsoll_promql::Features;
use plimsoll_rules::{Ask, AskNothing, Element, Globals, GroupEngine, GroupKey, RuleFile, check};
use plimsoll_runtime::config::{Source, Span};
use plimsoll_types::{Labels, Timestamp, Value};

const FILE: &str = "groups:\n- name: g\n  interval: 30s\n  limit: 1.5\n  labels: {team: '{{ $labels.a }}'}\n  rules:\n  - record: r\n    expr: |\n      sum by (a) (\n        rate(x[5m])\n      )\n  \
                    - alert: A\n    expr: 'up == 0'\n    for: 5m\n    keep_firing_for: 1m\n    labels: {severity: page}\n    annotations:\n      summary: >\n        {{ $labels.a }} is\n        {{ $value | humanize }}\n---\nx: y\n";

/// Puts pieces of the file, or other bytes, over parts of the file.
fn mutated(choices: &[(u16, u16, u8)]) -> String {
    let mut text = FILE.as_bytes().to_vec();
    for (at, from, length) in choices {
        let at = usize::from(*at) % text.len();
        let from = usize::from(*from) % FILE.len();
        let piece = match length % 3 {
            0 => FILE.as_bytes()[from..(from + usize::from(*length)).min(FILE.len())].to_vec(),
            1 => vec![*length],
            _ => [&b"{{"[..], b"\xc3\xa4", b"\t", b"'", b"|\n", b"}}", b": "][from % 7].to_vec(),
        };
        let end = (at + usize::from(*length) % 20).min(text.len());
        text.splice(at..end, piece);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn lies_inside(file: &RuleFile, span: Span) {
    let part = file
        .source
        .text()
        .get(span.start as usize..span.end as usize);
    assert!(part.is_some(), "{span:?} of {:?}", file.source.text());
}

fn places(file: &RuleFile) {
    for group in &file.groups {
        lies_inside(file, group.spans.whole);
        for rule in &group.rules {
            let spans = &rule.spans;
            let fields = spans.labels.values().chain(spans.annotations.values());
            fields.for_each(|field| lies_inside(file, field.value));
            lies_inside(file, spans.name);
            lies_inside(file, rule.span_in_expr(&file.source, rule.expr.span));
        }
    }
}

/// Evaluates every rule of the file a few times.
fn evaluate(file: &RuleFile) {
    let ask: Arc<dyn Ask> = Arc::new(AskNothing);
    for group in &file.groups {
        let key = GroupKey::new("rules.yml", group.name.as_str());
        let mut engine = GroupEngine::new(key, Arc::new(group.clone()), &Globals::default());
        for slot in 0..4 {
            let slot = Timestamp::from_millis(slot * 300_000);
            for rule in 0..group.rules.len() {
                let element = |a: &str| Element {
                    labels: Labels::from_pairs([("a", a)]),
                    value: Value::Float(1.0),
                };
                engine.step(rule, slot, Ok(vec![element("x"), element("y")]), &ask);
            }
            engine.finish(slot);
        }
        engine.view();
    }
}

#[test]
fn rule_files() {
    bolero::check!()
        .with_type::<Vec<(u16, u16, u8)>>()
        .for_each(|choices| {
            let text = mutated(&choices[..choices.len().min(8)]);
            let Ok(source) = Source::new("rules.yml".as_ref(), &text) else {
                return;
            };
            match check(&source, &Features::default()) {
                Ok(file) => {
                    places(&file);
                    evaluate(&file);
                }
                Err(errors) => assert!(errors.has_errors() && !errors.to_string().is_empty()),
            }
        });
}

#[test]
fn the_file_itself_is_good() {
    let source = Source::new("rules.yml".as_ref(), FILE).unwrap();
    let file = check(&source, &Features::default()).unwrap();
    places(&file);
    evaluate(&file);
    assert_eq!(file.warnings.len(), 2);
}
