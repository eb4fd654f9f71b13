//! Alerts of groups that went while the program did not run: their rows are of no use to anybody.
//!
//! Two minutes after the start the rows of groups that no file has are deleted, under the group's lease where
//! replicas share the store: one whose configuration is newer may know the group. Receivers take the alerts for
//! resolved when nobody sends them again; their series ended when they were written no more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_rules::GroupKey;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_state::{AlertRow, Error, Rows};

use crate::context::Context;

/// How long after the start: time for a configuration that comes a moment later, and for other replicas.
const WAIT: Duration = Duration::from_mins(2);

/// Deletes the rows of groups that are not known.
pub(crate) async fn delete(
    context: Arc<Context>,
    is_known: impl Fn(&GroupKey) -> bool,
    stop: Shutdown,
) {
    tokio::select! {
        () = context.clock.sleep(WAIT) => {}
        () = stop.wait() => return,
    }
    if let Err(error) = delete_now(&context, is_known).await {
        let error = error.chain();
        tracing::warn!(
            error,
            "alerts of groups that are gone stay until the next start"
        );
    }
}

async fn delete_now(context: &Context, is_known: impl Fn(&GroupKey) -> bool) -> Result<(), Error> {
    let rows = context.store.rows(Rows::<AlertRow>::all()).await?;
    let groups = rows
        .into_iter()
        .map(|row| GroupKey::new(row.file, row.group));
    let groups: BTreeSet<GroupKey> = groups.collect();
    for group in groups {
        if is_known(&group) {
            continue;
        }
        let change = AlertRow::delete_group(&group.file, &group.name);
        if context
            .keeper
            .commit_for_nobody(&group.to_string(), vec![change])
            .await?
        {
            tracing::info!(%group, "the alerts of a group that is in no rule file any more were forgotten");
        }
    }
    Ok(())
}
