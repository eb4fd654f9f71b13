//! `cargo xtask ui`: builds the user interface into `ui/dist`, from where `cargo build` takes it into the program.
//!
//! | step | when |
//! |---|---|
//! | `npm ci` | the packages are not there, or the lock file is newer than they are |
//! | `npm run build` | always: types, then the bundle |
//! | a `.gz` beside each file that gets smaller | always: the server sends it as it is |
//! | `npm run budget` | always: what a browser loads first has a limit |

mod browse;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::process;

/// The oldest Node.js that the tools of `ui/package.json` run on.
const NODE_MIN: u32 = 20;
const WITHOUT: &str = "install Node.js 20 or newer; without it cargo build makes a program with pages without scripts";
/// What text is worth compressing: shorter files fit a packet as they are.
const SHORT_BYTES: usize = 1024;
/// Files of these kinds are text.
const TEXTS: [&str; 6] = ["html", "js", "css", "svg", "json", "txt"];

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build nothing, but check the sources: format, lints, types, tests
    #[arg(long)]
    check: bool,
    /// Build nothing, but use what was built in a browser: every screen of the real program with the demo's data
    #[arg(long, conflicts_with = "check")]
    browse: bool,
}

/// Builds, or checks.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let folder = prepared()?;
    match options {
        Options { browse: true, .. } => browse::run(&folder),
        Options { check: true, .. } => check(&folder),
        Options { .. } => build(&folder),
    }
}

/// Checks and builds: the step of `cargo xtask ci`.
pub(crate) fn gate() -> anyhow::Result<()> {
    let folder = prepared()?;
    check(&folder)?;
    build(&folder)
}

/// Sees to Node.js and the packages; returns the folder of the sources.
fn prepared() -> anyhow::Result<PathBuf> {
    require_node()?;
    let folder = process::root().join("ui");
    if is_stale(&folder)? {
        eprintln!("ui: npm ci");
        let install = ["ci", "--no-audit", "--no-fund"];
        process::run(npm(&folder).args(install))?;
    }
    Ok(folder)
}

fn check(folder: &Path) -> anyhow::Result<()> {
    eprintln!("ui: npm run check");
    process::run(npm(folder).args(["run", "--silent", "check"]))?;
    println!("ui: the sources are in order");
    Ok(())
}

fn build(folder: &Path) -> anyhow::Result<()> {
    eprintln!("ui: npm run build");
    process::run(npm(folder).args(["run", "--silent", "build"]))?;
    let dist = folder.join("dist");
    let sizes = compress(&dist)?;
    ensure!(sizes.files > 0, "{} is empty", dist.display());
    eprintln!("ui: npm run budget");
    process::run(npm(folder).args(["run", "--silent", "budget"]))?;
    let kilobytes = |bytes: u64| bytes.div_ceil(1000);
    println!(
        "ui: {} files, {} kB, {} kB as they are sent",
        sizes.files,
        kilobytes(sizes.plain),
        kilobytes(sizes.sent)
    );
    Ok(())
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

fn require_node() -> anyhow::Result<()> {
    let found = Command::new("node").arg("--version").output();
    let found = found.with_context(|| format!("node could not be started: {WITHOUT}"))?;
    let text = String::from_utf8_lossy(&found.stdout);
    match major(&text) {
        Some(major) if major >= NODE_MIN => Ok(()),
        _ => bail!("node is {}, which is too old: {WITHOUT}", text.trim()),
    }
}

/// Reads `v22.1.0`.
fn major(version: &str) -> Option<u32> {
    let digits = version.trim().strip_prefix('v')?.split('.').next()?;
    digits.parse().ok()
}

/// Says whether the packages are not those of the lock file: npm writes down what it installed, and when.
fn is_stale(folder: &Path) -> anyhow::Result<bool> {
    let time = |path: PathBuf| fs::metadata(path).and_then(|found| found.modified());
    let lock = time(folder.join("package-lock.json")).context("ui/package-lock.json")?;
    let installed = time(folder.join("node_modules/.package-lock.json"));
    Ok(installed.map_or(true, |installed| installed < lock))
}

/// What was built.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sizes {
    files: usize,
    plain: u64,
    sent: u64,
}

/// Writes a compressed form beside each file of a folder that gets smaller by it.
fn compress(folder: &Path) -> anyhow::Result<Sizes> {
    let (mut sizes, mut folders) = (Sizes::default(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|ending| ending != "gz") {
                let bytes = fs::read(&path)?;
                sizes.files += 1;
                sizes.plain += bytes.len() as u64;
                sizes.sent += compress_one(&path, &bytes)?;
            }
        }
    }
    Ok(sizes)
}

/// Returns how many bytes of it are sent.
fn compress_one(path: &Path, bytes: &[u8]) -> anyhow::Result<u64> {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_text = ending.is_some_and(|ending| TEXTS.contains(&ending));
    if is_text && bytes.len() >= SHORT_BYTES {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        let compressed = encoder.finish()?;
        if compressed.len() < bytes.len() {
            fs::write(&name, &compressed)?;
            return Ok(compressed.len() as u64);
        }
    }
    Ok(bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(major("v22.11.0\n"), Some(22));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("20.1.0"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn text_that_gets_smaller_is_compressed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("assets");
        fs::create_dir(&nested).unwrap();
        let long = "let a = 1;\n".repeat(500);
        for (name, text) in [
            ("index.html", "short"),
            ("assets/a.js", &*long),
            ("assets/a.png", &*long),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let sizes = compress(folder.path()).unwrap();
        assert_eq!((sizes.files, sizes.plain), (3, 5 + 2 * long.len() as u64));
        assert!(sizes.sent < sizes.plain);
        assert!(nested.join("a.js.gz").exists());
        assert!(!nested.join("a.png.gz").exists() && !folder.path().join("index.html.gz").exists());
        // What was compressed before is no file of its own.
        assert_eq!(compress(folder.path()).unwrap(), sizes);
    }

    #[test]
    fn packages_older_than_their_lock_file_are_installed_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_stale(folder.path()).is_err());
        fs::write(folder.path().join("package-lock.json"), "{}").unwrap();
        assert!(is_stale(folder.path()).unwrap());
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        fs::write(folder.path().join("node_modules/.package-lock.json"), "{}").unwrap();
        assert!(!is_stale(folder.path()).unwrap());
    }
}
