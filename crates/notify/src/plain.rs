//! Texts that need no template: what readers get when theirs fails.

use std::fmt::Write;

use crate::{Notice, NoticeAlert};

/// The most alerts that are written out: services refuse long texts.
const ALERTS_MAX: usize = 20;

/// Returns a subject.
pub(crate) fn title(notice: &Notice, error: &str) -> String {
    let count = match notice.is_firing() {
        true => format!(":{}", notice.firing().count()),
        false => String::new(),
    };
    let status = notice.status().to_uppercase();
    let labels: Vec<_> = notice.group_labels.iter().map(|(_, value)| value).collect();
    format!(
        "[{status}{count}] {} (template error: {error})",
        labels.join(" ")
    )
}

/// Returns a list of the alerts, after the error.
pub(crate) fn text(notice: &Notice, error: &str) -> String {
    let mut text =
        format!("The template of this notification failed, so this is a plain text: {error}\n");
    for alert in notice.alerts.iter().take(ALERTS_MAX) {
        write_alert(&mut text, alert).expect("a String takes all");
    }
    let more = notice.alerts.len().saturating_sub(ALERTS_MAX) as u64 + notice.truncated;
    if more > 0 {
        writeln!(text, "\nand {more} more").expect("a String takes all");
    }
    writeln!(text, "\n{}", notice.external_url).expect("a String takes all");
    text
}

/// Returns [`text`] as HTML.
pub(crate) fn html(notice: &Notice, error: &str) -> String {
    let mut html = String::from("<pre>");
    for character in text(notice, error).chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html.push_str("</pre>");
    html
}

fn write_alert(text: &mut String, alert: &NoticeAlert) -> std::fmt::Result {
    writeln!(text, "\n{}", alert.status())?;
    for (name, value) in alert.alert.labels.iter() {
        writeln!(text, "  {name} = {value}")?;
    }
    for (name, value) in alert.alert.annotations.iter() {
        writeln!(text, "  {name}: {value}")?;
    }
    Ok(())
}
