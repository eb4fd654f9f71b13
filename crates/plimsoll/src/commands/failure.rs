//! How a command ends when it does not succeed.

use std::fmt;
use std::process::ExitCode;

/// Why a command failed, in words for the person who ran it.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// The command could not do what was asked.
    pub(crate) fn failed(text: impl fmt::Display) -> Self {
        Self::with_code(text, 1)
    }

    /// What was checked is legal, and `count` things about it are not as they should be.
    pub(crate) fn lint(count: usize) -> Self {
        let plural = if count == 1 { "" } else { "s" };
        Self::with_code(format!("{count} lint finding{plural}"), 3)
    }

    /// The server does not answer.
    pub(crate) fn unreachable(text: impl fmt::Display) -> Self {
        Self::with_code(text, 4)
    }

    /// What was asked makes no sense.
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::with_code(text, 2)
    }

    /// The text is complete as it is: diagnostics with their own `error:`.
    pub(crate) fn rendered(text: String) -> Self {
        Self { text, code: 1 }
    }

    /// Adds what to do when the text says a thing.
    pub(crate) fn with_hint(mut self, about: &str, hint: &str) -> Self {
        if self.text.contains(about) {
            self.text.push_str(&format!("{hint}\n"));
        }
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    fn with_code(text: impl fmt::Display, code: u8) -> Self {
        Self {
            text: format!("error: {text}\n"),
            code,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}
