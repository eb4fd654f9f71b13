//! Objectives that are wrong, about nothing, or about too much.

use anyhow::ensure;
use plimsoll_e2e::{Home, wait_until};
use serde_json::Value;

use crate::slo_shop::{OBJECTIVES, WAIT_MAX, budget, serve, wait_for_scrape};
use crate::target::Target;

/// One about metrics that nobody exposes, and one by a label with too many values.
const STRANGE: &str = "\
version: plimsoll/v1
service: strange
slos:
  - name: nothing
    objective: 99.9
    window: 1h
    sli:
      events: {valid: 'nobody_exposes_this_total', bad: 'nobody_exposes_this_total{code=\"500\"}'}
  - name: many
    objective: 99.9
    window: 1h
    sli:
      events: {valid: 'many_requests_total', bad: 'many_requests_total{code=\"500\"}'}
    dimensions: {by: [path], limit: 5}
";

/// How many values the label has.
const PATHS: usize = 40;

/// Every path has had ten requests, one of which failed.
fn exposition(requests: usize) -> String {
    let lines = (0..PATHS).map(|path| {
        let (good, bad) = (9 * requests, requests);
        format!(
            "many_requests_total{{path=\"/{path}\",code=\"200\"}} {good}\n\
             many_requests_total{{path=\"/{path}\",code=\"500\"}} {bad}\n"
        )
    });
    lines.collect()
}

fn config(target: &Target) -> String {
    format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: many\n  static_configs:\n  \
         - targets: ['{}']\nplimsoll:\n  host_metrics: {{enabled: false}}\n",
        target.address
    )
}

#[test]
fn what_is_not_there_has_no_data_and_what_is_too_much_is_counted_together() {
    let target = Target::start("other 1\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&config(&target)).unwrap();
    std::fs::create_dir(home.path("slos")).unwrap();
    home.write("slos/strange.yml", STRANGE.as_bytes()).unwrap();
    let server = serve(&home, &[]).unwrap();
    wait_for_scrape(&server, "many").unwrap();
    target.expose(&exposition(1));
    let many = wait_until(WAIT_MAX, "all are counted", || {
        let many = server.api.data("/api/v1/slos/strange/many", &[])?;
        let whole = &many["budgets"][0]["windows"][0];
        ensure!(whole["valid"] == 10 * PATHS, "{whole}");
        Ok(many)
    })
    .unwrap();
    assert_eq!(many["isFolded"], true, "{many}");
    let groups: Vec<&Value> = many["budgets"].as_array().unwrap().iter().skip(1).collect();
    assert_eq!(groups.len(), 6, "five and all others: {many}");
    let sum = |name: &str| -> u64 {
        let counts = groups
            .iter()
            .map(|group| &group["windows"][0]["events"][name]);
        counts.filter_map(Value::as_u64).sum()
    };
    let (good, bad) = (9 * PATHS as u64, PATHS as u64);
    assert_eq!((sum("good"), sum("bad")), (good, bad), "{many}");
    let others = groups
        .iter()
        .find(|group| group["group"]["path"] == "__other__");
    assert!(others.is_some(), "{many}");
    let nothing = budget(&server, "strange/nothing").unwrap();
    assert_eq!(nothing["state"], "no_data", "{nothing}");
    assert!(nothing["windows"][0]["remaining"].is_null(), "{nothing}");
}

#[test]
fn a_wrong_file_is_refused_with_its_place_and_the_running_ones_stay() {
    let home = Home::new().unwrap();
    std::fs::create_dir(home.path("slos")).unwrap();
    home.write("slos/shop.yml", OBJECTIVES.as_bytes()).unwrap();
    let server = serve(&home, &[]).unwrap();
    let ids = || {
        let listed = server.api.data("/api/v1/slos", &[]).unwrap();
        let slos = listed["slos"].as_array().cloned().unwrap_or_default();
        slos.iter()
            .map(|slo| slo["id"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(), ["shop/availability"]);
    let wrong = [
        ("objective: 99\n", "objective: 100\n", "shop.yml:5:16"),
        ("window: 1h", "window: 900d", "shop.yml:6:"),
        ("factor: 5", "factor: 144", "shop.yml:"),
    ];
    for (good, bad, place) in wrong {
        let text = OBJECTIVES.replace(good, bad);
        assert_ne!(text, OBJECTIVES, "{good}");
        home.write("slos/shop.yml", text.as_bytes()).unwrap();
        let reply = server.api.post("/-/reload", &[], b"").unwrap();
        assert_eq!(reply.status, 400, "{bad}: {}", reply.text());
        let told = reply.text();
        assert!(told.contains(place) && told.contains('^'), "{told}");
        assert_eq!(ids(), ["shop/availability"]);
    }
    let more = OBJECTIVES.replace("service: shop", "service: other");
    home.write("slos/shop.yml", OBJECTIVES.as_bytes()).unwrap();
    home.write("slos/other.yml", more.as_bytes()).unwrap();
    let reply = server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    // A file that is new needs its pattern to be looked at again, not a restart.
    assert_eq!(ids(), ["other/availability", "shop/availability"]);
}
