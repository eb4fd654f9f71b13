//! Rule files that are drawn at random: what they say, and their text.

use std::fmt;

use plimsoll_testkit::Seed;

/// A rule file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct File {
    pub(super) groups: Vec<Group>,
    /// How often it was changed: it is written as so many empty lines, so that a reader sees which version is in force.
    pub(super) version: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    interval: u64,
    offset: u64,
    limit: u64,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) name: String,
    expr: String,
    /// What only alerts have.
    alert: Option<Alert>,
}

#[derive(Clone, Debug, PartialEq)]
struct Alert {
    hold: u64,
    keep: u64,
    labels: &'static str,
}

const INTERVALS: [u64; 3] = [5, 10, 15];
const HOLDS: [u64; 6] = [0, 0, 7, 30, 60, 300];
const KEEPS: [u64; 5] = [0, 0, 12, 45, 120];
const LABELS: [&str; 3] = [
    "{severity: page}",
    "{severity: '{{ if gt $value 3.0 }}page{{ else }}ticket{{ end }}'}",
    "{of: '{{ $labels.instance }}'}",
];

impl File {
    pub(super) fn draw(seed: &mut Seed) -> Self {
        let groups = 1 + seed.below(3);
        Self {
            groups: (0..groups)
                .map(|number| Group::draw(seed, number))
                .collect(),
            version: 0,
        }
    }

    /// Makes another file of it, as a person would between two reloads.
    pub(super) fn change(&mut self, seed: &mut Seed) {
        self.version += 1;
        let count = self.groups.len() as u64;
        let group = &mut self.groups[seed.below(count) as usize];
        let count = group.rules.len() as u64;
        let rule = seed.below(count) as usize;
        match seed.below(6) {
            0 if count > 1 => drop(group.rules.remove(rule)),
            1 => group.rules.rotate_left(1),
            2 => group.interval = INTERVALS[seed.below(3) as usize],
            3 => {
                let number = 10 * self.version as u64;
                let added = Rule::draw(seed, &group.name, number);
                group.rules.push(added);
            }
            _ => group.rules[rule].change(seed),
        }
    }
}

impl Group {
    fn draw(seed: &mut Seed, number: u64) -> Self {
        let name = format!("g{number}");
        let rules = 1 + seed.below(5);
        Self {
            interval: INTERVALS[seed.below(3) as usize],
            offset: [0, 0, 7][seed.below(3) as usize],
            limit: [0, 0, 0, 2][seed.below(4) as usize],
            rules: (0..rules)
                .map(|rule| Rule::draw(seed, &name, rule))
                .collect(),
            name,
        }
    }
}

impl Rule {
    fn draw(seed: &mut Seed, group: &str, number: u64) -> Self {
        // Recorded names are of the group, so that it is known who wrote what.
        let recorded = format!("{group}:rec{}:sum", number.saturating_sub(1));
        let is_alert = seed.below(3) > 0;
        let vector = match seed.below(7) {
            0 => "m0".to_owned(),
            1 => "m1{job=\"a\"}".to_owned(),
            2 => "sum by (job) (m0)".to_owned(),
            3 => "avg_over_time(m2[1m])".to_owned(),
            4 => "m2 offset 20s".to_owned(),
            5 => "m0 or m1".to_owned(),
            _ => recorded,
        };
        if !is_alert {
            return Self {
                name: format!("{group}:rec{number}:sum"),
                expr: vector,
                alert: None,
            };
        }
        let threshold = seed.below(5);
        let expr = match seed.below(8) {
            0 => "absent(m1{instance=\"i0\"})".to_owned(),
            1 => format!("count({vector} > {threshold}) > 0"),
            _ => format!("({vector}) > {threshold}"),
        };
        Self {
            name: format!("{group}Alert{number}"),
            expr,
            alert: Some(Alert {
                hold: HOLDS[seed.below(6) as usize],
                keep: KEEPS[seed.below(5) as usize],
                labels: LABELS[seed.below(3) as usize],
            }),
        }
    }

    fn change(&mut self, seed: &mut Seed) {
        if let Some(alert) = &mut self.alert {
            alert.hold = HOLDS[seed.below(6) as usize];
            alert.keep = KEEPS[seed.below(5) as usize];
        }
    }
}

/// Writes the text of the file.
impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}groups:", "\n".repeat(self.version))?;
        for group in &self.groups {
            writeln!(f, "- name: {}\n  interval: {}s", group.name, group.interval)?;
            writeln!(
                f,
                "  query_offset: {}s\n  limit: {}\n  rules:",
                group.offset, group.limit
            )?;
            for rule in &group.rules {
                match &rule.alert {
                    None => writeln!(f, "  - record: {}\n    expr: {}", rule.name, rule.expr)?,
                    Some(alert) => {
                        writeln!(f, "  - alert: {}\n    expr: {}", rule.name, rule.expr)?;
                        writeln!(
                            f,
                            "    for: {}s\n    keep_firing_for: {}s",
                            alert.hold, alert.keep
                        )?;
                        writeln!(f, "    labels: {}", alert.labels)?;
                        writeln!(f, "    annotations: {{value: '{{{{ $value }}}}'}}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
