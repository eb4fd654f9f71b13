//! The lints of `plimsoll check rules`: which run, what they ask, and how much they found.

use std::time::Duration;

use plimsoll_rules::RuleFile;
use plimsoll_rules::lint::{self, Facts, NoFacts, Options};
use plimsoll_types::parse_duration;

use super::against::Against;
use crate::commands::Failure;

/// What runs when nothing is said, as in promtool.
const DEFAULT: &str = "duplicate-rules";

/// How rule files are linted.
#[derive(clap::Args)]
pub(super) struct Flags {
    /// What is looked for beside errors: all, none, or names of lints; duplicate-rules when not given, all with --against
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    lint: Vec<String>,
    /// Lints that do not run
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    disable: Vec<String>,
    /// End with exit code 3 when a lint found something
    #[arg(long)]
    lint_fatal: bool,
    /// Ask a server whether metrics exist and how often alerts fired: a URL such as http://127.0.0.1:9880
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// How far apart samples are where no server tells
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = interval)]
    scrape_interval: Duration,
}

/// Lints that were chosen, and the server that they ask.
pub(super) struct Linter {
    /// `None` runs nothing.
    options: Option<Options>,
    facts: Box<dyn Facts>,
    is_fatal: bool,
    found: usize,
}

impl Flags {
    /// Makes the linter.
    ///
    /// # Errors
    /// A name that no lint has, or a server that does not answer.
    pub(super) fn linter(&self) -> Result<Linter, Failure> {
        let options = self.options();
        if let Some((name, meant)) = options.as_ref().and_then(Options::unknown_name) {
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            let names: Vec<_> = lint::ALL.iter().map(|lint| lint.name).collect();
            let names = names.join(", ");
            return Err(Failure::usage(format!(
                "there is no lint {name:?}{meant}\nthere are: all, none, {names}"
            )));
        }
        let facts: Box<dyn Facts> = match &self.against {
            Some(url) => Box::new(Against::connect(url)?),
            None => Box::new(NoFacts),
        };
        Ok(Linter {
            options,
            facts,
            is_fatal: self.lint_fatal,
            found: 0,
        })
    }

    fn options(&self) -> Option<Options> {
        let has = |word: &str| self.lint.iter().any(|name| name == word);
        let only = match self.lint.is_empty() {
            _ if has("none") => return None,
            true if self.against.is_none() => vec![DEFAULT.to_owned()],
            true => Vec::new(),
            false if has("all") => Vec::new(),
            false => self.lint.clone(),
        };
        Some(Options {
            only,
            disabled: self.disable.clone(),
            scrape_interval: self.scrape_interval,
        })
    }
}

impl Linter {
    /// Looks at a good file and tells what it finds on stderr.
    pub(super) fn lint(&mut self, file: &RuleFile) {
        let Some(options) = &self.options else {
            return;
        };
        let findings = lint::lint(file, options, &*self.facts);
        findings.iter().for_each(|finding| eprintln!("{finding}"));
        self.found += findings.len();
    }

    /// Ends: findings are a failure only when that was asked for.
    ///
    /// # Errors
    /// How many findings there were.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        match self.found > 0 && self.is_fatal {
            true => Err(Failure::lint(self.found)),
            false => Ok(()),
        }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(interval) if interval.is_zero() => Err("expected more than 0".into()),
        Ok(interval) => Ok(interval),
        Err(error) => Err(error.to_string()),
    }
}
