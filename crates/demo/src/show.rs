//! The show: waits for Plimsoll, lets customers come, tells the story, and says what came of it.

mod plan;
mod status;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::shutdown::Shutdown;
use tokio::sync::mpsc;

pub use status::Status;

use crate::ask::Plimsoll;
use crate::judge::{Account, Judge, differences};
use crate::receiver::Notice;
use crate::scale::Scale;
use crate::stage::Stage;
use crate::story::Story;
use plan::{Act, Plan};
use status::Meter;

/// How many customers come in a second when nothing is said.
pub const USUAL_RATE: f64 = 40.0;
/// How often the line of state is told.
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// Between two questions whether it is ready.
const READY_EVERY: Duration = Duration::from_millis(50);
/// How long requests may still be under way after the last customer, above every timeout.
const DRAIN_MAX: Duration = Duration::from_secs(30);
/// How long the ledger may take: an export of the gateway every 5 s, a judgement every 10 s, and a busy machine.
const LEDGER_MAX: Duration = Duration::from_secs(45);
const ASK_EVERY: Duration = Duration::from_millis(500);
/// The same customers come each time.
const SEED: u64 = 9;

/// How a show goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is told.
    pub story: Story,
    /// How fast.
    pub scale: Scale,
    /// Where Plimsoll answers.
    pub address: SocketAddr,
    /// Whether customers stop when the story is over, so that books can be compared to the request.
    pub is_judged: bool,
}

/// What is told while it goes on.
#[derive(Clone, Debug)]
pub enum Line {
    /// Plimsoll answers; customers come within seconds.
    Ready {
        /// Where customers come in.
        edge: SocketAddr,
    },
    /// The story begins.
    Title(String),
    /// Something is said, with the path of the screen to look at.
    Say {
        /// When, from the begin of the story.
        at: Duration,
        /// What; may be empty.
        text: String,
        /// The path.
        look: Option<String>,
    },
    /// Somebody is told something.
    Notice(Notice),
    /// A line of state, each second.
    Status(Status),
    /// Something about the demo itself.
    Note(String),
}

/// What came of a story.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What came as expected, and what the books say.
    pub facts: Vec<String>,
    /// What differs from what had to happen; the story passed when there is none.
    pub differences: Vec<String>,
}

/// Gives the show; ends when the story is over and was judged. `None` when it was stopped before.
///
/// # Errors
/// When nothing can be asked over HTTP at all, in words.
pub async fn give(
    stage: &mut Stage,
    options: &Options,
    clock: &Arc<dyn Clock>,
    lines: &mpsc::Sender<Line>,
    stop: &Shutdown,
) -> Result<Option<Outcome>, String> {
    let plimsoll = Plimsoll::new(options.address)?;
    let mut show = Show {
        judge: Judge::new(&options.story, options.scale),
        plan: Plan::new(&options.story, options.scale),
        meter: Meter::new(plimsoll.clone(), stage.books.clone(), stage.load.clone()),
        plimsoll,
        begun: clock.monotonic(),
        stage,
        options,
        clock,
        lines,
    };
    tokio::select! {
        outcome = show.give() => Ok(Some(outcome)),
        () = stop.wait() => Ok(None),
    }
}

/// Goes on after the story: customers come as usual, notices and the line of state are told, until `stop`.
///
/// # Errors
/// As for [`give`].
pub async fn go_on(
    stage: &mut Stage,
    address: SocketAddr,
    clock: &Arc<dyn Clock>,
    lines: &mpsc::Sender<Line>,
    stop: &Shutdown,
) -> Result<(), String> {
    let plimsoll = Plimsoll::new(address)?;
    let mut meter = Meter::new(plimsoll, stage.books.clone(), stage.load.clone());
    loop {
        let line = tokio::select! {
            () = stop.wait() => return Ok(()),
            Some(notice) = stage.notices.recv() => Line::Notice(notice),
            () = clock.sleep(STATUS_EVERY) => Line::Status(meter.status(STATUS_EVERY).await),
        };
        // Who prints may be gone.
        let _ = lines.send(line).await;
    }
}

struct Show<'a> {
    plimsoll: Plimsoll,
    judge: Judge,
    plan: Plan,
    meter: Meter,
    begun: Monotonic,
    stage: &'a mut Stage,
    options: &'a Options,
    clock: &'a Arc<dyn Clock>,
    lines: &'a mpsc::Sender<Line>,
}

impl Show<'_> {
    async fn give(&mut self) -> Outcome {
        let edge = self.open().await;
        self.tell(Line::Ready { edge }).await;
        while !self.plimsoll.has_exported().await {
            self.clock.sleep(READY_EVERY).await;
        }
        self.stage.load.set_rate(USUAL_RATE);
        self.begun = self.clock.monotonic();
        self.tell(Line::Title(self.options.story.title.clone()))
            .await;
        let say = self.options.story.say.clone();
        self.say(say, None).await;
        self.play().await;
        self.outcome().await
    }

    /// Waits for the gateway and shows customers the way.
    async fn open(&mut self) -> SocketAddr {
        let plimsoll = self.plimsoll.clone();
        loop {
            if plimsoll.is_ready().await {
                let edge = plimsoll.listener("edge").await;
                if let Some((edge, inside)) = edge.zip(plimsoll.listener("inside").await) {
                    self.stage.open(edge, inside, SEED);
                    return edge;
                }
            }
            self.clock.sleep(READY_EVERY).await;
        }
    }

    /// Plays all steps and waits for what must follow.
    async fn play(&mut self) {
        let mut status_at = self.clock.monotonic().after(STATUS_EVERY);
        while !(self.plan.is_over() && self.judge.is_settled(self.now())) {
            let due = self.plan.next_at().map(|at| self.begun.after(at));
            let due = due.unwrap_or(status_at).min(status_at);
            tokio::select! {
                Some(notice) = self.stage.notices.recv() => self.notice(notice).await,
                () = self.clock.sleep_until(due) => {}
            }
            while let Some(act) = self.plan.take(self.now()) {
                self.act(act).await;
            }
            if self.clock.monotonic() >= status_at {
                status_at = self.clock.monotonic().after(STATUS_EVERY);
                let status = self.meter.status(STATUS_EVERY).await;
                self.tell(Line::Status(status)).await;
            }
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Begin(index) => {
                let step = self.options.story.steps[index].clone();
                if let Some(inject) = &step.inject {
                    self.stage.begin(id(index), inject);
                }
                if let Some(traffic) = step.traffic {
                    self.stage.load.set_rate(USUAL_RATE * traffic.times);
                }
                self.judge.began(index, self.now());
                self.say(step.say, step.look).await;
            }
            Act::End(index) => {
                let step = &self.options.story.steps[index];
                if let Some(inject) = &step.inject {
                    self.stage.end(id(index), inject);
                }
                if step.traffic.is_some() {
                    self.stage.load.set_rate(USUAL_RATE);
                }
                let over = format!("what began with step {} is over", index + 1);
                self.tell(Line::Note(over)).await;
            }
        }
    }

    async fn notice(&mut self, notice: Notice) {
        self.judge.told(&notice, notice.at.since(self.begun));
        self.tell(Line::Notice(notice)).await;
    }

    async fn outcome(&mut self) -> Outcome {
        if !self.options.is_judged {
            return Outcome {
                facts: self.judge.facts(),
                differences: self.judge.alerts(),
            };
        }
        let note = "the story is over; customers stop, so that the books can be compared";
        self.tell(Line::Note(note.into())).await;
        let accounts = self.settled().await;
        let mut facts = self.judge.facts();
        facts.extend(accounts.iter().map(Account::words));
        let mut found = self.judge.alerts();
        found.extend(differences(&accounts));
        found.extend(self.judge.budgets(&accounts));
        if self.stage.load.dropped() > 0 {
            let dropped = self.stage.load.dropped();
            found.push(format!(
                "{dropped} customers could not be sent: too many were under way"
            ));
        }
        Outcome {
            facts,
            differences: found,
        }
    }

    /// Stops customers and returns the books once they agree, or when they still do not after long enough.
    async fn settled(&mut self) -> Vec<Account> {
        self.stage.load.set_rate(0.0);
        let drained_by = self.clock.monotonic().after(DRAIN_MAX);
        while self.stage.books.under_way() > 0 && self.clock.monotonic() < drained_by {
            self.pass(READY_EVERY).await;
        }
        let settled_by = self.clock.monotonic().after(LEDGER_MAX);
        loop {
            let accounts = self.plimsoll.accounts(&self.stage.books).await;
            if differences(&accounts).is_empty() || self.clock.monotonic() >= settled_by {
                return accounts;
            }
            self.pass(ASK_EVERY).await;
        }
    }

    /// Waits, and listens to who is told what meanwhile: a page may still come.
    async fn pass(&mut self, pause: Duration) {
        let until = self.clock.monotonic().after(pause);
        loop {
            tokio::select! {
                Some(notice) = self.stage.notices.recv() => self.notice(notice).await,
                () = self.clock.sleep_until(until) => return,
            }
        }
    }

    async fn say(&self, text: String, look: Option<String>) {
        let at = self.now();
        self.tell(Line::Say { at, text, look }).await;
    }

    /// Who prints may be gone; the story goes on.
    async fn tell(&self, line: Line) {
        let _ = self.lines.send(line).await;
    }

    fn now(&self) -> Duration {
        self.clock.monotonic().since(self.begun)
    }
}

/// A fault is known by its step.
fn id(step: usize) -> u32 {
    step as u32
}
