//! `cargo xtask fuzz rules`: random rule files and unit tests, to us and to Debian's promtool, until they differ.
//!
//! `tests/e2e/src/rule_differential.rs` says what is generated and what is kept out because it changed on purpose; a test
//! there runs a few of the same seeds.

use anyhow::{Context, ensure};
use plimsoll_e2e::{RuleAgreement, RuleDifferential};

use super::Options;

/// Runs all seeds and ends at the first difference, unless all are wanted.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let differential = RuleDifferential::new()?.context("Debian's promtool is not installed")?;
    let (mut agreement, mut different) = (RuleAgreement::default(), 0);
    let seeds = options.first..options.first.saturating_add(options.seeds);
    for (count, seed) in (1..).zip(seeds) {
        match differential.run(seed) {
            Ok(one) => agreement.add(one),
            Err(error) if options.all => {
                different += 1;
                println!("{error:#}\n");
            }
            Err(error) => {
                let again = format!("cargo xtask fuzz rules --first {seed} --seeds 1");
                return Err(error.context(format!("repeat it with: {again}")));
            }
        }
        if count % 50 == 0 {
            eprintln!("{count} of {} seeds", options.seeds);
        }
    }
    let RuleAgreement {
        findings,
        items,
        passed,
        failed,
        taken,
        refused,
    } = agreement;
    println!(
        "fuzz rules: {findings} findings alike with {items} alerts and samples; unit tests: {passed} passed by both, \
         {failed} failed by both; damaged rule files: {taken} taken by both, {refused} refused by both"
    );
    ensure!(different == 0, "{different} seeds differ");
    ensure!(items > 0, "nothing was found, so nothing was shown");
    Ok(())
}
