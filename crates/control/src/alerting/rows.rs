//! Between the nouns of alerting and the rows of the store of state: neither knows the other.

mod alerts;
mod alone;
mod channels;
mod history;
mod json;
mod silences;

use std::sync::Arc;

use plimsoll_alerting::rows::{Change, Rows};
use plimsoll_state::rows::alerting as state;
use plimsoll_state::{Change as RowChange, Error, Store};

pub(super) use alerts::{from_posts, to_posts};
pub(super) use alone::{from_told_alone, to_told_alone};
pub(super) use history::from_history;
pub(super) use silences::{from_silences, to_silences};

/// Why a row cannot be one of ours; it is left out and told.
type Damaged = String;

/// Returns what a change is to the store.
pub(super) fn change(change: &Change) -> RowChange {
    match change {
        Change::PutAlert(row) => RowChange::put(&alerts::to_row(row)),
        Change::DeleteAlert(fingerprint) => state::ReceivedRow::delete(&fingerprint.to_string()),
        Change::PutGroup(row) => RowChange::put(&channels::to_group(row)),
        Change::DeleteGroup(name) => state::GroupRow::delete(&channels::to_name(name)),
        Change::PutTold(row) => RowChange::put(&channels::to_told(row)),
        Change::DeleteTold(channel) => state::ToldRow::delete(&channels::to_channel(channel)),
        Change::PutDelivery(row) => RowChange::put(&channels::to_delivery(row)),
        Change::DeleteDelivery(id) => state::DeliveryRow::delete(&id.to_string()),
        Change::PutSilence(silence) => RowChange::put(&silences::to_row(silence)),
        Change::DeleteSilence(id) => state::SilenceRow::delete(&id.to_string()),
        Change::AddHistory(row) => RowChange::put(&history::to_row(row)),
    }
}

/// Reads back all that is durable. A row that is damaged is left out and told: what the others say still holds, and an
/// alert that is posted again is a row again.
pub(super) async fn read(store: &dyn Store) -> Result<Rows, Error> {
    use plimsoll_state::Rows as Of;
    let alerts = store.rows(Of::<state::ReceivedRow>::all()).await?;
    let groups = store.rows(Of::<state::GroupRow>::all()).await?;
    let told = store.rows(Of::<state::ToldRow>::all()).await?;
    let deliveries = store.rows(Of::<state::DeliveryRow>::all()).await?;
    let silences = store.rows(Of::<state::SilenceRow>::all()).await?;
    Ok(Rows {
        alerts: good("an alert", alerts, alerts::from_row),
        groups: good("a group", groups, channels::from_group),
        told: good("what was told", told, channels::from_told),
        deliveries: good("a delivery", deliveries, channels::from_delivery),
        silences: good("a silence", silences, |row| {
            silences::from_row(row).map(Arc::new)
        }),
    })
}

fn good<R, N>(what: &str, rows: Vec<R>, read: impl Fn(R) -> Result<N, Damaged>) -> Vec<N> {
    let read = |row| {
        read(row)
            .inspect_err(|error| tracing::error!(error, "the row of {what} is left out"))
            .ok()
    };
    rows.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests;
