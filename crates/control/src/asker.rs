//! Asks the query engine for what rules and their templates want to know.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use plimsoll_promql::{Control, Engine, Expr, Features, MemoryBudget, Value, parse_with};
use plimsoll_rules::{Ask, Element, NOT_A_VECTOR};
use plimsoll_runtime::clock::Clock;
use plimsoll_types::{Queryable, Timestamp};

/// How rules ask. Their budget of memory is their own, so that neither they nor dashboards can starve the other.
#[derive(Clone)]
pub struct Asker {
    /// Evaluates; its options bound time, samples and bytes of one query.
    pub engine: Engine,
    /// What is asked.
    pub storage: Arc<dyn Queryable>,
    /// Measures the time of queries.
    pub clock: Arc<dyn Clock>,
    /// What all queries of rules may hold together.
    pub memory: MemoryBudget,
    /// Which experimental parts of the language templates may use.
    pub features: Features,
}

/// An [`Asker`] whose queries end when a flag is set.
pub(crate) struct Asking {
    pub(crate) asker: Asker,
    pub(crate) canceled: Arc<AtomicBool>,
}

impl Asking {
    /// Evaluates at one point in time; a panic is an error as any other.
    pub(crate) fn evaluate(&self, expr: &Expr, at: Timestamp) -> Result<Vec<Element>, String> {
        // What a query shares with others are counters and the store, and both outlive its panic.
        let caught = catch_unwind(AssertUnwindSafe(|| self.instant(expr, at)));
        caught.unwrap_or_else(|panic| {
            let message = message(&*panic);
            tracing::error!(message, query = %expr, "the evaluation of a rule panicked");
            Err(format!("the evaluation panicked: {message}"))
        })
    }

    fn instant(&self, expr: &Expr, at: Timestamp) -> Result<Vec<Element>, String> {
        let Asker {
            engine,
            storage,
            clock,
            memory,
            ..
        } = &self.asker;
        let clock = Arc::clone(clock);
        let control = Control::new(move || clock.monotonic().since_origin())
            .with_cancel_flag(Arc::clone(&self.canceled))
            .with_memory(memory.query(engine.options().memory_max));
        let result = engine
            .instant(storage.as_ref(), expr, at, &control)
            .map_err(|error| error.to_string())?;
        match result.value {
            Value::Vector(samples) => Ok(samples
                .into_iter()
                .map(|sample| Element {
                    labels: sample.labels,
                    value: sample.value,
                })
                .collect()),
            Value::Scalar(value) => Ok(vec![Element::scalar(value)]),
            Value::String(_) | Value::Matrix(_) => Err(NOT_A_VECTOR.into()),
        }
    }
}

impl Ask for Asking {
    fn query(&self, expr: &str, at: Timestamp) -> Result<Vec<Element>, String> {
        let parsed = parse_with(expr, &self.asker.features).map_err(|error| error.to_string())?;
        self.evaluate(&parsed, at)
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message")
}
