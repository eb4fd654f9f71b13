//! From the entries of a receiver to its integrations.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::config::http_client::RawHttpClient;
use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_runtime::http::ClientConfig;

use super::Globals;
use super::global::http;
use crate::{Integration, Receiver};

/// A receiver: a name, and all the ways in which it is told.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// Its name.
    pub name: String,
    /// The ways, by kind and in the order of the file. None is legal: notices for it go nowhere.
    pub integrations: Vec<Integration>,
}

/// The shape of one entry of a kind, as serde reads it.
pub(crate) trait Section {
    /// The kind, as in `<kind>_configs`.
    const KIND: &'static str;

    /// Checks an entry and fills the defaults in; nothing when an error was found.
    fn check(
        entry: Spanned<Self>,
        globals: &Globals,
        findings: &mut Findings<'_>,
    ) -> Option<Checked>
    where
        Self: Sized;
}

/// An entry that is good.
pub(crate) struct Checked {
    /// `send_resolved`.
    pub(crate) sends_resolved: bool,
    /// `timeout`, where the kind has it and it is not zero.
    pub(crate) timeout: Option<Duration>,
    /// `http_config`; of a kind without HTTP, that of `global`.
    pub(crate) http: Arc<ClientConfig>,
    /// The code that knows the service.
    pub(crate) receiver: Arc<dyn Receiver>,
}

impl Globals {
    /// Returns how an entry speaks HTTP: its own `http_config`, or that of `global`.
    pub(crate) fn http(
        &self,
        own: Option<Spanned<RawHttpClient>>,
        findings: &mut Findings<'_>,
    ) -> Arc<ClientConfig> {
        http(own, findings).map_or_else(|| Arc::clone(&self.http), Arc::new)
    }
}

/// Checks the entries of one kind.
pub(crate) fn check_entries<S: Section>(
    entries: Vec<Spanned<S>>,
    globals: &Globals,
    findings: &mut Findings<'_>,
    integrations: &mut Vec<Integration>,
) {
    for (index, entry) in entries.into_iter().enumerate() {
        let Some(checked) = S::check(entry, globals, findings) else {
            continue;
        };
        integrations.push(Integration {
            kind: S::KIND,
            index,
            sends_resolved: checked.sends_resolved,
            timeout: checked.timeout,
            http: checked.http,
            receiver: checked.receiver,
        });
    }
}
