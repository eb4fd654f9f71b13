//! The objectives, in our words and as the rules that Sloth makes of them.

use std::path::Path;
use std::sync::Arc;

use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::export::{RuleFile, sloth};
use plimsoll_slo::{Catalog, file};

use super::traffic::{METRIC, service};

/// What every objective is called within its service.
pub(super) const NAME: &str = "availability";

/// Objectives in the words of both.
pub(super) struct Definitions {
    /// Our files, one per service.
    pub(super) files: Vec<String>,
    /// What they say.
    pub(super) catalog: Arc<Catalog>,
    /// Prometheus' rule file.
    pub(super) rules: String,
    /// How many rules it has.
    pub(super) rule_count: usize,
}

impl Definitions {
    pub(super) fn new(slos: usize) -> anyhow::Result<Self> {
        let files: Vec<String> = (0..slos).map(text).collect();
        let mut read = Vec::with_capacity(slos);
        for text in &files {
            let source = Source::new(Path::new("bench.yml"), text)?;
            read.push(file::check(&source, &Features::default())?);
        }
        let catalog = Arc::new(Catalog::merge(read)?);
        let rules = rules(&catalog)?;
        Ok(Self {
            files,
            catalog,
            rule_count: rules.groups.iter().map(|group| group.rules.len()).sum(),
            rules: rules.to_yaml(),
        })
    }
}

fn text(slo: usize) -> String {
    let service = service(slo);
    format!(
        "version: plimsoll/v1\nservice: {service}\nslos:\n  - name: {NAME}\n    objective: 99.9\n    window: 30d\n    \
         dimensions: {{by: [region]}}\n    sli:\n      events:\n        valid: {METRIC}{{service=\"{service}\"}}\n        \
         bad: {METRIC}{{service=\"{service}\",result=\"bad\"}}\n"
    )
}

/// Makes the rules of all objectives, recordings and alerts, as Sloth does by default.
fn rules(catalog: &Catalog) -> anyhow::Result<RuleFile> {
    let mut options = sloth::Options::default();
    let (specs, losses) = sloth::of_catalog(catalog, &mut options.windows)?;
    // Its alerts have Sloth's windows and not those of our policy: that is whom we compare with. All lose the same.
    if let Some(first) = losses.first() {
        eprintln!("{} notes, such as: {first}", losses.len());
    }
    let mut all = RuleFile::default();
    for spec in &specs {
        let made = sloth::rules(spec, &options)?;
        all.groups.extend(made.groups);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_say_the_same_with_groups_and_alerts() {
        let made = Definitions::new(2).unwrap();
        assert_eq!(made.catalog.slos.len(), 2);
        assert!(made.rules.contains("by (region)"), "{}", made.rules);
        assert!(made.rules.contains("alert:"), "{}", made.rules);
        assert!(made.rule_count >= 2 * 16, "{}", made.rule_count);
    }
}
