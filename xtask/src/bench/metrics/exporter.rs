//! Targets to be scraped: ten exporters of 10,000 series each, whose values change from scrape to scrape.
//!
//! Every program asks on a path of its own, so that its scrapes are counted apart while all see the same targets.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::fleet::{Pair, TARGET_SERIES, Target};
use crate::bench::contender::NAMES;

/// A set of exporters that run as long as the process.
pub(super) struct Exporters {
    addresses: Vec<SocketAddr>,
    scrapes: Arc<[AtomicU64; 3]>,
}

/// One exporter with everything of its pages but the values.
struct Exporter {
    targets: Vec<Target>,
    prefixes: Vec<String>,
    scrapes: Arc<[AtomicU64; 3]>,
}

impl Exporters {
    /// Starts `count` exporters with `series` each.
    pub(super) fn start(count: u64, series: u64) -> anyhow::Result<Self> {
        let scrapes = Arc::new([const { AtomicU64::new(0) }; 3]);
        let pods = series / TARGET_SERIES;
        let mut addresses = Vec::new();
        for number in 0..count {
            let exporter = Exporter::new(number * pods, pods, scrapes.clone());
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            addresses.push(listener.local_addr()?);
            thread::spawn(move || Arc::new(exporter).listen(&listener));
        }
        Ok(Self { addresses, scrapes })
    }

    /// Writes the configuration with which program number `index` scrapes them.
    pub(super) fn config(&self, index: usize, interval_millis: u64) -> String {
        let targets: Vec<String> = self.addresses.iter().map(|a| format!("'{a}'")).collect();
        format!(
            "global:\n  scrape_interval: {interval_millis}ms\n  scrape_timeout: {interval_millis}ms\n\
             scrape_configs:\n- job_name: pods\n  metrics_path: /{}\n  static_configs:\n  - targets: [{}]\n",
            NAMES[index],
            targets.join(", ")
        )
    }

    /// Returns how many pages each program has got.
    pub(super) fn scrapes(&self) -> [u64; 3] {
        std::array::from_fn(|index| self.scrapes[index].load(Ordering::Relaxed))
    }
}

impl Exporter {
    fn new(first: u64, pods: u64, scrapes: Arc<[AtomicU64; 3]>) -> Self {
        let targets: Vec<Target> = (first..first + pods).map(|n| Target::new(n, 0)).collect();
        let each = targets.iter().flat_map(|target| {
            let series = 0..TARGET_SERIES;
            series.map(|within| target.labels(within, prefix))
        });
        Self {
            prefixes: each.collect(),
            targets,
            scrapes,
        }
    }

    fn listen(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let exporter = self.clone();
            // A scraper that goes away ends its connection with an error.
            thread::spawn(move || drop(exporter.serve(stream)));
        }
    }

    /// Answers the requests of one connection.
    fn serve(&self, mut stream: TcpStream) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let mut requests = BufReader::new(stream.try_clone()?);
        let (mut line, mut page) = (String::new(), String::new());
        loop {
            line.clear();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let index = NAMES
                .iter()
                .position(|name| line.contains(&format!(" /{name} ")));
            while line.trim_end() != "" {
                line.clear();
                requests.read_line(&mut line)?;
            }
            let Some(index) = index else {
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
                continue;
            };
            let round = self.scrapes[index].load(Ordering::Relaxed) / 10;
            self.write_page(round, &mut page)?;
            let length = page.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(page.as_bytes())?;
            self.scrapes[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write_page(&self, round: u64, page: &mut String) -> anyhow::Result<()> {
        page.clear();
        for (target, prefixes) in self
            .targets
            .iter()
            .zip(self.prefixes.chunks(TARGET_SERIES as usize))
        {
            for (within, prefix) in (0..).zip(prefixes) {
                page.push_str(prefix);
                writeln!(page, "{}", target.value(within, round))?;
            }
        }
        Ok(())
    }
}

/// Writes a line up to its value. The scraper adds `instance` and `job` itself.
fn prefix(labels: &[Pair]) -> String {
    let mut line = labels[0].1.to_owned();
    let mut separator = '{';
    let own = labels[1..].iter();
    for (name, value) in own.filter(|(name, _)| !matches!(*name, "instance" | "job")) {
        line.push(separator);
        line.push_str(&format!("{name}=\"{value}\""));
        separator = ',';
    }
    line.push_str("} ");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_every_series_once_and_changes() {
        let exporter = Exporter::new(3, 2, Arc::default());
        let (mut first, mut second) = (String::new(), String::new());
        exporter.write_page(0, &mut first).unwrap();
        exporter.write_page(1, &mut second).unwrap();
        let names = |page: &str| -> std::collections::BTreeSet<String> {
            let lines = page.lines().map(|line| line.rsplit_once(' ').unwrap().0);
            lines.map(str::to_owned).collect()
        };
        assert_eq!(names(&first).len() as u64, 2 * TARGET_SERIES);
        assert_eq!(names(&first), names(&second));
        assert_ne!(first, second);
    }
}
