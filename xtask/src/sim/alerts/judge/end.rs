//! In the end, when all has been well for a while: everybody believes what is true, and was told what they had to be.

use std::sync::Arc;

use anyhow::ensure;
use plimsoll_alerting::{Config, Route};

use super::{Belief, Channel, Judge};
use crate::sim::alerts::receivers::Effect;
use crate::sim::alerts::replica::{EPOCH_MILLIS, Replica};
use crate::sim::alerts::store::Store;
use crate::sim::alerts::story::LENGTH_MILLIS;
use crate::sim::alerts::world::Done;

/// No notice waits for longer than that when all is well.
const WAIT_MILLIS: i64 = 120_000;
/// The longest time that nobody may be there to decide: deaths, leases, a store that is away, the warm-up.
const AWAY_MILLIS: i64 = 300_000;

impl Judge<'_> {
    pub(in crate::sim::alerts) fn finish(
        mut self,
        store: &Store,
        leader: &Replica,
    ) -> anyhow::Result<Done> {
        let mut open = store.rows.deliveries.iter();
        let old =
            open.find(|row| row.decided_at.millis() - EPOCH_MILLIS < LENGTH_MILLIS - WAIT_MILLIS);
        ensure!(old.is_none(), "this still waits: {old:#?}");
        let config = self.last_config();
        for alert in 0..self.story.alerts.len() {
            for id in config.route.matching(&self.story.alerts[alert].labels) {
                let route = config.route.route(id);
                let receiver = config.receiver(&route.receiver);
                let integrations = receiver.into_iter().flat_map(|one| &one.integrations);
                for integration in integrations {
                    self.belief_is_true(alert, route, integration)?;
                    self.was_told(alert, route, integration.index)?;
                }
                self.end_was_told(alert, route, &config)?;
            }
        }
        self.explained(leader, LENGTH_MILLIS)?;
        Ok(self.done)
    }

    fn belief_is_true(
        &mut self,
        alert: usize,
        route: &Route,
        integration: &plimsoll_notify::Integration,
    ) -> anyhow::Result<()> {
        let life = &self.story.alerts[alert];
        let last = LENGTH_MILLIS - 1;
        let (span, fingerprint) = (life.firing_at(last), self.fingerprints[alert]);
        let believed = self.belief(route, integration.index, fingerprint, LENGTH_MILLIS);
        let is_believed = believed.is_some_and(|believed| !believed.is_resolved);
        let mut sources = self.sources_in_the_end(alert);
        let is_inhibited = sources.any(|one| self.story.alerts[one].firing_at(last).is_some());
        drop(sources);
        let told = || {
            let (name, key, index) = (self.name(alert), &route.key, integration.index);
            let receiver = &route.receiver;
            format!(
                "{receiver}/{index} of {key} believes {believed:?} of {name}, which fires {span:?}"
            )
        };
        match span {
            Some(_) if !is_inhibited && self.silenced_at(alert, last).is_none() => {
                ensure!(is_believed, "lost: {}", told());
            }
            _ => {}
        }
        Ok(())
    }

    /// Nobody who wants to hear of ends believes that an alert fires which is over. Receivers are asked each for itself: what
    /// a fallback heard does not open or close anything of who it stands in for.
    fn end_was_told(&mut self, alert: usize, route: &Route, config: &Config) -> anyhow::Result<()> {
        if self.story.alerts[alert]
            .firing_at(LENGTH_MILLIS - 1)
            .is_some()
        {
            return Ok(());
        }
        for receiver in &config.receivers {
            let integrations = receiver.integrations.iter();
            for integration in integrations.filter(|one| one.sends_resolved) {
                let own = (&*receiver.name, integration.index);
                let believed = self.own_belief(route, own, self.fingerprints[alert]);
                if believed.is_none_or(|believed| believed.is_resolved) {
                    continue;
                }
                // As in Alertmanager: what ends while it is kept back is not told.
                ensure!(
                    self.was_held_at_an_end(alert),
                    "its end was lost: {}/{} of {} believes {believed:?} of {}",
                    receiver.name,
                    integration.index,
                    route.key,
                    self.name(alert)
                );
                self.done.left_open += 1;
            }
        }
        Ok(())
    }

    /// Each span that was long enough and that nothing kept back was told, unless it was believed all the time.
    fn was_told(&self, alert: usize, route: &Route, index: usize) -> anyhow::Result<()> {
        let wait = (route.group_wait + route.group_interval).as_millis() as i64;
        let fingerprint = self.fingerprints[alert];
        for (start, end) in self.story.alerts[alert].spans.iter().copied() {
            let is_short = end.saturating_sub(start) < wait + AWAY_MILLIS;
            if is_short || self.is_reloaded() || self.could_be_held(alert, start, end) {
                continue;
            }
            let told = self.told(route, index, fingerprint);
            let was_told = told.into_iter().any(|at| at >= start)
                || self.was_told_the_end(route, index, fingerprint, start);
            let believed = self.belief(route, index, fingerprint, start);
            ensure!(
                was_told || believed.is_some_and(|believed| !believed.is_resolved),
                "never told: {} from {start} to {end} to {}/{index} of {}",
                self.name(alert),
                route.receiver,
                route.key
            );
        }
        Ok(())
    }

    /// Says whether a silence or another alert could keep it back at any time of a span.
    fn could_be_held(&self, alert: usize, start: i64, end: i64) -> bool {
        let labels = &self.story.alerts[alert].labels;
        let overlaps = |from: i64, to: i64| from < end && start < to;
        let by_silence = self.story.silences.iter().any(|quiet| {
            let matches = labels.get(quiet.label.0) == Some(&*quiet.label.1);
            // It may be promised late.
            let last = quiet.posted + quiet.delay + quiet.length + AWAY_MILLIS;
            matches && overlaps(quiet.posted, last)
        });
        let by_source = self.sources_at_times(alert).any(|source| {
            let spans = &self.story.alerts[source].spans;
            let mut spans = spans.iter();
            spans.any(|(from, to)| overlaps(*from, to.saturating_add(AWAY_MILLIS)))
        });
        by_silence || by_source
    }

    fn was_held_at_an_end(&self, alert: usize) -> bool {
        let mut spans = self.story.alerts[alert].spans.iter();
        spans.any(|(_, end)| self.could_be_held(alert, end - 1, end.saturating_add(AWAY_MILLIS)))
    }

    pub(super) fn last_config(&self) -> Arc<Config> {
        Arc::clone(&self.configs[usize::from(self.is_reloaded())])
    }

    /// Returns what an integration believes of an alert of a route before a time: what it or who stood in for it was told last,
    /// of a group that it was not told to be over since.
    fn belief(&self, route: &Route, index: usize, fingerprint: u64, at: i64) -> Option<Belief> {
        let told = self.of_route(route, index).filter(|effect| effect.at < at);
        last_belief(told, fingerprint)
    }

    /// Returns what an integration of a receiver believes in the end by what it was told itself.
    fn own_belief(
        &self,
        route: &Route,
        (receiver, index): (&str, usize),
        fingerprint: u64,
    ) -> Option<Belief> {
        let told = self.of_route(route, index);
        last_belief(
            told.filter(|effect| effect.notice.receiver == receiver),
            fingerprint,
        )
    }

    /// Returns when an integration was told that an alert of a route fires.
    fn told(&self, route: &Route, index: usize, fingerprint: u64) -> Vec<i64> {
        let told = self.of_route(route, index).filter(|effect| {
            let content = effect.content();
            content
                .iter()
                .any(|(found, is_resolved, _)| *found == fingerprint && !is_resolved)
        });
        told.map(|effect| effect.at).collect()
    }

    /// Says whether an integration was told that an alert is over that fired from `start` on. Who took nothing as long as it
    /// fired hears of it that way, when something else of the group fires then: notices that wait become one.
    fn was_told_the_end(&self, route: &Route, index: usize, fingerprint: u64, start: i64) -> bool {
        let begin = if start == 0 { -self.story.age } else { start };
        let end = (fingerprint, true, EPOCH_MILLIS + begin);
        let mut told = self.of_route(route, index);
        told.any(|effect| effect.content().contains(&end))
    }

    fn of_route(&self, route: &Route, index: usize) -> impl Iterator<Item = &Effect> {
        let prefix = format!("{}:", route.key);
        self.effects.iter().filter(move |effect| {
            effect.index == index && effect.notice.group_key.starts_with(&prefix)
        })
    }
}

/// Returns what those believe who were told this. What another channel says late of an earlier time at which the alert fired,
/// as a stand-in is told what it missed, does not change what is known of a later one.
fn last_belief<'a>(told: impl Iterator<Item = &'a Effect>, fingerprint: u64) -> Option<Belief> {
    let mut last: Option<(Belief, Channel)> = None;
    for effect in told {
        let mut content = effect.content().into_iter();
        let own = content.find(|(found, ..)| *found == fingerprint);
        if let Some((_, is_resolved, starts_at)) = own {
            let belief = Belief {
                is_resolved,
                starts_at,
            };
            let is_late = last.as_ref().is_some_and(|(known, channel)| {
                *channel != effect.channel() && belief.starts_at < known.starts_at
            });
            if !is_late {
                last = Some((belief, effect.channel()));
            }
        } else if !effect.notice.is_firing() {
            last = last.filter(|(_, channel)| *channel != effect.channel());
        }
    }
    last.map(|(belief, _)| belief)
}
