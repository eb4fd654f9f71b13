//! Hostile trace headers: taken over as they are defined, or not at all; never a panic.

use http::{HeaderMap, HeaderValue};
use plimsoll_gateway::trace::{Parent, TRACEPARENT, TRACESTATE, Trace};
use plimsoll_runtime::random::SeededRandom;

const GOOD: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn check(parent: &[u8], state: &[u8]) {
    let read = Parent::parse(parent);
    if let Some(read) = read {
        assert!(parent.len() >= GOOD.len() && &parent[..2] != b"ff");
        assert!(read.trace_id != [0; 16] && read.span_id != [0; 8]);
    }
    let (Ok(value), Ok(state)) = (
        HeaderValue::from_bytes(parent),
        HeaderValue::from_bytes(state),
    ) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(TRACEPARENT, value);
    headers.append(TRACESTATE, state);
    let trace = Trace::of(&headers, true, &mut SeededRandom::new(7));
    assert_eq!(trace.parent_span_id, read.map(|read| read.span_id));
    trace.apply(&mut headers);
    let sent: Vec<_> = headers.get_all(TRACEPARENT).iter().collect();
    let sent = match sent[..] {
        [one] => Parent::parse(one.as_bytes()).expect("what is sent on can be read"),
        _ => panic!("one header is sent on"),
    };
    assert_eq!(
        (sent.trace_id, sent.span_id),
        (trace.trace_id, trace.span_id)
    );
    if read.is_none() {
        assert!(!headers.contains_key(TRACESTATE));
    }
}

#[test]
fn any_header_is_taken_over_or_replaced() {
    let headers = bolero::check!().with_type::<(Vec<u8>, Vec<u8>)>();
    headers.for_each(|(parent, state)| check(parent, state));
}

#[test]
fn a_header_with_something_else_in_it_is_taken_over_or_replaced() {
    let changes = bolero::check!().with_type::<(u8, u8, Vec<u8>, Vec<u8>)>();
    changes.for_each(|(at, removed, inserted, state)| {
        let at = usize::from(*at) % (GOOD.len() + 1);
        let end = (at + usize::from(removed % 4)).min(GOOD.len());
        let mut parent = GOOD.to_vec();
        parent.splice(at..end, inserted.iter().copied().take(4));
        check(&parent, state);
    });
}
