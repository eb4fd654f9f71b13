//! Expositions: what a target answers to a scrape, and what we answer to one.
//!
//! A pull parser per format yields borrowed [`Entry`] values and reads no labels until asked, so that a scrape loop can
//! look up [`Series::raw`] in its cache and pay for a series' labels once in the series' life:
//!
//! ```text
//!                      raw() in the cache? --yes--> (value, timestamp) to the known series
//! bytes -> Parser ---> Entry::Sample ----no---> labels() -> relabel -> cache
//!    text 0.0.4 / 1.0.0, OpenMetrics 0.0.1 / 1.0.0, protobuf: one interface
//! ```
//!
//! [`Parser`] accepts what Prometheus' scraper accepts. [`openmetrics::validate`] and [`prometheus_text::validate`] put
//! every rule of the specifications on top of it.
//!
//! ```
//! use plimsoll_wire::exposition::{Entry, Format, Options, Parser};
//! let body = b"# TYPE up gauge\nup{job=\"node\"} 1\n";
//! let mut parser = Parser::new(Format::PrometheusText004, body, Options::default())?;
//! while let Some(entry) = parser.next_entry()? {
//!     if let Entry::Sample(sample) = entry {
//!         assert_eq!(sample.series.raw(), r#"up{job="node"}"#);
//!         assert_eq!(sample.series.labels()?.get("job"), Some("node"));
//!     }
//! }
//! # Ok::<(), plimsoll_wire::exposition::Error>(())
//! ```

mod encode;
mod entry;
mod error;
mod family;
mod federation;
mod format;
mod lint;
mod messages;
mod number;
pub mod openmetrics;
pub mod prometheus_text;
mod protobuf;
mod scan;
mod strict;
mod text;

pub use encode::{write_families, write_federated};
pub use entry::{Entry, Exemplars, RawExemplar, SampleEntry, Series};
pub use error::{Error, ErrorKind};
pub use family::{Family, FamilyExemplar, FamilySample, read_families};
pub use federation::{write_untyped_head, write_untyped_sample};
pub use format::{Escaping, Format, Negotiated, accept_header, negotiate};
pub use lint::{Problem, exposed_name, lint};
pub use strict::Summary;

use scan::Dialect;

/// What a parser does where Prometheus has a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether native histograms are read; otherwise only their classic buckets are. Default yes.
    pub native_histograms: bool,
    /// Whether a histogram that has native buckets yields its classic series too. Default no.
    pub always_scrape_classic_histograms: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            native_histograms: true,
            always_scrape_classic_histograms: false,
        }
    }
}

/// Reads an exposition entry by entry.
///
/// Memory: nothing for the text formats, one metric of a family for protobuf.
#[derive(Clone, Debug)]
pub struct Parser<'a>(Inner<'a>);

#[derive(Clone, Debug)]
enum Inner<'a> {
    Text(text::TextParser<'a>),
    Protobuf(Box<protobuf::ProtobufParser<'a>>),
}

impl<'a> Parser<'a> {
    /// Makes a parser at the start of `input`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUtf8`] when a text is not UTF-8 from beginning to end.
    pub fn new(format: Format, input: &'a [u8], options: Options) -> Result<Self, Error> {
        Ok(Self(match format {
            Format::PrometheusText004 | Format::PrometheusText100 => {
                Inner::Text(text::TextParser::new(input, Dialect::Text)?)
            }
            Format::OpenMetricsText001 | Format::OpenMetricsText100 => {
                Inner::Text(text::TextParser::new(input, Dialect::OpenMetrics)?)
            }
            Format::PrometheusProto => {
                Inner::Protobuf(Box::new(protobuf::ProtobufParser::new(input, options)))
            }
        }))
    }

    /// Returns the next entry; `None` at the end, and for ever after an error.
    ///
    /// # Errors
    /// Every kind that is not marked "strict only", with its place; none but the labels' own
    /// ([`ErrorKind::DuplicateLabel`]) is left for later.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        match &mut self.0 {
            Inner::Text(parser) => parser.next_entry(),
            Inner::Protobuf(parser) => parser.next_entry(),
        }
    }
}
