//! No leak: nobody is told that an alert fires which a silence or another alert keeps back.

use anyhow::{bail, ensure};
use plimsoll_alerting::Config;

use super::{Accepted, Channel, Judge};
use crate::sim::alerts::receivers::Effect;
use crate::sim::alerts::replica::EPOCH_MILLIS;
use crate::sim::alerts::setup::INHIBITION;
use crate::sim::alerts::story::What;

/// After so long everybody who decides knows what was promised: two looks at the store and a lease.
const LAG_MILLIS: i64 = 16_000;
/// By how much a clock may be ahead or behind.
const SKEW_MILLIS: i64 = 3_000;
/// The warm-up of every configuration.
const WARM_UP_MILLIS: i64 = 75_000;
/// For how long a post lets an alert fire.
const LIFE_MILLIS: i64 = 240_000;

impl Judge<'_> {
    pub(super) fn no_leak(&self, effect: &Effect, channel: &Channel) -> anyhow::Result<()> {
        let now = effect.notice.now.millis();
        let decided = now - EPOCH_MILLIS - self.story.skews[effect.replica];
        for (fingerprint, is_resolved, _) in effect.content() {
            let Some(alert) = self.alert(fingerprint) else {
                continue;
            };
            // What somebody was told of already is told again with others of its group.
            if is_resolved || self.was_told_before(channel, fingerprint, effect.at) {
                continue;
            }
            let name = self.name(alert);
            if let Some(silence) = self.silenced_at(alert, decided) {
                let silence = &self.story.silences[silence];
                bail!("{name} is silenced by {silence:?}; told, decided at {decided}: {effect:#?}");
            }
            if let Some(source) = self.inhibited_at(alert, decided) {
                let source = self.name(source);
                bail!("{name} is inhibited by {source}; told, decided at {decided}: {effect:#?}");
            }
            ensure!(
                !self.is_inhibited_after_start(alert, decided),
                "{name} leaked after a start; told, decided at {decided}: {effect:#?}"
            );
        }
        Ok(())
    }

    pub(super) fn alert(&self, fingerprint: u64) -> Option<usize> {
        let mut all = self.fingerprints.iter();
        all.position(|known| *known == fingerprint)
    }

    pub(super) fn name(&self, alert: usize) -> String {
        self.story.alerts[alert].labels.to_string()
    }

    fn was_told_before(&self, channel: &Channel, fingerprint: u64, at: i64) -> bool {
        let own = self.effects.iter();
        let own = own.filter(|effect| effect.at <= at && effect.channel() == *channel);
        own.flat_map(Effect::content)
            .any(|(found, is_resolved, _)| found == fingerprint && !is_resolved)
    }

    /// Returns a silence that keeps an alert back for sure: it was promised long enough before, and does not end soon.
    pub(super) fn silenced_at(&self, alert: usize, at: i64) -> Option<usize> {
        let labels = &self.story.alerts[alert].labels;
        let mut silences = self.story.silences.iter().zip(&self.silences);
        silences.position(|(quiet, (promised, ended))| {
            let Some(promised) = *promised else {
                return false;
            };
            let begin = promised + quiet.delay.max(LAG_MILLIS) + SKEW_MILLIS * 2;
            let end = promised + quiet.delay + quiet.length - SKEW_MILLIS * 2;
            let end = end.min(ended.unwrap_or(i64::MAX));
            labels.get(quiet.label.0) == Some(&*quiet.label.1) && begin <= at && at < end
        })
    }

    /// Returns an alert that keeps this one back for sure.
    pub(super) fn inhibited_at(&self, alert: usize, at: i64) -> Option<usize> {
        let mut sources = self.sources_of(alert);
        sources.find(|source| self.is_known_to_fire(*source, at))
    }

    /// Returns the alerts that keep this one back when they fire, under every configuration of the run.
    pub(super) fn sources_of(&self, alert: usize) -> impl Iterator<Item = usize> {
        let may = self.holds_always(|config| !config.inhibit_rules.is_empty());
        self.sources_if(may, alert)
    }

    /// Returns the alerts that keep back another one under a configuration that is in force at some time.
    pub(super) fn sources_at_times(&self, alert: usize) -> impl Iterator<Item = usize> {
        let never = self.holds_always(|config| config.inhibit_rules.is_empty());
        self.sources_if(!never, alert)
    }

    /// Returns the alerts that keep this one back when they fire, under the configuration in force at the end.
    pub(super) fn sources_in_the_end(&self, alert: usize) -> impl Iterator<Item = usize> {
        let may = !self.last_config().inhibit_rules.is_empty();
        self.sources_if(may, alert)
    }

    fn sources_if(&self, may: bool, alert: usize) -> impl Iterator<Item = usize> {
        let (source, target, equal) = INHIBITION;
        let labels = &self.story.alerts[alert].labels;
        let is_target = may && labels.get("severity") == Some(target);
        let all = self.story.alerts.iter().enumerate();
        let sources = all.filter(move |(_, life)| {
            is_target
                && life.labels.get("severity") == Some(source)
                && life.labels.get(equal) == labels.get(equal)
        });
        sources.map(|(number, _)| number)
    }

    /// Says whether something holds for every configuration that is ever in force.
    pub(super) fn holds_always(&self, holds: impl Fn(&Config) -> bool) -> bool {
        let count = if self.is_reloaded() {
            self.configs.len()
        } else {
            1
        };
        self.configs.iter().take(count).all(|config| holds(config))
    }

    pub(super) fn is_reloaded(&self) -> bool {
        let mut events = self.story.events.iter();
        events.any(|event| matches!(event.what, What::Reload { .. }))
    }

    /// Says whether who decides knows for sure that an alert fires.
    pub(super) fn is_known_to_fire(&self, alert: usize, at: i64) -> bool {
        let span = self.story.alerts[alert].firing_at(at);
        let Some((start, end)) = span else {
            return false;
        };
        let lives = |post: &Accepted| {
            let is_known = post.at >= start && post.at <= at - LAG_MILLIS;
            is_known && post.end.is_none() && post.at + LIFE_MILLIS > at + SKEW_MILLIS * 2
        };
        end > at + SKEW_MILLIS * 2 && self.posted[alert].iter().any(lives)
    }

    /// Says whether both an alert and one that keeps it back began before a start that was a moment ago.
    fn is_inhibited_after_start(&self, alert: usize, at: i64) -> bool {
        let started = self.starts.iter().rev().find(|(start, _)| *start <= at);
        let Some((started, _)) = started else {
            return false;
        };
        let since = |number: usize| {
            let (start, end) = self.story.alerts[number].firing_at(at)?;
            let start = if start == 0 { -self.story.age } else { start };
            // What ends soon may be over by the clock of somebody.
            (end > at + SKEW_MILLIS * 2).then_some(start)
        };
        let is_old = |number| since(number).is_some_and(|start| start < started - SKEW_MILLIS * 2);
        let is_early = at < started + WARM_UP_MILLIS - SKEW_MILLIS;
        is_early && is_old(alert) && self.sources_of(alert).any(is_old)
    }
}
