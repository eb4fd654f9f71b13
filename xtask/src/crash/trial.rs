//! One installation and its lives.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use plimsoll_e2e::{Api, Home, Program, Server, wait_until};

use super::client;
use super::ledger::Ledger;
use super::random::Random;
use super::verify::verify;

/// Maintenance comes every 30 s, on a machine that has other work.
const SEALING_MAX: Duration = Duration::from_secs(90);
/// One trial in this many kills the server again while it starts, once or several times.
const TRIALS_PER_KILLED_START: u64 = 3;

/// How long the server lives in a trial.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life {
    /// From its being ready.
    For(Duration),
    /// Until the first part of this life was made, and this much longer, while others are being made.
    UntilSealing(Duration),
    /// From its being ready, while parts are sealed, merged and cleaned without a pause.
    Tidying(Duration),
}

/// A data directory and those who write into it.
pub(super) struct Installation {
    home: Home,
    /// The server that answered the last check; it goes on in the next trial.
    server: Option<Server>,
    ledgers: Vec<Ledger>,
}

/// What a trial was like.
pub(super) struct Summary {
    acknowledged: u64,
    killed_starts: u64,
    replay: String,
}

impl Installation {
    pub(super) fn new(clients: u64, random: &mut Random) -> Result<Self> {
        // Other label values in every directory, so that no sample can come from an earlier one.
        let first = random.next() % 1_000_000;
        Ok(Self {
            home: Home::new()?,
            server: None,
            ledgers: (first..first + clients).map(Ledger::new).collect(),
        })
    }

    /// Returns how many samples were acknowledged in all trials of this directory.
    pub(super) fn acknowledged(&self) -> u64 {
        self.ledgers.iter().map(Ledger::acknowledged).sum()
    }

    /// Ends the server and leaves the files for a person to look at.
    pub(super) fn keep(self) -> PathBuf {
        drop(self.server);
        self.home.keep()
    }

    /// Lets clients write, kills the server, and checks what the next one knows.
    ///
    /// # Errors
    /// When anything acknowledged is lost or wrong, or the server does not start, or behaves wrongly in its life.
    pub(super) fn trial(&mut self, life: Life, random: &mut Random) -> Result<Summary> {
        let before = self.acknowledged();
        let server = match self.server.take() {
            Some(server) => server,
            None => self.start()?,
        };
        self.live(server, life, random)?;
        let mut killed_starts = 0;
        if random.is_one_in(TRIALS_PER_KILLED_START) {
            killed_starts = random.between(1, 3);
        }
        for _ in 0..killed_starts {
            self.start_and_kill(Duration::from_millis(random.between(0, 400)))?;
        }
        let begin = plimsoll_e2e::now_millis();
        let server = self.start().context("the start after the kill")?;
        let replay = format!("ready after {} ms", plimsoll_e2e::now_millis() - begin);
        for ledger in &self.ledgers {
            verify(server.api, ledger)?;
        }
        self.server = Some(server);
        let acknowledged = self.acknowledged().saturating_sub(before);
        Ok(Summary {
            acknowledged,
            killed_starts,
            replay,
        })
    }

    fn start(&self) -> Result<Server> {
        Server::start_with(&self.home, &mut self.command()?)
    }

    fn command(&self) -> Result<Command> {
        let mut command = self.home.serve_command()?;
        command.arg("--web.enable-admin-api");
        Ok(command)
    }

    fn live(&mut self, server: Server, life: Life, random: &mut Random) -> Result<()> {
        let is_killed = AtomicBool::new(false);
        let api = server.api;
        let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
            let clients: Vec<_> = self
                .ledgers
                .iter_mut()
                .map(|ledger| {
                    let (random, is_killed) = (Random::new(random.next()), &is_killed);
                    scope.spawn(move || client::run(api, ledger, random, is_killed))
                })
                .collect();
            let tidying = matches!(life, Life::Tidying(_)).then(|| {
                let is_killed = &is_killed;
                scope.spawn(move || tidy(api, is_killed))
            });
            let lived = wait_for_end(api, life);
            is_killed.store(true, Ordering::SeqCst);
            let killed = server.kill();
            let joined = clients
                .into_iter()
                .chain(tidying)
                .map(|client| match client.join() {
                    Ok(outcome) => outcome,
                    Err(_) => Err(anyhow!("a client panicked")),
                });
            [lived, killed].into_iter().chain(joined).collect()
        });
        outcomes.into_iter().collect()
    }

    /// Kills the server before it is ready, or just after.
    fn start_and_kill(&self, after: Duration) -> Result<()> {
        let mut program = Program::start(&mut self.command()?, self.home.next_log())?;
        std::thread::sleep(after);
        program
            .check_alive()
            .context("a start that was to be killed")?;
        program.kill()
    }
}

fn wait_for_end(api: Api, life: Life) -> Result<()> {
    match life {
        Life::For(duration) | Life::Tidying(duration) => {
            std::thread::sleep(duration);
            Ok(())
        }
        Life::UntilSealing(more) => {
            // The store seals what it replayed at once, and late data half a minute later: either will do.
            wait_until(SEALING_MAX, "the sealing of old windows", || {
                ensure!(parts_sealed(api)? > 0, "no part was sealed since the start");
                Ok(())
            })?;
            std::thread::sleep(more);
            Ok(())
        }
    }
}

/// Asks for what maintenance does in its own time, one after the other.
fn tidy(api: Api, is_killed: &AtomicBool) -> Result<()> {
    let paths = [
        "/internal/force_flush",
        "/internal/force_merge",
        "/api/v1/admin/tsdb/clean_tombstones",
    ];
    for path in paths.iter().cycle() {
        match api.post_form(path, &[]) {
            Ok(reply) => ensure!(
                matches!(reply.status, 200..300 | 429 | 503),
                "{path}: {} {}",
                reply.status,
                reply.text()
            ),
            Err(_) if is_killed.load(Ordering::SeqCst) => break,
            Err(error) => return Err(error.context("the server went away by itself")),
        }
        if is_killed.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(())
}

fn parts_sealed(api: Api) -> Result<u64> {
    let text = api.get("/metrics", &[])?.text();
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix("plimsoll_tsdb_parts_sealed_total "));
    Ok(values
        .next()
        .context("no plimsoll_tsdb_parts_sealed_total in /metrics")?
        .parse()?)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            acknowledged,
            killed_starts,
            replay,
        } = self;
        write!(
            f,
            "{acknowledged} acknowledged, {killed_starts} more kills while starting, {replay}"
        )
    }
}
