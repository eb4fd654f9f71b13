//! What of the server's own life is remembered as changes: starts and reloads.

use plimsoll_api::{Change, ChangeKind, ReloadError, ReloadOutcome, UiParts};
use plimsoll_types::Timestamp;

use super::sources::host_name;

/// Names of files that a sentence has room for.
const NAMED_MAX: usize = 5;

/// Remembers that the process began to serve.
pub(crate) fn note_start(ui: &UiParts, now: Timestamp) {
    ui.journal.note(Change {
        at: now,
        kind: ChangeKind::Start,
        subject: host_name(),
        service: None,
        what: format!("Plimsoll {} began to serve", env!("CARGO_PKG_VERSION")),
        by: None,
        origin: None,
    });
}

/// Remembers how a reload went and what is another file than before.
pub(crate) fn note_reload(
    ui: &UiParts,
    outcome: &Result<String, ReloadError>,
    differences: &[String],
    (now, origin): (Timestamp, &str),
) {
    let (is_ok, message) = match outcome {
        Ok(notes) => (true, notes.trim_end()),
        Err(ReloadError::Refused(reason) | ReloadError::Failed(reason)) => {
            (false, reason.trim_end())
        }
    };
    ui.files.note(ReloadOutcome {
        at: now,
        is_ok,
        message: message.to_owned(),
    });
    let what = match is_ok {
        true => format!("read again: {}", named(differences)),
        false => {
            let first = message.lines().next().unwrap_or_default();
            format!("refused, what was in force stays: {first}")
        }
    };
    ui.journal.note(Change {
        at: now,
        kind: ChangeKind::Reload,
        subject: "configuration".to_owned(),
        service: None,
        what,
        by: None,
        origin: Some(origin.to_owned()),
    });
}

fn named(differences: &[String]) -> String {
    let named = differences.iter().take(NAMED_MAX).cloned();
    let named: Vec<String> = named.collect();
    match differences.len().saturating_sub(NAMED_MAX) {
        _ if named.is_empty() => "nothing is another file".to_owned(),
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn newest(ui: &UiParts) -> Change {
        ui.journal.read(1).await.unwrap().remove(0)
    }

    #[tokio::test]
    async fn reloads_say_what_is_another_or_why_they_were_refused() {
        let ui = UiParts::in_memory(Timestamp::EPOCH, "");
        let now = Timestamp::from_millis(5);
        let differences: Vec<String> = (1..=7).map(|file| format!("{file}.yml changed")).collect();
        note_reload(&ui, &Ok(String::new()), &differences, (now, "SIGHUP"));
        let what = newest(&ui).await.what;
        assert!(what.ends_with("5.yml changed and 2 more"), "{what}");
        note_reload(&ui, &Ok(String::new()), &[], (now, "SIGHUP"));
        assert_eq!(
            newest(&ui).await.what,
            "read again: nothing is another file"
        );
        let refused = Err(ReloadError::Refused("a.yml:1:1: error: x\n  |\n".into()));
        note_reload(&ui, &refused, &[], (now, "POST /-/reload"));
        let change = newest(&ui).await;
        assert!(
            change.what.ends_with("a.yml:1:1: error: x"),
            "{}",
            change.what
        );
        assert_eq!(change.origin.as_deref(), Some("POST /-/reload"));
        let reloads = ui.files.reloads();
        assert_eq!(reloads.len(), 3);
        assert!(!reloads[0].is_ok && reloads[0].message.contains("  |"));
    }
}
