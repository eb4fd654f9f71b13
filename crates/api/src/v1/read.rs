//! `/api/v1/read`: raw samples for another Prometheus, all at once or as a stream of chunks.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::http::BodyShare;
use plimsoll_types::{ByteCount, Labels, MatchOp, Matcher, Meter, Queryable, SampleColumns};
use plimsoll_wire::compression::{snappy, snappy_capped};
use plimsoll_wire::remote_read::{
    Query, Request, ResponseType, SAMPLES_CONTENT_TYPE, STREAMED_CONTENT_TYPE, SamplesWriter,
    write_frames,
};

use crate::account::Account;
use crate::admission::Turn;
use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};
use crate::federate::with_external;
use crate::params::Params;
use crate::streamed::{Pieces, streamed};
use crate::surface::ReadLimits;

/// Longest request, before and after decompression.
const REQUEST_BYTES_MAX: ByteCount = ByteCount::MIB.times(4);
/// Longest answer with all samples at once: a reader of more must take the stream.
const ANSWER_BYTES_MAX: ByteCount = ByteCount::MIB.times(256);
/// Frames that wait for a slow client.
const FRAMES_WAITING_MAX: usize = 4;

/// Answers with the first kind that the client takes.
pub(crate) async fn remote_read(
    State(app): State<Arc<App>>,
    RawQuery(parameters): RawQuery,
    body: Body,
) -> Response {
    let answered = async {
        let read = body::read(&app, body, REQUEST_BYTES_MAX).await;
        let body = read.map_err(|unread| ApiError::new(unread.kind, unread.reason))?;
        let turn = app.turn().await?;
        let request = decode(&app, parameters, body).await?;
        let kind = request.response_type().map_err(refused)?;
        let read = Read {
            store: app.parts.queryable.clone(),
            external: app.parts.surface.status.in_force().external_labels,
            limits: app.parts.surface.read_limits,
            queries: request.queries,
            account: Account::open(&app),
        };
        match kind {
            ResponseType::Samples => samples(&app, read, turn).await,
            ResponseType::StreamedXorChunks => Ok(stream(&app, read, turn)),
        }
    };
    answered
        .await
        .unwrap_or_else(|error: ApiError| error.into_text().into_response())
}

fn refused(error: plimsoll_wire::push::Error) -> ApiError {
    ApiError::new(Kind::BadData, error.to_string())
}

/// Decodes a request whose turn has come: its regular expressions are compiled here, which takes time and memory.
async fn decode(
    app: &App,
    parameters: Option<String>,
    (bytes, share): (Bytes, BodyShare),
) -> Result<Request, ApiError> {
    let decode = move || {
        let _share = share;
        let plain = snappy_capped(&bytes, REQUEST_BYTES_MAX)
            .map_err(|error| ApiError::new(Kind::BadData, error.to_string()))?;
        let mut request = Request::decode(&plain).map_err(refused)?;
        // What a proxy adds to requests holds here, too.
        let extra = Params::from_query(parameters.as_deref()).extra_matchers()?;
        for query in &mut request.queries {
            query.matchers.extend(extra.iter().cloned());
        }
        Ok(request)
    };
    let decoded = app.parts.tasks.run_blocking("remote read", decode).await;
    decoded.unwrap_or_else(|panicked| Err(ApiError::new(Kind::Internal, panicked.to_string())))
}

/// What is read, and from where.
struct Read {
    store: Arc<dyn Queryable>,
    external: Labels,
    limits: ReadLimits,
    queries: Vec<Query>,
    /// Holds what is found and the answer that is not sent yet.
    account: Account,
}

impl Read {
    /// Reads the series of a query one by one; stops when `each` says `false`.
    fn for_each(
        &self,
        query: &Query,
        mut each: impl FnMut(&Labels, &SampleColumns) -> Result<bool, ApiError>,
    ) -> Result<(), ApiError> {
        // What selects this server as a whole selects nothing in its store.
        let is_own = |matcher: &&Matcher| {
            let external = self.external.get(matcher.name());
            matcher.op() == MatchOp::Equal && external == Some(matcher.value())
        };
        let matchers: Vec<Matcher> = query
            .matchers
            .iter()
            .filter(|matcher| !is_own(matcher))
            .cloned()
            .collect();
        if query.range.is_empty() {
            return Ok(());
        }
        let selected = self.account.select(&*self.store, &matchers, query.range);
        let (mut selection, held) = selected?;
        let mut columns = SampleColumns::default();
        for (index, labels) in selection.labels.iter().enumerate() {
            selection.source.read(index, &mut columns)?;
            if !columns.is_empty() && !each(&with_external(labels, &self.external), &columns)? {
                return Ok(());
            }
        }
        drop(selection);
        self.account.release(held);
        Ok(())
    }

    fn samples(self) -> Result<Body, ApiError> {
        let mut writer = SamplesWriter::default();
        let mut count = 0u64;
        for query in &self.queries {
            let mut found = 0u64;
            self.for_each(query, |labels, columns| {
                found += columns.len() as u64;
                let limit = self.limits.samples_max;
                if limit > 0 && found > limit {
                    let reason = format!("exceeded sample limit ({limit})");
                    return Err(ApiError::new(Kind::BadData, reason));
                }
                let before = writer.byte_count();
                writer.series(labels, columns);
                self.account.take(writer.byte_count() - before)?;
                if writer.byte_count() as u64 > ANSWER_BYTES_MAX.0 {
                    let reason = format!(
                        "the answer is larger than {ANSWER_BYTES_MAX}: ask for a shorter range, or for STREAMED_XOR_CHUNKS"
                    );
                    return Err(ApiError::new(Kind::BadData, reason));
                }
                Ok(true)
            })?;
            count += found;
            writer.end_query();
        }
        tracing::debug!(count, "remote read");
        let plain = writer.into_bytes();
        // Both are here for a moment; what is compressed is hardly ever the longer one.
        self.account.take(plain.len())?;
        let compressed = snappy(&plain);
        let length = plain.len();
        drop(plain);
        self.account.release(length);
        Ok(self.account.body(compressed))
    }

    fn stream(&self, frames: &Pieces) -> Result<(), ApiError> {
        for (index, query) in self.queries.iter().enumerate() {
            let mut is_read = true;
            self.for_each(query, |labels, columns| {
                let bytes_max = self.limits.frame_bytes_max;
                is_read = write_frames(labels, columns, index, bytes_max, |frame| {
                    frames.blocking_send(Ok(frame.into())).is_ok()
                });
                Ok(is_read)
            })?;
            if !is_read {
                return Ok(());
            }
        }
        Ok(())
    }
}

async fn samples(app: &App, read: Read, turn: Turn) -> Result<Response, ApiError> {
    let work = move || {
        let _turn = turn;
        read.samples()
    };
    let body = app.parts.tasks.run_blocking("remote read", work).await;
    let body = body.unwrap_or_else(|_| Err(ApiError::fault()))?;
    let headers = [
        (header::CONTENT_TYPE, SAMPLES_CONTENT_TYPE),
        (header::CONTENT_ENCODING, "snappy"),
    ];
    Ok((StatusCode::OK, headers, body).into_response())
}

/// The status is sent before the first series is read, so what goes wrong later breaks the stream off.
fn stream(app: &App, read: Read, turn: Turn) -> Response {
    let body = streamed(app, "remote read", FRAMES_WAITING_MAX, move |frames| {
        let _turn = turn;
        read.stream(frames).map_err(|error| error.into_text().1)
    });
    let headers = [(header::CONTENT_TYPE, STREAMED_CONTENT_TYPE)];
    (headers, body).into_response()
}
