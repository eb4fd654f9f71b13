//! Judges one alert that was posted, and fills in the times that were not said.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_types::{Alert, Annotations, Labels, Timestamp};

use super::PostedAlert;

/// An alert that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The alert; `ends_at` is always there.
    pub alert: Alert,
    /// Whether nobody said when it ends: then it ends when it is not posted again in time.
    pub is_timeout: bool,
}

/// Why an alert does not count, in Alertmanager's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAlert {
    /// It ends before it starts.
    #[error("start time must be before end time")]
    EndsBeforeStart,
    /// A label has a name that is none.
    #[error("invalid label set: invalid name {0:?}")]
    LabelName(String),
    /// No label has a value.
    #[error("at least one label pair required")]
    NoLabels,
    /// An annotation has a name that is none.
    #[error("invalid annotations: invalid name {0:?}")]
    AnnotationName(String),
}

impl PostedAlert {
    /// Judges the alert as an Alertmanager does that received it at `now`. One without an end ends after
    /// `resolve_timeout`; one without a start starts now, or where it ends. Labels without a value are left out.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn accept(
        self,
        now: Timestamp,
        resolve_timeout: Duration,
    ) -> Result<Accepted, InvalidAlert> {
        let starts_at = self.starts_at.or(self.ends_at).unwrap_or(now);
        let ends_at = self.ends_at.unwrap_or(now + resolve_timeout);
        if ends_at < starts_at {
            return Err(InvalidAlert::EndsBeforeStart);
        }
        // Of two with the same name the later one counts, also when it takes the value away.
        let mut labels: BTreeMap<String, String> = self.labels.into_iter().collect();
        labels.retain(|_, value| !value.is_empty());
        if let Some(name) = labels.keys().find(|name| name.is_empty()) {
            return Err(InvalidAlert::LabelName(name.clone()));
        }
        if labels.is_empty() {
            return Err(InvalidAlert::NoLabels);
        }
        if let Some((name, _)) = self.annotations.iter().find(|(name, _)| name.is_empty()) {
            return Err(InvalidAlert::AnnotationName(name.clone()));
        }
        Ok(Accepted {
            is_timeout: self.ends_at.is_none(),
            alert: Alert {
                labels: Labels::from_pairs(labels),
                annotations: Annotations::from_pairs(self.annotations),
                starts_at,
                ends_at: Some(ends_at),
                generator_url: self.generator_url,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(100_000);
    const RESOLVE: Duration = Duration::from_secs(300);

    fn posted(starts: Option<i64>, ends: Option<i64>, labels: &[(&str, &str)]) -> PostedAlert {
        let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
        PostedAlert {
            labels: labels.iter().map(owned).collect(),
            starts_at: starts.map(Timestamp::from_millis),
            ends_at: ends.map(Timestamp::from_millis),
            ..PostedAlert::default()
        }
    }

    #[test]
    fn times_that_were_not_said_are_filled_in() {
        for (starts, ends, expected) in [
            (None, None, (100_000, 400_000, true)),
            (Some(7), None, (7, 400_000, true)),
            (None, Some(9), (9, 9, false)),
            (Some(7), Some(9), (7, 9, false)),
        ] {
            let accepted = posted(starts, ends, &[("a", "b")])
                .accept(NOW, RESOLVE)
                .unwrap();
            let ends = accepted.alert.ends_at.unwrap().millis();
            let found = (accepted.alert.starts_at.millis(), ends, accepted.is_timeout);
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_makes_no_alert_is_refused_in_alertmanager_s_words() {
        let check = |posted: PostedAlert, expected: &str| {
            assert_eq!(
                posted.accept(NOW, RESOLVE).unwrap_err().to_string(),
                expected
            );
        };
        check(
            posted(Some(9), Some(7), &[("a", "b")]),
            "start time must be before end time",
        );
        check(
            posted(Some(400_001), None, &[("a", "b")]),
            "start time must be before end time",
        );
        check(posted(None, None, &[]), "at least one label pair required");
        check(
            posted(None, None, &[("a", "")]),
            "at least one label pair required",
        );
        check(
            posted(None, None, &[("a", "b"), ("a", "")]),
            "at least one label pair required",
        );
        check(
            posted(None, None, &[("", "b")]),
            "invalid label set: invalid name \"\"",
        );
        let mut annotated = posted(None, None, &[("a", "b")]);
        annotated.annotations = vec![(String::new(), "x".into())];
        check(annotated, "invalid annotations: invalid name \"\"");
        let kept = posted(None, None, &[("a", "b"), ("c", "")])
            .accept(NOW, RESOLVE)
            .unwrap();
        assert_eq!(kept.alert.labels.to_string(), "{a=\"b\"}");
    }
}
