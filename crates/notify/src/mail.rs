//! Mail: what is sent by SMTP, and to which server.
//!
//! A notice gives the same bytes at each attempt (`Date`, `Message-ID` and the boundary come from the notice), so that a mail
//! that was taken twice is recognised by the programs that drop doubles.

mod address;
mod encode;

use std::sync::Arc;

use plimsoll_types::Timestamp;
use sha2::{Digest, Sha256};

use crate::config::SmtpGlobals;
use crate::{Notice, RenderError, RenderErrorKind};

use address::Address;
use encode::{header, quoted_printable};

/// One mail and the way to its server.
#[derive(Debug)]
pub struct Mail {
    pub(crate) smtp: Arc<SmtpGlobals>,
    /// The sender's address.
    pub(crate) from: String,
    /// The recipients' addresses, at least one.
    pub(crate) to: Vec<String>,
    /// Headers and body, with CRLF at the end of each line.
    pub(crate) message: Vec<u8>,
}

/// Which mails mail programs show together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threading {
    /// As they see fit.
    Off,
    /// Those of one group and one day, in UTC.
    Daily,
    /// Those of one group.
    Whole,
}

/// The parts of a mail.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    /// Further headers; `From`, `To`, `Date` and `Message-Id` among them take the place of ours.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) threading: Threading,
}

impl Mail {
    /// Writes the mail.
    ///
    /// # Errors
    /// An address that is none, or not exactly one sender.
    pub(crate) fn new(
        smtp: Arc<SmtpGlobals>,
        draft: Draft,
        notice: &Notice,
    ) -> Result<Self, RenderError> {
        let unfit = |error: String| RenderError::new(RenderErrorKind::Unfit, error);
        let from = Address::parse_list(&draft.from).map_err(unfit)?;
        let [from] = from.as_slice() else {
            return Err(unfit("a mail has one sender".into()));
        };
        let to = Address::parse_list(&draft.to).map_err(unfit)?;
        let message = message(&draft, from, &to, notice);
        Ok(Self {
            smtp,
            from: from.mailbox.clone(),
            to: to.into_iter().map(|address| address.mailbox).collect(),
            message,
        })
    }
}

fn message(draft: &Draft, from: &Address, to: &[Address], notice: &Notice) -> Vec<u8> {
    let is_own = |name: &str| {
        let mut own = draft.headers.iter();
        own.any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let domain = from.domain();
    let mut text = String::new();
    if !is_own("From") {
        text.push_str(&header("From", &from.to_header()));
    }
    if !is_own("To") {
        let to: Vec<_> = to.iter().map(Address::to_header).collect();
        text.push_str(&header("To", &to.join(", ")));
    }
    text.push_str(&header("Subject", &draft.subject));
    for (name, value) in &draft.headers {
        text.push_str(&header(name, value));
    }
    if !is_own("Message-Id") {
        let id = hex_of(&notice.id);
        text.push_str(&header("Message-Id", &format!("<{id}@{domain}>")));
    }
    if !is_own("Date") {
        text.push_str(&header("Date", &date(notice.now)));
    }
    if let Some(thread) = thread(draft.threading, notice) {
        let thread = format!("<{thread}@{domain}>");
        text.push_str(&header("References", &thread));
        text.push_str(&header("In-Reply-To", &thread));
    }
    body(&mut text, draft, &hex_of(&notice.id));
    text.into_bytes()
}

/// Writes the bodies from the plainest to the richest, as programs show the last one that they understand.
fn body(text: &mut String, draft: &Draft, id: &str) {
    // Quoted-printable text never holds `=_`, so no body can end its part.
    let boundary = format!("=_{id}");
    text.push_str("MIME-Version: 1.0\r\n");
    text.push_str("Content-Type: multipart/alternative;\r\n boundary=\"");
    text.push_str(&boundary);
    text.push_str("\"\r\n\r\n");
    let parts = [("text/plain", &draft.text), ("text/html", &draft.html)];
    let is_bare = draft.text.is_empty() && draft.html.is_empty();
    for (kind, part) in parts {
        if part.is_empty() && !(is_bare && kind == "text/plain") {
            continue;
        }
        text.push_str(&format!(
            "--{boundary}\r\nContent-Type: {kind}; charset=UTF-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        ));
        quoted_printable(part, text);
        text.push_str("\r\n");
    }
    text.push_str(&format!("--{boundary}--\r\n"));
}

/// Returns the name of the thread that the mail belongs to.
fn thread(threading: Threading, notice: &Notice) -> Option<String> {
    let group = hex_of(&notice.group_key);
    match threading {
        Threading::Off => None,
        Threading::Whole => Some(group),
        Threading::Daily => Some(format!("{group}-{}", formatted(notice.now, "%Y-%m-%d"))),
    }
}

fn hex_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn date(at: Timestamp) -> String {
    formatted(at, "%a, %d %b %Y %H:%M:%S +0000")
}

fn formatted(at: Timestamp, format: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests;
