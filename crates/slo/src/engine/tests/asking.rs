//! SLIs that are PromQL.

use super::*;

fn asked() -> Slo {
    let ask = Ask::Events {
        good: None,
        bad: Some("increase(bad[$window])".into()),
        valid: Some("increase(all[$window])".into()),
    };
    let mut slo = slo(Source::Asks {
        every: Duration::from_secs(60),
        ask,
    });
    slo.dimensions = by_region(10);
    slo
}

fn element(region: &str, value: f64) -> Answer {
    Answer {
        labels: Labels::from_pairs([("region", region)]),
        value,
    }
}

#[test]
fn answers_are_counted_once_and_at_their_slice() {
    let mut engine = engine(asked());
    engine.tick(at(70));
    assert_eq!(
        engine.questions(at(70)),
        [],
        "samples of the slice may still come"
    );
    engine.tick(at(80));
    let questions = engine.questions(at(80));
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].at, at(60));
    assert_eq!(&*questions[0].queries[0], "increase(bad[1m])");
    let answers = [
        vec![element("eu", 1.4)],
        vec![
            element("eu", 10.0),
            element("us", 4.6),
            element("x", f64::NAN),
        ],
    ];
    engine.answered(&questions[0], &answers);
    engine.answered(&questions[0], &answers);
    assert_eq!(good_bad(counts(&engine, None, 50, 60)), (14, 1));
    assert_eq!(good_bad(counts(&engine, Some("us"), 0, 60)), (5, 0));
    assert_eq!(counts(&engine, None, 0, 60).covered, 6);
    assert_eq!(engine.questions(at(80)), []);
}

#[test]
fn nothing_is_no_data_and_what_stays_unanswered_is_told() {
    let mut engine = engine(asked());
    engine.tick(at(80));
    let questions = engine.questions(at(80));
    engine.answered(&questions[0], &[Vec::new(), Vec::new()]);
    assert_eq!(counts(&engine, None, 0, 60), Counts::ZERO);
    engine.tick(at(600));
    assert_eq!(
        engine.tallies().unanswered,
        3,
        "those that end at 120, 180 and 240"
    );
    assert_eq!(
        engine
            .questions(at(600))
            .first()
            .map(|question| question.at),
        Some(at(300))
    );
}

#[test]
fn after_a_restart_the_missed_slices_are_asked_for() {
    let mut engine = engine(asked());
    let answers = [vec![element("eu", 1.0)], vec![element("eu", 10.0)]];
    let answer = |engine: &mut Engine, now| {
        for question in engine.questions(now) {
            engine.answered(&question, &answers);
        }
    };
    for now in (0..1000).step_by(10) {
        engine.tick(at(now));
        answer(&mut engine, at(now));
    }
    let mut bytes = Vec::new();
    engine.write_snapshot(&mut bytes).unwrap();
    let mut engine = Engine::new(catalog([asked()]), Options::default(), at(3000));
    engine.restore(&bytes).unwrap();
    while engine.catch_up(at(3000)).is_some() {
        let now = engine.now();
        answer(&mut engine, now);
    }
    engine.tick(at(3000));
    answer(&mut engine, at(3000));
    let minutes = 2940 / 60;
    assert_eq!(
        good_bad(counts(&engine, None, 0, 2940)),
        (9 * minutes, minutes)
    );
    assert_eq!(counts(&engine, None, 0, 2940).covered, 6 * minutes);
}
