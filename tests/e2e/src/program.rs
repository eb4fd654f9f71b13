//! One process: started with its output in a file, ended by its id.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait_until;

/// How much of a log is shown when a test fails.
const SHOWN_BYTES_MAX: usize = 8 * 1024;

/// A running process. Dropping it kills it, and shows the end of its log when a test is failing.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts `command` with stdout and stderr in the file `log`.
    ///
    /// # Errors
    /// When the program cannot be started or the file not made.
    pub fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("could not start {name}"))?;
        Ok(Self { name, child, log })
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns everything that the process has printed.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Returns the status when the process has ended.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Fails with the log when the process has ended, for use while waiting for it to do something.
    ///
    /// # Errors
    /// When it has.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.exit_status()? {
            None => Ok(()),
            Some(status) => Err(anyhow!(
                "{} ended: {status}\n{}",
                self.name,
                tail(&self.log())
            )),
        }
    }

    /// Sends SIGHUP.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn hang_up(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::HUP)?)
    }

    /// Sends SIGTERM and waits until the process has ended.
    ///
    /// # Errors
    /// When it has ended before, or does not end within `deadline`.
    pub fn terminate(&mut self, deadline: Duration) -> Result<ExitStatus> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        wait_until(deadline, "the end after SIGTERM", || {
            self.exit_status()?
                .ok_or_else(|| anyhow!("{} still runs", self.name))
        })
    }

    /// Sends SIGKILL and waits until the process is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Returns the most memory that the process ever had in RAM, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn peak_resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kib.context("no VmHWM")?.trim().parse::<u64>()? * 1024)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; nothing more can be done about a process that cannot be killed.
        let _ = self.kill();
        if std::thread::panicking() {
            print_log(&self.name, &self.log());
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the log of a process explains why a test failed"
)]
fn print_log(name: &str, log: &str) {
    eprintln!("--- {name} printed:\n{}\n---", tail(log));
}

fn tail(log: &str) -> &str {
    let begin = log.ceil_char_boundary(log.len().saturating_sub(SHOWN_BYTES_MAX));
    &log[begin..]
}

/// Returns the path of the `plimsoll` that was built together with this executable.
///
/// # Errors
/// When it is not there, with what to run.
pub fn binary() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    // Beside an xtask, one folder above a test.
    let found = here
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("plimsoll"))
        .find(|path: &PathBuf| Path::is_file(path));
    found.with_context(|| {
        let here = here.display();
        format!("there is no plimsoll near {here}; build it first: cargo build -p plimsoll")
    })
}
