//! What a file defines: names and lines, whatever else is in it.

use plimsoll_api::ConfiguredObject;
use plimsoll_runtime::config::{Source, Spanned};
use serde::Deserialize;

use super::Role;

/// Objects of one file that are listed.
const OBJECTS_MAX: usize = 20_000;

/// What all files have that defines something; each has some of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline {
    scrape_configs: Vec<Job>,
    groups: Vec<Group>,
    receivers: Vec<Named>,
    time_intervals: Vec<Named>,
    slos: Vec<Named>,
    composites: Vec<Named>,
    gateway: Gateway,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Job {
    job_name: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    name: Option<Spanned<String>>,
    rules: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rule {
    record: Option<Spanned<String>>,
    alert: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Gateway {
    listeners: Vec<Named>,
    backends: Vec<Named>,
    routes: Vec<Named>,
}

/// Returns what a file defines, in its order; nothing when it is written in a way that is not one of ours.
pub(super) fn of(source: &Source, role: Role) -> Vec<ConfiguredObject> {
    if role == Role::Templates {
        return Vec::new();
    }
    let outline = source.clone().ignoring_unknown_fields().parse::<Outline>();
    let mut found = Found {
        source,
        objects: Vec::new(),
    };
    found.add_all(outline.unwrap_or_default());
    found.objects.sort_by_key(|object| object.line);
    found.objects
}

struct Found<'a> {
    source: &'a Source,
    objects: Vec<ConfiguredObject>,
}

impl Found<'_> {
    fn add_all(&mut self, outline: Outline) {
        for job in outline.scrape_configs {
            self.add("job", job.job_name);
        }
        for group in outline.groups {
            self.add("group", group.name);
            for rule in group.rules {
                self.add("recording rule", rule.record);
                self.add("alerting rule", rule.alert);
            }
        }
        let gateway = outline.gateway;
        for (kind, all) in [
            ("receiver", outline.receivers),
            ("time interval", outline.time_intervals),
            ("slo", outline.slos),
            ("composite", outline.composites),
            ("listener", gateway.listeners),
            ("backend", gateway.backends),
            ("route", gateway.routes),
        ] {
            all.into_iter().for_each(|named| self.add(kind, named.name));
        }
    }

    fn add(&mut self, kind: &'static str, name: Option<Spanned<String>>) {
        if let Some(name) = name.filter(|_| self.objects.len() < OBJECTS_MAX) {
            self.objects.push(ConfiguredObject {
                kind,
                line: self.source.line(name.span),
                name: name.into_inner(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, role: Role, expected: &[(&str, &str, usize)]) {
        let source = Source::new("x.yml".as_ref(), text).unwrap();
        let found = of(&source, role);
        let found: Vec<(&str, &str, usize)> = found
            .iter()
            .map(|object| (object.kind, &*object.name, object.line))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_kind_of_file_says_what_it_defines() {
        let config = "global: {}\nscrape_configs:\n- job_name: a\n  x: 1\n- {job_name: b}\n";
        check(
            config,
            Role::Prometheus,
            &[("job", "a", 3), ("job", "b", 5)],
        );
        let rules = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n  - record: r\n";
        let expected = [
            ("group", "g", 2),
            ("alerting rule", "A", 4),
            ("recording rule", "r", 6),
        ];
        check(rules, Role::Rules, &expected);
        let gateway = "gateway:\n  listeners:\n  - name: web\n  routes:\n  - name: cart\n";
        let expected = [("listener", "web", 3), ("route", "cart", 5)];
        check(gateway, Role::Gateway, &expected);
        let slo = "service: shop\nslos:\n- name: fast\n  objective: 99\n";
        check(slo, Role::Slo, &[("slo", "fast", 3)]);
        let routing = "route: {receiver: a}\nreceivers:\n- name: a\n";
        check(routing, Role::Alertmanager, &[("receiver", "a", 3)]);
        check("a: [1, {b: {}}]\n", Role::Slo, &[]);
        check("- nothing of ours\n", Role::Slo, &[]);
        check("{{ define \"x\" }}", Role::Templates, &[]);
    }
}
