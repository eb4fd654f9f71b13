//! The data directory of a server that does not run: asked and written into in this process.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_control::backfill::{Past, Target};
use plimsoll_promql::{Control, Engine, Expr, RangeSeries, Value};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_tsdb::{Config, Db, Error, ErrorKind, Metrics, Settings, TierRetention};
use plimsoll_types::{Appender, Durability, Labels, Sample, Timestamp, WriteBatch};

use crate::commands::Failure;

/// The past may be longer ago than the retention, which the server knows and a directory does not.
const RETENTION: Duration = Duration::from_hours(24 * 365 * 100);

/// An open store.
pub(super) struct Directory {
    db: Db,
    engine: Engine,
    /// Samples since housekeeping.
    unkept: Cell<usize>,
}

/// Samples after which windows that are over are sealed, so that memory does not grow with the past.
const SAMPLES_UNKEPT_MAX: usize = 2_000_000;

impl Directory {
    /// Opens the store of a directory, which must be there and not in use.
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        if !directory.join("FORMAT").is_file() {
            return Err(Failure::failed(format!(
                "{} is no data directory; name what --data-dir of serve says",
                directory.display()
            )));
        }
        let settings = Settings {
            retention: RETENTION,
            tier_retention: TierRetention {
                five_minutes: RETENTION,
                hour: RETENTION,
            },
            ..Settings::new(directory)
        };
        let config = Config::new(settings).map_err(Failure::failed)?;
        let clock = Arc::new(SystemClock::new());
        let db = Db::open(config, clock, Metrics::default());
        Ok(Self {
            db: db.map_err(|error| not_opened(&error))?,
            engine: Engine::default(),
            unkept: Cell::new(0),
        })
    }

    pub(super) fn past(&self) -> impl Past {
        Local(self)
    }

    pub(super) fn target(&self) -> impl Target {
        Local(self)
    }

    /// Makes everything durable.
    pub(super) fn close(&self) {
        self.db.close();
    }
}

fn not_opened(error: &Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::InUse => "\na server runs on it: leave --data-dir out, and name it with --url",
        _ => "",
    };
    Failure::failed(format!("{}{hint}", error.chain()))
}

struct Local<'a>(&'a Directory);

impl Past for Local<'_> {
    fn range(
        &mut self,
        expr: &Expr,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Vec<RangeSeries>, String> {
        let Directory { db, engine, .. } = self.0;
        let result = engine.range(db, expr, start, end, step, &Control::unlimited());
        match result.map_err(|error| error.to_string())?.value {
            Value::Matrix(series) => Ok(series),
            _ => Err("the result is no matrix".into()),
        }
    }
}

impl Target for Local<'_> {
    fn write(&mut self, samples: Vec<(Labels, Sample)>) -> Result<(), String> {
        let Directory { db, unkept, .. } = self.0;
        let mut batch = WriteBatch::default();
        for (labels, sample) in samples {
            let series = db.resolve(&labels).map_err(|error| error.to_string())?;
            batch.samples.push((series, sample));
        }
        let appended = db
            .append(&batch, Durability::Periodic)
            .map_err(|error| error.to_string())?;
        if let Some(rejected) = appended.rejected.first() {
            return Err(rejected.reason.to_string());
        }
        db.sync().map_err(|error| error.to_string())?;
        unkept.set(unkept.get() + batch.samples.len());
        if unkept.get() > SAMPLES_UNKEPT_MAX {
            unkept.set(0);
            db.maintain().map_err(|error| error.chain())?;
        }
        Ok(())
    }
}
