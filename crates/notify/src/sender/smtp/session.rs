//! Commands and replies on one connection.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::Verdict;
use crate::masks::Masks;

/// The longest line of a reply; RFC 5321 allows 512.
const LINE_BYTES_MAX: usize = 4 << 10;
/// The most lines of a reply.
const LINES_MAX: usize = 100;

/// What a session runs on.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A reply: the code, and the texts of its lines.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    pub(super) fn is_positive(&self) -> bool {
        matches!(self.code, 200..=399)
    }

    /// Judges a reply that is not what was wanted.
    pub(super) fn verdict(&self, what: &str) -> Verdict {
        let text = self.lines.join(" ");
        let reason = format!("the mail server answered {what} with {} {text}", self.code);
        match self.code {
            500..=599 => Verdict::refused(reason),
            _ => Verdict::retry(reason),
        }
    }
}

/// One connection.
pub(super) struct Session<S> {
    stream: S,
    buffer: Vec<u8>,
    extensions: Vec<String>,
}

impl<S: Stream> Session<S> {
    /// Waits for the server's greeting. A server that refuses us may do so because it is busy.
    pub(super) async fn open(stream: S) -> Result<Self, Verdict> {
        let mut session = Self::resume(stream);
        let greeting = session.reply().await?;
        match greeting.code {
            220 => Ok(session),
            code => {
                let text = greeting.lines.join(" ");
                let reason = format!("the mail server greeted with {code} {text}");
                Err(Verdict::retry(reason))
            }
        }
    }

    /// Goes on after a handshake: there is no greeting.
    pub(super) fn resume(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// Says who we are and hears what the server can do.
    pub(super) async fn greet(&mut self, hello: &str) -> Result<(), Verdict> {
        let hello = one_word(hello)?;
        let reply = self.command(&format!("EHLO {hello}")).await?;
        if reply.code == 250 {
            self.extensions = reply.lines.into_iter().skip(1).collect();
            return Ok(());
        }
        let reply = self.command(&format!("HELO {hello}")).await?;
        match reply.code {
            250 => Ok(()),
            _ => Err(reply.verdict("HELO")),
        }
    }

    /// Returns what stands behind the name of an extension, when the server has it.
    pub(super) fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest)
        })
    }

    /// Asks for TLS and gives the bare connection back for the handshake.
    pub(super) async fn start_tls(mut self) -> Result<S, Verdict> {
        if self.extension("STARTTLS").is_none() {
            let reason = "`require_tls` is set, but the mail server does not offer STARTTLS";
            return Err(Verdict::retry(reason));
        }
        let reply = self.command("STARTTLS").await?;
        if reply.code != 220 {
            return Err(reply.verdict("STARTTLS"));
        }
        // What came in clear text before the handshake was perhaps put there by somebody in between.
        match self.buffer.is_empty() {
            true => Ok(self.stream),
            false => Err(Verdict::retry(
                "the mail server spoke before the TLS handshake",
            )),
        }
    }

    /// Names the sender and the recipients. Those that the server refuses for good are left out, if one is left.
    pub(super) async fn envelope(&mut self, from: &str, to: &[String]) -> Result<(), Verdict> {
        let is_ascii = from.is_ascii() && to.iter().all(|address| address.is_ascii());
        let utf8 = match is_ascii {
            true => "",
            false if self.extension("SMTPUTF8").is_some() => " SMTPUTF8",
            false => {
                return Err(Verdict::refused(
                    "the mail server takes ASCII addresses only",
                ));
            }
        };
        let reply = self.command(&format!("MAIL FROM:<{from}>{utf8}")).await?;
        if !reply.is_positive() {
            return Err(reply.verdict("MAIL"));
        }
        let mut taken = 0;
        let mut refusal = None;
        for address in to {
            let reply = self.command(&format!("RCPT TO:<{address}>")).await?;
            if reply.is_positive() {
                taken += 1;
                continue;
            }
            match reply.verdict(&format!("RCPT TO:<{address}>")) {
                Verdict::Refused { reason } => {
                    let shown = Masks::default().excerpt(&reason);
                    tracing::warn!(reason = shown, "a recipient of a mail is refused");
                    refusal = Some(Verdict::Refused { reason });
                }
                other => return Err(other),
            }
        }
        match refusal {
            Some(refused) if taken == 0 => Err(refused),
            _ => Ok(()),
        }
    }

    /// Hands the message over. When the connection breaks before the reply, the server may have taken it.
    pub(super) async fn data(&mut self, message: &[u8]) -> Result<(), Verdict> {
        let reply = self.command("DATA").await?;
        if reply.code != 354 {
            return Err(reply.verdict("DATA"));
        }
        let written = self.write(&stuffed(message)).await;
        written.map_err(Verdict::or_arrived)?;
        let reply = self.reply().await.map_err(Verdict::or_arrived)?;
        match reply.is_positive() {
            true => Ok(()),
            false => Err(reply.verdict("the mail")),
        }
    }

    /// Says goodbye. The mail is handed over, so what the server says to it does not matter.
    pub(super) async fn quit(mut self) {
        let _ = self.write(b"QUIT\r\n").await;
        let _ = self.stream.shutdown().await;
    }

    /// Sends a line and waits for the reply.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, Verdict> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Verdict> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(broken)
    }

    async fn reply(&mut self) -> Result<Reply, Verdict> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let Some(code @ 200..=599) = code else {
                return Err(Verdict::retry("the mail server speaks no SMTP"));
            };
            let rest = line.get(3..).unwrap_or("");
            lines.push(rest.get(1..).unwrap_or("").to_owned());
            if !rest.starts_with('-') {
                return Ok(Reply { code, lines });
            }
            if lines.len() == LINES_MAX {
                return Err(Verdict::retry("a reply of the mail server has no end"));
            }
        }
    }

    async fn line(&mut self) -> Result<String, Verdict> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(printable(&line));
            }
            if self.buffer.len() > LINE_BYTES_MAX {
                return Err(Verdict::retry("a line of the mail server has no end"));
            }
            let mut chunk = [0; 1024];
            let count = self.stream.read(&mut chunk).await.map_err(broken)?;
            if count == 0 {
                return Err(Verdict::retry("the mail server closed the connection"));
            }
            self.buffer.extend_from_slice(&chunk[..count]);
        }
    }
}

fn broken(error: std::io::Error) -> Verdict {
    Verdict::retry(format!("the connection to the mail server broke: {error}"))
}

/// A line as it may stand in a reason: nothing of it can begin a line of a log.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\r', '\n']);
    text.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect()
}

fn one_word(hello: &str) -> Result<&str, Verdict> {
    let is_word = !hello.is_empty() && hello.bytes().all(|byte| byte.is_ascii_graphic());
    is_word
        .then_some(hello)
        .ok_or_else(|| Verdict::refused("`hello` must be one word"))
}

/// Doubles the dot that begins a line, and ends the message.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_the_start_of_a_line_are_doubled() {
        assert_eq!(stuffed(b".\r\na.\r\n..b"), b"..\r\na.\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b""), b"\r\n.\r\n");
    }

    #[test]
    fn a_server_of_any_bytes_ends_in_a_verdict() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let runtime = runtime.expect("a runtime without drivers");
            runtime.block_on(async {
                let (ours, mut theirs) = tokio::io::duplex(bytes.len().max(1) + (64 << 10));
                theirs.write_all(bytes).await.expect("the pipe is wide");
                theirs.shutdown().await.expect("the pipe is open");
                let Ok(mut session) = Session::open(ours).await else {
                    return;
                };
                if session.greet("localhost").await.is_ok() {
                    let to = ["a@b".to_owned()];
                    let _ = session.envelope("c@d", &to).await;
                    let _ = session.data(b"x").await;
                }
            });
        });
    }
}
