//! Hostile snapshots: none makes the reader panic, and what is taken can be judged, shown and written again.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_slo::engine::{Engine, Options};
use plimsoll_slo::sli::{Reading, Sli, Source, Watch, Weight};
use plimsoll_slo::{
    AlertPolicy, BudgetPolicy, Catalog, Dimensions, Hysteresis, Method, NoData, Objective,
    Severity, Slo, Window,
};
use plimsoll_types::{Annotations, Labels, Matcher, Sample, Timestamp};

fn slo() -> Slo {
    let watch = Watch {
        matchers: vec![Matcher::equal("__name__", "requests_total")],
        reading: Reading::Counter,
        weight: Weight { good: 1, bad: 0 },
        exclude: Vec::new(),
        objective: None,
        needed: false,
    };
    Slo {
        id: "a/b".into(),
        service: "a".into(),
        name: "b".into(),
        description: String::new(),
        labels: Labels::empty(),
        origin: String::new(),
        sli: Sli {
            kind: "events",
            source: Source::Watches(vec![watch]),
            caveats: Vec::new(),
        },
        objectives: vec![Objective {
            name: "".into(),
            target: "99".parse().expect("it is a percentage"),
            threshold: None,
        }],
        windows: vec![Window::Rolling(Duration::from_secs(3600))],
        method: Method::RatioTimeslices {
            length: Duration::from_secs(60),
        },
        dimensions: Some(Dimensions {
            labels: vec!["zone".into()],
            limit: 5,
            targets: Vec::new(),
        }),
        no_data: NoData::Ignore,
        alerts: AlertPolicy {
            name: Some("Burns".into()),
            labels: Labels::empty(),
            annotations: Annotations::default(),
            page_labels: Labels::empty(),
            ticket_labels: Labels::empty(),
            rules: plimsoll_slo::burn::rules(),
            hysteresis: Hysteresis::default(),
            bad_min: 2,
            chance_max: 0.05,
            exhaustion: None,
            exhaustion_severity: Severity::Ticket,
        },
        budget: BudgetPolicy::default(),
        corrections: Vec::new(),
    }
}

fn engine() -> Engine {
    let catalog = Catalog {
        slos: vec![Arc::new(slo())],
        composites: Vec::new(),
    };
    Engine::new(Arc::new(catalog), Options::default(), Timestamp::EPOCH)
}

fn labels(zone: &str) -> Labels {
    Labels::from_pairs([("__name__", "requests_total"), ("zone", zone)])
}

/// The bytes of an engine that counted for two hours.
fn snapshot() -> Vec<u8> {
    let mut engine = engine();
    while engine.catch_up(Timestamp::EPOCH).is_some() {}
    for minute in 0..120_i64 {
        let now = Timestamp::from_millis(minute * 60_000);
        engine.tick(now);
        for zone in ["x", "y"] {
            let id = engine.series(&labels(zone)).expect("it is watched");
            engine.observe(id, &Sample::float(now, (minute * minute) as f64));
        }
    }
    let mut bytes = Vec::new();
    engine.write_snapshot(&mut bytes).expect("memory takes it");
    bytes
}

/// Puts the right checksum under a body.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len().saturating_sub(4);
    bytes.truncate(body);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

#[test]
fn hostile_snapshots_are_refused_or_taken_as_a_whole() {
    let good = snapshot();
    assert!(engine().restore(&sealed(good.clone())).is_ok());
    bolero::check!()
        .with_type::<(Vec<(u16, u8)>, u16)>()
        .for_each(|(changes, cut)| {
            let mut bytes = good.clone();
            for (at, value) in changes {
                let at = 10 + usize::from(*at) % (bytes.len() - 10);
                bytes[at] = *value;
            }
            if *cut % 4 == 0 {
                bytes.truncate(bytes.len() - usize::from(*cut) % (bytes.len() / 2));
            }
            let mut engine = engine();
            if engine.restore(&sealed(bytes)).is_ok() {
                use_it(&mut engine);
            }
        });
}

#[test]
fn any_bytes_are_no_snapshot() {
    bolero::check!().for_each(|bytes: &[u8]| {
        assert!(engine().restore(bytes).is_err());
        let mut with_head = b"PLMSLO\r\n\x01\x00".to_vec();
        with_head.extend_from_slice(bytes);
        with_head.extend([0; 4]);
        let _ = engine().restore(&sealed(with_head));
    });
}

fn use_it(engine: &mut Engine) {
    let now = engine.now();
    while let Some(range) = engine.catch_up(now + Duration::from_secs(600)) {
        if let Some(id) = engine.series(&labels("x")) {
            engine.observe(id, &Sample::float(range.start, 1e9));
        }
    }
    engine.tick(now + Duration::from_secs(1200));
    assert_eq!(engine.views().len(), 1);
    engine.view("a/b").expect("it is in force");
    let written = engine.write_snapshot(&mut Vec::new());
    written.expect("memory takes it");
}
