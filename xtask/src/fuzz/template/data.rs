//! Random data of a notification.

use plimsoll_gotemplate::Time;
use plimsoll_gotemplate::alertmanager::{Alert, Data, Kv};
use plimsoll_testkit::Seed;
use plimsoll_types::Timestamp;

const NAMES: [&str; 6] = ["alertname", "job", "instance", "severity", "zone", "a"];
const VALUES: [&str; 10] = [
    "node",
    "db:9100",
    "<b>\"x\"&'y'</b>",
    "",
    "two words",
    "\u{fc}ber \u{1f600}",
    "100",
    "javascript:alert(1)",
    "http://h/p?q=a b&c=d%20e",
    "a+b=c\n\td",
];

pub(super) fn data(chance: &mut Seed) -> Data {
    let alerts: Vec<Alert> = (0..chance.below(4)).map(|_| alert(chance)).collect();
    let is_firing = alerts.iter().any(|alert| alert.status == "firing");
    Data {
        receiver: "team-x\\.y".into(),
        status: if is_firing { "firing" } else { "resolved" }.into(),
        alerts,
        group_labels: pairs(chance, 2),
        common_labels: pairs(chance, 5),
        common_annotations: pairs(chance, 3),
        external_url: "http://localhost:9093/am?x=1".into(),
        ..Data::default()
    }
}

fn alert(chance: &mut Seed) -> Alert {
    Alert {
        status: ["firing", "resolved"][chance.below(2) as usize].into(),
        labels: pairs(chance, 4),
        annotations: pairs(chance, 3),
        starts_at: Timestamp::from_millis(chance.below(2_000_000_000_000) as i64).into(),
        ends_at: Time::zero(),
        generator_url: VALUES[chance.below(VALUES.len() as u64) as usize].into(),
        fingerprint: format!("{:016x}", chance.bits()),
    }
}

fn pairs(chance: &mut Seed, count_max: u64) -> Kv {
    let count = chance.below(count_max + 1);
    let mut one = |all: &[&'static str]| all[chance.below(all.len() as u64) as usize];
    Kv::new(
        (0..count)
            .map(|_| (one(&NAMES), one(&VALUES)))
            .collect::<Vec<_>>(),
    )
}
