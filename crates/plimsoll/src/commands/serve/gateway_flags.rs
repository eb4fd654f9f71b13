//! The flags of the gateway in this process: off unless they name something to listen on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_gateway::config::{self, Loaded};
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity};

/// Whether and how requests are taken in for services.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Gateway")]
pub(crate) struct GatewayArguments {
    /// Take requests in for services as well: the file with listeners, backends and routes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gateway_listen", "gateway_to"])]
    gateway_config: Option<PathBuf>,
    /// Where requests for --gateway-to are taken in, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDR", requires = "gateway_to")]
    gateway_listen: Option<String>,
    /// Who answers them, such as http://127.0.0.1:8000; may be repeated
    #[arg(long, value_name = "URL", requires = "gateway_listen")]
    gateway_to: Vec<String>,
    /// A socket over which the next process takes the listeners over without losing a request
    #[arg(long, value_name = "PATH")]
    gateway_handover: Option<PathBuf>,
}

impl GatewayArguments {
    /// Takes them as `plimsoll gateway` names them.
    pub(crate) fn new(
        config: Option<PathBuf>,
        listen: Option<String>,
        to: Vec<String>,
        handover: Option<PathBuf>,
    ) -> Self {
        Self {
            gateway_config: config,
            gateway_listen: listen,
            gateway_to: to,
            gateway_handover: handover,
        }
    }

    /// Reads the configuration; `None` when there is no gateway here. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not hold, or listens for strangers in plain text and `is_insecure` was not said.
    pub(super) fn load(&self, is_insecure: bool) -> Result<Option<Loaded>, Diagnostics> {
        let loaded = match (&self.gateway_config, &self.gateway_listen) {
            (Some(path), _) => config::load(path)?,
            (None, Some(listen)) => self.of_flags(listen)?,
            (None, None) => return Ok(None),
        };
        match is_insecure {
            true => Ok(Some(loaded)),
            false => self.refuse_strangers(loaded).map(Some),
        }
    }

    fn of_flags(&self, listen: &str) -> Result<Loaded, Diagnostics> {
        let made = config::from_flags(listen, &self.gateway_to);
        let made = made.map_err(|error| self.refuse(error.to_string(), None))?;
        Ok(made.into())
    }

    /// Loopback needs no account, and a listener with TLS at least says who it is; anything else must be wanted.
    fn refuse_strangers(&self, loaded: Loaded) -> Result<Loaded, Diagnostics> {
        let mut listeners = loaded.config.listeners.iter();
        let open = listeners.find(|listener| {
            listener.tls.is_none() && !listener.address.0.ip().to_canonical().is_loopback()
        });
        let Some(open) = open else { return Ok(loaded) };
        let address = open.address.0;
        let message =
            format!("the gateway's listener {address} can be reached by others in plain text");
        Err(self.refuse(message, Some("give it tls, or add --insecure")))
    }

    fn refuse(&self, message: String, hint: Option<&str>) -> Diagnostics {
        let flags = || PathBuf::from("(command line)");
        let origin = self.gateway_config.clone().unwrap_or_else(flags);
        let finding = Diagnostic::file(origin, Severity::Error, message);
        Diagnostics(vec![match hint {
            Some(hint) => finding.with_hint(hint),
            None => finding,
        }])
    }

    /// Returns the configuration's file, where there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.gateway_config.as_deref()
    }

    /// Returns the socket over which the next process takes over.
    pub(super) fn handover(&self) -> Option<&Path> {
        self.gateway_handover.as_deref()
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, flags: &mut BTreeMap<String, String>) {
        let path = |path: &Option<PathBuf>| {
            let path = path.as_ref();
            path.map_or(String::new(), |path| path.display().to_string())
        };
        flags.insert("gateway-config".into(), path(&self.gateway_config));
        let listen = self.gateway_listen.clone();
        flags.insert("gateway-listen".into(), listen.unwrap_or_default());
        flags.insert("gateway-to".into(), self.gateway_to.join(","));
        flags.insert("gateway-handover".into(), path(&self.gateway_handover));
    }
}
