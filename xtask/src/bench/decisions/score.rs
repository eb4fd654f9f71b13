//! What an alert was worth: firings against incidents.

use super::generator::Event;

/// Firings and incidents closer than this are about the same.
const NEAR: f64 = 3_600.0;

/// A time in which an alert fired, in seconds since the month began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Firing {
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

/// Sums over months.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    months: usize,
    /// Significant incidents, and those that an alert fired for.
    incidents: usize,
    found: usize,
    firings: usize,
    /// Firings that began during an incident that was found or within an hour after it; at least one for each.
    firings_of_found: usize,
    /// Firings joined when less than an hour apart, and those of them that an incident caused.
    merged: usize,
    merged_true: usize,
    /// Seconds from an incident's begin to the alert's.
    detection: Vec<f64>,
    /// Seconds from an incident's end to the alert's.
    reset: Vec<f64>,
    pub(crate) pages: usize,
}

impl Score {
    /// Adds a month; firings in order of their begin.
    pub(crate) fn add(&mut self, events: &[Event], firings: &[Firing]) {
        let incidents: Vec<&Event> = events
            .iter()
            .filter(|event| event.is_significant())
            .collect();
        self.months += 1;
        self.incidents += incidents.len();
        self.firings += firings.len();
        for incident in &incidents {
            self.add_incident(incident, firings);
        }
        for merged in merge(firings) {
            self.merged += 1;
            let caused =
                |event: &&Event| merged.begin <= event.end + NEAR && merged.end >= event.begin;
            self.merged_true += usize::from(incidents.iter().any(caused));
        }
    }

    fn add_incident(&mut self, incident: &Event, firings: &[Firing]) {
        let touches =
            |firing: &&Firing| firing.begin <= incident.end + NEAR && firing.end >= incident.begin;
        let own: Vec<&Firing> = firings.iter().filter(touches).collect();
        let (Some(first), Some(last)) = (own.first(), own.last()) else {
            return;
        };
        self.found += 1;
        let begun = own.iter().filter(|firing| firing.begin >= incident.begin);
        self.firings_of_found += begun.count().max(1);
        // One that fired already tells nothing about how fast it finds this.
        if first.begin >= incident.begin {
            self.detection.push(first.begin - incident.begin);
        }
        self.reset.push((last.end - incident.end).max(0.0));
    }

    /// Adds what another part of the months came to.
    pub(crate) fn join(&mut self, other: Self) {
        self.months += other.months;
        self.incidents += other.incidents;
        self.found += other.found;
        self.firings += other.firings;
        self.firings_of_found += other.firings_of_found;
        self.merged += other.merged;
        self.merged_true += other.merged_true;
        self.detection.extend(other.detection);
        self.reset.extend(other.reset);
        self.pages += other.pages;
    }

    pub(crate) fn firings_per_month(&self) -> f64 {
        self.firings as f64 / self.months as f64
    }

    pub(crate) fn incidents_per_month(&self) -> f64 {
        self.incidents as f64 / self.months as f64
    }

    pub(crate) fn firings_per_incident(&self) -> f64 {
        self.firings_of_found as f64 / self.found as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        self.merged_true as f64 / self.merged as f64
    }

    pub(crate) fn recall(&self) -> f64 {
        self.found as f64 / self.incidents as f64
    }

    /// A quantile of the detection times, in minutes.
    pub(crate) fn detection_minutes(&self, quantile: f64) -> f64 {
        minutes(&self.detection, quantile)
    }

    /// A quantile of the reset times, in minutes.
    pub(crate) fn reset_minutes(&self, quantile: f64) -> f64 {
        minutes(&self.reset, quantile)
    }
}

/// Joins firings that are less than an hour apart.
fn merge(firings: &[Firing]) -> Vec<Firing> {
    let mut merged: Vec<Firing> = Vec::new();
    for firing in firings {
        match merged.last_mut() {
            Some(last) if firing.begin - last.end < NEAR => last.end = last.end.max(firing.end),
            _ => merged.push(*firing),
        }
    }
    merged
}

/// The smallest value that so large a share does not exceed; NaN of none.
fn minutes(seconds: &[f64], quantile: f64) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.max(1) - 1)
        .map_or(f64::NAN, |found| found / 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firings_are_counted_for_incidents_and_joined_when_near() {
        let firing = |begin, end| Firing { begin, end };
        let firings = [
            firing(100.0, 200.0),
            firing(300.0, 400.0),
            firing(9_000.0, 9_100.0),
        ];
        assert_eq!(
            merge(&firings),
            [firing(100.0, 400.0), firing(9_000.0, 9_100.0)]
        );
        let mut score = Score::default();
        let incident = Event::new(40.0, 310.0, 0.05);
        let small = Event::new(8_900.0, 9_000.0, 0.01);
        score.add(&[incident, small], &firings);
        assert_eq!(score.firings_per_incident(), 2.0);
        assert_eq!(score.precision(), 0.5);
        assert_eq!(score.recall(), 1.0);
        assert_eq!(score.detection_minutes(0.5), 1.0);
        assert_eq!(score.reset_minutes(0.5), 1.5);
    }

    #[test]
    fn an_incident_without_an_alert_is_missed() {
        let mut score = Score::default();
        score.add(&[Event::new(0.0, 60.0, 0.02)], &[]);
        assert_eq!(score.recall(), 0.0);
        assert!(score.detection_minutes(0.5).is_nan());
    }
}
