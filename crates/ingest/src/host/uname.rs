//! What the kernel calls itself and the machine.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

const INFO: Family<'_> = Family::gauge(
    "node_uname_info",
    "Kernel and machine as uname(2) names them; the value is always 1.",
);

/// Exposes uname(2).
#[derive(Debug)]
pub(super) struct Uname;

impl Collector for Uname {
    fn name(&self) -> &'static str {
        "uname"
    }

    fn collect(&self, _host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let uname = rustix::system::uname();
        let labels = [
            ("domainname", uname.domainname().to_string_lossy()),
            ("machine", uname.machine().to_string_lossy()),
            ("nodename", uname.nodename().to_string_lossy()),
            ("release", uname.release().to_string_lossy()),
            ("sysname", uname.sysname().to_string_lossy()),
            ("version", uname.version().to_string_lossy()),
        ];
        let labels = labels.each_ref().map(|(name, value)| (*name, &**value));
        out.add(&INFO, &labels, 1.0);
        Ok(())
    }
}
