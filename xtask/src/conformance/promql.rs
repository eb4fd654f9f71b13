//! Prometheus' promqltest scripts (`*.test`), on our engine in this process or on any server of Prometheus' HTTP API.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use plimsoll_e2e::{Api, Home, Prometheus, Server, ServerSubject};
use plimsoll_promqltest::{EngineSubject, Report, Subject, run};

/// Keeps what was measured in 1970, scrapes nothing, and has the step that the scripts expect of subqueries without one.
const KEEP_ALL: &str = "global:\n  scrape_interval: 10y\n  evaluation_interval: 1m\nplimsoll:\n  retention: 100y\n  host_metrics:\n    enabled: false\n";
/// A Prometheus that scrapes nothing.
const NO_TARGETS: &str = "global:\n  evaluation_interval: 1m\n";
/// All that the scripts use and Prometheus hides behind flags.
const FEATURES: &str = "--enable-feature=promql-experimental-functions,\
    promql-extended-range-selectors,promql-binop-fill-modifiers,promql-duration-expr,\
    promql-delayed-name-removal,use-start-timestamps,st-storage,xor2-encoding";

/// Lets `clear` delete everything.
const ADMIN: &str = "--web.enable-admin-api";

/// Whom the scripts judge.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    /// `self`, or the URL of a server.
    pub(super) server: Option<String>,
    /// A Prometheus binary.
    pub(super) prometheus: Option<PathBuf>,
    /// Only scripts whose name contains this.
    pub(super) only: Option<String>,
}

/// Runs all scripts of a folder, prints what failed and how many evals passed.
pub(super) fn judge(folder: &Path, judged: &Judged) -> anyhow::Result<()> {
    let scripts = scripts(folder, judged.only.as_deref())?;
    ensure!(!scripts.is_empty(), "{} holds no script", folder.display());
    let mut subject = subject(judged)?;
    let (mut passed, mut total, mut failures) = (0, 0, 0);
    for path in &scripts {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let report = script(path, subject.as_mut())?;
        for failure in &report.failures {
            println!("{}:{failure}", path.display());
        }
        println!("{name} {} of {}", report.passed, report.total);
        passed += report.passed;
        total += report.total;
        failures += report.failures.len();
    }
    println!("conformance promql: {passed} of {total} evals");
    ensure!(total > 0, "no script holds an eval, so nothing was judged");
    ensure!(failures == 0, "{failures} failures");
    Ok(())
}

fn scripts(folder: &Path, only: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_script = path
            .extension()
            .is_some_and(|extension| extension == "test");
        if is_script && only.is_none_or(|only| name.contains(only)) {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// A script that cannot be read has failed as a whole and does not keep the others from being judged.
fn script(path: &Path, subject: &mut dyn Subject) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(run(&text, subject).unwrap_or_else(|error| Report::unread(&error)))
}

fn subject(judged: &Judged) -> anyhow::Result<Box<dyn Subject>> {
    match (judged.server.as_deref(), &judged.prometheus) {
        (Some(_), Some(_)) => bail!("--server and --prometheus name two subjects"),
        (Some("self"), None) => own_server(),
        (Some(url), None) => Ok(Box::new(ServerSubject::of(Api {
            address: address(url)?,
        }))),
        (None, Some(program)) => prometheus(program.clone()),
        (None, None) => Ok(Box::new(EngineSubject::default())),
    }
}

/// Starts one server of ours, which forgets through its admin API.
fn own_server() -> anyhow::Result<Box<dyn Subject>> {
    let home = Home::new()?;
    home.configure(KEEP_ALL)?;
    let server = Server::start_with(&home, home.serve_command()?.args([FEATURES, ADMIN]))?;
    let subject = ServerSubject::of(server.api);
    Ok(Box::new(subject.with_company((server, home))))
}

/// Starts a Prometheus afresh whenever it has to forget: it does not take a time again that it had deleted.
fn prometheus(program: PathBuf) -> anyhow::Result<Box<dyn Subject>> {
    let mut running = None;
    let renew = move || {
        running.take();
        let home = Home::new()?;
        let arguments = [
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=100y",
            FEATURES,
        ];
        let prometheus =
            Prometheus::start_program(&program, &home, |_| NO_TARGETS.into(), &arguments)?;
        let api = prometheus.api;
        running = Some((prometheus, home));
        Ok(api)
    };
    Ok(Box::new(ServerSubject::renewed(Box::new(renew))?))
}

/// Takes the address out of `http://HOST:PORT`.
fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let host = url
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'));
    let host = host.filter(|host| !host.contains('/'));
    let host = host.with_context(|| format!("wanted http://HOST:PORT or self, found {url:?}"))?;
    let mut addresses = host
        .to_socket_addrs()
        .with_context(|| format!("no address: {url}"))?;
    addresses
        .next()
        .with_context(|| format!("{host} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_its_url() {
        for url in ["http://127.0.0.1:9090", "http://127.0.0.1:9090/"] {
            assert_eq!(address(url).unwrap().to_string(), "127.0.0.1:9090");
        }
        for url in [
            "127.0.0.1:9090",
            "https://127.0.0.1:9090",
            "http://127.0.0.1:9090/path",
        ] {
            assert!(address(url).is_err(), "{url}");
        }
    }
}
