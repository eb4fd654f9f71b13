//! A shop fails a fifth of its requests for a while: one page, the state of the budget changes, the page resolves, and the
//! budget has exactly the requests that failed; neither a restart nor kill -9 in between changes any of it.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Home, Recorder, Server, wait_until};
use serde_json::Value;

use crate::slo_shop::{
    Mood, OBJECTIVES, Requests, Shop, WAIT_MAX, budget, counted, serve, wait_for_counts,
    wait_for_scrape, wait_for_state,
};

const ID: &str = "shop/availability";

/// Routes all alerts to a webhook at once, and never says anything twice.
fn routing(recorder: &Recorder) -> String {
    format!(
        "route: {{receiver: pager, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers:\n- name: pager\n  webhook_configs: [{{url: '{}', send_resolved: true}}]\n",
        recorder.url("/pager")
    )
}

/// Returns the notices of a status, each with the one alert that it is about.
fn notices(recorder: &Recorder, status: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for received in recorder.received("/pager") {
        let notice = received.json()?;
        let alerts = notice["alerts"].as_array().cloned().unwrap_or_default();
        ensure!(alerts.len() == 1, "{notice}");
        if notice["status"] == status {
            found.extend(alerts);
        }
    }
    Ok(found)
}

fn wait_for_notice(recorder: &Recorder, status: &str) -> Value {
    wait_until(WAIT_MAX, &format!("a page that is {status}"), || {
        let mut found = notices(recorder, status)?;
        ensure!(!found.is_empty(), "no notice");
        Ok(found.remove(0))
    })
    .unwrap()
}

/// Waits until more requests than `than` were counted, good and bad ones.
fn wait_for_more(server: &Server, than: Requests) {
    wait_until(WAIT_MAX, &format!("more than {than:?}"), || {
        let found = counted(&budget(server, ID)?)?;
        ensure!(found.good > than.good && found.bad > than.bad, "{found:?}");
        Ok(())
    })
    .unwrap();
}

/// Counts the stored samples again: every slice must have what the ledger has.
fn verify(server: &Server) {
    let path = format!("/api/v1/slos/{ID}/verify");
    let found = wait_until(WAIT_MAX, "something settled", || {
        server.api.data(&path, &[])
    })
    .unwrap();
    assert_eq!(found["agrees"], true, "{found}");
    let recounted = found["budgets"][0]["recounted"]["good"].as_i64();
    assert!(recounted.is_some_and(|good| good > 0), "{found}");
}

#[test]
fn a_failing_shop_pages_once_and_its_budget_is_exact_whatever_happens_in_between() {
    let (shop, recorder) = (Shop::start().unwrap(), Recorder::start().unwrap());
    let home = Home::new().unwrap();
    let slo = "  slo: {lateness: 10s, snapshot_interval: 1m}\n";
    home.configure(&(shop.config() + slo)).unwrap();
    std::fs::create_dir(home.path("slos")).unwrap();
    home.write("slos/shop.yml", OBJECTIVES.as_bytes()).unwrap();
    home.write("alertmanager.yml", routing(&recorder).as_bytes())
        .unwrap();
    let file = home.path("alertmanager.yml").display().to_string();
    let flags = ["--alertmanager-config", &file];
    let server = serve(&home, &flags).unwrap();
    wait_for_scrape(&server, "shop").unwrap();
    assert_eq!(budget(&server, ID).unwrap()["state"], "no_data");

    shop.set(Mood::Well);
    wait_for_state(&server, ID, "healthy").unwrap();
    assert!(server.stop().unwrap().success());
    let server = serve(&home, &flags).unwrap();

    let before = shop.set(Mood::Failing);
    let page = wait_for_notice(&recorder, "firing");
    assert_eq!(page["labels"]["alertname"], "ShopErrors", "{page}");
    assert_eq!(page["labels"]["severity"], "page", "{page}");
    wait_for_state(&server, ID, "exhausted").unwrap();
    wait_for_more(&server, before);
    server.kill().unwrap();
    let server = serve(&home, &flags).unwrap();
    wait_for_state(&server, ID, "exhausted").unwrap();

    shop.set(Mood::Well);
    let end = wait_for_notice(&recorder, "resolved");
    assert_eq!(end["startsAt"], page["startsAt"], "it is the same alert");
    let total = shop.set(Mood::Idle);
    assert!(total.bad > 0 && total.good > before.good, "{total:?}");
    let counted = wait_for_counts(&server, ID, total).unwrap();
    assert_eq!(counted["windows"][0]["bad"], total.bad, "{counted}");
    verify(&server);

    server.kill().unwrap();
    let server = serve(&home, &flags).unwrap();
    wait_for_counts(&server, ID, total).unwrap();
    assert!(server.stop().unwrap().success());
    let server = serve(&home, &flags).unwrap();
    wait_for_counts(&server, ID, total).unwrap();
    let pages = notices(&recorder, "firing").unwrap();
    assert_eq!(pages.len(), 1, "one page: {pages:?}");
    let ends = notices(&recorder, "resolved").unwrap();
    assert_eq!(ends.len(), 1, "one end: {ends:?}");
    assert!(server.stop().unwrap().success());
}

#[test]
fn a_correction_outlives_a_kill_and_can_be_taken_back() {
    let shop = Shop::start().unwrap();
    let home = Home::new().unwrap();
    home.configure(&shop.config()).unwrap();
    std::fs::create_dir(home.path("slos")).unwrap();
    home.write("slos/shop.yml", OBJECTIVES.as_bytes()).unwrap();
    let server = serve(&home, &[]).unwrap();
    wait_for_scrape(&server, "shop").unwrap();
    shop.set(Mood::Failing);
    wait_for_state(&server, ID, "exhausted").unwrap();
    let total = shop.set(Mood::Idle);
    let counted = wait_for_counts(&server, ID, total).unwrap();
    let from = counted["windows"][0]["from"].as_str().unwrap().to_owned();
    let correction = serde_json::json!({
        "id": "maintenance", "kind": "exclude", "from": from, "for": "2h", "reason": "planned", "author": "ann",
    });
    let path = format!("/api/v1/slos/{ID}/corrections");
    let json = [("Content-Type", "application/json")];
    let body = correction.to_string();
    let reply = server.api.post(&path, &json, body.as_bytes()).unwrap();
    assert!((200..300).contains(&reply.status), "{}", reply.text());
    let again = server.api.post(&path, &json, body.as_bytes()).unwrap();
    assert_eq!(again.status, 409, "{}", again.text());
    server.kill().unwrap();
    let server = serve(&home, &[]).unwrap();
    let excluded = wait_until(Duration::from_secs(60), "the correction counts", || {
        let budget = budget(&server, ID)?;
        let window = budget["windows"][0].clone();
        ensure!(window["excluded"] == total.good + total.bad, "{window}");
        Ok(window)
    })
    .unwrap();
    assert_eq!(excluded["uncorrected"]["bad"], total.bad, "{excluded}");
}
