//! The same random configurations of an Alertmanager to us and to Debian's amtool.
//!
//! A seed makes a routing tree and label sets. Both programs draw the tree, which shows matchers and inheritance, and say
//! for each label set which routes it takes. Then come files with one random part (conditions, time intervals) and damaged
//! files, which both must take or refuse alike.
//!
//! Debian's amtool is a 0.25; what the language changed since is kept out:
//!
//! | since 0.25 | how it is kept out |
//! |---|---|
//! | matchers in the syntax for UTF-8 | files with one random part are read in the classic mode |
//! | an empty `group_by` overrides that of the parent, `labels` of routes | not generated |
//! | names of rules of inhibition | not generated |
//! | `null` in a list ends in a nil pointer | not generated |
//! | an expression may close the group that anchors it: `a)|(b` | we refuse it, and such files are not compared |

mod case;
mod damage;
mod draw;
mod generate;
mod pieces;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plimsoll_alerting::Config;
use plimsoll_alerting::config::{Options, parse};
use plimsoll_alerting::matchers::Mode;
use plimsoll_testkit::Seed;
use plimsoll_types::Labels;

use crate::Home;
use case::{Case, argument};

/// How many label sets are routed per tree, how many files have one random part, and how many are damaged.
const LABEL_SETS: usize = 12;
const PIECES: usize = 8;
const DAMAGES: usize = 8;

/// Runs cases through both programs.
#[derive(Debug)]
pub struct RouteDifferential {
    home: Home,
    amtool: std::path::PathBuf,
}

/// What the cases of a seed showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteAgreement {
    /// Trees that both draw alike.
    pub trees: usize,
    /// Label sets that both route alike.
    pub routed: usize,
    /// Those of them that take more than one route.
    pub forked: usize,
    /// Files that both take.
    pub taken: usize,
    /// Files that both refuse.
    pub refused: usize,
}

impl RouteAgreement {
    /// Adds what another seed showed.
    pub fn add(&mut self, other: Self) {
        self.trees += other.trees;
        self.routed += other.routed;
        self.forked += other.forked;
        self.taken += other.taken;
        self.refused += other.refused;
    }
}

impl RouteDifferential {
    /// Makes a folder for the files of the cases; returns nothing when amtool is not installed.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn new() -> Result<Option<Self>> {
        let Some(amtool) = crate::find("amtool")? else {
            return Ok(None);
        };
        let home = Home::new()?;
        Ok(Some(Self { home, amtool }))
    }

    /// Compares both programs on the cases of a seed.
    ///
    /// # Errors
    /// The first difference: the file, made as small as it still differs, and what both said.
    pub fn run(&self, seed: u64) -> Result<RouteAgreement> {
        let mut random = Seed::new(seed);
        let mut agreement = RouteAgreement::default();
        let case = generate::case(&mut random, LABEL_SETS);
        if let Err(error) = self.routes(&case, &mut agreement) {
            let ignored = &mut RouteAgreement::default();
            let smaller = case.smaller(|case| self.routes(case, ignored).is_err());
            let error = self.routes(&smaller, ignored).err().unwrap_or(error);
            return Err(error.context(format!("seed {seed}\n{}", smaller.text())));
        }
        for _ in 0..PIECES {
            let text = pieces::file(&mut random);
            self.verdict(&text, &mut agreement)
                .with_context(|| format!("seed {seed}, check-config of:\n{text}"))?;
        }
        for _ in 0..DAMAGES {
            let damaged = damage::damaged(&generate::full(&mut random), &mut random);
            if let Err(error) = self.verdict(&damaged, &mut agreement) {
                let ignored = &mut RouteAgreement::default();
                let smaller =
                    crate::damage::smaller(&damaged, |text| self.verdict(text, ignored).is_err());
                let error = self.verdict(&smaller, ignored).err().unwrap_or(error);
                return Err(error.context(format!("seed {seed}, check-config of:\n{smaller}")));
            }
        }
        Ok(agreement)
    }

    /// Lets both draw a tree and route label sets.
    fn routes(&self, case: &Case, agreement: &mut RouteAgreement) -> Result<()> {
        let text = case.text();
        let path = self.home.write("routes.yml", text.as_bytes())?;
        let ours = ours(&text, Mode::Fallback)?.map_err(anyhow::Error::msg)?;
        let shown = self.amtool(&["config", "routes", "show"], &path, &[])?;
        same(&shown.text, &draw::tree(&ours.route))?;
        agreement.trees += 1;
        for labels in &case.label_sets {
            let arguments: Vec<String> = labels.iter().map(argument).collect();
            let command = ["config", "routes", "test", "--tree"];
            let theirs = self.amtool(&command, &path, &arguments)?;
            let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (name, value)));
            same(&theirs.text, &draw::taken(&ours.route, &labels))
                .with_context(|| arguments.join(" "))?;
            agreement.routed += 1;
            agreement.forked += usize::from(ours.route.matching(&labels).len() > 1);
        }
        Ok(())
    }

    /// Lets both take or refuse a file, and draw the tree of one that they take.
    fn verdict(&self, text: &str, agreement: &mut RouteAgreement) -> Result<()> {
        let path = self.home.write("checked.yml", text.as_bytes())?;
        let theirs = self.amtool_verdict(&path)?;
        match (ours(text, Mode::Classic)?, theirs.is_good) {
            (Ok(config), true) => {
                let counts = format!(
                    "{} inhibit rules\n - {} receivers",
                    config.inhibit_rules.len(),
                    config.receivers.len()
                );
                ensure!(theirs.text.contains(&counts), "{counts}\n{}", theirs.text);
                let shown = self.amtool(&["config", "routes", "show"], &path, &[])?;
                same(&shown.text, &draw::tree(&config.route))?;
                agreement.taken += 1;
            }
            (Err(_), false) => agreement.refused += 1,
            (Err(findings), true) if findings.contains("unopened group") => {}
            (Ok(_), false) => anyhow::bail!("we take it, amtool does not:\n{}", theirs.text),
            (Err(findings), true) => anyhow::bail!("amtool takes it, we do not:\n{findings}"),
        }
        Ok(())
    }

    fn amtool(&self, command: &[&str], path: &Path, arguments: &[String]) -> Result<Said> {
        let path = format!("--config.file={}", path.display());
        let output = Command::new(&self.amtool)
            .args(command)
            .arg(path)
            .args(arguments)
            .output()?;
        let said = Said::of(&output);
        ensure!(said.is_good, "amtool failed: {}", said.text);
        Ok(said)
    }

    fn amtool_verdict(&self, path: &Path) -> Result<Said> {
        let output = Command::new(&self.amtool)
            .arg("check-config")
            .arg(path)
            .output()?;
        // A Go program that panics ends with 2.
        ensure!(
            matches!(output.status.code(), Some(0 | 1)),
            "amtool ended with {}",
            output.status
        );
        Ok(Said::of(&output))
    }
}

/// What a program printed, and whether it was content.
struct Said {
    text: String,
    is_good: bool,
}

impl Said {
    fn of(output: &std::process::Output) -> Self {
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        let is_good = output.status.success();
        Self { text, is_good }
    }
}

/// Reads a file as we do; the inner error is a refusal.
fn ours(text: &str, matchers: Mode) -> Result<Result<Config, String>> {
    let loaded = parse("alertmanager.yml".as_ref(), text, &Options { matchers });
    if let Err(findings) = &loaded {
        ensure!(!findings.is_empty(), "a refusal without a reason");
    }
    Ok(loaded
        .map(|loaded| loaded.config)
        .map_err(|findings| findings.to_string()))
}

fn same(theirs: &str, ours: &str) -> Result<()> {
    // Lines begin with blanks that no font shows the width of.
    let clean = |text: &str| {
        let text = text.replace('\u{a0}', " ");
        let lines = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty());
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let (theirs, ours) = (clean(theirs), clean(ours));
    ensure!(theirs == ours, "amtool:\n{theirs}\nplimsoll:\n{ours}");
    Ok(())
}
