//! `cargo xtask fuzz template`: random templates to us and to Debian's `amtool template render`.
//!
//! A start of amtool takes far longer than a template, so the templates of a seed are one text with marks between them;
//! only when that fails on either side is each asked alone. Errors are compared as such, not by their words: amtool 0.25
//! is built with Go 1.19, whose words differ.

mod data;
mod generate;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use plimsoll_gotemplate::{Set, Value, alertmanager};
use plimsoll_testkit::Seed;
use plimsoll_types::Timestamp;

use super::Options;

/// What the templates of a seed stand between.
const MARK: &str = "\u{1e}";

/// How often both said the same.
#[derive(Default)]
struct Agreement {
    rendered: u64,
    bytes: usize,
    refused: u64,
    /// Refused by Go for a branch that is not taken, which we do not look at: docs/templates.md says so.
    refused_ahead: u64,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let program = plimsoll_e2e::find("amtool")?.context("Debian's amtool is not installed")?;
    let folder = tempfile::tempdir()?;
    let (mut agreement, mut different) = (Agreement::default(), 0);
    let seeds = options.first..options.first.saturating_add(options.seeds);
    for (count, seed) in (1..).zip(seeds) {
        let both = Both::new(&program, folder.path(), seed)?;
        for template in both.judge(options.queries, seed, &mut agreement)? {
            different += 1;
            println!("seed {seed}: {template}\n");
        }
        ensure!(
            different == 0 || options.all,
            "repeat it with: cargo xtask fuzz template --first {seed} --seeds 1"
        );
        if count % 20 == 0 {
            eprintln!("{count} of {} seeds", options.seeds);
        }
    }
    println!(
        "fuzz template: {} templates alike with {} bytes, {} refused alike, {} refused by Go alone for branches not taken",
        agreement.rendered, agreement.bytes, agreement.refused, agreement.refused_ahead
    );
    ensure!(different == 0, "{different} templates differ");
    ensure!(
        agreement.bytes > 0,
        "no template made a text, so nothing was shown"
    );
    Ok(())
}

/// Us and amtool, with the same data.
struct Both<'a> {
    program: &'a Path,
    folder: &'a Path,
    data_file: PathBuf,
    is_html: bool,
    set: Set,
    data: Value,
}

impl<'a> Both<'a> {
    fn new(program: &'a Path, folder: &'a Path, seed: u64) -> anyhow::Result<Self> {
        let mut chance = Seed::new(seed);
        let set = Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH)));
        let data = data::data(&mut chance).to_value();
        let data_file = folder.join("data.json");
        std::fs::write(&data_file, set.render_text("{{ toJson . }}", &data)?)?;
        std::fs::write(folder.join("none.tmpl"), "")?;
        Ok(Self {
            program,
            folder,
            data_file,
            is_html: chance.percent(40),
            set,
            data,
        })
    }

    /// Returns what differs.
    fn judge(
        &self,
        count: usize,
        seed: u64,
        agreement: &mut Agreement,
    ) -> anyhow::Result<Vec<String>> {
        let mut chance = Seed::new(seed ^ 0x7465_6d70);
        let templates: Vec<String> = (0..count)
            .map(|_| generate::template(&mut chance))
            .collect();
        let all = templates.join(MARK);
        if let (Some(ours), Some(theirs)) = (self.ours(&all).ok(), self.theirs(&all)?.ok()) {
            let (ours, theirs) = (ours.split(MARK), theirs.split(MARK));
            let pairs = templates.iter().zip(ours.zip(theirs));
            let compare = |(template, (ours, theirs)): (&String, (&str, &str))| {
                difference(template, &Ok(ours.into()), &Ok(theirs.into()), agreement)
            };
            return Ok(pairs.filter_map(compare).collect());
        }
        let mut differences = Vec::new();
        for template in &templates {
            let (ours, theirs) = (self.ours(template), self.theirs(template)?);
            differences.extend(difference(template, &ours, &theirs, agreement));
        }
        Ok(differences)
    }

    fn ours(&self, template: &str) -> Result<String, String> {
        let result = match self.is_html {
            true => self.set.render_html(template, &self.data),
            false => self.set.render_text(template, &self.data),
        };
        result.map_err(|error| error.to_string())
    }

    fn theirs(&self, template: &str) -> anyhow::Result<Result<String, String>> {
        let kind = if self.is_html { "html" } else { "text" };
        let output = Command::new(self.program)
            .args(["template", "render"])
            .arg(format!(
                "--template.glob={}",
                self.folder.join("*.tmpl").display()
            ))
            .arg(format!("--template.type={kind}"))
            .arg(format!("--template.data={}", self.data_file.display()))
            .arg(format!("--template.text={template}"))
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(match output.status.success() {
            true => Ok(text),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        })
    }
}

fn difference(
    template: &str,
    ours: &Result<String, String>,
    theirs: &Result<String, String>,
    agreement: &mut Agreement,
) -> Option<String> {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => {
            agreement.rendered += 1;
            agreement.bytes += ours.len();
            None
        }
        (Err(_), Err(_)) => {
            agreement.refused += 1;
            None
        }
        (Ok(_), Err(error))
            if error.contains("predefined escaper") || error.contains("no such template") =>
        {
            agreement.refused_ahead += 1;
            None
        }
        _ => Some(format!(
            "{template}\n  ours:   {ours:?}\n  theirs: {theirs:?}"
        )),
    }
}
