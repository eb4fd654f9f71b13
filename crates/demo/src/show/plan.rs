//! When what of a story begins and ends, at the speed at which it is told.

use std::collections::VecDeque;
use std::time::Duration;

use crate::scale::Scale;
use crate::story::Story;

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// What a step did is over. Ends come first: a fault that begins at the same time is another one.
    End(usize),
    /// A step begins.
    Begin(usize),
}

/// What is still to do, in the order of time.
#[derive(Debug)]
pub(super) struct Plan(VecDeque<(Duration, Act)>);

impl Plan {
    pub(super) fn new(story: &Story, scale: Scale) -> Self {
        let mut acts = Vec::new();
        for (index, step) in story.steps.iter().enumerate() {
            let begins = scale.at(step.at);
            acts.push((begins, Act::Begin(index)));
            if step.inject.is_some() || step.traffic.is_some() {
                acts.push((begins + scale.fault(step.length()), Act::End(index)));
            }
        }
        acts.sort();
        Self(acts.into())
    }

    /// Returns when there is something to do next.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.0.front().map(|(at, _)| *at)
    }

    /// Takes what is due.
    pub(super) fn take(&mut self, now: Duration) -> Option<Act> {
        let (_, act) = self.0.pop_front_if(|(at, _)| *at <= now)?;
        Some(act)
    }

    /// Says whether everything is done.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn faults_end_before_what_begins_at_the_same_time() {
        let text = "version: plimsoll/v1\ntitle: t\nsteps:\n\
            - {at: 10s, inject: {service: checkout, fault: hang, for: 60s}}\n\
            - {at: 20s, say: x}\n\
            - {at: 70s, traffic: {times: 2, for: 100s}}\n";
        let story = Story::parse(Path::new("x"), text).unwrap();
        let mut plan = Plan::new(&story, Scale::parse("2x").unwrap());
        let mut found = Vec::new();
        while let Some(at) = plan.next_at() {
            assert_eq!(plan.take(at - Duration::from_millis(1)), None);
            found.push((at.as_secs(), plan.take(at).unwrap()));
        }
        let expected = [
            (5, Act::Begin(0)),
            (10, Act::Begin(1)),
            (35, Act::End(0)),
            (35, Act::Begin(2)),
            (85, Act::End(2)),
        ];
        assert_eq!(found, expected);
        assert!(plan.is_over());
    }
}
