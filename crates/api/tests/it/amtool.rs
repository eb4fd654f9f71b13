//! Debian's amtool against a real listener: every command of it that asks an Alertmanager.

use std::process::{Command, Output};
use std::sync::Arc;

use plimsoll_alerting::Event;
use plimsoll_api::{ServeLimits, serve};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::alerting_node::{CONFIG, Node};
use crate::alertmanager_role::app;

/// amtool, if it is installed; tests that need it are skipped otherwise, but not where every program is asked for.
#[expect(clippy::print_stdout, reason = "tells that a test was skipped")]
fn is_there() -> bool {
    let is_installed = Command::new("amtool").arg("--version").output().is_ok();
    let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
    assert!(
        is_installed || !is_required,
        "amtool is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set"
    );
    if !is_installed {
        println!("skipped: amtool is not installed");
    }
    is_installed
}

struct Served {
    url: String,
    node: Arc<Node>,
    stop: Shutdown,
}

impl Served {
    async fn start() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let node = Node::new(CONFIG, clock.clone());
        let stop = Shutdown::new();
        let tasks = Tasks::new(stop.clone(), clock.clone(), &Registry::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(node.clone(), clock.clone(), tasks.clone(), address, "/am");
        let router = plimsoll_api::alertmanager_router(app);
        let served = serve(
            listener,
            router,
            ServeLimits::default(),
            clock,
            tasks.clone(),
            stop.clone(),
        );
        tasks.spawn("server", OnPanic::Report, |_| served);
        let url = format!("http://{address}/am");
        Self { url, node, stop }
    }

    /// Runs amtool; it must be content.
    fn amtool(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}{errors}");
        text
    }

    /// Runs amtool; it must not be content.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("amtool");
        command
            .args(arguments)
            .arg("--alertmanager.url")
            .arg(&self.url);
        // Whatever the machine has as a configuration of amtool is not ours.
        command.env("HOME", "/nonexistent");
        tokio::task::block_in_place(|| command.output().expect("amtool runs"))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.amtool(&[arguments, &["--output=json"]].concat());
        serde_json::from_str(&text).expect("amtool writes JSON")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_added_and_queried() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let add = [
        "alert",
        "add",
        "alertname=Down",
        "job=db",
        "--annotation=summary=it is down",
    ];
    served.amtool(&[&add[..], &["--generator-url=http://h/graph"]].concat());
    served.amtool(&["alert", "add", "Slow", "job=web"]);
    let all = served.json(&["alert", "query"]);
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    let one = served.json(&["alert", "query", "alertname=Down"]);
    assert_eq!(one[0]["labels"], json!({"alertname": "Down", "job": "db"}));
    assert_eq!(one[0]["annotations"], json!({"summary": "it is down"}));
    assert_eq!(one[0]["generatorURL"], "http://h/graph");
    let text = served.amtool(&["alert", "query", "job=~\"d.*\"", "--output=extended"]);
    assert!(
        text.contains("alertname=\"Down\"") && text.contains("active"),
        "{text}"
    );
    let none = served.json(&["alert", "query", "--receiver=team-b"]);
    assert_eq!(none, json!([]));
    let none = served.amtool(&["alert", "query", "--silenced", "--output=simple"]);
    assert!(!none.contains("Down"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silences_are_added_queried_updated_imported_and_expired() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let add = [
        "silence",
        "add",
        "--author=me",
        "--comment=swap",
        "--duration=2h",
        "job=db",
        "host=~\"a.*\"",
    ];
    let id = served.amtool(&add).trim().to_owned();
    let listed = served.json(&["silence", "query"]);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["comment"]),
        (&json!(id), &json!("swap"))
    );
    assert_eq!(listed[0]["matchers"].as_array().unwrap().len(), 2);
    assert_eq!(
        served
            .amtool(&["silence", "query", "--quiet", "job=db"])
            .trim(),
        id
    );
    assert_eq!(
        served
            .amtool(&["silence", "query", "--quiet", "job=web"])
            .trim(),
        ""
    );
    served.amtool(&[
        "silence",
        "update",
        "--duration=4h",
        "--comment=longer",
        &id,
    ]);
    let listed = served.json(&["silence", "query"]);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["comment"]),
        (&json!(id), &json!("longer"))
    );
    served.amtool(&["alert", "add", "Down", "job=db", "host=a1"]);
    let silenced = served.json(&["alert", "query", "--silenced"]);
    assert_eq!(
        silenced[0]["status"]["silencedBy"],
        json!([id]),
        "{silenced}"
    );
    served.amtool(&["silence", "expire", &id]);
    assert_eq!(served.json(&["silence", "query"]), json!([]));
    let expired = served.json(&["silence", "query", "--expired"]);
    assert_eq!(expired[0]["id"], json!(id));
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut again = listed;
    again[0].as_object_mut().unwrap().remove("id");
    std::fs::write(file.path(), again.to_string()).unwrap();
    let path = file.path().to_str().unwrap();
    let imported = served.amtool(&["silence", "import", "--force", path]);
    assert_eq!(imported.trim().len(), 36, "{imported}");
    assert_ne!(imported.trim(), id);
    let missing = "7d8b0e4f-7f8d-4a58-9dd6-9a4a0a1b2c3d";
    let words = served.refused(&["silence", "expire", missing]);
    assert!(
        words.contains("404") || words.contains("NotFound"),
        "{words}"
    );
    let words = served.refused(&[
        "silence",
        "add",
        "--author=me",
        "--comment=c",
        "--duration=-1h",
        "a=b",
    ]);
    assert!(!words.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_is_shown_and_routes_are_tested_on_it() {
    if !is_there() {
        return;
    }
    let served = Served::start().await;
    let shown = served.amtool(&["config", "show"]);
    assert!(
        shown.contains("receiver: team-a") && !shown.contains("secret.example"),
        "{shown}"
    );
    let routes = served.amtool(&["config", "routes", "show"]);
    assert!(routes.contains("team-b"), "{routes}");
    let led = served.amtool(&["config", "routes", "test", "team=b"]);
    assert_eq!(led.trim(), "team-b,team-c");
    let led = served.amtool(&["config", "routes", "test", "x=y"]);
    assert_eq!(led.trim(), "team-a");
    let cluster = served.amtool(&["cluster", "show"]);
    assert!(
        cluster.contains("node-1") && cluster.contains("ready"),
        "{cluster}"
    );
    // What it knows of the engine's time is what the engine knows.
    served.node.step(Event::Due);
}
