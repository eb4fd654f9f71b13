//! Chains of thousands of operators, which rule generators write, on stacks of the usual size.

use std::time::Duration;

use plimsoll_promql::{Control, Engine, Value, parse};
use plimsoll_types::{Labels, Sample, Timestamp};

use crate::storage::Memory;

const OPERATORS: usize = 10_000;

fn storage() -> Memory {
    let mut storage = Memory::default();
    let labels = Labels::from_pairs([("__name__", "a")]);
    storage.add(labels, [Sample::float(Timestamp::from_millis(0), 1.0)]);
    storage
}

/// Evaluates as an instant query and as a range of two steps; returns the values.
fn ask(query: &str) -> (f64, Vec<f64>) {
    let (storage, engine) = (storage(), Engine::default());
    let (expr, control) = (parse(query).unwrap(), Control::unlimited());
    let zero = Timestamp::from_millis(0);
    let instant = engine.instant(&storage, &expr, zero, &control).unwrap();
    let instant = match instant.value {
        Value::Scalar(value) => value,
        Value::Vector(vector) => match vector[0].value {
            plimsoll_types::Value::Float(value) => value,
            ref other => panic!("{other:?} is no float"),
        },
        other => panic!("{other:?} is no number"),
    };
    let (end, step) = (Timestamp::from_millis(1000), Duration::from_secs(1));
    let range = engine.range(&storage, &expr, zero, end, step, &control);
    let Value::Matrix(matrix) = range.unwrap().value else {
        panic!("a range query gives a matrix");
    };
    let samples = matrix[0].samples.iter();
    let values = samples.map(|sample| match sample.value {
        plimsoll_types::Value::Float(value) => value,
        ref other => panic!("{other:?} is no float"),
    });
    (instant, values.collect())
}

#[test]
fn are_evaluated() {
    // The shorter one is evaluated on the stack of this thread, as any query is.
    for count in [245, OPERATORS] {
        let sum = count as f64 + 1.0;
        for (first, operator, expected) in [
            ("1", " + 1", sum),
            ("a", " or a", 1.0),
            ("a", " + on () a", sum),
            ("scalar(a)", " + scalar(a)", sum),
        ] {
            let query = format!("{first}{}", operator.repeat(count));
            let wanted = (expected, vec![expected; 2]);
            assert_eq!(ask(&query), wanted, "{first}{operator}... of {count}");
        }
    }
}

#[test]
fn with_durations_are_resolved() {
    let query = format!("a{}", " + a offset -(1 - 1)".repeat(OPERATORS));
    assert_eq!(ask(&query).0, 10_001.0);
}
