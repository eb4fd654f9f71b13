use std::path::Path;

use super::*;

fn check(text: &str, place: &str, message: &str) {
    let error = Story::parse(Path::new("story.yml"), text)
        .unwrap_err()
        .to_string();
    let wanted = format!("story.yml:{place}: error: ");
    assert!(
        error.contains(&wanted) && error.contains(message),
        "{wanted}{message} in\n{error}"
    );
}

fn with_step(step: &str) -> String {
    format!("version: plimsoll/v1\ntitle: t\nsteps:\n  - {step}\n")
}

#[test]
fn stories_that_are_there_hold() {
    for name in Story::names() {
        let story = Story::load(name).unwrap_or_else(|error| panic!("{error}"));
        let alerts = story
            .steps
            .iter()
            .filter_map(|step| step.expect.as_ref()?.alert.as_ref());
        assert_eq!(alerts.count(), 1, "{name}");
        for step in &story.steps {
            for budget in step.expect.iter().flat_map(|expect| &expect.budgets) {
                assert!(
                    Route::ALL.iter().any(|route| route.slo() == budget.slo),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn a_story_is_read() {
    let text = with_step(
        "{at: 5s, say: ' now ', look: /alerts, inject: {service: checkout, replica: 2, fault: latency, delay: 2s, \
         share: 40%, for: 1m}, expect: {alert: A, labels: {slo: buy}, within: 30s, resolves_within: 2m, budget: \
         [{slo: shop/buy, at_most: -5%}]}}",
    );
    let story = Story::parse(Path::new("story.yml"), &text).unwrap();
    let seconds = Duration::from_secs;
    let inject = Inject {
        service: Service::Checkout,
        replica: Some(2),
        fault: Fault::Latency {
            delay: seconds(2),
            share: 0.4,
        },
        length: seconds(60),
    };
    let step = &story.steps[0];
    assert_eq!((step.at, step.say.as_str()), (seconds(5), "now"));
    assert_eq!(step.inject.as_ref(), Some(&inject));
    assert_eq!(step.length(), seconds(60));
    let expect = step.expect.as_ref().unwrap();
    let alert = expect.alert.as_ref().unwrap();
    assert_eq!(alert.labels["slo"], "buy");
    assert_eq!(alert.resolves_within, seconds(120));
    assert_eq!(expect.budgets[0].at_most, Some(-0.05));
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    check(
        "version: v2\ntitle: t\nsteps: [{at: 1s, say: x}]\n",
        "1:10",
        "plimsoll/v1",
    );
    check(
        "version: plimsoll/v1\ntitle: t\nsteps: []\n",
        "3:8",
        "at least one step",
    );
    check("version: plimsoll/v1\nname: t\n", "2:1", "name");
    check(&with_step("{at: 1s}"), "4:6", "does nothing");
    check(&with_step("{say: x}"), "4:6", "`at` is missing");
    check(&with_step("{at: soon, say: x}"), "4:10", "duration");
    check(
        &with_step("{at: 1s, look: alerts}"),
        "4:20",
        "path of the user interface",
    );
    check(
        &with_step("{at: 2s, say: x}\n  - {at: 1s, say: x}"),
        "5:10",
        "earlier than",
    );
    let inject = |fields: &str| with_step(&format!("{{at: 1s, inject: {{{fields}}}}}"));
    check(
        &inject("service: cart, fault: errors, for: 1m"),
        "4:32",
        "unknown service `cart`",
    );
    check(
        &inject("service: checkout, fault: fire, for: 1m"),
        "4:49",
        "unknown fault `fire`",
    );
    check(
        &inject("service: checkout, fault: errors"),
        "4:23",
        "`for` is missing",
    );
    check(
        &inject("service: checkout, replica: 3, fault: hang, for: 1m"),
        "4:51",
        "0 to 2",
    );
    check(
        &inject("service: checkout, fault: errors, share: 0%, for: 1m"),
        "4:64",
        "above 0%",
    );
    check(
        &inject("service: checkout, fault: errors, share: half, for: 1m"),
        "4:64",
        "such as 50%",
    );
    check(
        &inject("service: checkout, fault: crash, share: 5%, for: 1m"),
        "4:56",
        "no `share`",
    );
    check(
        &inject("service: checkout, fault: latency, for: 1m"),
        "4:49",
        "`delay` is missing",
    );
    check(
        &inject("service: checkout, fault: hang, delay: 1s, for: 1m"),
        "4:55",
        "fault: latency",
    );
    check(
        &inject("service: checkout, fault: hang, for: 2h"),
        "4:60",
        "to 1h",
    );
    check(
        &with_step("{at: 1s, traffic: {times: 21, for: 1m}}"),
        "4:31",
        "at most 20",
    );
    let expect = |fields: &str| with_step(&format!("{{at: 1s, expect: {{{fields}}}}}"));
    check(
        &expect("alert: A, within: 1m"),
        "4:23",
        "`resolves_within` is missing",
    );
    check(&expect("labels: {a: b}"), "4:23", "nothing is expected");
    check(
        &expect("budget: [{slo: shop/sell, at_least: 5%}]"),
        "4:38",
        "unknown objective",
    );
    check(
        &expect("budget: [{slo: shop/buy}]"),
        "4:33",
        "`at_least` or `at_most`",
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = with_step("{at: 1s, look: x, inject: {service: y, fault: z, for: 1m}}");
    let error = Story::parse(Path::new("story.yml"), &text)
        .unwrap_err()
        .to_string();
    assert_eq!(error.matches(": error: ").count(), 3, "{error}");
}
