//! A PostgreSQL of Debian's that lives as long as a test: its own data directory, a socket in it, and no port unless asked.
//!
//! PostgreSQL refuses to run as root, so root starts it as "nobody" by `setpriv`. It is stopped by its process id.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

/// Where Debian keeps the programs, one folder for each major version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The user that root lends to the server: "nobody", who owns nothing.
const NOBODY: u32 = 65534;
/// What the server prints when clients may come.
const READY: &str = "ready to accept connections";
/// The name of the only user of the database.
const USER: &str = "plimsoll";
/// What the socket is named by when nobody connects over the network.
const PORT: u16 = 5432;
/// Between choosing a free port and using it, somebody else may take it.
const PORT_TRIES: usize = 3;

/// A running PostgreSQL. Dropping it stops it and removes its data.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    settings: Vec<String>,
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Postgres {
    /// Starts a server, or returns nothing, having said so, when Debian's package is not installed.
    ///
    /// # Panics
    /// When it is missing and `PLIMSOLL_REQUIRE_PROGRAMS` is in the environment, or does not start.
    pub fn start() -> Option<Self> {
        // Nobody loses power in a test, and what is synced for real takes ten times as long.
        Self::start_with(&["fsync=off"])
    }

    /// As [`start`](Self::start), with these settings, each `name=value`.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let mut server = Self::new(settings)?;
        server.settings.push("listen_addresses=".into());
        server.resume();
        Some(server)
    }

    /// Starts a server that also listens on a port of 127.0.0.1, and takes only encrypted connections there; `certificate`
    /// and `key` are PEM.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_encrypted(certificate: &str, key: &str) -> Option<Self> {
        let mut server = Self::new(&["fsync=off", "listen_addresses=127.0.0.1", "ssl=on"])?;
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = server.data().join(name);
            fs::write(&path, text).expect("a file in the data directory");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("rights of it");
            if getuid().is_root() {
                chown(&path, Some(NOBODY), Some(NOBODY)).expect("the file is nobody's");
            }
        }
        let only = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
        fs::write(server.data().join("pg_hba.conf"), only).expect("the rules of access");
        let started = (0..PORT_TRIES).any(|_| {
            let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            server.port = free.local_addr().expect("its number").port();
            drop(free);
            server.try_resume().is_ok()
        });
        assert!(started, "no port stayed free");
        Some(server)
    }

    fn new(settings: &[&str]) -> Option<Self> {
        let programs = find()?;
        let folder = tempfile::Builder::new()
            .prefix("plimsoll-pg-")
            .tempdir()
            .expect("a folder for the database");
        if getuid().is_root() {
            let all = fs::Permissions::from_mode(0o755);
            fs::set_permissions(folder.path(), all).expect("rights of the folder");
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("the folder is nobody's");
        }
        let server = Self {
            programs,
            folder,
            settings: settings.iter().map(ToString::to_string).collect(),
            port: PORT,
            running: None,
        };
        server.make_cluster();
        Some(server)
    }

    fn make_cluster(&self) {
        let mut command = self.command("initdb");
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        command.arg(format!("--username={USER}"));
        let made = command.arg("-D").arg(self.data()).output();
        let made = made.expect("initdb runs");
        assert!(made.status.success(), "initdb: {made:?}");
    }

    /// Starts the server again after [`crash`](Self::crash) or [`stop`](Self::stop), and waits until clients may come.
    ///
    /// # Panics
    /// When it runs, or does not start.
    pub fn resume(&mut self) {
        if let Err(log) = self.try_resume() {
            panic!("postgres ended: {log}");
        }
    }

    /// Returns the log when the server ends instead.
    fn try_resume(&mut self) -> Result<(), String> {
        assert!(self.running.is_none(), "the server runs");
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        command.arg("-k").arg(self.folder.path());
        command.args(["-p", &self.port.to_string(), "-c", "max_connections=50"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres runs");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is a pipe"));
        let log = match wait_until_ready(&mut lines) {
            Ok(log) => log,
            Err(log) => {
                child.wait().expect("the server has ended");
                return Err(log);
            }
        };
        let log = Arc::new(Mutex::new(log));
        let reader = keep_reading(lines, Arc::clone(&log));
        self.running = Some(Running { child, log, reader });
        Ok(())
    }

    /// Stops the server at once, as a power loss of its machine would end it for its clients.
    ///
    /// # Panics
    /// When it does not run.
    pub fn crash(&mut self) {
        self.end(Signal::QUIT);
    }

    /// Stops the server as an administrator does: transactions are rolled back, sessions are told.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) {
        self.end(Signal::INT);
    }

    fn end(&mut self, signal: Signal) {
        let mut running = self.running.take().expect("the server runs");
        kill_process(Pid::from_child(&running.child), signal).expect("the server takes signals");
        running.child.wait().expect("the server ends");
        running.reader.join().expect("the log is read");
    }

    /// Returns what the server has printed since it was started last.
    ///
    /// # Panics
    /// When it does not run.
    pub fn log(&self) -> String {
        let running = self.running.as_ref().expect("the server runs");
        let log = running.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.clone()
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// When there is one of that name.
    pub fn create_database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// Returns the URL of a database.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{folder}:{}/{name}", self.port)
    }

    /// Returns the URL of a database by way of the port, of a server that was started with
    /// [`start_encrypted`](Self::start_encrypted).
    pub fn url_by_port(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns the path of the socket, for who stands between the server and a client.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join(format!(".s.PGSQL.{}", self.port))
    }

    /// Runs statements by psql and returns the rows that they give, columns parted by `|`.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn execute(&self, database: &str, statements: &str) -> String {
        let output = self.try_execute(database, statements);
        assert!(
            output.status.success(),
            "{statements}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().into()
    }

    /// As [`execute`](Self::execute), and returns what became of it.
    ///
    /// # Panics
    /// When psql cannot be run.
    pub fn try_execute(&self, database: &str, statements: &str) -> Output {
        let mut psql = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER])
            .args(["-d", database, "-p", &self.port.to_string(), "-h"])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let mut stdin = psql.stdin.take().expect("stdin is a pipe");
        // psql that has failed reads no more; its status says so.
        let _ = stdin.write_all(statements.as_bytes());
        drop(stdin);
        psql.wait_with_output().expect("psql ends")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={NOBODY}"));
            command.arg(format!("--regid={NOBODY}"));
            command.arg("--clear-groups").arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        // SIGQUIT and not SIGKILL: it takes its children and its shared memory with it.
        let told = kill_process(Pid::from_child(&running.child), Signal::QUIT);
        if told.is_ok() {
            // A process that cannot be waited for is gone already.
            let _ = running.child.wait();
            let _ = running.reader.join();
        }
    }
}

/// Returns the folder of the newest version that is installed.
fn find() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let programs = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let programs = version.path().join("bin");
        programs
            .join("initdb")
            .is_file()
            .then_some((number, programs))
    });
    let newest = programs.max_by_key(|(number, _)| *number);
    if newest.is_none() {
        say_missing();
    }
    newest.map(|(_, programs)| programs)
}

#[expect(
    clippy::print_stderr,
    reason = "a skipped test must not look like a passed one"
)]
fn say_missing() {
    assert!(
        std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_none(),
        "postgresql is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set"
    );
    eprintln!("SKIPPED: postgresql is not installed");
}

/// Reads the log until the server is ready or ends, and returns what was read.
fn wait_until_ready(lines: &mut BufReader<ChildStderr>) -> Result<String, String> {
    let mut log = String::new();
    while !log.contains(READY) {
        let read = lines.read_line(&mut log).expect("the log is text");
        if read == 0 {
            return Err(log);
        }
    }
    Ok(log)
}

/// Reads on, because a server whose log nobody reads stops.
fn keep_reading(lines: BufReader<ChildStderr>, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in lines.lines().map_while(io::Result::ok) {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    })
}
