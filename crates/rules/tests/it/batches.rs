//! Which rules may run at the same time.

use plimsoll_rules::batches;
use proptest::prelude::*;

use crate::support::{group, read};

fn of(rules: &str) -> Vec<Vec<usize>> {
    batches(&group(rules))
}

#[test]
fn chains_run_one_after_the_other() {
    let chain = "rules:\n- {record: a, expr: up}\n- {record: b, expr: 'rate(up[5m])'}\n- {record: c, expr: sum(a)}\n- {record: d, expr: c + 1}\n\
                 - {alert: E, expr: 'd > 1'}\n- {alert: F, expr: 'c > 1'}";
    assert_eq!(of(chain), [vec![0, 1], vec![2], vec![3, 5], vec![4]]);
}

#[test]
fn a_rule_does_not_run_before_an_earlier_one_that_reads_the_old_value() {
    assert_eq!(
        of("rules:\n- {alert: A, expr: 'b > 1'}\n- {record: b, expr: up}"),
        [[0], [1]]
    );
    assert_eq!(
        of("rules:\n- {record: b, expr: up}\n- {record: b, expr: down}"),
        [[0], [1]]
    );
    assert_eq!(of("rules:\n- {record: n, expr: n offset 1m + 1}"), [[0]]);
}

#[test]
fn who_may_read_anything_runs_alone() {
    for reader in [
        "{record: x, expr: '{job=\"j\"}'}",
        "{record: x, expr: 'sum(ALERTS)'}",
        "{record: x, expr: 'max_over_time(ALERTS_FOR_STATE[5m])'}",
        "{record: x, expr: '{__name__=~\"ALERTS.*\"}'}",
        "{alert: X, expr: up, annotations: {a: '{{ query \"up\" }}'}}",
        "{alert: X, expr: up, labels: {a: '{{ with query \"up\" }}{{ end }}'}}",
    ] {
        let rules = format!(
            "rules:\n- {{record: a, expr: up}}\n- {{alert: A, expr: up}}\n- {reader}\n- {{record: b, expr: up}}"
        );
        assert_eq!(of(&rules), [vec![0, 1], vec![2], vec![3]], "{reader}");
    }
    let plain =
        "rules:\n- {record: a, expr: up}\n- {alert: A, expr: up, annotations: {a: 'query'}}";
    assert_eq!(of(plain), [[0, 1]]);
}

#[test]
fn a_pattern_of_names_reads_what_it_matches() {
    let rules = "rules:\n- {record: job:a, expr: up}\n- {record: b, expr: up}\n- {record: c, expr: 'sum({__name__=~\"job:.*\"})'}\n- {record: job:z, expr: up}";
    assert_eq!(of(rules), [vec![0, 1], vec![2], vec![3]]);
    let two = "rules:\n- {record: a, expr: up}\n- {record: c, expr: '{__name__=~\"a|b\",__name__!=\"a\"}'}";
    assert_eq!(of(two), [[0, 1]]);
}

#[test]
fn ten_thousand_rules_are_sorted_out_quickly() {
    let rules: String = (0..10_000)
        .map(|n| format!("  - {{record: 'r{n}', expr: 'up + r{}'}}\n", n / 2))
        .collect();
    let file = read(&format!("groups:\n- name: g\n  rules:\n{rules}")).unwrap();
    let batches = batches(&file.groups[0]);
    assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 10_000);
    assert!(batches.len() < 20, "{}", batches.len());
}

proptest! {
    /// Each rule sets its metric to one more than the sum of what it reads: in batches, in any order inside of one, the
    /// values are those of one after the other.
    #[test]
    fn batches_give_what_one_after_the_other_gives(
        rules in prop::collection::vec((0usize..5, prop::collection::vec(0usize..5, 0..3)), 1..12), seed: u64,
    ) {
        let name = |n: &usize| format!("m{n}");
        let text: String = rules.iter().map(|(writes, reads)| {
            let sum: Vec<String> = reads.iter().map(name).collect();
            let expr = if sum.is_empty() { "1".into() } else { sum.join(" + ") };
            format!("\n- {{record: {}, expr: '{expr}'}}", name(writes))
        }).collect();
        let batches = of(&format!("rules:{text}"));
        let run = |order: &[usize]| {
            let mut values = [0u64; 5];
            let mut seen = vec![0; rules.len()];
            for at in order {
                let (writes, reads) = &rules[*at];
                let value = reads.iter().fold(*at as u64 + 1, |sum, read| sum.wrapping_mul(31).wrapping_add(values[*read]));
                values[*writes] = value;
                seen[*at] = value;
            }
            (values, seen)
        };
        let mut order = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            let mut batch = batch.clone();
            let turn = (seed >> (number % 60)) as usize % batch.len();
            batch.rotate_left(turn);
            order.extend(batch);
        }
        let in_file_order: Vec<usize> = (0..rules.len()).collect();
        prop_assert_eq!(run(&order), run(&in_file_order));
    }
}
