//! In a real store, asked with the queries of `docs/gateway-signals.md`.

use plimsoll_promql::{Control, Engine, Value, parse};
use plimsoll_testkit::FakeClock;
use plimsoll_tsdb::{Config, Db, Metrics, Settings};

use super::*;

const PAGE: &str = include_str!("../../../../../docs/gateway-signals.md");

/// Returns what stands in the page's blocks of queries, those without a language; an empty line separates queries.
fn queries() -> Vec<&'static str> {
    let mut blocks = PAGE.split("```");
    let mut found = Vec::new();
    // Every second piece lies within a pair of marks.
    blocks.next();
    while let Some(block) = blocks.next() {
        if let Some(queries) = block.strip_prefix('\n') {
            found.extend(queries.trim().split("\n\n"));
        }
        blocks.next();
    }
    found
}

fn ask(store: &Db, query: &str, seconds: i64) -> Vec<(String, f64)> {
    let expr = parse(query).unwrap_or_else(|error| panic!("{query}\n{error}"));
    let answer = Engine::default().instant(store, &expr, at(seconds), &Control::unlimited());
    let answer = answer.unwrap_or_else(|error| panic!("{query}\n{error}"));
    assert!(answer.warnings.is_empty(), "{query}\n{:?}", answer.warnings);
    match answer.value {
        Value::Vector(vector) => vector
            .into_iter()
            .map(|element| match element.value {
                plimsoll_types::Value::Float(value) => (element.labels.to_string(), value),
                other => panic!("{query}\n{other:?}"),
            })
            .collect(),
        other => panic!("{query}\n{other:?}"),
    }
}

#[test]
fn the_queries_of_the_page_have_answers() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::new(at(0));
    let config = Config::new(Settings::new(folder.path())).unwrap();
    let store = Db::open(config, Arc::new(clock.clone()), Metrics::default()).unwrap();
    let world = World::new();
    let recorder = world.signals.recorder();
    let mut seconds = 0;
    for _ in 0..24 {
        run(&recorder, &record());
        run(&recorder, &own_answer(503, Reason::Shed));
        clock.advance(Duration::from_secs(5));
        seconds += 5;
        let exported = world.signals.export(&store, at(seconds)).unwrap();
        assert_eq!(exported.refused, 0);
    }
    let queries = queries();
    assert_eq!(queries.len(), 5, "{queries:?}");
    for query in queries {
        let answer = ask(&store, query, seconds);
        assert!(!answer.is_empty(), "{query}");
        assert!(
            answer.iter().all(|(_, value)| value.is_finite()),
            "{query}\n{answer:?}"
        );
    }
    // The first events are seen, as no scrape would.
    let all = ask(&store, "sum(plimsoll_gateway_requests_total)", seconds);
    assert_eq!(all, [("{}".to_owned(), 48.0)]);
    let first = format!("sum(increase(plimsoll_gateway_requests_total[{seconds}s]))");
    let increase = ask(&store, &first, seconds)[0].1;
    assert!((47.9..48.1).contains(&increase), "{increase}");
    let share = r#"histogram_fraction(0, 0.25, sum(plimsoll_gateway_request_duration_seconds))"#;
    assert_eq!(ask(&store, share, seconds)[0].1, 1.0);
}
