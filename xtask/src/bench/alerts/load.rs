//! The alerts, and who posts them as Prometheus does: 64 in a request, over connections that are kept.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use plimsoll_e2e::{now_millis, rfc_3339_of_millis};
use plimsoll_runtime::clock::{Clock, SystemClock};

use crate::bench::connection::Connection;

/// How many alerts a Prometheus puts into a request.
const BATCH: u64 = 64;
/// Alerts of a service: one that inhibits, and those that it inhibits.
const SERVICE: u64 = 10;
/// Services of a cluster, which is a group.
const CLUSTER: u64 = 100;
/// How long an alert fires when it is not posted again: longer than the bench.
const LIFE_MILLIS: i64 = 3_600_000;
const HEADERS: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Alerts in a fixed order.
pub(super) struct Load {
    alerts: u64,
    start_millis: i64,
}

/// What came of a steady rate.
#[derive(Default)]
pub(super) struct Paced {
    pub(super) posted: u64,
    pub(super) seconds: f64,
    pub(super) p99_millis: f64,
}

/// Returns the configuration: groups of a thousand alerts, one inhibition, one webhook.
pub(super) fn config(hook: &str) -> String {
    format!(
        "route:\n  receiver: hook\n  group_by: [cluster]\n  group_wait: 5s\n  group_interval: 10s\n  repeat_interval: 4h\n\
         receivers:\n- name: hook\n  webhook_configs: [{{url: '{hook}'}}]\n\
         inhibit_rules:\n- source_matchers: [severity=page]\n  target_matchers: [severity=warn]\n  \
         equal: [cluster, service]\n"
    )
}

impl Load {
    pub(super) fn new(alerts: u64) -> Self {
        Self {
            alerts,
            start_millis: now_millis(),
        }
    }

    /// Returns how many alerts nothing inhibits.
    pub(super) fn sources(&self) -> u64 {
        self.alerts.div_ceil(SERVICE)
    }

    /// Returns how many alerts of the first cluster are inhibited.
    pub(super) fn inhibited_of_first_cluster(&self) -> u64 {
        let alerts = self.alerts.min(SERVICE * CLUSTER);
        alerts - alerts.div_ceil(SERVICE)
    }

    /// Posts a part of the alerts as fast as they are taken; returns how many.
    pub(super) fn post_quarter(
        &self,
        address: SocketAddr,
        quarter: u64,
        quarters: u64,
    ) -> anyhow::Result<u64> {
        let size = self.alerts / quarters;
        let mut connection = Connection::new(address);
        let (begin, end) = (quarter * size, (quarter + 1) * size);
        for first in (begin..end).step_by(BATCH as usize) {
            let body = self.body(first, end.min(first + BATCH));
            connection.push("/api/v2/alerts", &HEADERS, body.as_bytes())?;
        }
        Ok(end - begin)
    }

    /// Posts all alerts again and again at a rate; `paced` tells what came of it, also when a post failed.
    pub(super) fn post_paced(
        &self,
        address: SocketAddr,
        rate: u64,
        length: Duration,
        paced: &mut Paced,
    ) -> anyhow::Result<()> {
        let clock = SystemClock::new();
        let began = clock.monotonic();
        let mut connection = Connection::new(address);
        let mut latencies = Vec::new();
        let mut first = 0;
        let came_through = loop {
            let passed = clock.monotonic().since(began);
            if passed >= length {
                break Ok(());
            }
            let due = Duration::from_secs_f64(paced.posted as f64 / rate as f64);
            sleep(due.saturating_sub(passed));
            let end = self.alerts.min(first + BATCH);
            let body = self.body(first, end);
            let sent = clock.monotonic();
            if let Err(error) = connection.push("/api/v2/alerts", &HEADERS, body.as_bytes()) {
                break Err(error);
            }
            latencies.push(clock.monotonic().since(sent).as_secs_f64() * 1e3);
            paced.posted += end - first;
            first = if end == self.alerts { 0 } else { end };
        };
        paced.seconds = clock.monotonic().since(began).as_secs_f64();
        latencies.sort_by(f64::total_cmp);
        let p99 = latencies.get(latencies.len() * 99 / 100);
        paced.p99_millis = p99.copied().unwrap_or(f64::NAN);
        came_through
    }

    /// Writes a request as Prometheus does.
    fn body(&self, begin: u64, end: u64) -> String {
        let starts_at = rfc_3339_of_millis(self.start_millis);
        let ends_at = rfc_3339_of_millis(now_millis() + LIFE_MILLIS);
        let alerts = (begin..end).map(|number| {
            let service = number / SERVICE;
            let (cluster, instance) = (service / CLUSTER, number % SERVICE);
            let (name, severity) = match instance {
                0 => ("ServiceDown", "page"),
                _ => ("InstanceSlow", "warn"),
            };
            format!(
                r#"{{"annotations":{{"description":"The 99th percentile of instance {number} has been above its objective for 5 minutes.","runbook_url":"https://runbooks.example/{name}","summary":"Instance {number} is slow"}},"endsAt":"{ends_at}","startsAt":"{starts_at}","generatorURL":"http://prometheus.example:9090/graph?g0.expr=slow&g0.tab=1","labels":{{"alertname":"{name}","cluster":"c{cluster}","instance":"10.0.{}.{}:9100","job":"node","service":"s{service}","severity":"{severity}"}}}}"#,
                number / 250,
                number % 250
            )
        });
        format!("[{}]", alerts.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_is_another_one() {
        let load = Load::new(100);
        let body: serde_json::Value = serde_json::from_str(&load.body(0, 100)).unwrap();
        let alerts = body.as_array().unwrap();
        let labels: std::collections::BTreeSet<_> = alerts
            .iter()
            .map(|alert| alert["labels"].to_string())
            .collect();
        assert_eq!((alerts.len(), labels.len()), (100, 100));
        let pages = alerts
            .iter()
            .filter(|alert| alert["labels"]["severity"] == "page");
        assert_eq!(pages.count() as u64, load.sources());
        assert_eq!(load.inhibited_of_first_cluster(), 90);
    }
}
