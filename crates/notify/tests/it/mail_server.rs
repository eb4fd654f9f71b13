//! A mail server that does as the test says, on a thread of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, sync_channel};

use crate::tls::Identity;

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// Lines of the answer to EHLO.
    pub(crate) extensions: Vec<&'static str>,
    /// Answers to commands that begin so; the first that fits is given. All else gets what makes a mail go through.
    pub(crate) replies: Vec<(&'static str, &'static str)>,
    /// Whether TLS begins with the first byte.
    pub(crate) is_implicit: bool,
    /// Says this right behind the answer to STARTTLS, in clear text.
    pub(crate) injected: &'static str,
}

/// The server, for one connection.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    pub(crate) identity: Identity,
    heard: Receiver<Vec<String>>,
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

impl MailServer {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let identity = Identity::new();
        let (tx, heard) = sync_channel(1);
        let own = identity.clone();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = Vec::new();
            if manner.is_implicit {
                talk(Box::new(own.accept(stream)), &manner, true, &mut lines);
            } else {
                let copy = stream.try_clone().unwrap();
                if talk(Box::new(copy), &manner, true, &mut lines) {
                    lines.push("(TLS)".into());
                    talk(Box::new(own.accept(stream)), &manner, false, &mut lines);
                }
            }
            // The test may not want to know.
            let _ = tx.send(lines);
        });
        Self {
            port,
            identity,
            heard,
        }
    }

    /// Returns what the client said, when the connection is over.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.recv().unwrap()
    }
}

/// Talks until the client goes, or until it asked for TLS.
fn talk(mut stream: Box<dyn Both>, manner: &Manner, greets: bool, heard: &mut Vec<String>) -> bool {
    let say = |stream: &mut Box<dyn Both>, text: &str| {
        let _ = stream.write_all(format!("{text}\r\n").as_bytes());
        let _ = stream.flush();
    };
    if greets {
        say(&mut stream, "220 mail.example ready");
    }
    let mut is_data = false;
    while let Some(line) = line(&mut stream) {
        heard.push(line.clone());
        if is_data && line != "." {
            continue;
        }
        is_data = line == "DATA";
        let own = manner
            .replies
            .iter()
            .find(|(start, _)| line.starts_with(start));
        if line == "STARTTLS" && own.is_none() {
            say(&mut stream, &format!("220 go ahead{}", manner.injected));
            return true;
        }
        let usual = match line.split(' ').next().unwrap_or("") {
            "EHLO" => ehlo(manner),
            "DATA" => "354 go on".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            _ => "250 fine".to_owned(),
        };
        say(&mut stream, own.map_or(usual.as_str(), |(_, reply)| reply));
    }
    false
}

fn ehlo(manner: &Manner) -> String {
    let mut lines = vec!["mail.example"];
    lines.extend(&manner.extensions);
    let last = lines.len() - 1;
    let marked = lines.iter().enumerate().map(|(at, line)| {
        let mark = if at == last { ' ' } else { '-' };
        format!("250{mark}{line}")
    });
    marked.collect::<Vec<_>>().join("\r\n")
}

/// Reads byte by byte, as what follows a STARTTLS must stay in the socket.
fn line(stream: &mut Box<dyn Both>) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).ok()? == 1 {
        match byte[0] {
            b'\n' => return Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            other => line.push(other),
        }
    }
    None
}
