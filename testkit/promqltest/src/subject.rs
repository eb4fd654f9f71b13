//! What is judged: something that takes samples and answers queries.

use crate::answer::Answer;
use crate::script::LoadedSeries;

/// Why a subject gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The query is not in its language, with its message.
    Unread(String),
    /// The query failed, with its message.
    Failed(String),
    /// The subject itself failed, such as a server that hung up: no expectation covers that.
    Broken(String),
}

impl Refusal {
    /// Returns the message.
    pub fn message(&self) -> &str {
        match self {
            Self::Unread(message) | Self::Failed(message) | Self::Broken(message) => message,
        }
    }
}

/// Takes samples and answers queries. Times are in milliseconds since the epoch.
pub trait Subject {
    /// Forgets all samples.
    ///
    /// # Errors
    /// What the subject said.
    fn clear(&mut self) -> Result<(), String>;

    /// Takes the samples of a `load`.
    ///
    /// # Errors
    /// What the subject said about the samples it did not take.
    fn load(&mut self, series: &[LoadedSeries]) -> Result<(), String>;

    /// Evaluates at one point in time.
    ///
    /// # Errors
    /// Every kind of [`Refusal`].
    fn instant(&mut self, query: &str, at: i64) -> Result<Answer, Refusal>;

    /// Evaluates at `start`, `start + step` and so on up to `end`.
    ///
    /// # Errors
    /// Every kind of [`Refusal`].
    fn range(&mut self, query: &str, start: i64, end: i64, step: i64) -> Result<Answer, Refusal>;
}
