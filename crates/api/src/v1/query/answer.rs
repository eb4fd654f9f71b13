//! The answer to a query: small ones are written at once, large ones while the client reads them.
//!
//! A result of a gigabyte would be several as text. So beside the result, which the query's account holds until it is
//! sent, there is never more than a piece of the text in memory, and a client that reads slowly holds no thread.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use plimsoll_promql::{QueryMemory, QueryResult, RangeSeries, Value};
use plimsoll_types::Value as SampleValue;

use crate::envelope::Notes;
use crate::value_json;

/// What is written at once; a larger text follows in such pieces, each the work of some 200 us.
const PIECE: usize = 64 << 10;

/// Writes an answer piece by piece.
#[derive(Debug)]
pub(super) struct Writer {
    value: Value,
    /// Everything behind the result.
    tail: String,
    next: Next,
    /// Holds the account of the query open for as long as the result is here.
    _memory: QueryMemory,
}

/// What is written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The beginning of an entry of the list.
    Entry(usize),
    /// Samples of an entry, first the floats, then the histograms.
    Samples {
        entry: usize,
        histograms: bool,
        sample: usize,
        is_first: bool,
    },
    Tail,
    Nothing,
}

impl Writer {
    /// Takes a result, the JSON of further members of `data`, and what is said beside it.
    pub(super) fn new(
        mut result: QueryResult,
        (members, notes): (&str, &Notes),
        memory: QueryMemory,
    ) -> (Self, String) {
        let mut head = String::from(r#"{"status":"success","data":"#);
        let mut tail = String::new();
        let value = std::mem::replace(&mut result.value, Value::Scalar(0.0));
        let next = match &value {
            Value::Vector(_) | Value::Matrix(_) => {
                let kind = if matches!(value, Value::Vector(_)) {
                    "vector"
                } else {
                    "matrix"
                };
                head.push_str(&format!(r#"{{"resultType":"{kind}","result":["#));
                tail.push(']');
                Next::Entry(0)
            }
            Value::Scalar(_) | Value::String(_) => {
                let single = QueryResult {
                    value: value.clone(),
                    ..result
                };
                value_json::write_result(&mut head, &single);
                head.pop();
                Next::Tail
            }
        };
        tail.push_str(members);
        tail.push('}');
        for (name, messages) in [("warnings", &notes.warnings), ("infos", &notes.infos)] {
            if !messages.is_empty() {
                tail.push_str(&format!(r#","{name}":"#));
                value_json::write_list(&mut tail, messages, |text, message| {
                    value_json::write_string(text, message);
                });
            }
        }
        tail.push('}');
        let writer = Self {
            value,
            tail,
            next,
            _memory: memory,
        };
        (writer, head)
    }

    /// Makes a response; what fits into a piece is written here, by the thread that calls.
    pub(super) fn respond(mut self, head: String) -> Response {
        let mut first = head;
        self.write(&mut first);
        let rest = (self.next != Next::Nothing).then_some(self);
        let body = Pieces {
            first: Some(first.into()),
            rest,
        };
        (
            [(header::CONTENT_TYPE, "application/json")],
            Body::new(body),
        )
            .into_response()
    }

    /// Writes until a piece is full or everything is written.
    fn write(&mut self, text: &mut String) {
        while text.len() < PIECE && self.next != Next::Nothing {
            self.next = match (self.next, &mut self.value) {
                (Next::Entry(index), Value::Vector(vector)) => match vector.get(index) {
                    Some(sample) => {
                        separate(text, index);
                        value_json::write_instant(text, sample);
                        Next::Entry(index + 1)
                    }
                    None => Next::Tail,
                },
                (Next::Entry(index), Value::Matrix(matrix)) => match matrix.get(index) {
                    Some(series) => {
                        separate(text, index);
                        text.push_str(r#"{"metric":"#);
                        value_json::write_labels(text, &series.labels);
                        Next::Samples {
                            entry: index,
                            histograms: false,
                            sample: 0,
                            is_first: true,
                        }
                    }
                    None => Next::Tail,
                },
                (samples @ Next::Samples { entry, .. }, Value::Matrix(matrix)) => {
                    let next = write_samples(text, &matrix[entry], samples);
                    if next == Next::Entry(entry + 1) {
                        // What is sent needs no memory any more.
                        matrix[entry].samples = Vec::new();
                    }
                    next
                }
                (Next::Tail, _) => {
                    text.push_str(&self.tail);
                    Next::Nothing
                }
                (_, Value::Scalar(_) | Value::String(_) | Value::Vector(_))
                | (Next::Nothing, _) => Next::Nothing,
            };
        }
    }
}

fn separate(text: &mut String, index: usize) {
    if index > 0 {
        text.push(',');
    }
}

/// Writes samples of one kind until the piece is full; returns what comes next.
fn write_samples(text: &mut String, series: &RangeSeries, next: Next) -> Next {
    let Next::Samples {
        entry,
        histograms,
        sample,
        mut is_first,
    } = next
    else {
        return next;
    };
    for (index, sample) in series.samples.iter().enumerate().skip(sample) {
        if matches!(sample.value, SampleValue::Histogram(_)) != histograms {
            continue;
        }
        if text.len() >= PIECE {
            return Next::Samples {
                entry,
                histograms,
                sample: index,
                is_first,
            };
        }
        let name = if histograms { "histograms" } else { "values" };
        match std::mem::replace(&mut is_first, false) {
            true => text.push_str(&format!(r#","{name}":["#)),
            false => text.push(','),
        }
        value_json::write_sample(text, sample);
    }
    if !is_first {
        text.push(']');
    }
    match histograms {
        false => Next::Samples {
            entry,
            histograms: true,
            sample: 0,
            is_first: true,
        },
        true => {
            text.push('}');
            Next::Entry(entry + 1)
        }
    }
}

/// The body of an answer.
struct Pieces {
    first: Option<Bytes>,
    rest: Option<Writer>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(writer) = &mut this.rest else {
            return Poll::Ready(None);
        };
        let mut text = String::with_capacity(PIECE + PIECE / 8);
        writer.write(&mut text);
        if writer.next == Next::Nothing {
            this.rest = None;
        }
        Poll::Ready(Some(Ok(Frame::data(text.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, Bytes::len) as u64;
        match self.rest {
            None => SizeHint::with_exact(first),
            Some(_) => {
                let mut hint = SizeHint::new();
                hint.set_lower(first);
                hint
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt;
    use plimsoll_promql::{InstantSample, MemoryBudget, Stats};
    use plimsoll_types::{ByteCount, Histogram, Labels, Sample, Timestamp};

    use super::*;

    fn result(value: Value) -> QueryResult {
        QueryResult {
            value,
            timestamp: Timestamp::from_millis(1500),
            warnings: Vec::new(),
            infos: Vec::new(),
            stats: Stats::default(),
        }
    }

    /// Returns the pieces, and whether the budget is free at the end.
    async fn pieces(value: Value) -> Vec<String> {
        let budget = MemoryBudget::new(ByteCount::MIB);
        let memory = budget.query(ByteCount::MIB);
        memory.add(1).unwrap();
        let notes = Notes {
            warnings: vec!["w".into()],
            infos: Vec::new(),
        };
        let (writer, head) = Writer::new(result(value), (",\"stats\":{}", &notes), memory);
        let mut body = writer.respond(head).into_body();
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            let bytes = frame.unwrap().into_data().unwrap();
            pieces.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
        assert_eq!(budget.used(), ByteCount(0));
        pieces
    }

    async fn check(value: Value) -> usize {
        let mut expected = String::from(r#"{"status":"success","data":"#);
        value_json::write_result(&mut expected, &result(value.clone()));
        expected.pop();
        expected.push_str(",\"stats\":{}},\"warnings\":[\"w\"]}");
        let pieces = pieces(value).await;
        assert!(pieces.iter().all(|piece| piece.len() < PIECE + 1024));
        assert_eq!(pieces.concat(), expected);
        pieces.len()
    }

    fn series(index: i64, samples: i64) -> RangeSeries {
        let at = |i: i64| Timestamp::from_millis(1000 * i);
        let sample = |i: i64| match i % 3 {
            0 if index % 2 == 0 => Sample::histogram(at(i), Arc::new(Histogram::default())),
            _ => Sample::float(at(i), i as f64 + 0.5),
        };
        RangeSeries {
            labels: Labels::from_pairs([("i", index.to_string())]),
            samples: (0..samples).map(sample).collect(),
        }
    }

    #[tokio::test]
    async fn pieces_make_the_same_text() {
        assert_eq!(check(Value::Scalar(1.0)).await, 1);
        assert_eq!(check(Value::String("s".into())).await, 1);
        assert_eq!(check(Value::Vector(Vec::new())).await, 1);
        assert_eq!(
            check(Value::Matrix(vec![series(0, 3), series(1, 2)])).await,
            1
        );
        assert!(check(Value::Matrix((0..20).map(|i| series(i, 1000)).collect())).await > 5);
        assert!(check(Value::Matrix(vec![series(0, 30_000)])).await > 10);
        let instant = |index: i64| InstantSample {
            labels: series(index, 0).labels,
            timestamp: Timestamp::from_millis(index),
            value: SampleValue::Float(index as f64),
        };
        assert!(check(Value::Vector((0..10_000).map(instant).collect())).await > 5);
    }
}
