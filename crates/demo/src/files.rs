//! The files of the demo: what an operator would write for this shop, with the addresses and lengths of this run.
//!
//! They are written into a directory and read by what `plimsoll serve` is made of, so they show what a user gets.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scale::{Scale, written};
use crate::shop::Service;

/// Name and text of each, with `<<name>>` for what differs from run to run.
const FILES: [(&str, &str); 7] = [
    ("gateway.yml", include_str!("../files/gateway.yml")),
    ("prometheus.yml", include_str!("../files/prometheus.yml")),
    ("rules.yml", include_str!("../files/rules.yml")),
    (
        "alertmanager.yml",
        include_str!("../files/alertmanager.yml"),
    ),
    ("slo/shop.yml", include_str!("../files/slo/shop.yml")),
    (
        "slo/checkout.yml",
        include_str!("../files/slo/checkout.yml"),
    ),
    (
        "slo/inventory.yml",
        include_str!("../files/slo/inventory.yml"),
    ),
];

/// What is written into the files.
#[derive(Clone, Debug)]
pub struct Places {
    /// Each replica with its service.
    pub replicas: Vec<(Service, SocketAddr)>,
    /// Where customers tell what they see.
    pub customers: SocketAddr,
    /// Who takes notices.
    pub receiver: SocketAddr,
    /// How fast the story goes.
    pub scale: Scale,
}

/// Where the files are that `plimsoll serve` is told of.
#[derive(Clone, Debug)]
pub struct Written {
    /// prometheus.yml, which names rules and objectives.
    pub prometheus: PathBuf,
    /// The gateway's file.
    pub gateway: PathBuf,
    /// alertmanager.yml.
    pub alertmanager: PathBuf,
}

/// Writes all of them into a directory, which is there.
///
/// # Errors
/// What the disk says.
pub fn write(directory: &Path, places: &Places) -> io::Result<Written> {
    fs::create_dir_all(directory.join("slo"))?;
    for (name, text) in FILES {
        fs::write(directory.join(name), places.fill(text))?;
    }
    Ok(Written {
        prometheus: directory.join("prometheus.yml"),
        gateway: directory.join("gateway.yml"),
        alertmanager: directory.join("alertmanager.yml"),
    })
}

impl Places {
    fn fill(&self, text: &str) -> String {
        let in_urls = text.contains("endpoints:");
        let mut filled = text.to_owned();
        for service in Service::ALL {
            let addresses = self.addresses(service, if in_urls { "http://" } else { "" });
            filled = filled.replace(&format!("<<{service}>>"), &addresses);
        }
        for (name, value) in self.values() {
            filled = filled.replace(&format!("<<{name}>>"), &value);
        }
        filled
    }

    fn addresses(&self, service: Service, before: &str) -> String {
        let own = self.replicas.iter().filter(|(of, _)| *of == service);
        let own = own.map(|(_, address)| format!("\"{before}{address}\""));
        own.collect::<Vec<_>>().join(", ")
    }

    fn values(&self) -> [(&'static str, String); 11] {
        let scale = self.scale;
        let seconds = Duration::from_secs;
        [
            ("customers", format!("\"{}\"", self.customers)),
            ("receiver", self.receiver.to_string()),
            ("rest", written(scale.range(seconds(30)))),
            ("range", written(scale.range(seconds(30)))),
            ("hold", written(scale.short(seconds(10)))),
            ("dwell", written(scale.short(seconds(120)))),
            ("page_long", written(scale.window(seconds(60), 2))),
            ("page_short", written(scale.window(seconds(20), 1))),
            ("ticket_long", written(scale.window(seconds(180), 2))),
            ("ticket_short", written(scale.window(seconds(30), 1))),
            ("keep", written(scale.keep(seconds(20)))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(speed: &str) -> Places {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let mut replicas = Vec::new();
        for service in Service::ALL {
            for _ in 0..service.replicas() {
                replicas.push((service, address(20_000 + replicas.len() as u16)));
            }
        }
        Places {
            replicas,
            customers: address(30_000),
            receiver: address(30_001),
            scale: Scale::parse(speed).unwrap(),
        }
    }

    #[test]
    fn all_files_are_read_without_a_warning_at_any_speed() {
        for speed in ["1x", "3.3x", "10x", "20x"] {
            let directory = tempfile::tempdir().unwrap();
            let written = write(directory.path(), &places(speed)).unwrap();
            for (name, _) in FILES {
                let text = fs::read_to_string(directory.path().join(name)).unwrap();
                assert!(!text.contains("<<"), "{name} at {speed}: {text}");
            }
            let gateway = plimsoll_gateway::config::load(&written.gateway).unwrap();
            assert!(gateway.warnings.is_empty(), "{:?}", gateway.warnings);
            let names: Vec<_> = gateway
                .config
                .routes
                .iter()
                .map(|route| route.name.to_string())
                .collect();
            for route in crate::shop::Route::ALL {
                assert!(names.iter().any(|name| name == route.name()), "{route}");
            }
        }
    }
}
