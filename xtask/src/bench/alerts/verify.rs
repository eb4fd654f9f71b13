//! Nothing is cheap because it was left out: what a receiver was told, and what is kept back.

use std::collections::BTreeSet;

use anyhow::ensure;
use plimsoll_e2e::{Api, Recorder};

/// The fingerprints of what a receiver was told to fire.
pub(super) struct Told<'a> {
    recorder: &'a Recorder,
    path: &'a str,
    /// How many notices were read.
    read: usize,
    told: BTreeSet<String>,
}

impl<'a> Told<'a> {
    pub(super) fn new(recorder: &'a Recorder, path: &'a str) -> Self {
        Self {
            recorder,
            path,
            read: 0,
            told: BTreeSet::new(),
        }
    }

    /// Returns how many there are by now.
    pub(super) fn count(&mut self) -> anyhow::Result<u64> {
        let received = self.recorder.received(self.path);
        for notice in &received[self.read..] {
            let notice = notice.json()?;
            for alert in notice["alerts"].as_array().into_iter().flatten() {
                if alert["status"] == "firing" {
                    self.told
                        .extend(alert["fingerprint"].as_str().map(str::to_owned));
                }
            }
        }
        self.read = received.len();
        Ok(self.told.len() as u64)
    }
}

/// Counts the alerts of the first cluster that others keep back.
pub(super) fn inhibited(api: &Api) -> anyhow::Result<u64> {
    let parameters = [
        ("filter", "cluster=\"c0\""),
        ("active", "false"),
        ("silenced", "false"),
    ];
    let reply = api.get("/api/v2/alerts", &parameters)?;
    ensure!(reply.status == 200, "{}", reply.text());
    let answer = reply.json()?;
    let alerts = answer.as_array().map_or(&[][..], Vec::as_slice);
    let inhibited = alerts.iter().filter(|alert| {
        let by = alert["status"]["inhibitedBy"].as_array();
        by.is_some_and(|by| !by.is_empty())
    });
    Ok(inhibited.count() as u64)
}
