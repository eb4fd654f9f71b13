//! The same random rules and unit tests to us and to Debian's promtool.
//!
//! A seed makes a rule file and a file of unit tests over it. Every expectation is wrong at first, so that both programs
//! print what they found, and that must be the same; then expectations are made of what promtool found, some of them
//! spoiled, and both must come to the same verdict. At last the rule file is damaged, and `check rules` of both must
//! take or refuse it alike.
//!
//! Debian's promtool is a 2.42; what the language changed since is kept out:
//!
//! | since 2.42 | how it is kept out |
//! |---|---|
//! | a window no longer contains its left end, nor the lookback | samples lie at odd milliseconds, windows are no multiples of steps |
//! | `rate` guesses otherwise after gaps and near zero | counters begin far from zero and have no gaps |
//! | `query_offset`, labels of groups | not generated |
//! | label names may be any text | not generated |
//! | what the language calls now by another name | not generated |
//! | we read constant patterns of `label_replace` when we read the expression | they are not damaged |
//! | series come in any order where nothing sorts them | templates sort, or ask for one series |
//! | `externalURL` and `pathPrefix` end in a nil pointer in every promtool | `$externalURL` is generated |
//!
//! Values are multiples of 1/8, so that sums do not depend on their order.

mod case;
mod damage;
mod generate;
mod outcome;
mod shrink;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plimsoll_testkit::Seed;

use crate::program::binary;
use crate::{Home, promtool};
use case::{Case, Expectations};
use outcome::Outcome;

/// Runs cases through both programs.
#[derive(Debug)]
pub struct RuleDifferential {
    home: Home,
}

/// What the cases of a seed showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleAgreement {
    /// Expectations whose findings were the same.
    pub findings: usize,
    /// Alerts and samples in them.
    pub items: usize,
    /// Files of unit tests with the same verdict that both passed.
    pub passed: usize,
    /// Those that both failed.
    pub failed: usize,
    /// Damaged rule files that both took.
    pub taken: usize,
    /// Those that both refused.
    pub refused: usize,
}

impl RuleAgreement {
    /// Adds what another seed showed.
    pub fn add(&mut self, other: Self) {
        self.findings += other.findings;
        self.items += other.items;
        self.passed += other.passed;
        self.failed += other.failed;
        self.taken += other.taken;
        self.refused += other.refused;
    }
}

/// How often the rule file of a seed is damaged.
const DAMAGES: usize = 4;

impl RuleDifferential {
    /// Makes a folder for the files of the cases; returns nothing when promtool is not installed.
    ///
    /// # Errors
    /// When plimsoll was not built, or the disk says no.
    pub fn new() -> Result<Option<Self>> {
        if crate::find("promtool")?.is_none() {
            return Ok(None);
        }
        binary()?;
        let home = Home::new()?;
        Ok(Some(Self { home }))
    }

    /// Compares both programs on the case of a seed.
    ///
    /// # Errors
    /// The first difference: the files, made as small as they still differ, and what both said.
    pub fn run(&self, seed: u64) -> Result<RuleAgreement> {
        let mut random = Seed::new(seed);
        let case = generate::case(&mut random);
        let mut agreement = RuleAgreement::default();
        let found = match self.findings(&case) {
            Ok(found) => found,
            Err(error) => {
                let smaller = shrink::shrink(&case, |case| self.findings(case).is_err());
                let error = self.findings(&smaller).err().unwrap_or(error);
                return Err(error.context(format!("seed {seed}\n{}", smaller.shown())));
            }
        };
        agreement.findings = found.findings.len();
        agreement.items = found.items();
        self.verdicts(&case, &found, &mut random, &mut agreement)
            .with_context(|| format!("seed {seed}, with what promtool found expected"))?;
        for _ in 0..DAMAGES {
            let damaged = damage::damaged(&case.rules(), &mut random);
            match self.check(&damaged) {
                Ok(true) => agreement.taken += 1,
                Ok(false) => agreement.refused += 1,
                Err(error) => {
                    let smaller =
                        crate::damage::smaller(&damaged, |text| self.check(text).is_err());
                    let error = self.check(&smaller).err().unwrap_or(error);
                    return Err(error.context(format!("seed {seed}, check rules of:\n{smaller}")));
                }
            }
        }
        Ok(agreement)
    }

    /// Lets both find what no expectation names; returns what they agree on.
    fn findings(&self, case: &Case) -> Result<Outcome> {
        let (theirs, ours) = self.test(case, &Expectations::default())?;
        let (found, same) = (Outcome::read(&theirs.text), Outcome::read(&ours.text));
        ensure!(
            theirs.code == ours.code && found == same,
            "{}\npromtool ({}):\n{}\nplimsoll ({}):\n{}",
            found.difference(&same),
            theirs.code,
            theirs.text,
            ours.code,
            ours.text
        );
        Ok(found)
    }

    /// Expects what was found, whole and spoiled.
    fn verdicts(
        &self,
        case: &Case,
        found: &Outcome,
        random: &mut Seed,
        agreement: &mut RuleAgreement,
    ) -> Result<()> {
        let whole = found.expectations();
        let spoiled = whole.spoiled(random);
        for expectations in [whole, spoiled] {
            let (theirs, ours) = self.test(case, &expectations)?;
            ensure!(
                theirs.code == ours.code,
                "{}\n{}\npromtool ({}):\n{}\nplimsoll ({}):\n{}",
                case.rules(),
                case.tests(&expectations),
                theirs.code,
                theirs.text,
                ours.code,
                ours.text
            );
            match ours.code {
                0 => agreement.passed += 1,
                _ => agreement.failed += 1,
            }
        }
        Ok(())
    }

    fn test(&self, case: &Case, expectations: &Expectations) -> Result<(Said, Said)> {
        self.home.write("rules.yml", case.rules().as_bytes())?;
        let tests = case.tests(expectations);
        let path = self.home.write("tests.yml", tests.as_bytes())?;
        both(&["test", "rules"], &path)
    }

    /// Says whether both take a rule file, with the same number of rules and duplicates.
    fn check(&self, text: &str) -> Result<bool> {
        let path = self.home.write("damaged.yml", text.as_bytes())?;
        let (theirs, ours) = both(&["check", "rules", "--lint-fatal"], &path)?;
        ensure!(
            theirs.code == ours.code,
            "promtool ({}):\n{}\nplimsoll ({}):\n{}",
            theirs.code,
            theirs.text,
            ours.code,
            ours.text
        );
        Ok(ours.code != 1)
    }
}

/// What a program printed, and its exit code.
struct Said {
    text: String,
    code: i32,
}

fn both(command: &[&str], path: &Path) -> Result<(Said, Said)> {
    let path = path.to_str().context("a path of UTF-8")?;
    let arguments = [command, &[path]].concat();
    let said = |output: std::process::Output| Said {
        text: [output.stdout, output.stderr]
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .concat(),
        code: output.status.code().unwrap_or(-1),
    };
    let theirs = said(promtool(&arguments)?);
    let ours = said(Command::new(binary()?).args(&arguments).output()?);
    ensure!(
        matches!(ours.code, 0 | 1 | 3),
        "plimsoll ended with {}:\n{}",
        ours.code,
        ours.text
    );
    Ok((theirs, ours))
}
