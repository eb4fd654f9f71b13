//! `plimsoll gateway`, asked about a gateway that runs, and about files.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::{Api, Backend, Gateway, Home, Mood, binary, wait_until};
use serde_json::{Value, json};

use crate::cli::{Ended, plimsoll, refused};

const WAIT_MAX: Duration = Duration::from_secs(30);

/// Two services behind a gateway.
struct World {
    gateway: Gateway,
    web: Api,
    a: Backend,
    b: Backend,
    _home: Home,
}

impl World {
    fn start() -> Self {
        let (a, b) = (Backend::start("a").unwrap(), Backend::start("b").unwrap());
        let config = format!(
            "version: plimsoll/v1\n\
             gateway:\n  \
               listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
               backends:\n  \
               - name: shop\n    \
                 endpoints: ['{}', '{}']\n    \
                 balance: round_robin\n    \
                 check: {{http: {{path: /up}}, interval: 1s}}\n  \
               - {{name: blog, endpoints: ['{}']}}\n  \
               routes:\n  \
               - {{name: blog, match: [{{path: {{prefix: /blog}}}}], to: blog}}\n  \
               - name: shop\n    \
                 to: shop\n    \
                 limits: [{{name: all, key: route, rate: 1000/s, burst: 2000}}]\n",
            a.url(),
            b.url(),
            a.url()
        );
        let home = Home::new().unwrap();
        let gateway = Gateway::start(&home, &config).unwrap();
        let world = Self {
            web: gateway.listener("web").unwrap(),
            gateway,
            a,
            b,
            _home: home,
        };
        world.wait_for("endpoints that are up", |world| {
            world
                .endpoints("shop")
                .iter()
                .all(|one| one["state"] == "up")
        });
        world
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let url = format!("http://{}", self.gateway.server.api.address);
        plimsoll(&[&["gateway"], arguments, &["--server", &url]].concat())
    }

    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.good(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    fn endpoints(&self, backend: &str) -> Vec<Value> {
        let data = self.json(&["endpoints", backend]);
        data["endpoints"].as_array().unwrap().clone()
    }

    fn wait_for(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let look = || {
            ensure!(holds(self), "not yet");
            Ok(())
        };
        wait_until(WAIT_MAX, what, look).unwrap();
    }

    /// Returns who answers so many requests, in order.
    fn answers(&self, count: usize) -> Vec<String> {
        let ask = |_| self.web.get("/cart", &[]).unwrap().text();
        (0..count).map(ask).collect()
    }

    fn name_of(backend: &Backend) -> String {
        backend.address.to_string()
    }
}

#[test]
fn what_there_is_is_listed() {
    let world = World::start();
    let (a, b) = (World::name_of(&world.a), World::name_of(&world.b));
    let routes = world.good(&["routes"]);
    let lines: Vec<&str> = routes.lines().collect();
    assert!(
        lines[1].starts_with("blog   any    path below /blog  blog"),
        "{routes}"
    );
    assert!(
        lines[2].contains("everything") && lines[2].contains(" all"),
        "{routes}"
    );
    let backends = world.good(&["backends"]);
    assert!(
        backends.contains("shop     round_robin  2 of 2"),
        "{backends}"
    );
    assert!(
        backends.contains("GET /up is 200-299 every 1s"),
        "{backends}"
    );
    let endpoints = world.good(&["endpoints", "shop"]);
    assert!(
        endpoints.contains(&a) && endpoints.contains(&b),
        "{endpoints}"
    );
    let limits = world.good(&["limits"]);
    assert!(limits.contains("retries and hedges are left"), "{limits}");
    assert!(
        limits.contains("shop   all    route  1000 per 1000ms"),
        "{limits}"
    );
    let breakers = world.json(&["breakers"]);
    assert_eq!(breakers["breakers"].as_array().unwrap().len(), 3);
    assert_eq!(world.good(&["orders"]), "nothing is ordered\n");
    let of_none = world.run(&["endpoints", "nobody"]);
    refused(&of_none, 1, &["there is no backend \"nobody\""]);
    let misspelt = world.run(&["endpoints", "--state", "dead"]);
    refused(&misspelt, 1, &["wanted one of forced_down"]);
}

#[test]
fn what_is_ordered_is_done() {
    let world = World::start();
    let (a, b) = (World::name_of(&world.a), World::name_of(&world.b));
    let said = world.good(&["drain", "shop", &a, "--wait", "30"]);
    assert!(
        said.contains("draining (ordered), weight 1, 0 in flight"),
        "{said}"
    );
    assert_eq!(world.answers(4), ["b"; 4]);
    let orders = world.good(&["orders"]);
    assert!(orders.contains(&format!("shop {a}  draining")), "{orders}");
    world.good(&["undrain", "shop", &a]);
    world.wait_for("a takes part again", |world| {
        world.answers(4).contains(&"a".to_owned())
    });
    let said = world.good(&["force", "shop", &b, "down"]);
    assert!(said.contains("forced_down"), "{said}");
    assert_eq!(world.answers(4), ["a"; 4]);
    world.good(&["force", "shop", &b, "auto"]);
    world.good(&["weight", "shop", &a, "0"]);
    let orders = world.json(&["orders"]);
    assert_eq!(orders["endpoints"][0]["weight"], 0, "{orders}");
    world.wait_for("b alone", |world| world.answers(4) == ["b"; 4]);
    world.good(&["weight", "shop", &a, "1"]);
    let unknown = world.run(&["drain", "shop", "nowhere:1"]);
    refused(
        &unknown,
        1,
        &["the backend \"shop\" has no endpoint \"nowhere:1\""],
    );
}

#[test]
fn a_route_is_taken_out_and_broken_on_purpose() {
    let world = World::start();
    let arguments = ["maintenance", "shop", "on", "--body", "back at noon"];
    let said = world.good(&arguments);
    assert_eq!(said, "shop: in maintenance by order, answers 503\n");
    let reply = world.web.get("/cart", &[]).unwrap();
    assert_eq!((reply.status, &*reply.text()), (503, "back at noon\n"));
    assert_eq!(world.web.get("/blog", &[]).unwrap().status, 200);
    let explained = world.good(&["explain", "/cart"]);
    assert!(
        explained.contains("maintenance was ordered: status 503"),
        "{explained}"
    );
    let said = world.good(&["maintenance", "shop", "off"]);
    assert_eq!(said, "shop: requests go on\n");
    let fault = [
        "fault",
        "shop",
        "--abort",
        "418",
        "--header",
        "x-test: 1",
        "--for",
        "10m",
    ];
    let said = world.good(&fault);
    assert!(
        said.starts_with(
            "shop: fault: abort 418 of 100 % where header x-test is \"1\", ends in 9m"
        ),
        "{said}"
    );
    assert_eq!(world.web.get("/cart", &[]).unwrap().status, 200);
    let asked = |value: &str| {
        let address = world.web.address;
        plimsoll_e2e::request(address, "GET", "/cart", &[("x-test", value)], b"").unwrap()
    };
    assert_eq!((asked("1").status, asked("2").status), (418, 200));
    assert_eq!(world.good(&["fault", "shop", "--end"]), "shop: no faults\n");
    assert_eq!(asked("1").status, 200);
    let endless = world.run(&["fault", "shop", "--abort", "418"]);
    refused(&endless, 2, &["--for"]);
    let long = world.run(&["fault", "shop", "--delay", "1h", "--for", "1m"]);
    refused(&long, 1, &["a delay is at most 5m"]);
}

#[test]
fn a_request_is_explained_without_being_sent() {
    let world = World::start();
    let before = world.a.requests();
    let explained = world.json(&[
        "explain",
        "-X",
        "POST",
        "http://shop.example/blog/../blog/x?y",
    ]);
    assert_eq!(explained["host"], "shop.example");
    assert_eq!(explained["path"], "/blog/x");
    let verdicts: Vec<&Value> = explained["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| &route["verdict"])
        .collect();
    assert_eq!(verdicts, ["taken", "outranked"]);
    let backend = &explained["taken"]["backends"][0];
    assert_eq!(backend["candidates"][0]["isEligible"], true);
    assert_eq!(backend["choice"]["endpoint"], World::name_of(&world.a));
    let page = world.good(&["explain", "/elsewhere"]);
    assert!(
        page.contains("no: the path `/elsewhere` is not below `/blog`")
            && page.contains("is taken"),
        "{page}"
    );
    assert!(page.contains("all: 2000 left"), "{page}");
    let counted = world.gateway.metric("plimsoll_gateway_requests_total", &[]);
    assert_eq!(counted.unwrap(), 0.0);
    // The checks of `shop` go on, requests do not.
    assert!(world.a.requests() >= before);
    let wrong = world.run(&["explain", "shop"]);
    refused(&wrong, 2, &["wanted a path"]);
    let wrong = world.run(&["explain", "/a", "--listener", "none"]);
    refused(&wrong, 1, &["there is no listener \"none\""]);
}

#[test]
fn a_failing_endpoint_says_why() {
    let world = World::start();
    let b = World::name_of(&world.b);
    world.b.set(Mood::Status(500));
    world.wait_for("a check that fails", |world| {
        world.answers(4);
        let endpoints = world.endpoints("shop");
        let found = endpoints.iter().find(|one| one["name"] == *b).unwrap();
        found["state"] == "down"
    });
    let endpoints = world.good(&["endpoints", "shop"]);
    let line = endpoints.lines().find(|line| line.contains(&b)).unwrap();
    assert!(
        line.contains("/up") && line.contains("the status is 500"),
        "{line}"
    );
    let checked = world.good(&["endpoints", "shop", "--check"]);
    let line = checked.lines().find(|line| line.contains(&b)).unwrap();
    assert!(
        line.contains("failed") && line.contains("the status is 500"),
        "{line}"
    );
    assert!(checked.contains("passed"), "{checked}");
    let unchecked = world.run(&["endpoints", "blog", "--check"]);
    refused(&unchecked, 1, &["the backend \"blog\" has no check"]);
    let backends = world.good(&["backends", "shop"]);
    assert!(backends.contains("1 of 2"), "{backends}");
    world.b.set(Mood::Well);
    world.wait_for("an endpoint that returns", |world| {
        world.answers(8).contains(&"b".to_owned())
    });
}

#[test]
fn requests_are_shown_as_they_end() {
    let world = World::start();
    let url = format!("http://{}", world.gateway.server.api.address);
    let mut command = Command::new(binary().unwrap());
    command.args(["gateway", "tap", "--server", &url, "--route", "shop"]);
    command.args(["--path", "/seen", "--count", "2", "--output", "json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    // It watches from some moment on.
    wait_until(WAIT_MAX, "a tap that has seen enough", || {
        world.web.get("/unseen", &[])?;
        world.web.get("/seen/1?secret=2", &[])?;
        ensure!(child.try_wait()?.is_some(), "it still waits");
        Ok(())
    })
    .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    for line in &lines {
        assert_eq!(
            (&line["route"], &line["path"]),
            (&json!("shop"), &json!("/seen/1"))
        );
        assert_eq!(
            (&line["status"], &line["reason"]),
            (&json!(200), &json!("ok"))
        );
    }
    let misspelt = world.run(&["tap", "--route", "shap"]);
    refused(&misspelt, 1, &["there is no route \"shap\""]);
    let misspelt = world.run(&["tap", "--class", "6xx"]);
    refused(&misspelt, 1, &["wanted one of 1xx"]);
}

#[test]
fn top_shows_what_happens_now() {
    let world = World::start();
    let is_over = AtomicBool::new(false);
    let data = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                world.answers(1);
            }
        });
        let data = world.json(&["top"]);
        let table = world.good(&["top"]);
        is_over.store(true, Ordering::Relaxed);
        assert!(table.starts_with("ROUTE  BACKEND"), "{table}");
        data
    });
    let rows = data["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{data}");
    for row in rows {
        assert_eq!(
            (&row["route"], &row["state"]),
            (&json!("shop"), &json!("up"))
        );
        assert!(row["requestsPerSecond"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["p99Seconds"].as_f64().is_some(), "{row}");
    }
}

#[test]
fn files_are_checked() {
    let home = Home::new().unwrap();
    let good = "version: plimsoll/v1\ngateway:\n  listeners: [{name: web, address: '127.0.0.1:8080'}]\n  \
        backends: [{name: shop, endpoints: ['http://127.0.0.1:8000']}]\n  routes: [{name: all, to: shop}]\n";
    let path = home.write("gateway.yml", good.as_bytes()).unwrap();
    let path = path.to_str().unwrap();
    let summary = "gateway.yml: good: 1 listener, 1 backend, 1 endpoint, 1 route, 0 warnings\n";
    let ended = plimsoll(&["gateway", "check", path]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(summary), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("  route all: any host, everything -> shop, within 15s, P1\n"),
        "{ended:?}"
    );
    let ended = plimsoll(&["check", "config", path]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with(summary), "{ended:?}");
    let bad = good.replace("to: shop", "to: shap");
    let path = home.write("bad.yml", bad.as_bytes()).unwrap();
    let path = path.to_str().unwrap();
    for command in [&["gateway", "check", path][..], &["check", "config", path]] {
        refused(&plimsoll(command), 1, &["bad.yml:5:", "error", "shap", "^"]);
    }
    let schema = plimsoll(&["gateway", "schema"]);
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["properties"]["gateway"].is_object());
}

#[test]
fn a_gateway_must_know_what_to_do() {
    refused(
        &plimsoll(&["gateway"]),
        2,
        &["--listen ADDR with --to URL", "--config FILE"],
    );
    refused(
        &plimsoll(&["gateway", "--listen", "127.0.0.1:0"]),
        2,
        &["--to"],
    );
    refused(
        &plimsoll(&["gateway", "--config", "x.yml", "routes"]),
        2,
        &["routes"],
    );
}
