//! A fixed number of places, such as those of one route: when they are taken, the next one is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A fixed number of places, for any number of threads.
#[derive(Debug)]
pub struct Bulkhead {
    max: AtomicU32,
    taken: AtomicU32,
}

/// A place in a bulkhead, which is free again when this is dropped.
#[derive(Debug)]
#[must_use = "dropping it gives the place back"]
pub struct Place(Arc<Bulkhead>);

impl Bulkhead {
    /// Makes a bulkhead with `max` places; without any nobody enters.
    pub fn new(max: u32) -> Self {
        Self {
            max: AtomicU32::new(max),
            taken: AtomicU32::new(0),
        }
    }

    /// Takes a place, if one is free.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let max = self.max.load(Ordering::Relaxed);
        // Counting up and giving back would let others fail at a moment when a place is free.
        let next = |taken| (taken < max).then_some(taken + 1);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .ok()?;
        Some(Place(self.clone()))
    }

    /// Changes how many places there are. Whoever is in stays, even when that are more.
    pub fn resize(&self, max: u32) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Returns how many places there are.
    pub fn places(&self) -> u32 {
        self.max.load(Ordering::Relaxed)
    }

    /// Returns how many are taken.
    pub fn taken(&self) -> u32 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let bulkhead = Arc::new(Bulkhead::new(2));
        let first = bulkhead.enter().unwrap();
        let _second = bulkhead.enter().unwrap();
        assert!(bulkhead.enter().is_none());
        drop(first);
        assert_eq!(bulkhead.taken(), 1);
        assert!(bulkhead.enter().is_some());
    }

    #[test]
    fn whoever_is_in_stays_when_there_are_fewer_places() {
        let bulkhead = Arc::new(Bulkhead::new(2));
        let places = [bulkhead.enter().unwrap(), bulkhead.enter().unwrap()];
        bulkhead.resize(1);
        assert_eq!(bulkhead.taken(), 2);
        drop(places);
        let _place = bulkhead.enter().unwrap();
        assert!(bulkhead.enter().is_none());
    }

    #[test]
    fn threads_never_take_more_places_than_there_are() {
        let bulkhead = Arc::new(Bulkhead::new(3));
        let most = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        if let Some(_place) = bulkhead.enter() {
                            most.fetch_max(bulkhead.taken(), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.into_inner()));
        assert_eq!(bulkhead.taken(), 0);
    }
}
