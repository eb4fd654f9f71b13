//! `/api/v1/status/store`: what the store promises, what its last opening found, and how it is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{
    DurabilityStatus, HeadStatus, LogDamage, QuarantineStatus, RecoveryStatus, RetentionRuleStatus,
    RetentionStatus, StoreStatus, SyncPolicy, TierStatus, TimeRange, format_duration,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::values::Length;
use crate::openapi::words::StoreTier;

/// What the store promises, and how it is. Times are in milliseconds since the epoch.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreStatus)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    durability: DurabilityView,
    recovery: RecoveryView,
    retention: RetentionView,
    head: HeadView,
    tiers: Vec<TierView>,
    quarantined: Vec<QuarantineView>,
    /// Why writes are refused; null when they are taken.
    refusal: Option<String>,
    free_bytes: Option<u64>,
}

/// When what is written is durable.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreDurability)]
#[serde(rename_all = "camelCase")]
struct DurabilityView {
    /// `always`, `group` or `os`.
    mode: &'static str,
    group_delay: Length,
    group_bytes: u64,
    periodic_interval: Length,
    free_bytes_reserve: u64,
    retry_interval: Length,
    writes: Vec<PromiseView>,
}

/// What is promised about one kind of writes.
#[derive(Serialize, ToSchema)]
#[schema(as = StorePromise)]
#[serde(rename_all = "camelCase")]
struct PromiseView {
    writes: &'static str,
    acknowledged: String,
    kill_loses: String,
    power_loss_loses: String,
}

/// What the last opening of the store found.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreRecovery)]
#[serde(rename_all = "camelCase")]
struct RecoveryView {
    duration_seconds: f64,
    is_clean: bool,
    segments: u64,
    bytes: u64,
    records: u64,
    samples: u64,
    deletions: u64,
    samples_in_parts: u64,
    repeated: u64,
    without_series: u64,
    undecodable: u64,
    cut: Vec<DamageView>,
    skipped: Vec<DamageView>,
    parts: u64,
    quarantined: Vec<QuarantineView>,
    stale_parts: Vec<String>,
    repaired: Vec<String>,
}

/// A damaged place of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreDamage)]
struct DamageView {
    segment: String,
    offset: u64,
    bytes: u64,
}

/// A part that cannot be read and was set aside.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreQuarantined)]
#[serde(rename_all = "camelCase")]
struct QuarantineView {
    name: String,
    min_time: i64,
    max_time: i64,
    reason: String,
}

/// How long samples are kept.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreRetention)]
#[serde(rename_all = "camelCase")]
struct RetentionView {
    rules: Vec<RuleView>,
    bytes: Option<u64>,
    disk_share: Option<f64>,
    horizon: i64,
}

/// How long samples of some series are kept.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreRetentionRule)]
struct RuleView {
    selector: String,
    raw: Length,
    #[serde(rename = "5m")]
    five_minutes: Length,
    #[serde(rename = "1h")]
    hour: Length,
}

/// What is in memory.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreHead)]
#[serde(rename_all = "camelCase")]
struct HeadView {
    series: u64,
    samples: u64,
    min_time: Option<i64>,
    max_time: Option<i64>,
    log_segments: u64,
    log_bytes: u64,
}

/// What is on disk, as fine as this.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreTierStatus)]
#[serde(rename_all = "camelCase")]
struct TierView {
    tier: StoreTier,
    parts: u64,
    samples: u64,
    bytes: u64,
    min_time: i64,
    max_time: i64,
}

/// Returns what the store promises and how it is.
pub(super) async fn overview(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.ask(None, |app, _| {
        let view = View::from(app.parts.surface.store.status());
        Ok(envelope::success(&view, &Notes::default()))
    })
    .await
}

impl From<StoreStatus> for View {
    fn from(status: StoreStatus) -> Self {
        Self {
            durability: status.durability.into(),
            recovery: status.recovery.into(),
            retention: status.retention.into(),
            head: status.head.into(),
            tiers: status.tiers.into_iter().map(TierView::from).collect(),
            quarantined: quarantined(status.quarantined),
            refusal: status.refusal,
            free_bytes: status.free_bytes.map(|bytes| bytes.0),
        }
    }
}

impl From<DurabilityStatus> for DurabilityView {
    fn from(status: DurabilityStatus) -> Self {
        Self {
            mode: match status.policy {
                SyncPolicy::Always => "always",
                SyncPolicy::Group => "group",
                SyncPolicy::Os => "os",
            },
            group_delay: Length(status.group_delay),
            group_bytes: status.group_bytes.0,
            periodic_interval: Length(status.periodic_interval),
            free_bytes_reserve: status.free_bytes_reserve.0,
            retry_interval: Length(status.retry_interval),
            writes: promises(&status),
        }
    }
}

/// Says in words what the settings mean for each kind of writes.
fn promises(status: &DurabilityStatus) -> Vec<PromiseView> {
    let periodic = format_duration(status.periodic_interval);
    let acknowledged = match status.policy {
        SyncPolicy::Always => "after an fdatasync of its own".into(),
        SyncPolicy::Group => format!(
            "after the fdatasync of its group, which gathers for at most {} or {}",
            format_duration(status.group_delay),
            status.group_bytes
        ),
        SyncPolicy::Os => "when the operating system has it".into(),
    };
    let what_the_system_holds = "what the operating system had not written back, often 30 s";
    let (pushes_lose, scrapes_acknowledged, scrapes_lose) = match status.policy {
        SyncPolicy::Always | SyncPolicy::Group => (
            "nothing that was acknowledged".into(),
            format!("by nobody; synced every {periodic}"),
            format!("at most the last {periodic}"),
        ),
        SyncPolicy::Os => (
            what_the_system_holds.into(),
            "by nobody".into(),
            what_the_system_holds.into(),
        ),
    };
    vec![
        PromiseView {
            writes: "pushes (remote write, imports) and deletions",
            acknowledged,
            kill_loses: "nothing that was acknowledged".into(),
            power_loss_loses: pushes_lose,
        },
        PromiseView {
            writes: "scrapes",
            acknowledged: scrapes_acknowledged,
            kill_loses: format!("at most the last {periodic}"),
            power_loss_loses: scrapes_lose,
        },
    ]
}

impl From<RecoveryStatus> for RecoveryView {
    fn from(status: RecoveryStatus) -> Self {
        let damage = |list: Vec<LogDamage>| {
            let view = |damage: LogDamage| DamageView {
                segment: damage.segment,
                offset: damage.offset,
                bytes: damage.bytes,
            };
            list.into_iter().map(view).collect()
        };
        Self {
            is_clean: status.is_clean(),
            duration_seconds: status.duration.as_secs_f64(),
            segments: status.segments,
            bytes: status.bytes,
            records: status.records,
            samples: status.samples,
            deletions: status.deletions,
            samples_in_parts: status.samples_in_parts,
            repeated: status.repeated,
            without_series: status.without_series,
            undecodable: status.undecodable,
            cut: damage(status.cut),
            skipped: damage(status.skipped),
            parts: status.parts,
            quarantined: quarantined(status.quarantined),
            stale_parts: status.stale_parts,
            repaired: status.repaired,
        }
    }
}

fn quarantined(parts: Vec<QuarantineStatus>) -> Vec<QuarantineView> {
    let view = |part: QuarantineStatus| QuarantineView {
        name: part.name,
        min_time: part.range.start.millis(),
        max_time: part.range.end.millis(),
        reason: part.reason,
    };
    parts.into_iter().map(view).collect()
}

impl From<RetentionStatus> for RetentionView {
    fn from(status: RetentionStatus) -> Self {
        let rule = |rule: RetentionRuleStatus| RuleView {
            selector: rule.selector,
            raw: Length(rule.raw),
            five_minutes: Length(rule.five_minutes),
            hour: Length(rule.hour),
        };
        Self {
            rules: status.rules.into_iter().map(rule).collect(),
            bytes: status.bytes.map(|bytes| bytes.0),
            disk_share: status.disk_share,
            horizon: status.horizon.millis(),
        }
    }
}

impl From<HeadStatus> for HeadView {
    fn from(head: HeadStatus) -> Self {
        let end = |end: fn(TimeRange) -> plimsoll_types::Timestamp| {
            head.range.map(|range| end(range).millis())
        };
        Self {
            series: head.series,
            samples: head.samples,
            min_time: end(|range| range.start),
            max_time: end(|range| range.end),
            log_segments: head.log_segments,
            log_bytes: head.log_bytes.0,
        }
    }
}

impl From<TierStatus> for TierView {
    fn from(status: TierStatus) -> Self {
        Self {
            tier: StoreTier(status.tier),
            parts: status.parts,
            samples: status.samples,
            bytes: status.bytes.0,
            min_time: status.range.start.millis(),
            max_time: status.range.end.millis(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_types::ByteCount;

    use super::*;

    #[test]
    fn what_is_promised_follows_from_the_mode() {
        let status = |policy| DurabilityStatus {
            policy,
            group_delay: Duration::from_millis(5),
            group_bytes: ByteCount::MIB,
            periodic_interval: Duration::from_secs(1),
            free_bytes_reserve: ByteCount::MIB.times(64),
            retry_interval: Duration::from_secs(1),
        };
        let [pushes, scrapes] = &promises(&status(SyncPolicy::Group))[..] else {
            panic!("two kinds");
        };
        assert_eq!(
            pushes.acknowledged,
            "after the fdatasync of its group, which gathers for at most 5ms or 1 MiB"
        );
        assert_eq!(pushes.power_loss_loses, "nothing that was acknowledged");
        assert_eq!(scrapes.power_loss_loses, "at most the last 1s");
        for promise in promises(&status(SyncPolicy::Os)) {
            assert!(promise.power_loss_loses.contains("not written back"));
        }
    }
}
