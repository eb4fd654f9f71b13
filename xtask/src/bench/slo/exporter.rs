//! The exporter that all programs scrape, and the history that it would have shown before.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::ensure;
use plimsoll_e2e::{Api, now_millis};
use plimsoll_types::{Labels, Sample, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};

use super::traffic::{Counter, JOB, METRIC, PAGE_TIME, counters};

const STEP_MILLIS: i64 = 10_000;
/// Series of one request.
const BATCH: usize = 250;

/// A counter with what stands on its line before the value.
struct Line {
    counter: Counter,
    text: String,
}

/// An exporter that runs as long as the process.
pub(super) struct Exporter {
    address: SocketAddr,
    lines: Arc<Vec<Line>>,
}

impl Exporter {
    pub(super) fn start(services: usize, regions: usize) -> anyhow::Result<Self> {
        let lines = counters(services, regions).into_iter().map(Line::new);
        let lines: Arc<Vec<Line>> = Arc::new(lines.collect());
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = lines.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let lines = shared.clone();
                // A scraper that goes away ends its connection with an error.
                thread::spawn(move || drop(serve(stream, &lines)));
            }
        });
        Ok(Self { address, lines })
    }

    /// Returns what `instance` says of its series.
    pub(super) fn instance(&self) -> String {
        self.address.to_string()
    }

    /// Returns the counters.
    pub(super) fn counters(&self) -> impl Iterator<Item = Counter> {
        self.lines.iter().map(|line| line.counter)
    }

    /// Writes the configuration that scrapes it every 10 s, without rules and objectives.
    pub(super) fn config(&self) -> String {
        format!(
            "global:\n  scrape_interval: 10s\n  scrape_timeout: 10s\n  evaluation_interval: 10s\nscrape_configs:\n\
             - job_name: {JOB}\n  static_configs:\n  - targets: ['{}']\n",
            self.address
        )
    }

    /// Pushes what would have been scraped in the minutes before now, to all alike.
    pub(super) fn push_history(&self, apis: &[Api], minutes: u64) -> anyhow::Result<()> {
        let now = now_millis();
        let from = now - i64::try_from(minutes)? * 60_000;
        let times: Vec<i64> = (from..now).step_by(STEP_MILLIS as usize).collect();
        let instance = self.instance();
        // Time after time, as scrapes come.
        for times in times.chunks(60) {
            for batch in self.lines.chunks(BATCH) {
                let series = batch.iter().map(|line| series(line, &instance, times));
                let body = snappy(&encode(Version::V1, &series.collect::<Vec<_>>()));
                for api in apis {
                    push(api, &body)?;
                }
            }
        }
        Ok(())
    }
}

impl Line {
    fn new(counter: Counter) -> Self {
        let [region, result, service] = counter.shown();
        let pair = |(name, value): (&str, String)| format!("{name}=\"{value}\"");
        let labels = [region, result, service].map(pair).join(",");
        Self {
            counter,
            text: format!("{METRIC}{{{labels}}} "),
        }
    }
}

fn series(line: &Line, instance: &str, times: &[i64]) -> Series {
    let labels: Labels = line.counter.labels(instance);
    let sample =
        |time: &i64| Sample::float(Timestamp::from_millis(*time), line.counter.value(*time));
    Series {
        labels,
        samples: times.iter().map(sample).collect(),
        ..Series::default()
    }
}

fn push(api: &Api, body: &[u8]) -> anyhow::Result<()> {
    let headers = [
        ("Content-Type", Version::V1.content_type()),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", Version::V1.header()),
    ];
    let reply = api.post("/api/v1/write", &headers, body)?;
    let (status, text) = (reply.status, reply.text());
    ensure!(status / 100 == 2, "{status}: {text}");
    Ok(())
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, lines: &[Line]) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let (mut line, mut page) = (String::new(), String::new());
    loop {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(());
        }
        while line.trim_end() != "" {
            line.clear();
            requests.read_line(&mut line)?;
        }
        let now = now_millis();
        page.clear();
        writeln!(page, "# TYPE {PAGE_TIME} gauge\n{PAGE_TIME} {now}")?;
        writeln!(page, "# TYPE {METRIC} counter")?;
        for line in lines {
            writeln!(page, "{}{}", line.text, line.counter.value(now))?;
        }
        let length = page.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(page.as_bytes())?;
    }
}
