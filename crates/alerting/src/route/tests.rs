use plimsoll_types::Labels;

use super::*;
use crate::config;

fn tree(routes: &str) -> RouteTree {
    let text = format!("receivers: [{{name: a}}, {{name: b}}, {{name: c}}]\nroute:\n{routes}");
    match config::parse("alertmanager.yml".as_ref(), &text, &Default::default()) {
        Ok(loaded) => loaded.config.route,
        Err(findings) => panic!("{findings}"),
    }
}

fn taken(tree: &RouteTree, labels: &[(&str, &str)]) -> Vec<String> {
    let labels = Labels::from_pairs(labels.iter().copied());
    let found = tree.matching(&labels).into_iter();
    found.map(|id| tree.route(id).id.clone()).collect()
}

const ROUTES: &str = "  receiver: a
  group_by: [job, alertname]
  labels: {team: x, area: eu}
  routes:
  - matchers: [severity=page]
    receiver: b
    continue: true
    group_wait: 0s
    labels: {team: y}
    routes:
    - matchers: [job=~\"db|cache\"]
      group_by: ['...']
      mute_time_intervals: []
    - matchers: [job=web]
      group_by: []
      repeat_interval: 1h
  - match_re: {severity: page|warning}
    match: {area: us}
    receiver: c
  - matchers: [area=us]
";

#[test]
fn alerts_take_routes_depth_first() {
    let tree = tree(ROUTES);
    for (labels, expected) in [
        (&[][..], &["{}"][..]),
        (&[("severity", "info")], &["{}"]),
        (&[("severity", "page")], &["{}/{severity=\"page\"}/0"]),
        (
            &[("severity", "page"), ("job", "web")],
            &["{}/{severity=\"page\"}/0/{job=\"web\"}/1"],
        ),
        (
            &[("severity", "page"), ("job", "db"), ("area", "us")],
            &[
                "{}/{severity=\"page\"}/0/{job=~\"db|cache\"}/0",
                "{}/{area=\"us\",severity=~\"^(?:page|warning)$\"}/1",
            ],
        ),
        (
            &[("severity", "info"), ("area", "us")],
            &["{}/{area=\"us\"}/2"],
        ),
    ] {
        assert_eq!(taken(&tree, labels), expected, "{labels:?}");
    }
}

#[test]
fn children_inherit_what_they_do_not_say() {
    let tree = tree(ROUTES);
    let routes: Vec<&Route> = tree.iter().map(|(_, route)| route).collect();
    let names = |names: &[&str]| GroupBy::Labels(names.iter().map(ToString::to_string).collect());
    let [root, page, db, web, warning, us] = routes[..] else {
        panic!("six routes");
    };
    assert_eq!(root.group_by, names(&["alertname", "job"]));
    assert_eq!(page.group_by, root.group_by);
    assert_eq!(db.group_by, GroupBy::All);
    assert_eq!(web.group_by, names(&[]), "an empty list overrides");
    let receivers = routes.iter().map(|route| &*route.receiver);
    assert_eq!(receivers.collect::<String>(), "abbbca");
    assert_eq!(root.group_wait, Duration::from_secs(30));
    assert_eq!(
        (page.group_wait, web.group_wait),
        (Duration::ZERO, Duration::ZERO)
    );
    assert_eq!(us.group_interval, Duration::from_secs(300));
    assert_eq!(us.resolve_interval, us.group_interval);
    assert_eq!(web.repeat_interval, Duration::from_secs(3600));
    assert_eq!(db.repeat_interval, Duration::from_secs(4 * 3600));
    assert_eq!(
        db.labels,
        Labels::from_pairs([("team", "y"), ("area", "eu")])
    );
    assert_eq!(warning.labels, root.labels);
    assert!(page.continues && !db.continues);
    assert_eq!((root.parent, us.parent), (None, Some(RouteId::ROOT)));
    assert_eq!(tree.route(page.children[1]).id, web.id);
}

#[test]
fn group_keys_are_alertmanager_s() {
    let tree = tree(ROUTES);
    let labels = Labels::from_pairs([
        ("job", "a\"b\\c\n\u{fc}"),
        ("alertname", "Down"),
        ("x", "y"),
    ]);
    let web = tree.iter().nth(3).expect("the fourth").1;
    assert_eq!(
        web.group_key(&web.group_by.group_labels(&labels)),
        "{}/{severity=\"page\"}/{job=\"web\"}:{}"
    );
    let root = tree.root();
    assert_eq!(
        root.group_key(&root.group_by.group_labels(&labels)),
        "{}:{alertname=\"Down\", job=\"a\\\"b\\\\c\\n\u{fc}\"}"
    );
    assert_eq!(GroupBy::All.group_labels(&labels), labels);
}
