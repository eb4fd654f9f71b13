//! What the events of a series add to which stream.

/// An edge from a series to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The index of the stream.
    pub(crate) stream: u32,
    /// What an event adds to good, bad and excluded.
    pub(crate) good: i8,
    pub(crate) bad: i8,
    pub(crate) excluded: i8,
    /// What an event of a gauge adds for which the check does not hold.
    pub(crate) good_otherwise: i8,
    pub(crate) bad_otherwise: i8,
    /// Whether the stream has no data until this series has.
    pub(crate) is_needed: bool,
    /// Since when the SLI is watched like this, in milliseconds.
    pub(crate) since: i64,
    /// Until when: the next version begins there.
    pub(crate) until: i64,
}
