//! Our engine over a store in memory, set up as Prometheus sets up its own for the scripts.

use std::time::Duration;

use plimsoll_promql::{
    Control, Engine, Expr, Features, Options, QueryError, QueryResult, Value, parse_with,
};
use plimsoll_testkit::MemoryStore;
use plimsoll_types::{Appender, Durability, Timestamp, Value as SampleValue, WriteBatch};

use crate::answer::{Answer, AnswerValue, Found, FoundHistogram};
use crate::hints;
use crate::script::LoadedSeries;
use crate::subject::{Refusal, Subject};

/// Returns the engine's options that the scripts are written for: everything experimental is on.
///
/// `type_and_unit_labels` is off: `functions.test` and `start_timestamps.test` want nothing to be noted about the rate
/// of a series that is named like a counter and has no `__type__`.
pub fn engine_options() -> Options {
    Options {
        delayed_name_removal: true,
        use_start_timestamps: true,
        samples_max: 10_000,
        lookback_delta: Duration::from_mins(5),
        subquery_step: Duration::from_mins(1),
        ..Options::default()
    }
}

/// Our engine over a store in memory.
#[derive(Debug)]
pub struct EngineSubject {
    engine: Engine,
    store: MemoryStore,
}

impl Default for EngineSubject {
    fn default() -> Self {
        Self::new(engine_options())
    }
}

impl EngineSubject {
    /// Makes an engine with these options over an empty store.
    pub fn new(options: Options) -> Self {
        Self {
            engine: Engine::new(options),
            store: MemoryStore::new(),
        }
    }

    fn ask(
        &self,
        query: &str,
        evaluate: impl FnOnce(&Engine, &Expr, &Control) -> Result<QueryResult, QueryError>,
    ) -> Result<Answer, Refusal> {
        let expr = parse_with(query, &Features::ALL);
        let expr = expr.map_err(|error| Refusal::Unread(error.to_string()))?;
        let result = evaluate(&self.engine, &expr, &Control::unlimited());
        result
            .map(answer)
            .map_err(|error| Refusal::Failed(error.to_string()))
    }
}

impl Subject for EngineSubject {
    fn clear(&mut self) -> Result<(), String> {
        self.store = MemoryStore::new();
        Ok(())
    }

    fn load(&mut self, series: &[LoadedSeries]) -> Result<(), String> {
        for loaded in series {
            let resolved = self.store.resolve(&loaded.labels);
            let resolved = resolved.map_err(|error| error.to_string())?;
            let samples = hints::as_stored(&loaded.samples).into_iter();
            let batch = WriteBatch {
                samples: samples.map(|sample| (resolved, sample)).collect(),
                ..WriteBatch::default()
            };
            let appended = self.store.append(&batch, Durability::Periodic);
            appended.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn instant(&mut self, query: &str, at: i64) -> Result<Answer, Refusal> {
        let at = Timestamp::from_millis(at);
        self.ask(query, |engine, expr, control| {
            engine.instant(&self.store, expr, at, control)
        })
    }

    fn range(&mut self, query: &str, start: i64, end: i64, step: i64) -> Result<Answer, Refusal> {
        let (start, end) = (Timestamp::from_millis(start), Timestamp::from_millis(end));
        let step = Duration::from_millis(step.unsigned_abs());
        self.ask(query, |engine, expr, control| {
            engine.range(&self.store, expr, start, end, step, control)
        })
    }
}

fn answer(result: QueryResult) -> Answer {
    let value = match result.value {
        Value::Scalar(value) => AnswerValue::Scalar(value),
        Value::String(text) => AnswerValue::String(text),
        Value::Vector(vector) => {
            let series = vector
                .into_iter()
                .map(|series| (series.labels, found(series.value)));
            AnswerValue::Vector(series.collect())
        }
        Value::Matrix(matrix) => {
            let series = matrix.into_iter().map(|series| {
                let points = series.samples.into_iter();
                let points = points.map(|sample| (sample.timestamp.millis(), found(sample.value)));
                (series.labels, points.collect())
            });
            AnswerValue::Matrix(series.collect())
        }
    };
    Answer {
        value,
        warnings: result.warnings,
        infos: result.infos,
    }
}

fn found(value: SampleValue) -> Found {
    match value {
        SampleValue::Float(value) => Found::Float(value),
        SampleValue::Histogram(histogram) => Found::Histogram(FoundHistogram::Whole(histogram)),
    }
}
