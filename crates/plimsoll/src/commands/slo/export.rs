//! `plimsoll slo export`: rules for a plain Prometheus, as Sloth and Pyrra make them, and our own files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostics, Source};
use plimsoll_slo::Catalog;
use plimsoll_slo::export::{RuleFile, native, pyrra, sloth};
use plimsoll_slo::file;
use plimsoll_slo::import::{self, Format, documents};
use plimsoll_types::is_legacy_label_name;

use super::generating::Windows;
use super::import::{print_all, text};
use crate::commands::{Failure, input};

/// Make rules for Prometheus from SLOs
///
/// Takes files of ours, and those of Sloth and Pyrra as they are: what comes out of Sloth's is what Sloth makes of them.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo export objectives.yml > rules.yml\n  \
    plimsoll slo export sloth.yml --extra-labels cluster=eu --disable-optimized-rules\n  \
    plimsoll slo export objectives.yml --format native")]
pub(crate) struct Arguments {
    /// Files of SLOs; standard input when there are none, and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which names the rules have; native writes our own files again
    #[arg(long, default_value = "sloth")]
    format: Rules,
    /// Add a label to all recording rules (sloth)
    #[arg(long, short = 'l', value_name = "NAME=VALUE")]
    extra_labels: Vec<String>,
    /// Compute the ratio of the whole period from events instead of five-minute ratios (sloth)
    #[arg(long)]
    disable_optimized_rules: bool,
    /// Make no recording rules (sloth)
    #[arg(long)]
    disable_recordings: bool,
    /// Make no alerts (sloth)
    #[arg(long)]
    disable_alerts: bool,
    #[command(flatten)]
    windows: Windows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rules {
    /// Rules under Sloth's names
    Sloth,
    /// Rules under Pyrra's names
    Pyrra,
    /// Files of ours
    Native,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.refuse_what_others_have()?;
    let mut read = Read::default();
    for (path, bytes) in input::read(&arguments.files)? {
        let (path, text) = text(path, bytes)?;
        read.file(&path, &text).map_err(rendered)?;
    }
    let catalog = Catalog::merge(std::mem::take(&mut read.native)).map_err(rendered)?;
    let texts = match arguments.format {
        Rules::Sloth => arguments.sloth(read, &catalog)?,
        Rules::Pyrra => of_pyrra(read, &catalog)?,
        Rules::Native => of_native(&read, &catalog)?,
    };
    print_all_rules(arguments.format, &texts)
}

fn print_all_rules(format: Rules, texts: &[String]) -> Result<(), Failure> {
    match format {
        Rules::Native => print_all(texts),
        _ => crate::commands::print(&texts.join("---\n")),
    }
}

fn rendered(findings: Diagnostics) -> Failure {
    Failure::rendered(format!("{findings}\n"))
}

/// What the files hold, by format.
#[derive(Default)]
struct Read {
    native: Vec<file::SloFile>,
    sloth: Vec<import::sloth::Spec>,
    pyrra: Vec<import::pyrra::Objective>,
    others: Vec<String>,
}

impl Read {
    fn file(&mut self, path: &Path, text: &str) -> Result<(), Diagnostics> {
        for source in documents(path, text)? {
            self.document(&source)?;
        }
        Ok(())
    }

    fn document(&mut self, source: &Source) -> Result<(), Diagnostics> {
        match Format::of(source)? {
            Format::Native => {
                let file = file::check(source, &Features::default())?;
                file.warnings
                    .iter()
                    .for_each(|warning| eprintln!("{warning}"));
                self.native.push(file);
            }
            Format::Pyrra => {
                let (objectives, warnings) = import::pyrra::read(source)?;
                warnings.iter().for_each(|warning| eprintln!("{warning}"));
                self.pyrra.extend(objectives);
            }
            Format::OpenSlo => self.others.push(source.path().display().to_string()),
            format => {
                let (spec, warnings) = import::sloth::read(source, format)?;
                warnings.iter().for_each(|warning| eprintln!("{warning}"));
                self.sloth.push(spec);
            }
        }
        Ok(())
    }
}

impl Arguments {
    fn sloth(&self, read: Read, catalog: &Catalog) -> Result<Vec<String>, Failure> {
        refuse(&read.others, "OpenSLO v1")?;
        refuse(&names(&read.pyrra), "Pyrra")?;
        let options = self.options()?;
        let mut options_of_own = options.clone();
        let (own, losses) =
            sloth::of_catalog(catalog, &mut options_of_own.windows).map_err(rendered)?;
        losses.iter().for_each(|loss| eprintln!("warning: {loss}"));
        let made = read.sloth.iter().map(|spec| sloth::rules(spec, &options));
        let own = own.iter().map(|spec| sloth::rules(spec, &options_of_own));
        let files: Vec<RuleFile> = made
            .chain(own)
            .collect::<Result<_, _>>()
            .map_err(rendered)?;
        Ok(files.iter().map(RuleFile::to_yaml).collect())
    }

    /// Refuses flags that only rules of Sloth's kind have: they would be taken and do nothing.
    fn refuse_what_others_have(&self) -> Result<(), Failure> {
        let flags = [
            (!self.extra_labels.is_empty(), "--extra-labels"),
            (self.disable_optimized_rules, "--disable-optimized-rules"),
            (self.disable_recordings, "--disable-recordings"),
            (self.disable_alerts, "--disable-alerts"),
        ];
        match flags.iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) if self.format != Rules::Sloth => {
                Err(Failure::usage(format!("{flag} belongs to --format sloth")))
            }
            _ => Ok(()),
        }
    }

    fn options(&self) -> Result<sloth::Options, Failure> {
        let mut labels = BTreeMap::new();
        for pair in &self.extra_labels {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Failure::usage(format!("--extra-labels {pair:?}: expected name=value"))
            })?;
            if !is_legacy_label_name(name) {
                let message = format!("--extra-labels {pair:?}: {name:?} is no name of a label");
                return Err(Failure::usage(message));
            }
            labels.insert(name.to_owned(), value.to_owned());
        }
        Ok(sloth::Options {
            labels,
            is_unoptimized: self.disable_optimized_rules,
            without_recordings: self.disable_recordings,
            without_alerts: self.disable_alerts,
            ..self.windows.options()?
        })
    }
}

fn of_pyrra(read: Read, catalog: &Catalog) -> Result<Vec<String>, Failure> {
    refuse(&read.others, "OpenSLO v1")?;
    let sloth: Vec<String> = read.sloth.iter().map(|spec| spec.service.clone()).collect();
    refuse(&sloth, "Sloth")?;
    let (own, losses) = pyrra::of_catalog(catalog);
    losses.iter().for_each(|loss| eprintln!("warning: {loss}"));
    let all: Vec<_> = read.pyrra.into_iter().chain(own).collect();
    Ok(pyrra::rules(&all).iter().map(RuleFile::to_yaml).collect())
}

fn of_native(read: &Read, catalog: &Catalog) -> Result<Vec<String>, Failure> {
    let sloth = read.sloth.iter().map(|spec| spec.service.clone());
    let others = sloth.chain(names(&read.pyrra)).chain(read.others.clone());
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        let all = others.join(", ");
        return Err(Failure::failed(format!(
            "files of others become ours with plimsoll slo import: {all}"
        )));
    }
    let files = native::files(catalog).map_err(Failure::failed)?;
    Ok(files.iter().map(native::Document::to_yaml).collect())
}

fn names(objectives: &[import::pyrra::Objective]) -> Vec<String> {
    let names = objectives.iter();
    names
        .map(|objective| objective.name.value.clone())
        .collect()
}

/// Refuses documents of a format that this kind of rules is not made from.
fn refuse(found: &[String], format: &str) -> Result<(), Failure> {
    match found.is_empty() {
        true => Ok(()),
        false => Err(Failure::failed(format!(
            "these rules are not made from files of {format} directly, import them first: {}",
            found.join(", ")
        ))),
    }
}
