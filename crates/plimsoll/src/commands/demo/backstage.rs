//! What runs beside the server: the shop, the story, and who prints it. It has threads of its own, so that a busy server does not
//! slow customers down.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plimsoll_demo::files::Places;
use plimsoll_demo::scale::Scale;
use plimsoll_demo::show::{self, Line, Options, Outcome};
use plimsoll_demo::stage::Stage;
use plimsoll_demo::story::Story;
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::{self, Cause, Shutdown};
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use rustix::process::{Signal, getpid, kill_process};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::terminal::Terminal;
use crate::commands::Failure;

/// Lines that wait to be printed; beyond it the story waits for the terminal.
const LINES: usize = 64;
/// Customers, services and the story.
const THREADS: usize = 2;
/// Nothing of it has anything to lose.
const END_MAX: Duration = Duration::from_secs(2);

/// What runs beside the server.
pub(super) struct Backstage {
    runtime: Runtime,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    stop: Shutdown,
    address: SocketAddr,
    /// Absent once the story has begun.
    stage: Option<Stage>,
    printing: Option<JoinHandle<()>>,
    outcome: Arc<Mutex<Option<Outcome>>>,
}

impl Backstage {
    /// Sets the stage. From here on the first SIGINT or SIGTERM ends all of it, as it ends the server.
    pub(super) fn set_up(address: SocketAddr) -> Result<Self, Failure> {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(THREADS).thread_name("demo");
        let runtime = builder.enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::failed(format!("the threads could not be started: {error}"))
        })?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let stop = Shutdown::new();
        let tasks = Tasks::new(stop.clone(), clock.clone(), &Registry::new());
        let set_up = async {
            // The server hears SIGHUP; here nothing is read again.
            drop(shutdown::listen(&stop, &tasks)?);
            Stage::set_up(clock.clone(), tasks.clone()).await
        };
        let stage = runtime.block_on(set_up).map_err(Failure::failed)?;
        Ok(Self {
            runtime,
            clock,
            tasks,
            stop,
            address,
            stage: Some(stage),
            printing: None,
            outcome: Arc::default(),
        })
    }

    /// Returns what the files have to say of the stage.
    pub(super) fn places(&self, scale: Scale) -> Places {
        let stage = self.stage.as_ref();
        stage.expect("the story has not begun").places(scale)
    }

    /// Begins the story, which waits for the server to be ready.
    pub(super) fn begin(
        &mut self,
        story: Story,
        scale: Scale,
        is_headless: bool,
        mut terminal: Terminal,
    ) {
        let Some(stage) = self.stage.take() else {
            return;
        };
        let (lines, mut printed) = mpsc::channel(LINES);
        self.printing = Some(std::thread::spawn(move || {
            while let Some(line) = printed.blocking_recv() {
                terminal.show(line);
            }
            terminal.end();
        }));
        let options = Options {
            story,
            scale,
            address: self.address,
            is_judged: is_headless,
        };
        let (clock, outcome) = (self.clock.clone(), self.outcome.clone());
        let _inside = self.runtime.enter();
        let play = |stop| play(stage, options, clock, lines, stop, outcome);
        self.tasks.spawn("demo-show", OnPanic::Fatal, play);
        let failed = |stop: Shutdown| async move {
            stop.wait().await;
            if matches!(stop.cause(), Some(Cause::Failed(_))) {
                end_server();
            }
        };
        self.tasks.spawn("demo-end", OnPanic::Report, failed);
    }

    /// Ends all of it, after the server; returns what came of the story, `None` when it was stopped before.
    pub(super) fn end(mut self) -> Option<Outcome> {
        self.stop.trigger();
        // What does not end in time is dropped with its thread.
        let _ = self.runtime.block_on(self.tasks.join(END_MAX));
        self.runtime.shutdown_timeout(END_MAX);
        if let Some(printing) = self.printing.take() {
            // A panic was told by the thread itself.
            let _ = printing.join();
        }
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.take()
    }
}

/// Plays the story; then ends the server, or goes on until somebody does.
async fn play(
    mut stage: Stage,
    options: Options,
    clock: Arc<dyn Clock>,
    lines: mpsc::Sender<Line>,
    stop: Shutdown,
    outcome: Arc<Mutex<Option<Outcome>>>,
) {
    let given = show::give(&mut stage, &options, &clock, &lines, &stop).await;
    match given {
        Ok(Some(came)) if options.is_judged => {
            *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(came);
            end_server();
        }
        Ok(Some(came)) => {
            for line in told(came) {
                // Who prints may be gone.
                let _ = lines.send(Line::Note(line)).await;
            }
            let address = options.address;
            let _ = show::go_on(&mut stage, address, &clock, &lines, &stop).await;
        }
        Ok(None) => {}
        Err(error) => {
            let _ = lines.send(Line::Note(error)).await;
            end_server();
        }
    }
}

fn told(outcome: Outcome) -> Vec<String> {
    let mut told = outcome.facts;
    let differences = outcome.differences.into_iter();
    told.extend(differences.map(|text| format!("not as it had to be: {text}")));
    told.push("the story is over, the shop goes on: look around, and end it with Ctrl-C".into());
    told
}

/// Ends the server the way an operator does: it finishes what runs and closes its store.
fn end_server() {
    if let Err(error) = kill_process(getpid(), Signal::TERM) {
        tracing::error!(%error, "the demo cannot end itself");
    }
}
