//! What a demo says, on stderr: lines as things happen, and on a terminal a line of state below them.

use std::io::{IsTerminal, Write, stderr};
use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_demo::receiver::Notice;
use plimsoll_demo::show::{Line, Status};

use crate::commands::{environment, print};

/// Escapes for who watches; none where nobody does.
#[derive(Clone, Copy)]
struct Style {
    strong: &'static str,
    dim: &'static str,
    page: &'static str,
    over: &'static str,
    plain: &'static str,
}

const COLOURS: Style = Style {
    strong: "\x1b[1m",
    dim: "\x1b[2m",
    page: "\x1b[1;31m",
    over: "\x1b[32m",
    plain: "\x1b[0m",
};
const NO_COLOURS: Style = Style {
    strong: "",
    dim: "",
    page: "",
    over: "",
    plain: "",
};
/// Goes to the begin of the line and clears it.
const CLEAR: &str = "\r\x1b[2K";

/// Prints what is told.
pub(super) struct Terminal {
    address: SocketAddr,
    style: Style,
    /// Whether there is a line of state.
    is_live: bool,
}

impl Terminal {
    /// Makes one; who judges a story by its exit code sees neither colours nor a line of state.
    pub(super) fn new(address: SocketAddr, is_headless: bool) -> Self {
        let is_live = stderr().is_terminal() && !is_headless;
        let has_colours = is_live && environment("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            address,
            style: if has_colours { COLOURS } else { NO_COLOURS },
            is_live,
        }
    }

    /// Prints one.
    pub(super) fn show(&mut self, line: Line) {
        if let Line::Status(status) = line {
            if self.is_live {
                let Style { dim, plain, .. } = self.style;
                self.write(&format!("{CLEAR}{dim}{}{plain}", state(&status)));
            }
            return;
        }
        if let Line::Ready { .. } = line {
            // A stdout that nobody reads ends nothing: the demo is for the browser.
            let _ = print(&format!("http://{}\n", self.address));
        }
        let clear = if self.is_live { CLEAR } else { "" };
        let text = self.text(&line);
        self.write(&format!("{clear}{text}\n"));
    }

    /// Leaves the line of state.
    pub(super) fn end(&mut self) {
        if self.is_live {
            self.write(CLEAR);
        }
    }

    fn text(&self, line: &Line) -> String {
        let Style { strong, plain, .. } = self.style;
        match line {
            Line::Ready { edge } => format!(
                "Plimsoll runs on {strong}http://{}{plain}; customers come in on http://{edge}/shop/browse",
                self.address
            ),
            Line::Title(title) => format!("\n{strong}{title}{plain}"),
            Line::Say { at, text, look } => self.said(*at, text, look.as_deref()),
            Line::Notice(notice) => self.notice(notice),
            Line::Note(text) => format!("       {text}"),
            Line::Status(status) => state(status),
        }
    }

    fn said(&self, at: Duration, text: &str, look: Option<&str>) -> String {
        let Style { dim, plain, .. } = self.style;
        let mut lines: Vec<String> = text.lines().map(|line| format!("       {line}")).collect();
        if let Some(path) = look {
            lines.push(format!("       look at http://{}{path}", self.address));
        }
        let mut said = lines.join("\n");
        if let Some(first) = said.get(7..) {
            said = format!("{dim}{:>5}s{plain} {first}", format!("+{}", at.as_secs()));
        }
        format!("\n{said}")
    }

    fn notice(&self, notice: &Notice) -> String {
        let Style {
            page, over, plain, ..
        } = self.style;
        let (colour, word) = match (notice.is_firing, notice.is_page()) {
            (true, true) => (page, "PAGE  "),
            (true, false) => ("", "ticket"),
            (false, _) => (over, "over  "),
        };
        // The time of day of RFC 3339.
        let since = notice.since.get(11..19).unwrap_or(&notice.since);
        format!(
            "{colour}{word}{plain} to {}: {} {} (since {since} UTC)",
            notice.receiver,
            notice.label("alertname"),
            notice.summary
        )
    }

    fn write(&self, text: &str) {
        // A terminal that is gone is no reason to end.
        let _ = stderr().write_all(text.as_bytes());
    }
}

fn state(status: &Status) -> String {
    let percent = |share: Option<f64>| {
        share.map_or_else(
            || "no data".to_owned(),
            |share| format!("{:.1} %", share * 100.0),
        )
    };
    let within = status.pays_within;
    let within = within.map_or_else(
        || "no data".to_owned(),
        |time| format!("{} ms", time.as_millis()),
    );
    format!(
        "{:.0} req/s   failed {}   sent away {}   p99 of paying {within}   budget of shop/buy left {}",
        status.per_second,
        percent(status.failed),
        percent(status.shed),
        percent(status.remaining)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_runtime::clock::Monotonic;

    use super::*;

    fn terminal() -> Terminal {
        Terminal {
            address: ([127, 0, 0, 1], 9880).into(),
            style: NO_COLOURS,
            is_live: false,
        }
    }

    #[test]
    fn a_step_says_when_what_and_where() {
        let line = Line::Say {
            at: Duration::from_secs(20),
            text: "one\ntwo".into(),
            look: Some("/alerts".into()),
        };
        let expected = "\n  +20s one\n       two\n       look at http://127.0.0.1:9880/alerts";
        assert_eq!(terminal().text(&line), expected);
    }

    #[test]
    fn a_notice_says_who_is_told_what_since_when() {
        let labels = [("alertname", "Burn"), ("severity", "page")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut notice = Notice {
            at: Monotonic::from_origin(Duration::ZERO),
            receiver: "shop-on-call".into(),
            is_firing: true,
            labels: BTreeMap::from(labels),
            summary: "shop/buy burns".into(),
            since: "2026-11-22T08:51:03.2Z".into(),
        };
        let found = terminal().notice(&notice);
        assert_eq!(
            found,
            "PAGE   to shop-on-call: Burn shop/buy burns (since 08:51:03 UTC)"
        );
        notice.is_firing = false;
        assert!(
            terminal()
                .notice(&notice)
                .starts_with("over   to shop-on-call")
        );
    }

    #[test]
    fn what_is_not_known_is_no_zero() {
        let found = state(&Status::default());
        assert!(found.contains("failed no data"), "{found}");
    }
}
