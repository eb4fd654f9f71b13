//! Timeouts from the outermost to the innermost: each must end before the one that waits for it.

use std::time::Duration;

/// One timeout of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung<'a> {
    /// What it is called in the file: `timeout of route \"checkout\"`.
    pub name: &'a str,
    /// How long it is.
    pub timeout: Duration,
}

/// A timeout is longer than one that waits for it: nobody would be there for its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{inner} is {inner_timeout:?}, longer than {outer}, {outer_timeout:?}, which waits for it")]
pub struct LadderError {
    /// Place in the ladder of the inner one.
    pub place: usize,
    /// The inner one's name.
    pub inner: String,
    /// Its time.
    pub inner_timeout: Duration,
    /// The name of the one that waits for it.
    pub outer: String,
    /// Its time.
    pub outer_timeout: Duration,
}

/// Checks that no timeout is longer than one before it, outermost first: client, gateway, service, database.
///
/// # Errors
/// [`LadderError`] names the first that is, and the shortest of those that wait for it.
pub fn check_ladder(rungs: &[Rung<'_>]) -> Result<(), LadderError> {
    let mut shortest: Option<&Rung<'_>> = None;
    for (place, rung) in rungs.iter().enumerate() {
        match shortest {
            Some(outer) if rung.timeout > outer.timeout => {
                return Err(LadderError {
                    place,
                    inner: rung.name.to_owned(),
                    inner_timeout: rung.timeout,
                    outer: outer.name.to_owned(),
                    outer_timeout: outer.timeout,
                });
            }
            _ => shortest = Some(rung),
        }
    }
    Ok(())
}
