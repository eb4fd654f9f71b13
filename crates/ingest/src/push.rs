//! The receivers behind the push endpoints, without HTTP: a body goes in, an [`Outcome`] comes out.
//!
//! ```text
//! body -> decompress (capped) -> decode (metered) -> resolve series -> append -> wait until durable -> Outcome
//!         |--------------- one blocking thread, few at a time ------------|   |------ async ------|
//! ```
//!
//! What is valid is stored even when other parts of the same push are not, and nothing is reported as written before
//! its group is on disk. HTTP statuses are assigned in `api`; docs/formats/push.md has the table.

mod families;
mod limits;
mod metrics;
mod outcome;
mod spellings;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::{BodyMemory, BodyShare};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{Appender, ByteCount, Labels, Timestamp};
use plimsoll_wire::push::{Decoded, Error, KnownSeries, Unacquainted};
use plimsoll_wire::{compression, exposition, influx, remote_write, text_import, vm_json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use limits::Limits;
pub use metrics::Metrics;
pub use outcome::{Outcome, OutcomeKind};

use families::Families;
use spellings::Spellings;
use write::Batches;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// Snappy's block format, as remote write uses it.
    Snappy,
    /// Gzip.
    Gzip,
}

/// What a body holds.
#[derive(Clone, Debug)]
pub enum Format {
    /// Remote write of either version; see [`remote_write::Version::negotiate`].
    RemoteWrite(remote_write::Version),
    /// VictoriaMetrics' JSON lines.
    VmJson,
    /// Influx lines.
    Influx {
        /// The unit of the timestamps.
        precision: influx::Precision,
        /// The value of the label `db`; empty for none.
        db: String,
    },
    /// An exposition.
    Exposition {
        /// Its format, from the content type.
        format: exposition::Format,
        /// The time of samples without one; the time of arrival when not said.
        timestamp: Option<Timestamp>,
    },
}

impl Format {
    /// Returns the value of the `protocol` label in our own metrics.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::RemoteWrite(remote_write::Version::V1) => "remote_write_1",
            Self::RemoteWrite(remote_write::Version::V2) => "remote_write_2",
            Self::VmJson => "vm_json",
            Self::Influx { .. } => "influx",
            Self::Exposition { .. } => "prometheus_text",
        }
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Push {
    /// What the body holds.
    pub format: Format,
    /// How it is compressed.
    pub encoding: Encoding,
    /// The body, already held to [`Limits::body`].
    pub body: Bytes,
    /// Labels that every series gets; they replace labels of the same name.
    pub extra_labels: Labels,
}

/// Takes pushes of every protocol and stores them. Clones share everything.
///
/// ```
/// # use std::sync::Arc;
/// # use plimsoll_ingest::push::{Encoding, Format, Limits, Metrics, OutcomeKind, Push, Receiver};
/// # use plimsoll_runtime::{clock::Clock, tasks::Tasks};
/// # use plimsoll_types::{Appender, Labels};
/// # async fn example(appender: Arc<dyn Appender>, clock: Arc<dyn Clock>, tasks: Tasks) {
/// let receiver = Receiver::new(appender, clock, tasks, Limits::default(), Metrics::default());
/// let outcome = receiver
///     .receive(Push {
///         format: Format::VmJson,
///         encoding: Encoding::Identity,
///         body: r#"{"metric":{"__name__":"up"},"values":[1],"timestamps":[0]}"#.into(),
///         extra_labels: Labels::empty(),
///     })
///     .await;
/// assert_eq!(outcome.kind(), OutcomeKind::Stored);
/// # }
/// ```
#[derive(Clone)]
pub struct Receiver(Arc<Shared>);

struct Shared {
    appender: Arc<dyn Appender>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    limits: Limits,
    metrics: Metrics,
    families: Families,
    spellings: Spellings,
    /// What bodies that are read, wait or are being decoded take.
    memory: BodyMemory,
    /// Requests that are being decoded.
    decoding: Arc<Semaphore>,
}

/// The right to decode one request. It lives on the thread that decodes, so that a client that goes away does not make
/// room for another while its own request is still being worked on.
struct Admission {
    _share: BodyShare,
    _turn: OwnedSemaphorePermit,
}

impl Receiver {
    /// Makes a receiver that writes into `appender`.
    pub fn new(
        appender: Arc<dyn Appender>,
        clock: Arc<dyn Clock>,
        tasks: Tasks,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        Self(Arc::new(Shared {
            appender,
            clock,
            tasks,
            metrics,
            families: Families::default(),
            spellings: Spellings::new(SeededRandom::from_system().next_u64()),
            memory: BodyMemory::new(limits.pending),
            decoding: Arc::new(Semaphore::new(limits.concurrency)),
            limits,
        }))
    }

    /// Returns the limits; the caller that reads a body from the network holds it to [`Limits::body`].
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Returns the memory that all bodies share, [`Limits::pending`] of it; the caller that reads a body from the
    /// network takes its share while it reads.
    pub fn memory(&self) -> &BodyMemory {
        &self.0.memory
    }

    /// Decodes and stores a request and waits until it is durable.
    ///
    /// # Cancel safety
    /// When the future is dropped, what was begun is stored all the same; only the answer is lost.
    pub async fn receive(&self, push: Push) -> Outcome {
        match self.0.memory.take(push.body.len() as u64) {
            Ok(share) => self.receive_with(push, share).await,
            Err(error) => self.refuse(&push.format, error.to_string()),
        }
    }

    /// Counts a push whose body found no room, and returns what to answer.
    pub fn refuse(&self, format: &Format, reason: String) -> Outcome {
        let outcome = Outcome::overloaded(reason);
        self.0.metrics.count(format.protocol(), &outcome);
        outcome
    }

    /// Does as [`receive`](Self::receive) for a body that has its share of the [`memory`](Self::memory) already.
    ///
    /// # Cancel safety
    /// As [`receive`](Self::receive).
    pub async fn receive_with(&self, push: Push, share: BodyShare) -> Outcome {
        let protocol = push.format.protocol();
        let outcome = match self.admit(&push, share).await {
            Ok(admission) => {
                self.work(move |shared| {
                    let batches = shared.store(&push);
                    // The next one may begin while this one waits for the disk.
                    drop(admission);
                    batches
                })
                .await
            }
            Err(outcome) => outcome,
        };
        self.0.metrics.count(protocol, &outcome);
        outcome
    }

    /// Stores what another receiver has decoded and waits until it is durable.
    ///
    /// # Cancel safety
    /// As [`receive`](Self::receive).
    pub async fn write(&self, protocol: &'static str, decoded: Decoded) -> Outcome {
        let outcome = self
            .work(move |shared| {
                shared.metrics.count_refusals(&decoded);
                Ok(shared.append(decoded))
            })
            .await;
        self.0.metrics.count(protocol, &outcome);
        outcome
    }

    /// Waits for a turn to decode.
    async fn admit(&self, push: &Push, share: BodyShare) -> Result<Admission, Outcome> {
        let limits = &self.0.limits;
        let length = ByteCount(push.body.len() as u64);
        if length > limits.body {
            return Err(Outcome::too_large(format!(
                "the body has {length}, the limit is {}",
                limits.body
            )));
        }
        let turn = Arc::clone(&self.0.decoding).acquire_owned().await;
        Ok(Admission {
            _share: share,
            _turn: turn.expect("nobody closes the semaphore"),
        })
    }

    /// Runs `work` on a blocking thread and waits until what it appended is durable.
    async fn work(
        &self,
        work: impl FnOnce(&Shared) -> Result<Batches, Outcome> + Send + 'static,
    ) -> Outcome {
        let shared = Arc::clone(&self.0);
        match self
            .0
            .tasks
            .run_blocking("push", move || work(&shared))
            .await
        {
            Ok(Ok(batches)) => batches.finish(&self.0.metrics).await,
            Ok(Err(outcome)) => outcome,
            Err(panicked) => Outcome::failed(panicked.to_string()),
        }
    }
}

impl Shared {
    /// Decodes a push and appends it. Series that the store has forgotten since they were recognised need their labels,
    /// so then all of it is decoded and written once more, which changes nothing for those that were written.
    fn store(&self, push: &Push) -> Result<Batches, Outcome> {
        let body = self.decompress(push)?;
        let bytes = body.as_deref().unwrap_or(&push.body);
        // Before anything is decoded: what is told meanwhile is news for what is learned here.
        let epoch = self.families.epoch();
        let decoded = match push.extra_labels.is_empty() {
            true => self.decode(push, bytes, &self.spellings.view(epoch))?,
            // The same spelling means other series then.
            false => self.decode(push, bytes, &Unacquainted)?,
        };
        self.metrics.count_refusals(&decoded);
        let mut batches = self.append(decoded);
        if batches.met_strangers() {
            let decoded = self.decode(push, bytes, &self.spellings.blind())?;
            batches = self.append(decoded);
        }
        let (learned, now) = (batches.take_learned(), self.clock.monotonic());
        self.spellings.learn(learned, epoch, now);
        Ok(batches)
    }

    fn append(&self, decoded: Decoded) -> Batches {
        let metadata = self.families.learn_and_match(&decoded, &self.metrics);
        Batches::append(&*self.appender, decoded, metadata)
    }

    /// Returns the body without its compression, when it has one.
    fn decompress(&self, push: &Push) -> Result<Option<Vec<u8>>, Outcome> {
        let limit = self.limits.decompressed;
        let body = match push.encoding {
            Encoding::Identity => Ok(None),
            Encoding::Snappy => compression::snappy_capped(&push.body, limit).map(Some),
            Encoding::Gzip => compression::gzip_capped(&push.body, limit).map(Some),
        };
        body.map_err(|error| match error {
            compression::Error::TooLarge { .. } => Outcome::too_large(error.to_string()),
            compression::Error::Corrupt { .. } => Outcome::malformed(error.to_string()),
        })
    }

    fn decode(
        &self,
        push: &Push,
        bytes: &[u8],
        known: &dyn KnownSeries,
    ) -> Result<Decoded, Outcome> {
        let limits = &self.limits.decode;
        let decoded = match &push.format {
            Format::RemoteWrite(version) => {
                remote_write::decode_with(*version, bytes, limits, known)
            }
            Format::VmJson => vm_json::decode(bytes, limits),
            Format::Influx { precision, db } => {
                let options = influx::Options {
                    precision: *precision,
                    db,
                    now: self.clock.now(),
                };
                influx::decode(bytes, &options, limits)
            }
            Format::Exposition { format, timestamp } => {
                let timestamp = timestamp.unwrap_or_else(|| self.clock.now());
                text_import::decode(*format, bytes, timestamp, limits)
            }
        };
        let mut decoded = decoded.map_err(|error| match error {
            Error::Malformed(_) => Outcome::malformed(error.to_string()),
            Error::TooManySamples { .. } | Error::TooMuchMemory { .. } => {
                Outcome::too_large(error.to_string())
            }
        })?;
        self.add_labels(&mut decoded, &push.extra_labels);
        Ok(decoded)
    }

    /// Sets the request's own labels on every series; one that has too many then is refused.
    fn add_labels(&self, decoded: &mut Decoded, extra: &Labels) {
        if extra.is_empty() {
            return;
        }
        let limits = &self.limits.decode.labels;
        for mut series in std::mem::take(&mut decoded.series) {
            let mut builder = series.labels.to_builder();
            for (name, value) in extra.iter() {
                builder.set(name, value);
            }
            series.labels = builder.build();
            match limits.check(&series.labels) {
                Ok(()) => decoded.series.push(series),
                Err(fault) => {
                    let samples = series.samples.len() as u64;
                    decoded
                        .refusals
                        .add(fault.reason, samples, || fault.message.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
