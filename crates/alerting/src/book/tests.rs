//! How posts of one alert become one alert.

use plimsoll_types::{Alert, Annotations, Labels};

use super::*;

const BOUNDS: Bounds = Bounds {
    alerts: 10,
    bytes: 1 << 20,
};

fn post(starts: i64, ends: i64, is_timeout: bool, summary: &str) -> Post {
    Post {
        alert: Alert {
            labels: Labels::from_pairs([("a", "b")]),
            annotations: Annotations::from_pairs([("summary", summary)]),
            starts_at: Timestamp::from_millis(starts),
            ends_at: Some(Timestamp::from_millis(ends)),
            generator_url: String::new(),
        },
        is_timeout,
    }
}

/// Posts one after the other, each with when it comes; checks what the last one did and the times after it.
fn check(posts: &[(i64, Post)], effect: Effect, times: (i64, i64)) {
    let mut book = Book::default();
    let key = Fingerprint::of(&posts[0].1.alert.labels);
    let mut found = Effect::None;
    for (at, post) in posts {
        let at = Timestamp::from_millis(*at);
        let posted = book.post(key, post.clone(), Origin::Posted, BOUNDS, at);
        found = posted.expect("taken").effect;
    }
    assert_eq!(found, effect);
    let entry = book.get(key).expect("known");
    assert_eq!((entry.starts_at.millis(), entry.ends_at.millis()), times);
}

#[test]
fn the_earliest_start_counts() {
    let earlier = post(10, 900, true, "x");
    let later = post(50, 950, true, "x");
    check(
        &[(100, earlier), (110, later.clone())],
        Effect::None,
        (10, 950),
    );
    check(
        &[(100, later), (110, post(10, 940, true, "x"))],
        Effect::Changed,
        (10, 940),
    );
}

#[test]
fn the_younger_texts_count() {
    check(
        &[
            (100, post(10, 900, true, "x")),
            (110, post(10, 910, true, "y")),
        ],
        Effect::Changed,
        (10, 910),
    );
}

#[test]
fn an_end_that_was_said_counts_over_one_that_was_made_up() {
    check(
        &[
            (100, post(10, 900, false, "x")),
            (110, post(10, 500, true, "x")),
        ],
        Effect::None,
        (10, 900),
    );
    check(
        &[
            (100, post(10, 900, true, "x")),
            (110, post(10, 500, false, "x")),
        ],
        Effect::None,
        (10, 500),
    );
}

#[test]
fn a_resolution_counts_over_every_end() {
    check(
        &[
            (100, post(10, 900, false, "x")),
            (110, post(10, 110, false, "x")),
        ],
        Effect::Resolved,
        (10, 110),
    );
}

#[test]
fn a_late_resolution_of_an_earlier_time_does_not_count() {
    check(
        &[
            (100, post(50, 900, false, "x")),
            (110, post(10, 40, false, "x")),
        ],
        Effect::None,
        (50, 900),
    );
}

#[test]
fn an_alert_fires_again_since_its_new_start() {
    check(
        &[
            (100, post(10, 900, false, "x")),
            (110, post(10, 105, false, "x")),
            (120, post(115, 900, false, "x")),
        ],
        Effect::Fires,
        (115, 900),
    );
}

#[test]
fn an_end_is_noticed_once_however_often_it_moved() {
    let mut book = Book::default();
    let at = Timestamp::from_millis;
    let key = Fingerprint::of(&Labels::from_pairs([("a", "b")]));
    for step in 0..50 {
        let one = post(0, 100 + step * 10, true, "x");
        book.post(key, one, Origin::Posted, BOUNDS, at(step))
            .expect("taken");
        assert_eq!(book.take_ended(at(step)), None);
    }
    let sooner = post(0, 300, true, "x");
    book.post(key, sooner, Origin::Posted, BOUNDS, at(60))
        .expect("taken");
    assert_eq!(book.take_ended(at(299)), None);
    assert_eq!(book.take_ended(at(300)), Some(key));
    assert_eq!(book.take_ended(at(10_000)), None);
    assert_eq!(book.counts().1, 0);
}

#[test]
fn another_label_set_with_the_same_fingerprint_is_refused() {
    let mut book = Book::default();
    let key = Fingerprint::from_u64(7);
    let now = Timestamp::from_millis(0);
    book.post(key, post(0, 9, true, "x"), Origin::Posted, BOUNDS, now)
        .expect("taken");
    let mut other = post(0, 9, true, "x");
    other.alert.labels = Labels::from_pairs([("c", "d")]);
    let refused = book.post(key, other, Origin::Posted, BOUNDS, now);
    assert_eq!(refused, Err(RefusalReason::FingerprintTaken));
}

#[test]
fn bytes_are_bounded() {
    let mut book = Book::default();
    let bounds = Bounds {
        alerts: 10,
        bytes: 20,
    };
    let key = Fingerprint::of(&Labels::from_pairs([("a", "b")]));
    let long = post(0, 9, true, "a text of more than twenty bytes");
    let now = Timestamp::from_millis(0);
    let refused = book.post(key, long, Origin::Posted, bounds, now);
    assert_eq!(refused, Err(RefusalReason::TooManyBytes(20)));
    assert_eq!(book.counts(), (0, 0, 0));
}

#[test]
fn a_row_is_written_again_only_when_the_alert_lives_much_longer() {
    let mut book = Book::default();
    let at = Timestamp::from_millis;
    let key = Fingerprint::of(&Labels::from_pairs([("a", "b")]));
    let mut is_written = |ends, now| {
        let posted = book.post(
            key,
            post(0, ends, true, "x"),
            Origin::Posted,
            BOUNDS,
            at(now),
        );
        let is_written = posted.expect("taken").is_to_be_written;
        if is_written {
            book.row(key, at(now)).expect("known");
        }
        is_written
    };
    assert!(is_written(1000, 0));
    assert!(!is_written(1900, 900));
    assert!(!is_written(3100, 2000));
    assert!(is_written(4500, 3000));
    assert!(!is_written(4800, 3300));
}

#[test]
fn a_known_alert_goes_on_when_all_bytes_are_taken_but_says_no_more() {
    let mut book = Book::default();
    let bounds = Bounds {
        alerts: 10,
        bytes: 20,
    };
    let (key, at) = (
        Fingerprint::of(&post(0, 0, true, "").alert.labels),
        Timestamp::from_millis,
    );
    let mut take = |post: Post, now| book.post(key, post, Origin::Posted, bounds, at(now));
    take(post(10, 900, true, "down"), 100).expect("taken");
    let long = take(post(10, 950, true, &"x".repeat(100)), 110).expect("taken");
    assert_eq!(long.effect, Effect::None);
    let over = take(post(10, 200, false, &"x".repeat(100)), 220).expect("taken");
    assert_eq!(over.effect, Effect::Resolved);
    let entry = book.get(key).expect("known");
    assert_eq!(entry.annotations.get("summary"), Some("down"));
    assert!(book.counts().2 <= 20);
}
