//! The floors of ARCHITECTURE.md: imports only go down.

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::process;

/// Floor and package, lowest first. A package that is not listed is refused, so that a new crate finds its floor.
const FLOORS: [(u8, &str); 20] = [
    (0, "plimsoll-types"),
    (0, "plimsoll-wire"),
    (0, "plimsoll-gotemplate"),
    (0, "plimsoll-recurrence"),
    (0, "plimsoll-runtime"),
    (1, "plimsoll-tsdb"),
    (1, "plimsoll-promql"),
    (1, "plimsoll-ingest"),
    (1, "plimsoll-notify"),
    (1, "plimsoll-state"),
    (2, "plimsoll-rules"),
    (2, "plimsoll-slo"),
    (2, "plimsoll-alerting"),
    (2, "plimsoll-traffic"),
    (3, "plimsoll-api"),
    (3, "plimsoll-backup"),
    (3, "plimsoll-control"),
    (3, "plimsoll-demo"),
    (3, "plimsoll-gateway"),
    (4, "plimsoll"),
];

/// Packages outside the house: they may see everything, and only tests may see testkit.
const OUTSIDE: [&str; 4] = [
    "plimsoll-testkit",
    "plimsoll-promqltest",
    "plimsoll-e2e",
    "xtask",
];

pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .current_dir(process::root())
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if OUTSIDE.contains(&name) {
            continue;
        }
        let Some(floor) = floor(name) else {
            findings.push(format!(
                "{name} has no floor: add it to xtask/src/tidy/floors.rs"
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            if dependency.kind != DependencyKind::Development && !is_allowed(floor, to) {
                findings.push(format!("{name} (floor {floor}) must not depend on {to}"));
            }
        }
    }
    Ok(findings)
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(_, package)| *package == name)
        .map(|(floor, _)| *floor)
}

/// Floor 0 may use itself (`wire` and `runtime` need `types`, and cargo refuses circles); above it, neighbours on
/// floors 1 and 2 do not know each other.
fn is_allowed(from: u8, to: &str) -> bool {
    if OUTSIDE.contains(&to) {
        return false;
    }
    floor(to).is_none_or(|to| to < from || to == 0 || (from >= 3 && to == from))
}
