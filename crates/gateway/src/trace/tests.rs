use plimsoll_runtime::random::SeededRandom;
use proptest::prelude::*;

use super::*;

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(parents: &[&str], states: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for parent in parents {
        headers.append(TRACEPARENT, HeaderValue::from_str(parent).unwrap());
    }
    for state in states {
        headers.append(TRACESTATE, HeaderValue::from_str(state).unwrap());
    }
    headers
}

fn trace(headers: &HeaderMap, is_trusted: bool) -> Trace {
    Trace::of(headers, is_trusted, &mut SeededRandom::new(1))
}

#[test]
fn reads_what_the_recommendation_shows() {
    let parent = Parent::parse(GOOD.as_bytes()).unwrap();
    assert_eq!(
        Hex(&parent.trace_id).to_string(),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(Hex(&parent.span_id).to_string(), "00f067aa0ba902b7");
    assert_eq!(parent.flags, 1);
}

#[test]
fn refuses_what_the_recommendation_refuses() {
    for wrong in [
        "",
        "00",
        // Version ff is none; version 00 has nothing behind the flags.
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        // All zero is no id.
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        // Capital letters, other letters, other separators, too short.
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        assert_eq!(Parent::parse(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn a_version_to_come_may_say_more() {
    for version in ["01", "cc", "fe"] {
        for more in ["", "-", "-what-the-future-says"] {
            let text = GOOD.replacen("00", version, 1) + more;
            assert!(Parent::parse(text.as_bytes()).is_some(), "{text}");
        }
    }
}

#[test]
fn a_trusted_peers_trace_goes_on_below_a_span_of_ours() {
    let mut headers = headers(&[GOOD], &["a=1", "b=2"]);
    let trace = trace(&headers, true);
    assert_eq!(
        Hex(&trace.trace_id).to_string(),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(
        trace.parent_span_id.map(|id| Hex(&id).to_string()),
        Some("00f067aa0ba902b7".into())
    );
    assert_ne!(Some(trace.span_id), trace.parent_span_id);
    trace.apply(&mut headers);
    let sent = headers.get_all(TRACEPARENT).iter().collect::<Vec<_>>();
    let own = Hex(&trace.span_id);
    let expected = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{own}-01");
    assert_eq!(sent, [expected.as_str()]);
    assert_eq!(headers.get_all(TRACESTATE).iter().count(), 2);
}

#[test]
fn from_strangers_nothing_is_taken_over() {
    let known = headers(&[GOOD], &["a=1"]);
    for (mut headers, is_trusted) in [
        (known, false),
        (headers(&[], &["a=1"]), true),
        (headers(&[GOOD, GOOD], &["a=1"]), true),
        (headers(&["00-x"], &["a=1"]), true),
    ] {
        let trace = trace(&headers, is_trusted);
        assert_eq!((trace.parent_span_id, trace.flags), (None, SAMPLED));
        trace.apply(&mut headers);
        assert_eq!(headers.get(TRACESTATE), None);
        let sent = Parent::parse(headers[TRACEPARENT].as_bytes()).unwrap();
        assert_ne!(
            Hex(&sent.trace_id).to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert_eq!(
            (sent.trace_id, sent.span_id),
            (trace.trace_id, trace.span_id)
        );
    }
}

#[test]
fn a_state_beyond_its_bounds_ends_here() {
    let many = vec!["a=1"; 33].join(",");
    let long = format!("a={}", "x".repeat(STATE_MAX));
    for state in [many, long, "a=\u{e9}".into()] {
        let mut headers = headers(&[GOOD], &[]);
        headers.insert(
            TRACESTATE,
            HeaderValue::from_bytes(state.as_bytes()).unwrap(),
        );
        trace(&headers, true).apply(&mut headers);
        assert_eq!(headers.get(TRACESTATE), None);
    }
}

#[test]
fn the_callers_decision_not_to_record_stays() {
    let quiet = GOOD.replace("-01", "-00");
    assert_eq!(trace(&headers(&[&quiet], &[]), true).flags, 0);
    // Of bits that nobody knows only the known one goes on.
    let odd = GOOD.replace("-01", "-fd");
    assert_eq!(trace(&headers(&[&odd], &[]), true).flags, SAMPLED);
}

#[test]
fn ids_of_zero_are_asked_for_again() {
    struct Zeros(u32);
    impl Random for Zeros {
        fn next_u64(&mut self) -> u64 {
            self.0 += 1;
            u64::from(self.0 > 4)
        }
    }
    let trace = Trace::of(&HeaderMap::new(), false, &mut Zeros(0));
    assert!(trace.trace_id != [0; 16] && trace.span_id != [0; 8]);
}

proptest! {
    #[test]
    fn what_is_written_is_read(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) {
        prop_assume!(trace_id != [0; 16] && span_id != [0; 8]);
        let trace = Trace { trace_id, span_id, parent_span_id: None, flags };
        let parent = Parent::parse(trace.header().as_bytes());
        prop_assert_eq!(parent, Some(Parent { trace_id, span_id, flags }));
    }
}
