//! The proxies, each with one thread for requests before the same backend.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use plimsoll_e2e::{Home, Program, request, wait_until};

const START_MAX: Duration = Duration::from_secs(60);

pub(super) const OURS: usize = 0;
pub(super) const HYPER: usize = 1;
pub(super) const NGINX: usize = 2;

/// A running proxy.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) address: SocketAddr,
    /// Whether it is shown ten thousand clients.
    pub(super) takes_crowds: bool,
}

/// The process that answers.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
    _program: Program,
}

/// Starts the backend.
pub(super) fn start_backend(home: &Home) -> anyhow::Result<Backend> {
    let address = free_address()?;
    let mut command = part("backend", address)?;
    let program = start(home, "backend", &mut command, address)?;
    Ok(Backend {
        address,
        _program: program,
    })
}

/// Starts all proxies; `files` is how many each may have open.
pub(super) fn start_all(
    home: &Home,
    binary: &Path,
    backend: SocketAddr,
    files: u64,
) -> anyhow::Result<Vec<Contender>> {
    let start = |name, takes_crowds, make: &Make| -> anyhow::Result<Contender> {
        let address = free_address()?;
        let mut command = make(address)?;
        Ok(Contender {
            name,
            program: start(home, name, &mut command, address)?,
            address,
            takes_crowds,
        })
    };
    Ok(vec![
        start("plimsoll", true, &|address| {
            ours(home, binary, address, backend)
        })?,
        start("hyper", true, &|address| hyper(address, backend))?,
        start("nginx", true, &|address| {
            nginx(home, "nginx", address, backend, files)
        })?,
        start("nginx, access log", false, &|address| {
            nginx(home, "nginx-log", address, backend, files)
        })?,
        start("haproxy", false, &|address| haproxy(home, address, backend))?,
    ])
}

type Make<'a> = dyn Fn(SocketAddr) -> anyhow::Result<Command> + 'a;

/// Starts a proxy and waits until it answers 200.
pub(in crate::bench) fn start(
    home: &Home,
    name: &str,
    command: &mut Command,
    at: SocketAddr,
) -> anyhow::Result<Program> {
    let log = home.path(&format!("{}.log", name.replace([',', ' '], "-")));
    let mut program = Program::start(command, log)?;
    let answers = wait_until(START_MAX, name, || {
        if program.exit_status()?.is_some() {
            return Ok(false);
        }
        let reply = request(at, "GET", "/", &[], b"")?;
        anyhow::ensure!(reply.status == 200, "status {}", reply.status);
        Ok(true)
    });
    if !answers.with_context(|| format!("{name}: {}", program.log()))? {
        bail!("{name} ended: {}", program.log());
    }
    Ok(program)
}

fn ours(
    home: &Home,
    binary: &Path,
    at: SocketAddr,
    backend: SocketAddr,
) -> anyhow::Result<Command> {
    let config = format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           threads: 1\n  \
           access_log: {{file: {log}}}\n  \
           listeners:\n  \
           - {{name: web, address: \"{at}\", connections_max: 20000}}\n  \
           backends:\n  \
           - {{name: backend, endpoints: [\"http://{backend}\"]}}\n  \
           routes:\n  \
           - {{name: all, to: backend}}\n",
        log = home.path("access.log").display(),
    );
    let path = home.write("gateway.yml", config.as_bytes())?;
    let mut command = Command::new(binary);
    command.arg("gateway").arg("--config").arg(path);
    command.arg(format!("--api={}", free_address()?));
    command.arg("--data-dir").arg(home.data());
    command.args(["--", "--no-host-metrics"]);
    Ok(command)
}

fn hyper(at: SocketAddr, backend: SocketAddr) -> anyhow::Result<Command> {
    let mut command = part("proxy", at)?;
    command.arg(format!("--to={backend}"));
    Ok(command)
}

/// Keeps its connections to the backend, and never ends one because of its age.
fn nginx(
    home: &Home,
    name: &str,
    at: SocketAddr,
    backend: SocketAddr,
    files: u64,
) -> anyhow::Result<Command> {
    let access_log = match name {
        "nginx-log" => format!("{}/access.log", home.path(name).display()),
        _ => "off".to_owned(),
    };
    let http = format!(
        "  access_log {access_log};\n  keepalive_requests 1000000000;\n  \
           upstream backend {{ server {backend}; keepalive 256; keepalive_requests 1000000000; }}\n  \
           server {{\n    listen {at} backlog=4096;\n    \
             location / {{\n      proxy_pass http://backend;\n      proxy_http_version 1.1;\n      \
               proxy_set_header Connection \"\";\n    }}\n  }}\n",
    );
    nginx_command(home, name, &http, files)
}

/// Returns the command of an nginx in the foreground with one worker, for what is in its section `http`. Whatever it writes
/// is in a folder of its name.
pub(in crate::bench) fn nginx_command(
    home: &Home,
    name: &str,
    http: &str,
    files: u64,
) -> anyhow::Result<Command> {
    let folder = home.path(name);
    std::fs::create_dir_all(&folder)?;
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("  {kind}_temp_path {folder}/{kind};\n"));
    let config = format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n\
         events {{ worker_connections {files}; }}\n\
         http {{\n{temporary}{http}}}\n",
        temporary = temporary.concat(),
    );
    let path = home.write(&format!("{name}.conf"), config.as_bytes())?;
    let mut command = Command::new(installed("nginx")?);
    command
        .arg("-c")
        .arg(path)
        .arg("-e")
        .arg(home.path("nginx-start.log"));
    Ok(command)
}

fn haproxy(home: &Home, at: SocketAddr, backend: SocketAddr) -> anyhow::Result<Command> {
    let config = format!(
        "global\n  nbthread 1\n  maxconn 4000\n\
         defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
         listen web\n  bind {at}\n  http-reuse always\n  server one {backend}\n"
    );
    let path = home.write("haproxy.cfg", config.as_bytes())?;
    let mut command = Command::new(installed("haproxy")?);
    command.arg("-db").arg("-f").arg(path);
    Ok(command)
}

/// Returns the path of a daemon of Debian's.
pub(in crate::bench) fn installed(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new("/usr/sbin").join(name);
    let path = path.is_file().then_some(path);
    path.with_context(|| format!("install it first: apt-get install {name}"))
}

/// Returns the command that runs a part of this task as a process of its own.
fn part(name: &str, at: SocketAddr) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["bench", "gateway-part", name])
        .arg(format!("--listen={at}"));
    Ok(command)
}

/// Returns an address that was free a moment ago.
pub(in crate::bench) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
