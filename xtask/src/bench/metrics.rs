//! `cargo xtask bench metrics`: the metrics store beside Debian's prometheus and victoria-metrics, over the same data.
//!
//! All three run at the same time on loopback and get the same bytes, one after the other. What is told is what the
//! kernel counted: CPU time (user and system, all threads) and memory in RAM; time that passed only for the restart.
//! Ours acknowledges what is durable; the others do not wait for the disk. Every row starts fresh programs.

mod churn;
mod data_set;
mod exporter;
mod feed;
mod files;
mod fleet;
mod memory;
mod protobuf;
mod read_back;
mod recording;
mod request;
mod scrape;
mod size;
mod table;
mod write;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::ValueEnum;

use super::contender;
use memory::Wanted;
use recording::Recorder;
use table::Row;

/// How the bench is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The plimsoll to measure; built with optimisations when absent
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Measure only these; everything when absent
    #[arg(long, value_name = "SUBJECT", value_delimiter = ',')]
    only: Vec<Subject>,
    /// How many active series the rows about memory have; the restart takes the last
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
    series: Vec<u64>,
    /// How long real exporters are recorded, beside the other rows and after them
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    seconds: u64,
}

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// CPU per sample of remote write
    Write,
    /// CPU per sample of scrapes
    Scrape,
    /// Memory per active series
    Memory,
    /// The restart after a kill
    Restart,
    /// Memory and index size when series come and go
    Churn,
    /// Bytes per sample after merging
    Size,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = contender::binary(options.binary.as_deref())?;
    // It goes on beside the other rows, so that the exporters have something to tell.
    let recorder = match options.has(Subject::Size) {
        true => Some(Recorder::start(options.seconds)?),
        false => None,
    };
    let mut rows = Vec::new();
    println!("{}", table::head());
    let mut print = |more: Vec<Row>| {
        more.iter().for_each(|row| println!("{}", row.line()));
        rows.extend(more);
    };
    if options.has(Subject::Write) {
        print(write::rows(&binary)?);
    }
    if options.has(Subject::Scrape) {
        print(scrape::rows(&binary)?);
    }
    options.memory(&binary, &mut print)?;
    if options.has(Subject::Churn) {
        print(churn::rows(&binary)?);
    }
    if let Some(recorder) = recorder {
        print(size::rows(&binary, recorder)?);
    }
    ensure!(!rows.is_empty(), "nothing was measured");
    let missed = rows.iter().filter(|row| row.is_met() == Some(false));
    let missed: Vec<&str> = missed.map(|row| &*row.name).collect();
    println!("bench metrics: {} goals missed {missed:?}", missed.len());
    ensure!(missed.is_empty(), "goals were missed");
    Ok(())
}

impl Options {
    fn has(&self, subject: Subject) -> bool {
        self.only.is_empty() || self.only.contains(&subject)
    }

    fn memory(&self, binary: &Path, mut print: impl FnMut(Vec<Row>)) -> anyhow::Result<()> {
        for (index, series) in self.series.iter().enumerate() {
            let wanted = Wanted {
                memory: self.has(Subject::Memory),
                restart: self.has(Subject::Restart) && index + 1 == self.series.len(),
            };
            if wanted.memory || wanted.restart {
                print(memory::rows(binary, *series, wanted)?);
            }
        }
        Ok(())
    }
}
