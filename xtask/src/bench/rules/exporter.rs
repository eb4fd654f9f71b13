//! What the rules are about: services with two instances each, whose values are functions of time alone, so that what
//! was pushed as history and what is scraped afterwards belong together.

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

const STEP_MILLIS: i64 = 10_000;
/// Samples of a series in one request, and series of one request.
const CHUNK: i64 = 60;
const BATCH: usize = 250;
const INSTANCES: u64 = 2;
const CODES: [(&str, f64); 4] = [("200", 20.0), ("404", 0.5), ("429", 0.1), ("500", 0.02)];
const BOUNDS: [(&str, f64); 9] = [
    ("0.005", 1.0),
    ("0.01", 4.0),
    ("0.05", 9.0),
    ("0.1", 14.0),
    ("0.25", 18.0),
    ("0.5", 19.5),
    ("1", 20.2),
    ("5", 20.6),
    ("+Inf", 20.62),
];

/// Returns the name of a service.
pub(super) fn service(number: u64) -> String {
    format!("service-{number}")
}

/// How a value moves.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// So many per second since the beginning of time.
    Counter(f64),
    Constant(f64),
    /// Around a level, by so much.
    Wave(f64, f64),
}

impl Shape {
    fn value(self, millis: i64) -> f64 {
        let seconds = millis as f64 / 1000.0;
        match self {
            // Counters began a week ago or so; their values stay small enough to be exact.
            Self::Counter(rate) => (rate * (seconds - 1.6e9)).floor(),
            Self::Constant(value) => value,
            Self::Wave(level, by) => level + by * (seconds / 97.0).sin(),
        }
    }
}

/// A series: what stands on its line before the value, its labels, its values.
struct Made {
    name: &'static str,
    labels: Vec<(&'static str, String)>,
    shape: Shape,
}

/// An exporter that runs as long as the process.
pub(super) struct Exporter {
    address: SocketAddr,
    made: Arc<Vec<Made>>,
}

impl Exporter {
    pub(super) fn start(services: u64) -> anyhow::Result<Self> {
        let made: Arc<Vec<Made>> = Arc::new((0..services).flat_map(series_of).collect());
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = made.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let made = shared.clone();
                // A scraper that goes away ends its connection with an error.
                thread::spawn(move || drop(serve(stream, &made)));
            }
        });
        Ok(Self { address, made })
    }

    pub(super) fn series(&self) -> usize {
        self.made.len()
    }

    /// Writes the configuration that scrapes it, every label as it is exposed.
    pub(super) fn config(&self, interval: u64) -> String {
        format!(
            "global:\n  scrape_interval: {interval}s\n  scrape_timeout: {interval}s\n  evaluation_interval: {interval}s\n\
             scrape_configs:\n- job_name: services\n  honor_labels: true\n  static_configs:\n  - targets: ['{}']\n",
            self.address
        )
    }

    /// Pushes what would have been scraped before now.
    pub(super) fn load_history(&self, api: &Api, minutes: u64) -> anyhow::Result<()> {
        let now = now_millis();
        let mut from = now - i64::try_from(minutes)? * 60_000;
        while from < now {
            let times: Vec<i64> = (0..CHUNK)
                .map(|step| from + step * STEP_MILLIS)
                .filter(|time| *time < now)
                .collect();
            for batch in self.made.chunks(BATCH) {
                push(api, batch, &times)?;
            }
            from += CHUNK * STEP_MILLIS;
        }
        Ok(())
    }
}

fn push(api: &Api, batch: &[Made], times: &[i64]) -> anyhow::Result<()> {
    let series = batch.iter().map(|made| {
        let sample =
            |time: &i64| Sample::float(Timestamp::from_millis(*time), made.shape.value(*time));
        let own = made
            .labels
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let labels = [("__name__", made.name), ("job", "services")]
            .into_iter()
            .chain(own);
        Series {
            labels: Labels::from_pairs(labels),
            samples: times.iter().map(sample).collect(),
            ..Series::default()
        }
    });
    let body = snappy(&encode(Version::V1, &series.collect::<Vec<_>>()));
    let headers = [
        ("Content-Type", Version::V1.content_type()),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", Version::V1.header()),
    ];
    let reply = api.post("/api/v1/write", &headers, &body)?;
    ensure!(
        reply.status / 100 == 2,
        "{}: {}",
        reply.status,
        reply.text()
    );
    Ok(())
}

/// Makes the series of a service. Every tenth fails too often, every twentieth has little memory left, every fiftieth has
/// lost an instance: alerts are seldom, but there are some.
fn series_of(number: u64) -> Vec<Made> {
    (0..INSTANCES)
        .flat_map(|instance| series_of_instance(number, instance))
        .collect()
}

fn series_of_instance(number: u64, instance: u64) -> Vec<Made> {
    let made = |name, more: Option<(&'static str, &str)>, shape| {
        let own = [
            ("instance", format!("10.0.{}.{instance}:8080", number)),
            ("service", service(number)),
        ];
        let more = more.map(|(name, value)| (name, value.to_owned()));
        Made {
            name,
            labels: own.into_iter().chain(more).collect(),
            shape,
        }
    };
    let fails = number.is_multiple_of(10);
    let mut series = Vec::new();
    for (code, rate) in CODES {
        let rate = if code == "500" && fails { 2.0 } else { rate };
        series.push(made(
            "http_requests_total",
            Some(("code", code)),
            Shape::Counter(rate),
        ));
    }
    for (bound, rate) in BOUNDS {
        series.push(made(
            "http_request_duration_seconds_bucket",
            Some(("le", bound)),
            Shape::Counter(rate),
        ));
    }
    series.push(made(
        "http_request_duration_seconds_sum",
        None,
        Shape::Counter(1.7),
    ));
    series.push(made(
        "http_request_duration_seconds_count",
        None,
        Shape::Counter(20.62),
    ));
    let used = if number % 20 == 1 { 0.95e9 } else { 0.5e9 };
    series.push(made("memory_used_bytes", None, Shape::Wave(used, 1e6)));
    series.push(made("memory_limit_bytes", None, Shape::Constant(1e9)));
    let up = if number % 50 == 2 && instance == 1 {
        0.0
    } else {
        1.0
    };
    series.push(made("service_up", None, Shape::Constant(up)));
    series.push(made(
        "process_start_time_seconds",
        None,
        Shape::Constant(1.6e9),
    ));
    series.push(made("queue_length", None, Shape::Wave(40.0, 20.0)));
    series
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, made: &[Made]) -> anyhow::Result<()> {
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
        page.clear();
        let now = now_millis();
        for series in made {
            page.push_str(series.name);
            let mut separator = "{job=\"services\",";
            for (name, value) in &series.labels {
                write!(page, "{separator}{name}=\"{value}\"")?;
                separator = ",";
            }
            writeln!(page, "}} {}", series.shape.value(now))?;
        }
        let length = page.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(page.as_bytes())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_rise_and_stay_exact() {
        let counter = Shape::Counter(20.62);
        let now = 1_790_000_000_000;
        assert!(counter.value(now + 1_000) > counter.value(now));
        assert!(counter.value(now) < 2f64.powi(53));
    }
}
