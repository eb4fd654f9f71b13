//! What is not in a part yet, in memory and queryable at once.
//!
//! The head has two halves. The series table knows every active series: its labels, its ref, the postings that
//! selectors use. A label pair is kept once, with its postings; a series is a short list of numbers of pairs. A
//! [`Window`] holds the samples of one stretch of time (30 min, aligned to the epoch), sharded by series, each series in a
//! [`Lane`]: chunks for floats that came in order, a sorted side buffer for everything else.
//! Because samples are grouped by window first, sealing takes a window out of the head in one step, and memory goes
//! back in one piece.

mod exemplars;
mod id_set;
mod index;
mod label_sets;
mod lane;
mod pages;
mod series;
mod statistics;
mod window;

pub use exemplars::InsertedExemplar;
pub use lane::{Inserted, Lane};
pub use window::Window;

pub(crate) use series::{SeriesTable, slot_of};
