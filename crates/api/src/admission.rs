//! Whose turn it is: few queries run at the same time, some wait, the rest is told to come back.
//!
//! | lane | who | how many run |
//! |---|---|---|
//! | light | instant queries at first; label and series lookups | [`QueryLimits::running_max`] less the heavy ones |
//! | panel | range queries at first, as dashboards ask them | of the turns of the light ones all but a quarter |
//! | heavy | queries that turned out to take more than a light one may | [`QueryLimits::heavy_max`] |
//! | transfer | exports and remote reads, for as long as their client reads | 10, as Prometheus lets remote reads |
//!
//! What a query costs is not known before it ran: how many series a selector finds is, what an aggregation leaves of
//! them is not. So nobody guesses. Each query begins as a light one; the few that need more give up their turn and
//! begin anew among the heavy ones, having wasted at most some 20 ms of one core. Their kind is remembered
//! ([`Queries`](crate::queries::Queries)) and goes to the heavy lane at once. The heavy lane is as wide as the machine
//! has cores, so light queries always find a thread that the system gives time to, and memory for them. A dashboard
//! that opens asks many range queries at once, some of them heavy; the quarter of the turns that they leave means that
//! the instant queries of alerts and of people do not stand in that line.
//!
//! [`QueryLimits::running_max`]: crate::QueryLimits::running_max
//! [`QueryLimits::heavy_max`]: crate::QueryLimits::heavy_max

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::QueryLimits;
use crate::query_metrics::QueryMetrics;

/// Transfers at the same time.
const TRANSFERS_MAX: usize = 10;

/// Who waits for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// For what ends soon.
    Light,
    /// For what probably does.
    Panel,
    /// For what does not.
    Heavy,
    /// For what lasts as long as its client likes.
    Transfer,
}

impl Lane {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Panel => "panel",
            Self::Heavy => "heavy",
            Self::Transfer => "transfer",
        }
    }
}

/// Too many wait already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full {
    lane: Lane,
    running_max: usize,
    waiting_max: usize,
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            lane,
            running_max,
            waiting_max,
        } = self;
        let what = match lane {
            Lane::Light | Lane::Heavy => "queries",
            Lane::Panel => "range queries",
            Lane::Transfer => "exports and remote reads",
        };
        let kind = match lane {
            Lane::Heavy => "heavy ",
            Lane::Light | Lane::Panel | Lane::Transfer => "",
        };
        write!(
            f,
            "{running_max} {kind}{what} are running (--query.max-concurrency) and {waiting_max} are waiting, as many \
             as may (--query.max-waiting): try again later"
        )
    }
}

/// The lanes.
#[derive(Debug)]
pub(crate) struct Admission {
    light: Room,
    panel: Room,
    heavy: Room,
    transfer: Room,
}

#[derive(Debug)]
struct Room {
    lane: Lane,
    running: Arc<Semaphore>,
    running_max: usize,
    waiting: Arc<Semaphore>,
    waiting_max: usize,
    running_now: Gauge,
    waiting_now: Gauge,
}

impl Admission {
    pub(crate) fn new(limits: &QueryLimits, metrics: &QueryMetrics) -> Self {
        let heavy_max = limits.heavy_max.min(limits.running_max.saturating_sub(1));
        let room = |lane, running_max| Room {
            lane,
            running: Arc::new(Semaphore::new(running_max)),
            running_max,
            waiting: Arc::new(Semaphore::new(limits.waiting_max)),
            waiting_max: limits.waiting_max,
            running_now: metrics.running(lane),
            waiting_now: metrics.waiting(lane),
        };
        let light_max = limits.running_max - heavy_max;
        Self {
            light: room(Lane::Light, light_max),
            panel: room(Lane::Panel, light_max - light_max / 4),
            heavy: room(Lane::Heavy, heavy_max),
            transfer: room(Lane::Transfer, TRANSFERS_MAX),
        }
    }

    /// Says whether queries are told apart at all; a server that runs one at a time has one lane.
    pub(crate) fn has_heavy_lane(&self) -> bool {
        self.heavy.running_max > 0
    }

    /// Waits for a turn, first come first served.
    ///
    /// # Errors
    /// At once when too many wait.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place up.
    pub(crate) async fn turn(&self, lane: Lane) -> Result<Turn, Full> {
        let room = match lane {
            Lane::Light => &self.light,
            Lane::Panel => &self.panel,
            Lane::Heavy => &self.heavy,
            Lane::Transfer => &self.transfer,
        };
        let place = room.enter().await?;
        let light = match lane {
            Lane::Panel => Some(self.light.enter().await?),
            Lane::Light | Lane::Heavy | Lane::Transfer => None,
        };
        Ok(Turn {
            _place: place,
            _light: light,
        })
    }
}

impl Room {
    async fn enter(&self) -> Result<Place, Full> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(self.begin(permit));
        }
        let _waits = self.waiting.try_acquire().map_err(|_| Full {
            lane: self.lane,
            running_max: self.running_max,
            waiting_max: self.waiting_max,
        })?;
        let _counted = Counted::new(&self.waiting_now);
        let permit = Arc::clone(&self.running).acquire_owned().await;
        Ok(self.begin(permit.expect("the semaphore is never closed")))
    }

    fn begin(&self, permit: OwnedSemaphorePermit) -> Place {
        Place {
            _permit: permit,
            _counted: Counted::new(&self.running_now),
        }
    }
}

/// A turn; it belongs to the work, not to whoever waits for it.
#[derive(Debug)]
pub(crate) struct Turn {
    _place: Place,
    /// A panel takes a light turn, too.
    _light: Option<Place>,
}

#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// One of those that a gauge counts.
#[derive(Debug)]
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn admission(running_max: usize, heavy_max: usize, waiting_max: usize) -> Admission {
        let limits = QueryLimits {
            running_max,
            heavy_max,
            waiting_max,
            ..QueryLimits::default()
        };
        Admission::new(&limits, &QueryMetrics::default())
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_turn_is_waited_for_and_the_last_in_line_is_refused() {
        let admission = admission(2, 1, 1);
        let Poll::Ready(Ok(first)) = poll(pin!(admission.turn(Lane::Light))) else {
            panic!("the first has its turn at once");
        };
        let mut second = pin!(admission.turn(Lane::Light));
        assert!(poll(second.as_mut()).is_pending());
        let Poll::Ready(Err(full)) = poll(pin!(admission.turn(Lane::Light))) else {
            panic!("there is one place to wait");
        };
        assert!(
            full.to_string().starts_with("1 queries are running"),
            "{full}"
        );
        assert!(full.to_string().contains("1 are waiting"), "{full}");
        // The others are not in the way of a heavy one.
        assert!(poll(pin!(admission.turn(Lane::Heavy))).is_ready());
        drop(first);
        assert!(poll(second).is_ready());
    }

    #[test]
    fn who_leaves_the_line_makes_room() {
        let admission = admission(2, 1, 1);
        let _first = poll(pin!(admission.turn(Lane::Light)));
        {
            let mut gone = pin!(admission.turn(Lane::Light));
            assert!(poll(gone.as_mut()).is_pending());
        }
        assert!(poll(pin!(admission.turn(Lane::Light))).is_pending());
        assert_eq!(admission.light.waiting_now.get(), 0);
        assert_eq!(admission.light.running_now.get(), 1);
    }

    #[test]
    fn panels_leave_turns_to_instant_queries() {
        let admission = admission(10, 2, 100);
        let mut panels: Vec<_> = (0..7)
            .map(|_| Box::pin(admission.turn(Lane::Panel)))
            .collect();
        let turns: Vec<_> = panels
            .iter_mut()
            .map(|panel| poll(panel.as_mut()))
            .collect();
        assert_eq!(turns.iter().filter(|turn| turn.is_ready()).count(), 6);
        let mut instants: Vec<_> = (0..3)
            .map(|_| Box::pin(admission.turn(Lane::Light)))
            .collect();
        let found: Vec<_> = instants
            .iter_mut()
            .map(|query| poll(query.as_mut()))
            .collect();
        assert_eq!(found.iter().filter(|turn| turn.is_ready()).count(), 2);
        drop(turns);
        assert!(poll(panels.last_mut().unwrap().as_mut()).is_ready());
    }

    #[test]
    fn one_at_a_time_is_one_lane() {
        assert!(!admission(1, 4, 1).has_heavy_lane());
        assert!(admission(2, 4, 1).has_heavy_lane());
    }
}
