//! `--enable-feature` of commands that read PromQL.

use plimsoll_promql::Features;

/// Names that change what an expression answers, not whether it is one.
const EVALUATION: [&str; 2] = ["promql-delayed-name-removal", "use-start-timestamps"];

/// Which experimental PromQL is allowed.
#[derive(clap::Args, Clone, Default)]
pub(super) struct EnabledFeatures {
    /// Experimental PromQL to allow, by Prometheus' names, separated by commas: promql-experimental-functions,
    /// promql-extended-range-selectors, promql-binop-fill-modifiers
    #[arg(long = "enable-feature", value_name = "NAMES", value_delimiter = ',')]
    names: Vec<String>,
}

impl EnabledFeatures {
    /// Returns the features; a name that means nothing here is told on stderr, as Prometheus does.
    pub(super) fn parsed(&self) -> Features {
        let mut features = Features::default();
        for name in &self.names {
            match Features::from_flag(name) {
                Some(enabled) => features = features.union(enabled),
                None if EVALUATION.contains(&name.as_str()) => {}
                None => eprintln!("warning: --enable-feature={name}: unknown to PromQL, no effect"),
            }
        }
        features
    }

    /// Says whether a name is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|found| found == name)
    }
}
