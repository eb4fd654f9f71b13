//! Every alert that somebody was not told of has a reason, and the reason is true.

use anyhow::{Context, bail, ensure};
use plimsoll_alerting::{ChannelExplanation, Why};

use super::Judge;
use crate::sim::alerts::replica::Replica;

impl Judge<'_> {
    /// Asks who decides about every alert that it knows for sure.
    pub(in crate::sim::alerts) fn explained(
        &mut self,
        replica: &Replica,
        at: i64,
    ) -> anyhow::Result<()> {
        let engine = replica.engine.as_ref().context("nobody to ask")?;
        let now = replica.local(at);
        for alert in 0..self.story.alerts.len() {
            let is_known = self.is_known_to_fire(alert, at);
            let labels = &self.story.alerts[alert].labels;
            let explanation = engine.explain(labels, now);
            let routes = engine.config().route.matching(labels);
            let receivers = routes
                .iter()
                .map(|id| &engine.config().route.route(*id).receiver);
            let integrations = receivers.filter_map(|name| engine.config().receiver(name));
            let wanted: usize = integrations
                .map(|receiver| receiver.integrations.len())
                .sum();
            // A fallback that was told is explained, too.
            ensure!(
                explanation.channels.len() >= wanted,
                "{wanted} integrations, and explained are {:#?}",
                explanation.channels
            );
            for channel in &explanation.channels {
                self.is_true(alert, is_known, channel, replica, at)
                    .with_context(|| {
                        format!(
                            "{} at {at} to {}: {channel:#?}",
                            self.name(alert),
                            channel.key.receiver
                        )
                    })?;
                self.done.explained += 1;
            }
        }
        Ok(())
    }

    fn is_true(
        &self,
        alert: usize,
        is_known: bool,
        channel: &ChannelExplanation,
        replica: &Replica,
        at: i64,
    ) -> anyhow::Result<()> {
        let (engine, now) = (
            replica.engine.as_ref().context("nobody to ask")?,
            replica.local(at),
        );
        ensure!(!channel.text.is_empty(), "no words");
        let is_ahead = channel.next_at.is_none_or(|next| next >= now);
        ensure!(is_ahead, "what is next has passed at {now:?}");
        let labels = &self.story.alerts[alert].labels;
        let was_told = channel.told.as_ref().is_some_and(|told| !told.is_resolved);
        match &channel.why {
            Why::NoAlert | Why::ResolvedUnheard | Why::ResolvedTold | Why::ResolvedNotWanted => {
                ensure!(!is_known, "it fires");
            }
            // It may fire, but who was asked has to be one that knows nothing of what was posted before it began.
            Why::RowsUnread => ensure!(!replica.is_ready(at), "its rows are read"),
            Why::NothingNew { .. } => {
                ensure!(was_told, "nothing new, though nothing was told");
                let received = self.effects.iter().any(|effect| {
                    let content = effect.content();
                    effect.notice.group_key == *channel.key.group.key
                        && content.iter().any(|(found, is_resolved, _)| {
                            *found == self.fingerprints[alert] && !is_resolved
                        })
                });
                ensure!(received, "nobody received what was told");
            }
            Why::Silenced { by } => {
                ensure!(!by.is_empty(), "by nothing");
                for (id, ..) in by {
                    let silence = engine
                        .silences()
                        .get(*id)
                        .context("there is no such silence")?;
                    ensure!(
                        silence.concerns(labels, None),
                        "the silence is about others"
                    );
                }
            }
            Why::Inhibited {
                by, labels: source, ..
            } => {
                let found = self.alert(by.as_u64()).context("there is no such alert")?;
                ensure!(
                    self.sources_of(alert).any(|one| one == found) || self.is_reloaded(),
                    "{source} keeps back others"
                );
            }
            Why::Waiting { until, .. } | Why::WarmUp { until } | Why::Queued { until, .. } => {
                ensure!(*until >= now, "it waits for what has passed at {now:?}");
            }
            Why::BeingTold { .. } | Why::Muted { .. } => {}
            Why::NoIntegration => bail!("every receiver has one"),
            Why::NotLeading => ensure!(!engine.is_leading(), "it leads"),
        }
        Ok(())
    }
}
