//! `cargo xtask demo`: builds what is missing and becomes `plimsoll demo`.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, bail};

use crate::process;

/// What the user interface is built from.
const UI_SOURCES: [&str; 5] = [
    "ui/src",
    "ui/public",
    "ui/index.html",
    "ui/package-lock.json",
    "ui/vite.config.ts",
];
/// What `cargo xtask ui` writes last.
const UI_BUILT: &str = "ui/dist/index.html";
/// What the binary is built from.
const SOURCES: [&str; 4] = ["crates", "Cargo.toml", "Cargo.lock", "ui/dist"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is passed on to `plimsoll demo`, such as --story overload --speed 2x
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "DEMO_FLAGS"
    )]
    arguments: Vec<String>,
}

/// Builds, then runs the demo in the place of this process: Ctrl-C and the exit code are the demo's own.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    build_ui()?;
    let binary = binary()?;
    let error = Command::new(&binary)
        .arg("demo")
        .args(&options.arguments)
        .exec();
    bail!("could not start {}: {error}", binary.display())
}

/// Builds the user interface when there is none, or an older one than its sources.
fn build_ui() -> anyhow::Result<()> {
    let built = changed(&process::root().join(UI_BUILT))?;
    if built >= newest(&UI_SOURCES)? && built.is_some() {
        return Ok(());
    }
    eprintln!("building the user interface");
    let task = std::env::current_exe()?;
    process::run(Command::new(task).arg("ui"))
}

/// Returns the release binary when it is newer than everything it is built from; builds and returns another one otherwise,
/// because a release build takes minutes.
fn binary() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let debug = here.parent().context("xtask lies in a folder")?;
    let target = debug.parent().context("and that in the target folder")?;
    let release = target.join("release/plimsoll");
    let built = changed(&release)?;
    if built.is_some() && built >= newest(&SOURCES)? {
        return Ok(release);
    }
    eprintln!(
        "no current release binary: building Plimsoll without optimisation (cargo build --release makes a fast one)"
    );
    process::run(process::cargo().args(["build", "--quiet", "--locked", "--package", "plimsoll"]))?;
    Ok(debug.join("plimsoll"))
}

/// Returns when the newest of these files, and of those below these folders, was changed; those that are not there do not
/// count.
fn newest(paths: &[&str]) -> anyhow::Result<Option<SystemTime>> {
    let mut newest = None;
    for path in paths {
        newest = newest.max(newest_below(&process::root().join(path))?);
    }
    Ok(newest)
}

fn newest_below(path: &Path) -> anyhow::Result<Option<SystemTime>> {
    if !path.is_dir() {
        return changed(path);
    }
    let mut newest = None;
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        newest = newest.max(newest_below(&entry?.path())?);
    }
    Ok(newest)
}

fn changed(path: &Path) -> anyhow::Result<Option<SystemTime>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.modified()?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_of_all_folders_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let file = inner.join("c");
        fs::write(&file, "").unwrap();
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 33);
        fs::File::open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(
            newest_below(folder.path()).unwrap(),
            changed(&file).unwrap()
        );
        assert_eq!(changed(&folder.path().join("d")).unwrap(), None);
    }
}
