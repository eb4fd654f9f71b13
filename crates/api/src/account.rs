//! What answers beside those of queries hold: counted among the memory of all queries, until the client has them.

use axum::body::{Body, Bytes};
use futures_util::stream;
use plimsoll_promql::QueryMemory;
use plimsoll_types::{
    Matcher, Meter, Queryable, Selection, StorageError, StorageErrorKind, TimeRange,
};

use crate::app::App;

/// What is sent at a time.
const PIECE_BYTES: usize = 64 << 10;

/// The account of one answer. Whatever it holds goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Account(QueryMemory);

impl Account {
    /// Opens one, which only the memory of all bounds.
    pub(crate) fn open(app: &App) -> Self {
        Self(app.memory.query(app.memory.limit()))
    }

    /// Selects series; also returns what the selection holds, to be released with it.
    pub(crate) fn select(
        &self,
        store: &dyn Queryable,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<(Selection, usize), StorageError> {
        let before = self.0.bytes();
        let selection = store.select_metered(matchers, range, self)?;
        Ok((selection, self.0.bytes() - before))
    }

    /// Gives bytes back that were taken before.
    pub(crate) fn release(&self, bytes: usize) {
        self.0.release(bytes);
    }

    /// Makes a body that keeps the account open until it is sent.
    pub(crate) fn body(self, bytes: Vec<u8>) -> Body {
        let rest = (Bytes::from(bytes), self);
        Body::from_stream(stream::unfold(rest, |(mut rest, account)| async move {
            let piece = rest.split_to(rest.len().min(PIECE_BYTES));
            (!piece.is_empty())
                .then_some((Ok::<_, std::convert::Infallible>(piece), (rest, account)))
        }))
    }
}

impl Meter for Account {
    fn take(&self, bytes: usize) -> Result<(), StorageError> {
        let refused = |error: plimsoll_promql::QueryError| {
            StorageError::new(StorageErrorKind::Overloaded, error.to_string())
        };
        self.0.add(bytes).map_err(refused)
    }
}
