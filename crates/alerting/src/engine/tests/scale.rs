//! Many alerts: what is done is proportional to what changed.

use super::*;

const MANY: usize = 20_000;

fn posts(world: &World, count: usize) -> Vec<Post> {
    let post = |at: usize| Post {
        alert: Alert {
            labels: Labels::from_pairs([
                ("alertname", "Storm"),
                ("instance", &format!("host-{at}")),
                ("shard", &format!("{}", at % 100)),
            ]),
            annotations: Annotations::from_pairs([("summary", "it is on fire")]),
            starts_at: NOON,
            ends_at: Some(world.now.saturating_add_millis(3_600_000)),
            generator_url: "http://127.0.0.1:9090/graph".into(),
        },
        is_timeout: false,
    };
    (0..count).map(post).collect()
}

/// A storm of alerts is as many rows as alerts, as many notices as groups, and nothing when it is posted again.
#[test]
fn a_storm_is_told_by_group_and_costs_nothing_when_it_is_posted_again() {
    let text = ONE_RECEIVER.replace("[alertname]", "[shard]");
    let config = parsed(&text);
    let mut engine = Engine::new(config, Settings::default(), NOON);
    let mut world = World::new(ONE_RECEIVER);
    let step = engine.step(Event::Posted(posts(&world, MANY)), NOON);
    let alerts = step
        .changes
        .iter()
        .filter(|change| matches!(change, Change::PutAlert(_)));
    assert_eq!((alerts.count(), step.changes.len()), (MANY, MANY + 100));
    let at = engine.wake_at().expect("a flush");
    let step = engine.step(Event::Due, at);
    assert_eq!(step.start.len(), 100);
    assert!(
        step.start
            .iter()
            .all(|attempt| attempt.notice.alerts.len() == MANY / 100)
    );
    world.now = at;
    let step = engine.step(Event::Posted(posts(&world, MANY)), at);
    assert!(step.is_empty(), "{} changes", step.changes.len());
    assert_eq!(engine.numbers().firing, MANY as u64);
}
