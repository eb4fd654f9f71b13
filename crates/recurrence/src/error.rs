//! Why a text is no rule of ours.

/// A recurrence that cannot be read, or that Plimsoll does not support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecurrence {
    /// No zone of this name is in the database.
    #[error("unknown time zone {0:?}; expected an IANA name such as Europe/Berlin")]
    UnknownZone(String),
    /// The rule is longer than any that somebody would write.
    #[error("a recurrence rule has at most {0} bytes")]
    TooLong(usize),
    /// A part is not `NAME=VALUE`.
    #[error("expected NAME=VALUE in a recurrence rule, found {0:?}")]
    Malformed(String),
    /// A part, or a value of `FREQ`, that RFC 5545 has or not, and Plimsoll has not.
    #[error(
        "{0} is not supported; supported are FREQ=DAILY, WEEKLY, MONTHLY and YEARLY, INTERVAL, COUNT, UNTIL, BYDAY, \
         BYMONTHDAY, BYMONTH and WKST"
    )]
    Unsupported(String),
    /// A part is there twice.
    #[error("{0} is there twice")]
    Twice(&'static str),
    /// The part that must be there is not.
    #[error("FREQ is missing")]
    NoFrequency,
    /// A part has a value that it cannot have.
    #[error("{name}: expected {wanted}, found {found:?}")]
    Value {
        /// The part.
        name: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// Two parts that RFC 5545 does not let stand together.
    #[error("{0}")]
    Conflict(&'static str),
}
