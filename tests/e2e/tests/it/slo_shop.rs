//! A shop whose requests are counted: an exporter that knows exactly how many it has had, and the objectives about them.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Home, Server, wait_until};
use serde_json::Value;

use crate::target::Target;

/// Slices of ten seconds, in debug builds on two busy cores.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(180);
/// How many requests come between two scrapes.
const REQUESTS: u64 = 100;

/// How many requests the shop has had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) good: u64,
    pub(crate) bad: u64,
}

/// How the shop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It was scraped, and nobody has come yet.
    Closed,
    /// All requests are answered well.
    Well,
    /// A fifth of them fails.
    Failing,
    /// Nobody comes any more.
    Idle,
}

/// A shop that is scraped.
pub(crate) struct Shop {
    target: Target,
    state: Arc<Mutex<(Mood, Requests)>>,
}

impl Shop {
    /// Opens it; until it is told otherwise nobody comes.
    pub(crate) fn start() -> Result<Self> {
        let state = Arc::new(Mutex::new((Mood::Closed, Requests::default())));
        let shared = Arc::clone(&state);
        let target = Target::streaming(move |into| expose(&shared, into))?;
        Ok(Self { target, state })
    }

    /// Changes how it does, and returns what it has had up to now.
    pub(crate) fn set(&self, mood: Mood) -> Requests {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = mood;
        state.1
    }

    /// Returns the part of a configuration that scrapes it every second.
    pub(crate) fn config(&self) -> String {
        format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: shop\n  static_configs:\n  \
             - targets: ['{}']\nplimsoll:\n  host_metrics: {{enabled: false}}\n",
            self.target.address
        )
    }
}

/// Writes the counters, after the requests that came since the last time. A closed shop has none to show.
fn expose(state: &Mutex<(Mood, Requests)>, into: &mut dyn Write) -> std::io::Result<()> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (mood, requests) = &mut *state;
    let failing = match mood {
        Mood::Closed => return into.write_all(b"shop_open 0\n"),
        Mood::Idle => None,
        Mood::Well => Some(0),
        Mood::Failing => Some(REQUESTS / 5),
    };
    if let Some(failing) = failing {
        requests.good += REQUESTS - failing;
        requests.bad += failing;
    }
    let Requests { good, bad } = requests;
    write!(
        into,
        "# TYPE http_requests_total counter\nhttp_requests_total{{code=\"200\"}} {good}\n\
         http_requests_total{{code=\"500\"}} {bad}\n"
    )
}

/// Objectives of the shop with windows of seconds where a real one has hours.
pub(crate) const OBJECTIVES: &str = "\
version: plimsoll/v1
service: shop
slos:
  - name: availability
    objective: 99
    window: 1h
    sli:
      events:
        valid: http_requests_total{job=\"shop\"}
        bad: http_requests_total{job=\"shop\",code=~\"5..\"}
    alerts:
      name: ShopErrors
      windows:
        - {severity: page, factor: 5, long: 1m, short: 20s}
      hysteresis: {off: 0.5, keep: 20s}
";

/// Starts a server that counts the objectives in `slos/`.
pub(crate) fn serve(home: &Home, flags: &[&str]) -> Result<Server> {
    let files = home.path("slos").join("*.yml").display().to_string();
    let mut command = home.serve_command()?;
    command.args(["--slo-files", &files]).args(flags);
    Server::start_with(home, &mut command)
}

/// Waits until a target was scraped with success: what it exposes for the first time after that counts in full.
pub(crate) fn wait_for_scrape(server: &Server, job: &str) -> Result<()> {
    wait_until(WAIT_MAX, &format!("{job} is scraped"), || {
        let is_up = server.api.value(&format!("up{{job=\"{job}\"}}"))?;
        ensure!(is_up == 1.0, "up is {is_up}");
        Ok(())
    })
}

/// Returns the first budget of an SLO.
pub(crate) fn budget(server: &Server, id: &str) -> Result<Value> {
    let data = server.api.data(&format!("/api/v1/slos/{id}/budget"), &[])?;
    let budget = data["budgets"][0].clone();
    ensure!(budget.is_object(), "no budget in {data}");
    Ok(budget)
}

/// Returns what was counted in the first window of a budget.
pub(crate) fn counted(budget: &Value) -> Result<Requests> {
    let events = &budget["windows"][0]["events"];
    let number = |name: &str| {
        let number = events[name].as_u64();
        number.with_context(|| format!("no {name} in {budget}"))
    };
    Ok(Requests {
        good: number("good")?,
        bad: number("bad")?,
    })
}

/// Waits until exactly these requests were counted.
pub(crate) fn wait_for_counts(server: &Server, id: &str, expected: Requests) -> Result<Value> {
    wait_until(WAIT_MAX, &format!("{expected:?} in {id}"), || {
        let budget = budget(server, id)?;
        let found = counted(&budget)?;
        ensure!(found == expected, "found {found:?}");
        Ok(budget)
    })
}

/// Waits until a budget is in a state.
pub(crate) fn wait_for_state(server: &Server, id: &str, state: &str) -> Result<Value> {
    wait_until(WAIT_MAX, &format!("{id} is {state}"), || {
        let budget = budget(server, id)?;
        ensure!(budget["state"] == state, "it is {}", budget["state"]);
        Ok(budget)
    })
}
