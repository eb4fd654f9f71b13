//! An objective on a route of the gateway: its budget has exactly the requests that clients made, also over a restart.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Backend, Gateway, Home, Mood, wait_until};

use crate::slo_shop::{Requests, budget, counted};

const WAIT_MAX: Duration = Duration::from_secs(90);
const ID: &str = "shop/availability";
const OBJECTIVES: &str = "version: plimsoll/v1\nservice: shop\nslos:\n  - name: availability\n    objective: 99\n    \
                          window: 30d\n    sli: {gateway: {route: all}}\n";

fn config(backend: &Backend) -> String {
    format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
           backends: [{{name: shop, endpoints: ['{}'], ejection: none, breaker: none}}]\n  \
           routes: [{{name: all, to: shop, retry: none}}]\n",
        backend.url()
    )
}

/// Starts a gateway in `home`, with the objective.
fn start(home: &Home, backend: &Backend) -> Gateway {
    let objectives = home.write("slo.yml", OBJECTIVES.as_bytes()).unwrap();
    let objectives = objectives.to_str().unwrap();
    let arguments = ["--", "--slo-files", objectives, "--no-host-metrics"];
    Gateway::start_with(home, &config(backend), &arguments).unwrap()
}

fn ask(gateway: &Gateway, times: u64, wanted: u16) -> Result<()> {
    let api = gateway.listener("web")?;
    for _ in 0..times {
        let reply = api.get("/", &[])?;
        ensure!(reply.status == wanted, "{}", reply.status);
    }
    Ok(())
}

fn wait_for(gateway: &Gateway, good: u64, bad: u64) {
    let expected = Requests { good, bad };
    wait_until(WAIT_MAX, "the budget of the route", || {
        let found = counted(&budget(&gateway.server, ID)?)?;
        ensure!(found == expected, "{found:?} of {expected:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_budget_of_a_route_has_the_requests_of_its_clients() {
    let (home, backend) = (Home::new().unwrap(), Backend::start("a").unwrap());
    let gateway = start(&home, &backend);
    ask(&gateway, 70, 200).unwrap();
    backend.set(Mood::Status(500));
    ask(&gateway, 30, 500).unwrap();
    backend.set(Mood::Status(404));
    ask(&gateway, 5, 404).unwrap();
    wait_for(&gateway, 75, 30);
    // A restart counts on, and what the first one counted last is not lost.
    backend.set(Mood::Status(503));
    ask(&gateway, 7, 503).unwrap();
    assert!(gateway.server.stop().unwrap().success());
    let gateway = start(&home, &backend);
    wait_for(&gateway, 75, 37);
    backend.set(Mood::Well);
    ask(&gateway, 20, 200).unwrap();
    wait_for(&gateway, 95, 37);
}

#[test]
fn a_reload_swaps_routes_and_a_bad_one_changes_nothing() {
    let (home, backend) = (Home::new().unwrap(), Backend::start("a").unwrap());
    let gateway = start(&home, &backend);
    let api = gateway.listener("web").unwrap();
    let text = config(&backend);
    let answer = "{answer: {status: 418, body: tea}}";
    home.write(
        "gateway.yml",
        text.replace("to: shop,", &format!("to: {answer},"))
            .as_bytes(),
    )
    .unwrap();
    // What makes no sense for an answer is refused with its place, and the routes before stay.
    let refused = gateway.server.api.post("/-/reload", &[], b"").unwrap();
    assert_ne!(refused.status, 200);
    assert!(
        refused.text().contains("gateway.yml:"),
        "{}",
        refused.text()
    );
    assert_eq!(api.get("/", &[]).unwrap().status, 200);
    let routes = format!(
        "routes: [{{name: tea, match: [{{path: {{exact: /tea}}}}], to: {answer}}}, {{name: all, to: shop, retry: none}}]"
    );
    let text = text.replace("routes: [{name: all, to: shop, retry: none}]", &routes);
    home.write("gateway.yml", text.as_bytes()).unwrap();
    let accepted = gateway.server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    assert_eq!(api.get("/tea", &[]).unwrap().status, 418);
    assert_eq!(api.get("/", &[]).unwrap().status, 200);
}
