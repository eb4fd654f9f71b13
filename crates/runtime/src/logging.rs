//! What the program says to its operator, on standard error.

use std::io;
use std::str::FromStr;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for collectors.
    Json,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(Error(format!(
                "wanted the log format text or json, found {other:?}"
            ))),
        }
    }
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// Sends the program's log to standard error from now on; once per process.
///
/// `filter` is a level (`error`, `warn`, `info`, `debug`, `trace`), or directives such as `info,plimsoll_tsdb=debug`.
///
/// # Errors
/// A filter that cannot be understood, or a second call.
pub fn install(filter: &str, format: Format) -> Result<(), Error> {
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    match format {
        Format::Text => text(filter, is_terminal, io::stderr)?.try_init(),
        Format::Json => json(filter, io::stderr)?.try_init(),
    }
    .map_err(|error| Error(format!("logging is set up already: {error}")))
}

fn text<W>(filter: &str, colours: bool, writer: W) -> Result<impl Subscriber + Send + Sync, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Ok(tracing_subscriber::fmt()
        .with_env_filter(parse(filter)?)
        .with_ansi(colours)
        .with_writer(writer)
        .finish())
}

fn json<W>(filter: &str, writer: W) -> Result<impl Subscriber + Send + Sync, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Ok(tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(parse(filter)?)
        .with_writer(writer)
        .finish())
}

fn parse(filter: &str) -> Result<EnvFilter, Error> {
    // `EnvFilter` takes an unknown level for the name of a module and then logs nothing.
    let looks_like_level = !filter.contains(['=', ',', ':']);
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    if looks_like_level && !levels.contains(&filter.to_ascii_lowercase().as_str()) {
        let levels = levels.join(", ");
        return Err(Error(format!(
            "wanted a log level ({levels}) or directives such as info,plimsoll_tsdb=debug, found {filter:?}"
        )));
    }
    EnvFilter::try_new(filter)
        .map_err(|error| Error(format!("wanted log directives, found {filter:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;
    use crate::http::Secret;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn writes_one_object_per_line() {
        let lines = Lines::default();
        with_default(json("info", lines.clone()).unwrap(), || {
            tracing::info!(password = %Secret::new("hunter2"), "first\nstill first");
            tracing::debug!("not this");
        });
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r#""message":"first\nstill first""#), "{text}");
        assert!(text.contains(r#""password":"<secret>""#), "{text}");
    }

    #[test]
    fn directives_choose_per_module() {
        let lines = Lines::default();
        with_default(
            text("warn,chosen=debug", false, lines.clone()).unwrap(),
            || {
                tracing::debug!(target: "chosen", "shown");
                tracing::info!(target: "other", "hidden");
            },
        );
        let text = lines.text();
        assert!(text.contains("shown") && !text.contains("hidden"), "{text}");
    }

    #[test]
    fn refuses_what_would_log_nothing() {
        for wrong in ["verbose", "", "plimsoll=loud", "info,=="] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        assert!("xml".parse::<Format>().is_err());
        assert_eq!("json".parse::<Format>().unwrap(), Format::Json);
    }
}
