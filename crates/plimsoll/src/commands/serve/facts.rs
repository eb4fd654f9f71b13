//! What `/api/v1/status` tells about this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use plimsoll_api::{InForce, ServerStatus};
use plimsoll_ingest::config::{Loaded, Retention};
use plimsoll_types::{ReplayStatistics, Timestamp, format_duration};

use super::{Arguments, LogFormat};

/// Makes the status at the start.
pub(super) fn status(
    arguments: &Arguments,
    address: SocketAddr,
    loaded: &Loaded,
    replay: ReplayStatistics,
    now: Timestamp,
) -> ServerStatus {
    let directory = std::env::current_dir().unwrap_or_default();
    ServerStatus::new(
        now,
        directory.display().to_string(),
        super::sources::host_name(),
        flags(arguments, address),
        replay,
        in_force(loaded, now),
    )
}

/// Returns what a configuration changes in the status.
pub(super) fn in_force(loaded: &Loaded, now: Timestamp) -> InForce {
    InForce {
        yaml: loaded.yaml.as_str().into(),
        since: now,
        is_last_reload_successful: true,
        external_labels: loaded.config.external_labels().clone(),
        retention: retention(&loaded.config.retention),
    }
}

/// Writes the limits in force as Prometheus does: `15d or 512MiB or 80%`.
fn retention(retention: &Retention) -> String {
    let size = retention.size.map(|size| size.to_string().replace(' ', ""));
    let share = retention
        .disk_share
        .map(|share| format!("{}%", share * 100.0));
    let time = match (retention.time, &size, &share) {
        (None, None, None) => Some(Retention::DEFAULT),
        (time, ..) => time,
    };
    let limits = [time.map(format_duration), size, share];
    limits
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" or ")
}

fn flags(arguments: &Arguments, address: SocketAddr) -> BTreeMap<String, String> {
    let config = arguments.config.as_ref();
    let format = match arguments.log_format {
        LogFormat::Text => "logfmt",
        LogFormat::Json => "json",
    };
    let retention = arguments.retention.map(format_duration);
    let shown = [
        (
            "config.file",
            config.map_or(String::new(), |path| path.display().to_string()),
        ),
        (
            "storage.tsdb.path",
            arguments.data_dir.display().to_string(),
        ),
        (
            "storage.tsdb.retention.time",
            retention.unwrap_or_else(|| "0s".into()),
        ),
        (
            "storage.tsdb.retention.size",
            arguments
                .retention_size
                .unwrap_or_default()
                .to_string()
                .replace(' ', ""),
        ),
        (
            "storage.tsdb.retention.percentage",
            arguments
                .retention_percentage
                .unwrap_or_default()
                .to_string(),
        ),
        ("log.level", arguments.log_filter.clone()),
        ("log.format", format.to_owned()),
        ("insecure", arguments.insecure.to_string()),
        ("no-host-metrics", arguments.no_host_metrics.to_string()),
    ];
    let mut flags: BTreeMap<String, String> =
        shown.map(|(name, value)| (name.to_owned(), value)).into();
    arguments.query.show(&mut flags);
    arguments.rules.show(address, &mut flags);
    arguments.slo.show(&mut flags);
    arguments.gateway.show(&mut flags);
    arguments.alerts.show(&mut flags);
    arguments.routing.show(&mut flags);
    arguments.web.show(address, &mut flags);
    flags
}

#[cfg(test)]
mod tests {
    use plimsoll_types::ByteCount;

    use super::*;

    #[test]
    fn limits_are_written_as_prometheus_does() {
        let mut limits = Retention::default();
        assert_eq!(retention(&limits), "15d");
        limits.size = Some(ByteCount::MIB.times(512));
        assert_eq!(retention(&limits), "512MiB");
        limits.disk_share = Some(0.8);
        limits.time = Some(std::time::Duration::from_hours(48));
        assert_eq!(retention(&limits), "2d or 512MiB or 80%");
    }
}
