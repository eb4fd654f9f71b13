//! The `global` section and the receivers of alertmanager.yml: shape, defaults and checks.
//!
//! ```text
//! global:    --> RawGlobal   --check--> Globals ----+
//! receivers: --> RawReceiver --check(globals)-------+--> ReceiverConfig { name, integrations }
//! ```
//!
//! Whoever reads the file embeds [`RawGlobal`] and [`RawReceiver`] in its own sections; both remember where everything was
//! written.

mod fields;
mod global;
mod receiver;

pub use global::{Globals, HostPort, RawGlobal, SmtpGlobals};
pub use receiver::ReceiverConfig;

pub use crate::receivers::RawReceiver;

pub(crate) use fields::{secret, secret_url};
pub(crate) use global::host_port;
pub(crate) use receiver::{Checked, Section, check_entries};
