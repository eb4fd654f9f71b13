//! `plimsoll slo import`: files of ours from those of Sloth, OpenSLO and Pyrra.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_slo::import::{Imported, Options, Verdict, import};

use super::generating::Windows;
use crate::commands::{Failure, input, print};

/// Make files of ours from SLOs of Sloth, OpenSLO or Pyrra, and tell what is kept of them
///
/// Prints the files on standard output, or writes one for each service, and tells on standard error what became of each
/// SLO: kept, warned (some of it is lost or means another thing), or refused. Exits with 1 when one is refused.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo import sloth.yml > slos.yml\n  \
    plimsoll slo import slos/*.yaml --output-dir objectives/\n  \
    plimsoll slo import --report-only slos/*.yaml")]
pub(crate) struct Arguments {
    /// Files of Sloth (prometheus/v1 and Kubernetes), OpenSLO (v1, v1alpha) or Pyrra; standard input when there are none,
    /// and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write SERVICE.yml into this folder; a file that is there is not overwritten
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Make no files, only tell what would become of them
    #[arg(long, conflicts_with = "output_dir")]
    report_only: bool,
    /// The service of SLOs whose format has none
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    #[command(flatten)]
    windows: Windows,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let read = input::read(&arguments.files)?;
    let texts: Vec<(PathBuf, String)> = read
        .into_iter()
        .map(|(path, bytes)| text(path, bytes))
        .collect::<Result<_, _>>()?;
    let files: Vec<(&Path, &str)> = texts
        .iter()
        .map(|(path, text)| (path.as_path(), text.as_str()))
        .collect();
    let options = Options {
        sloth: arguments.windows.options()?,
        service: arguments.service.clone(),
    };
    let imported =
        import(&files, &options).map_err(|findings| Failure::rendered(format!("{findings}\n")))?;
    eprint!("{}", imported.report);
    if !arguments.report_only {
        write(&imported, arguments.output_dir.as_deref())?;
    }
    match imported.report.count(Verdict::Refused) {
        0 => Ok(()),
        1 => Err(Failure::failed("one SLO is not imported")),
        refused => Err(Failure::failed(format!("{refused} SLOs are not imported"))),
    }
}

/// Takes the bytes of a file as text.
pub(super) fn text(path: PathBuf, bytes: Vec<u8>) -> Result<(PathBuf, String), Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok((path, text)),
        Err(_) => Err(Failure::failed(format!("{} is not UTF-8", path.display()))),
    }
}

fn write(imported: &Imported, folder: Option<&Path>) -> Result<(), Failure> {
    let texts = imported.documents.iter();
    let texts = texts.map(|document| (&*document.service, document.to_yaml()));
    match folder {
        None => print_all(&texts.map(|(_, text)| text).collect::<Vec<_>>()),
        Some(folder) => {
            let files: Vec<(PathBuf, String)> = texts
                .map(|(service, text)| (folder.join(format!("{service}.yml")), text))
                .collect();
            write_new(folder, &files)
        }
    }
}

/// Prints files as documents of one stream. Only one of them is a file of ours as it stands.
pub(super) fn print_all(texts: &[String]) -> Result<(), Failure> {
    if texts.len() > 1 {
        eprintln!(
            "{} services, each a file of its own: see --output-dir",
            texts.len()
        );
    }
    print(&texts.join("---\n"))
}

/// Writes files, none of which is there yet: all of them, or none.
pub(super) fn write_new(folder: &Path, files: &[(PathBuf, String)]) -> Result<(), Failure> {
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::failed(format!(
            "{} is there already",
            path.display()
        )));
    }
    let failed = |path: &Path, error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (path, text) in files {
        fs::write(path, text).map_err(|error| failed(path, error))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
