//! `cargo xtask conformance SUITE FOLDER`: how much of another project's test data we judge as it does.

mod alertmanager_config;
mod imported;
mod openmetrics;
mod prometheus_config;
mod promql;
mod sloth;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::ValueEnum;

/// Which suite, and where its files are.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which suite
    suite: Suite,
    /// Where its files are
    folder: PathBuf,
    /// promql: judge a server over HTTP instead of the engine in this process; self starts the plimsoll that was built
    ///
    /// A server has to take remote write 2.0 of the year 1970 (--retention 100y) and POSTs to
    /// /api/v1/admin/tsdb/delete_series (--enable-admin-api), and to have the features of the scripts on
    /// (--enable-feature).
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// promql: judge this Prometheus binary, to see what the scripts say of it
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,
    /// promql: run only scripts with this in their name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// Files that Debian's amtool takes or refuses (`*.yml`)
    AlertmanagerConfig,
    /// Folders with `metrics` and `test.json`: which expositions are OpenMetrics
    Openmetrics,
    /// OpenSLO's examples: imported, each with a report
    Openslo,
    /// Files that Prometheus loads (`*.good.yml`) or refuses (`*.bad.yml`)
    PrometheusConfig,
    /// Prometheus' promqltest scripts (`*.test`): load, evaluate, compare
    Promql,
    /// Pyrra's examples: imported, each with a report
    Pyrra,
    /// Sloth's examples (`x.yml`) and the rules that it made of them (`_gen/x.yml`)
    Sloth,
}

/// What became of one case: `Ok` when we judge it as the suite does.
struct Case {
    name: String,
    verdict: Result<(), String>,
}

/// Runs a suite, prints every case that is judged wrongly, and the share that is right.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (name, cases) = match options.suite {
        Suite::AlertmanagerConfig => (
            "alertmanager-config",
            alertmanager_config::cases(&options.folder),
        ),
        Suite::Openmetrics => ("openmetrics", openmetrics::cases(&options.folder)),
        Suite::PrometheusConfig => (
            "prometheus-config",
            prometheus_config::cases(&options.folder),
        ),
        Suite::Openslo => ("openslo", imported::cases(&options.folder)),
        Suite::Pyrra => ("pyrra", imported::cases(&options.folder)),
        Suite::Sloth => ("sloth", sloth::cases(&options.folder)),
        Suite::Promql => {
            let judged = promql::Judged {
                server: options.server.clone(),
                prometheus: options.prometheus.clone(),
                only: options.only.clone(),
            };
            return promql::judge(&options.folder, &judged);
        }
    };
    let cases = cases.with_context(|| format!("{}", options.folder.display()))?;
    ensure!(
        !cases.is_empty(),
        "{} holds no case of the suite {name}",
        options.folder.display()
    );
    for case in &cases {
        if let Err(reason) = &case.verdict {
            println!("{}: {reason}", case.name);
        }
    }
    let (all, right) = (
        cases.len(),
        cases.iter().filter(|case| case.verdict.is_ok()).count(),
    );
    let percent = 100.0 * right as f64 / all as f64;
    println!("conformance {name}: {right} of {all} cases, {percent:.1} %");
    ensure!(right == all, "{} cases are judged wrongly", all - right);
    Ok(())
}
