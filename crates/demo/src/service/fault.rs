//! What can be wrong with a replica.
//!
//! | fault | what a request meets |
//! |---|---|
//! | `errors` | 500 at once |
//! | `latency` | it takes longer by a delay |
//! | `hang` | no answer until the fault is over; health checks still pass |
//! | `crash` | nobody listens, connections break; scrapes and health checks fail as well |

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Requests are failed.
    Errors {
        /// Which share of them, above 0, at most 1.
        share: f64,
    },
    /// Requests take longer.
    Latency {
        /// By so much.
        delay: Duration,
        /// Which share of them, above 0, at most 1.
        share: f64,
    },
    /// Requests are not answered.
    Hang {
        /// Which share of them, above 0, at most 1.
        share: f64,
    },
    /// The replica is gone.
    Crash,
}

/// Which fault of a replica is meant when it is over.
pub type FaultId = u32;

/// What a request meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Struck {
    Errors,
    Latency(Duration),
    Hang,
}

/// The faults of a replica.
#[derive(Debug)]
pub(super) struct Mood {
    faults: Mutex<Vec<(FaultId, Fault)>>,
    /// Rises with every change.
    changed: watch::Sender<u32>,
}

impl Default for Mood {
    fn default() -> Self {
        Self {
            faults: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Mood {
    pub(super) fn begin(&self, id: FaultId, fault: Fault) {
        self.faults().push((id, fault));
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn end(&self, id: FaultId) {
        self.faults().retain(|(own, _)| *own != id);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Says what a request meets; `draw` is from 0 to below 1. The first fault that strikes counts.
    pub(super) fn strike(&self, draw: f64) -> Option<Struck> {
        let faults = self.faults();
        faults.iter().find_map(|(_, fault)| match *fault {
            Fault::Errors { share } => (draw < share).then_some(Struck::Errors),
            Fault::Latency { delay, share } => (draw < share).then_some(Struck::Latency(delay)),
            Fault::Hang { share } => (draw < share).then_some(Struck::Hang),
            Fault::Crash => None,
        })
    }

    /// Waits until nothing hangs any more.
    pub(super) async fn hang(&self) {
        let is_hanging = |fault: &(FaultId, Fault)| matches!(fault.1, Fault::Hang { .. });
        self.until(|faults| !faults.iter().any(is_hanging)).await;
    }

    /// Waits until the replica is crashed, or is not.
    pub(super) async fn until_crashed(&self, is_crashed: bool) {
        let is_crash = |fault: &(FaultId, Fault)| fault.1 == Fault::Crash;
        self.until(|faults| faults.iter().any(is_crash) == is_crashed)
            .await;
    }

    async fn until(&self, holds: impl Fn(&[(FaultId, Fault)]) -> bool) {
        let mut changed = self.changed.subscribe();
        while !holds(&self.faults()) {
            // The sender lives as long as the one who waits.
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn faults(&self) -> MutexGuard<'_, Vec<(FaultId, Fault)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_requests_is_struck_while_the_fault_lasts() {
        let mood = Mood::default();
        assert_eq!(mood.strike(0.0), None);
        mood.begin(1, Fault::Errors { share: 0.25 });
        assert_eq!(mood.strike(0.249), Some(Struck::Errors));
        assert_eq!(mood.strike(0.25), None);
        mood.begin(2, Fault::Hang { share: 1.0 });
        assert_eq!(mood.strike(0.25), Some(Struck::Hang));
        mood.end(1);
        assert_eq!(mood.strike(0.1), Some(Struck::Hang));
        mood.end(2);
        assert_eq!(mood.strike(0.1), None);
    }

    #[tokio::test]
    async fn what_hangs_goes_on_when_the_fault_is_over() {
        let mood = Mood::default();
        mood.begin(1, Fault::Hang { share: 1.0 });
        let hang = mood.hang();
        tokio::pin!(hang);
        tokio::select! {
            biased;
            () = &mut hang => panic!("it does not hang"),
            () = std::future::ready(()) => {}
        }
        mood.end(1);
        hang.await;
        mood.begin(2, Fault::Crash);
        mood.until_crashed(true).await;
        mood.end(2);
        mood.until_crashed(false).await;
    }
}
