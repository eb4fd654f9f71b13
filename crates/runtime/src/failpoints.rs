//! Named places at which a test makes the program fail.
//!
//! There is no global switch: a structure that has such places carries a [`Failpoints`], which is
//! [off](Failpoints::off) in production and then costs one comparison per place.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The place reports an error of this kind.
    Error(io::ErrorKind),
    /// The place panics.
    Panic,
    /// The process ends at once, as by kill -9.
    Abort,
}

/// The places that fail; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Failpoints(Option<Arc<Mutex<HashMap<String, Plan>>>>);

#[derive(Debug)]
struct Plan {
    fault: Fault,
    passes: u64,
    failures: u64,
}

impl Failpoints {
    /// Returns the set in which nothing ever fails.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Returns a set in which nothing fails yet.
    pub fn armable() -> Self {
        Self(Some(Arc::default()))
    }

    /// Lets `place` succeed `passes` times and fail `failures` times, then succeed again; replaces an earlier plan.
    ///
    /// # Panics
    /// When this set is [off](Self::off): the test would prove nothing.
    pub fn arm(&self, place: &str, fault: Fault, passes: u64, failures: u64) {
        let plan = Plan {
            fault,
            passes,
            failures,
        };
        let plans = self.0.as_ref().expect("only an armable set is armed");
        locked(plans).insert(place.into(), plan);
    }

    /// Marks a place in the program.
    ///
    /// # Errors
    /// The armed one.
    ///
    /// # Panics
    /// When that is armed.
    pub fn check(&self, place: &str) -> io::Result<()> {
        let Some(plans) = &self.0 else { return Ok(()) };
        let fault = locked(plans).get_mut(place).and_then(Plan::next);
        match fault {
            None => Ok(()),
            Some(Fault::Error(kind)) => Err(io::Error::new(kind, format!("failpoint {place}"))),
            Some(Fault::Panic) => panic!("failpoint {place}"),
            Some(Fault::Abort) => std::process::abort(),
        }
    }
}

impl Plan {
    fn next(&mut self) -> Option<Fault> {
        if self.passes > 0 {
            self.passes -= 1;
            return None;
        }
        self.failures = self.failures.checked_sub(1)?;
        Some(self.fault)
    }
}

fn locked(plans: &Mutex<HashMap<String, Plan>>) -> MutexGuard<'_, HashMap<String, Plan>> {
    plans.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fails_exactly_as_planned() {
        let failpoints = Failpoints::armable();
        let held = failpoints.clone();
        failpoints.arm("sync", Fault::Error(io::ErrorKind::StorageFull), 1, 2);
        let outcomes: Vec<bool> = (0..5).map(|_| held.check("sync").is_ok()).collect();
        assert_eq!(outcomes, [true, false, false, true, true]);
        assert!(held.check("elsewhere").is_ok());
    }

    #[test]
    fn names_the_place() {
        let failpoints = Failpoints::armable();
        failpoints.arm("rename", Fault::Error(io::ErrorKind::StorageFull), 0, 1);
        let error = failpoints.check("rename").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "failpoint rename");
    }

    #[test]
    #[should_panic(expected = "failpoint seal")]
    fn panics_when_told() {
        let failpoints = Failpoints::armable();
        failpoints.arm("seal", Fault::Panic, 0, 1);
        let _ = failpoints.check("seal");
    }

    #[test]
    fn off_never_fails() {
        assert!(Failpoints::off().check("sync").is_ok());
    }
}
