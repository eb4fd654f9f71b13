//! The configurations of a run: routes, receivers, inhibition and what only we have, drawn.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::anyhow;
use plimsoll_alerting::config::{self, Config};
use plimsoll_testkit::Seed;

/// How many receivers there are.
pub(super) const RECEIVERS: usize = 3;

/// A configuration as data, so that a reload can change a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setup {
    root: Route,
    children: Vec<(&'static str, Route)>,
    /// Per receiver: `send_resolved` of each of its webhooks.
    receivers: Vec<Vec<bool>>,
    inhibits: bool,
    resolve_interval: Option<&'static str>,
    /// Whether the first receiver has the second one as its fallback.
    pub(super) has_fallback: bool,
    rate_limit: Option<(u32, &'static str)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Route {
    receiver: usize,
    group_by: &'static str,
    wait: &'static str,
    interval: &'static str,
    repeat: &'static str,
    continues: bool,
}

const MATCHERS: [&str; 5] = [
    r#"severity="page""#,
    r#"cluster="a""#,
    r#"alertname=~"A|B""#,
    r#"cluster!="b""#,
    r#"severity=~"warn|info""#,
];

/// The rule that every configuration with inhibition has: source, target, and what both have in common.
pub(super) const INHIBITION: (&str, &str, &str) = ("page", "warn", "cluster");

impl Setup {
    pub(super) fn draw(seed: &mut Seed) -> Self {
        let mut matchers = MATCHERS.to_vec();
        let count = seed.below(4) as usize;
        let children = (0..count).map(|_| {
            let matcher = matchers.remove(seed.below(matchers.len() as u64) as usize);
            (matcher, Route::draw(seed))
        });
        let children = children.collect();
        let receivers = (0..RECEIVERS).map(|_| {
            let integrations = 1 + seed.below(2);
            (0..integrations).map(|_| seed.percent(75)).collect()
        });
        Self {
            children,
            receivers: receivers.collect(),
            root: Route::draw(seed),
            inhibits: seed.percent(70),
            resolve_interval: pick(seed, &[None, None, Some("1s"), Some("20s")]),
            has_fallback: seed.percent(15),
            rate_limit: pick(seed, &[None, None, None, Some((3, "1m"))]),
        }
    }

    /// Draws another one that a reload could bring: equal, or different in one place.
    pub(super) fn changed(&self, seed: &mut Seed) -> Self {
        let mut changed = self.clone();
        match seed.below(5) {
            0 => {}
            1 => changed.root.interval = pick(seed, &INTERVALS),
            2 => changed.root.repeat = pick(seed, &REPEATS),
            3 => changed.inhibits = !changed.inhibits,
            _ => {
                if let Some((_, child)) = changed.children.last_mut() {
                    child.wait = pick(seed, &WAITS);
                    child.interval = pick(seed, &INTERVALS);
                }
            }
        }
        changed
    }

    pub(super) fn parse(&self) -> anyhow::Result<Config> {
        let text = self.to_string();
        let options = config::Options::default();
        let loaded = config::parse(Path::new("alertmanager.yml"), &text, &options);
        let loaded = loaded.map_err(|error| anyhow!("{error}\n{text}"))?;
        Ok(loaded.config)
    }
}

const WAITS: [&str; 4] = ["0s", "1s", "10s", "30s"];
const INTERVALS: [&str; 4] = ["5s", "15s", "1m", "2m"];
const REPEATS: [&str; 3] = ["3m", "10m", "4h"];
const GROUP_BY: [&str; 4] = ["[]", "[alertname]", "[cluster, severity]", "['...']"];

impl Route {
    fn draw(seed: &mut Seed) -> Self {
        Self {
            receiver: seed.below(RECEIVERS as u64) as usize,
            group_by: pick(seed, &GROUP_BY),
            wait: pick(seed, &WAITS),
            interval: pick(seed, &INTERVALS),
            repeat: pick(seed, &REPEATS),
            continues: seed.percent(40),
        }
    }

    fn write(&self, into: &mut String, indent: &str) {
        let Self {
            receiver,
            group_by,
            wait,
            interval,
            repeat,
            continues,
        } = self;
        let _ = write!(
            into,
            "{indent}receiver: r{receiver}\n{indent}group_by: {group_by}\n{indent}group_wait: {wait}\n\
             {indent}group_interval: {interval}\n{indent}repeat_interval: {repeat}\n"
        );
        if *continues && indent.len() > 2 {
            let _ = writeln!(into, "{indent}continue: true");
        }
    }
}

pub(super) fn pick<T: Copy>(seed: &mut Seed, from: &[T]) -> T {
    from[seed.below(from.len() as u64) as usize]
}

impl std::fmt::Display for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::from("route:\n");
        self.root.write(&mut text, "  ");
        if !self.children.is_empty() {
            text.push_str("  routes:\n");
        }
        for (matcher, route) in &self.children {
            let _ = writeln!(text, "  - matchers: ['{matcher}']");
            route.write(&mut text, "    ");
        }
        text.push_str("receivers:\n");
        for (number, integrations) in self.receivers.iter().enumerate() {
            let _ = writeln!(text, "- name: r{number}\n  webhook_configs:");
            for (index, sends_resolved) in integrations.iter().enumerate() {
                let url = format!("http://r{number}.example/{index}");
                let _ = writeln!(
                    text,
                    "  - {{url: '{url}', send_resolved: {sends_resolved}}}"
                );
            }
        }
        if self.inhibits {
            let (source, target, equal) = INHIBITION;
            let _ = writeln!(
                text,
                "inhibit_rules:\n- source_matchers: [severity={source}]\n  target_matchers: [severity={target}]\n  \
                 equal: [{equal}]"
            );
        }
        text.push_str("plimsoll:\n  warm_up: 75s\n");
        if let Some(interval) = self.resolve_interval {
            let _ = writeln!(text, "  resolve_interval: {interval}");
        }
        if self.has_fallback || self.rate_limit.is_some() {
            text.push_str("  receivers:\n");
        }
        if self.has_fallback {
            text.push_str(
                "  - {name: r0, fallback: [r1], fallback_after: {failures: 4, age: 1m}}\n",
            );
        }
        if let Some((notices, per)) = self.rate_limit {
            let _ = writeln!(
                text,
                "  - {{name: r2, rate_limit: {{notices: {notices}, per: {per}}}}}"
            );
        }
        f.write_str(&text)
    }
}
