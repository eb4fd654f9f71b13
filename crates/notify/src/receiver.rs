//! A way to tell somebody: an entry of a receiver, and the code that knows its service.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::http::ClientConfig;

use crate::{Answer, Notice, RenderError, Rendering, Request, Verdict};

/// One entry of a receiver in alertmanager.yml, such as the second of its `webhook_configs`.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The kind, as in the name of the section: `webhook` of `webhook_configs`.
    pub kind: &'static str,
    /// Its place among those of the same kind of the receiver, from 0.
    pub index: usize,
    /// Whether it is told that alerts are resolved: `send_resolved`.
    pub sends_resolved: bool,
    /// The longest time for one attempt, where the entry says so: `timeout`.
    pub timeout: Option<Duration>,
    /// How to speak HTTP: `http_config` of the entry or else of `global`.
    pub http: Arc<ClientConfig>,
    /// What knows the service.
    pub receiver: Arc<dyn Receiver>,
}

/// Code that knows a service: it writes requests and reads answers, and does nothing else.
pub trait Receiver: Debug + Send + Sync {
    /// Writes the requests of a notice. They are sent in this order; the first that is not taken ends the attempt.
    ///
    /// It runs where blocking is allowed: files with secrets are read by [`Rendering::secret`].
    ///
    /// # Errors
    /// A secret cannot be read, or a text that nothing can replace (a URL, a channel) cannot be made.
    fn requests(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
    ) -> Result<Vec<Request>, RenderError>;

    /// Judges the answer to the request at a place of the list. The default goes by the status alone.
    ///
    /// The data of the last one that was sent counts.
    fn judge(&self, place: usize, answer: &Answer) -> Verdict {
        let _ = place;
        answer.by_status()
    }

    /// Writes the requests that replace the attempt after an answer to one of them, such as a new message where the one
    /// to update is gone; asked once per attempt, and only when [`judge`](Self::judge) does not say sent. Default: none.
    ///
    /// # Errors
    /// As for [`requests`](Self::requests).
    fn instead(
        &self,
        notice: &Notice,
        rendering: &Rendering<'_>,
        answer: &Answer,
    ) -> Result<Option<Vec<Request>>, RenderError> {
        let _ = (notice, rendering, answer);
        Ok(None)
    }
}
