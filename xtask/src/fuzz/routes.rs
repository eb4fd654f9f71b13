//! `cargo xtask fuzz routes`: random configurations of an Alertmanager, to us and to Debian's amtool, until they differ.
//!
//! `tests/e2e/src/route_differential.rs` says what is generated and what is kept out because it changed on purpose; a test
//! there runs a few of the same seeds.

use anyhow::{Context, ensure};
use plimsoll_e2e::{RouteAgreement, RouteDifferential};

use super::Options;

/// Runs all seeds and ends at the first difference, unless all are wanted.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let differential = RouteDifferential::new()?.context("Debian's amtool is not installed")?;
    let (mut agreement, mut different) = (RouteAgreement::default(), 0);
    let seeds = options.first..options.first.saturating_add(options.seeds);
    for (count, seed) in (1..).zip(seeds) {
        match differential.run(seed) {
            Ok(one) => agreement.add(one),
            Err(error) if options.all => {
                different += 1;
                println!("{error:#}\n");
            }
            Err(error) => {
                let again = format!("cargo xtask fuzz routes --first {seed} --seeds 1");
                return Err(error.context(format!("repeat it with: {again}")));
            }
        }
        if count % 100 == 0 {
            eprintln!("{count} of {} seeds", options.seeds);
        }
    }
    let RouteAgreement {
        trees,
        routed,
        forked,
        taken,
        refused,
    } = agreement;
    println!(
        "fuzz routes: {trees} trees drawn alike, {routed} label sets routed alike ({forked} to more than one route); \
         files: {taken} taken by both, {refused} refused by both"
    );
    ensure!(different == 0, "{different} seeds differ");
    ensure!(
        forked > 0 && taken > 0 && refused > 0,
        "too little was shown"
    );
    Ok(())
}
