use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use plimsoll_runtime::http::ClientConfig;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Labels, Timestamp};
use tokio::sync::watch;

use super::*;
use crate::config::{
    self, DnsDiscovery, DnsRecord, FileDiscovery, HttpDiscovery, TargetGroup as StaticGroup,
};

/// A DNS whose answers a test sets.
#[derive(Clone, Default)]
struct FakeDns(Arc<Mutex<BTreeMap<String, Found>>>);

type Found = Result<Vec<Answer>, String>;

impl FakeDns {
    fn set(&self, name: &str, answer: Result<&[&str], &str>) {
        let addresses = |list: &[&str]| {
            let parsed = list.iter().map(|address| address.parse().unwrap());
            parsed.map(Answer::Address).collect()
        };
        let answer = answer.map(addresses).map_err(ToOwned::to_owned);
        self.0.lock().unwrap().insert(name.into(), answer);
    }
}

impl Resolve for FakeDns {
    fn look_up<'a>(&'a self, name: &'a str, _: DnsRecord) -> LookUp<'a> {
        let answer = self.0.lock().unwrap().get(name).cloned();
        match answer {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        }
    }
}

struct World {
    clock: FakeClock,
    dns: FakeDns,
    registry: Registry,
    context: Context,
}

impl World {
    fn new() -> Self {
        let clock = FakeClock::new(Timestamp::EPOCH);
        let (registry, dns) = (Registry::new(), FakeDns::default());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let context = Context {
            tasks: Tasks::new(Shutdown::new(), Arc::clone(&shared), &registry),
            clock: shared,
            resolver: Arc::new(dns.clone()),
            metrics: Metrics::new(&registry),
        };
        Self {
            clock,
            dns,
            registry,
            context,
        }
    }

    fn start(&self, config: Discovery) -> (Runner, watch::Receiver<Groups>) {
        let runner = Runner::start(&self.context, "job", &[config], None).unwrap();
        let groups = runner.groups();
        (runner, groups)
    }

    /// Lets time pass until something holds.
    async fn until(&self, mut holds: impl FnMut() -> bool) {
        let passing = async {
            while !holds() {
                self.clock.advance(Duration::from_millis(500));
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), passing)
            .await
            .expect("it comes to hold");
    }

    /// Lets time pass until a source was asked this many times more.
    async fn refreshes(&self, kind: &str, more: u64) {
        let wanted = self.count(kind) + more;
        self.until(|| self.count(kind) >= wanted).await;
    }

    fn count(&self, kind: &str) -> u64 {
        let prefix = format!("plimsoll_discovery_refreshes_total{{kind=\"{kind}\"}} ");
        let text = self.registry.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&*prefix));
        line.map_or(0, |value| value.parse().unwrap())
    }
}

fn addresses(groups: &Groups) -> Vec<String> {
    let targets = groups.iter().flat_map(|group| &group.targets);
    targets
        .map(|target| target.get("__address__").unwrap().to_owned())
        .collect()
}

#[test]
fn each_field_has_one_owner() {
    let fields: BTreeSet<_> = ALL.iter().map(|kind| kind.field()).collect();
    assert_eq!(fields.len(), ALL.len());
    for kind in ALL {
        assert!(!KNOWN_ELSEWHERE.contains(&kind.field()), "{}", kind.field());
        assert!(!kind.summary().is_empty() && !kind.summary().ends_with('.'));
        let metas = kind.meta_labels().iter();
        assert!(metas.clone().all(|label| label.starts_with("__meta_")));
    }
    assert!(KNOWN_ELSEWHERE.is_sorted());
}

#[test]
fn each_kind_elsewhere_is_refused_by_name() {
    for field in KNOWN_ELSEWHERE {
        let text = format!("scrape_configs:\n- job_name: a\n  {field}:\n  - {{}}\n");
        let refused = config::parse("prometheus.yml".as_ref(), &text, &|_| None).unwrap_err();
        let said = refused.to_string();
        assert!(
            said.starts_with("prometheus.yml:") && said.contains(field),
            "{said}"
        );
        assert!(said.contains("http_sd_configs"), "{said}");
    }
}

#[tokio::test]
async fn each_configuration_has_a_kind() {
    let world = World::new();
    let url = "http://127.0.0.1:1/".parse().unwrap();
    let configs = [
        Discovery::Static(Vec::new()),
        files(&["/nowhere/*.yml".into()]),
        http(url),
        dns(&["a"]),
    ];
    for (config, kind) in configs.iter().zip(ALL) {
        for other in ALL {
            let made = other
                .provider(config, &world.context, &[])
                .unwrap()
                .is_some();
            assert_eq!(made, other.field() == kind.field(), "{}", other.field());
        }
    }
    assert_eq!(configs.len(), ALL.len());
}

#[tokio::test]
async fn targets_of_the_configuration_are_there_at_once() {
    let world = World::new();
    let (_runner, mut groups) = world.start(Discovery::Static(vec![StaticGroup {
        targets: vec!["a:1".into(), "b:2".into()],
        labels: Labels::from_pairs([("rack", "7")]),
    }]));
    groups.changed().await.unwrap();
    let found = groups.borrow().clone();
    assert_eq!(addresses(&found), ["a:1", "b:2"]);
    assert_eq!(found[0].labels.get("rack"), Some("7"));
    assert_eq!(found[0].source, "0");
    let text = world.registry.render();
    assert!(
        text.contains("plimsoll_discovery_targets{job=\"job\"} 2"),
        "{text}"
    );
}

fn dns(names: &[&str]) -> Discovery {
    Discovery::Dns(DnsDiscovery {
        names: names.iter().map(ToString::to_string).collect(),
        record: DnsRecord::A,
        port: 9100,
        refresh_interval: Duration::from_secs(30),
    })
}

#[tokio::test]
async fn dns_keeps_what_it_knew_of_a_name_that_fails() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1"]));
    world.dns.set("b", Ok(&["192.0.2.2"]));
    let (runner, mut groups) = world.start(dns(&["a", "b"]));
    groups.changed().await.unwrap();
    assert_eq!(
        addresses(&groups.borrow_and_update()),
        ["192.0.2.1:9100", "192.0.2.2:9100"]
    );
    world.dns.set("a", Err("server failure"));
    world.dns.set("b", Ok(&["192.0.2.3"]));
    world.until(|| groups.has_changed().unwrap()).await;
    assert_eq!(
        addresses(&groups.borrow_and_update()),
        ["192.0.2.1:9100", "192.0.2.3:9100"]
    );
    assert_eq!(runner.problems(), [Problem::new("a", "server failure")]);
    // A name that no longer exists is an answer, not a failure.
    world.dns.set("a", Ok(&[]));
    world.until(|| groups.has_changed().unwrap()).await;
    assert_eq!(addresses(&groups.borrow_and_update()), ["192.0.2.3:9100"]);
    assert!(runner.problems().is_empty());
}

#[tokio::test]
async fn a_silent_dns_holds_up_one_name_for_a_while() {
    let world = World::new();
    world.dns.set("b", Ok(&["192.0.2.2"]));
    let (runner, groups) = world.start(dns(&["silent", "b"]));
    world.until(|| groups.has_changed().unwrap()).await;
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.2:9100"]);
    assert_eq!(
        runner.problems(),
        [Problem::new("silent", "no answer within 15 s")]
    );
}

#[tokio::test]
async fn what_does_not_change_is_not_published() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1", "192.0.2.2"]));
    let (_runner, mut groups) = world.start(dns(&["a"]));
    groups.changed().await.unwrap();
    groups.mark_unchanged();
    world.dns.set("a", Ok(&["192.0.2.2", "192.0.2.1"]));
    world.refreshes("dns_sd_configs", 5).await;
    assert!(!groups.has_changed().unwrap());
}

#[tokio::test]
async fn ends_when_dropped() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1"]));
    let (runner, mut groups) = world.start(dns(&["a"]));
    groups.changed().await.unwrap();
    drop(runner);
    world
        .context
        .tasks
        .join(Duration::from_secs(10))
        .await
        .unwrap();
    assert!(
        !world
            .registry
            .render()
            .contains("plimsoll_discovery_targets{")
    );
}

#[tokio::test]
async fn a_successor_may_start_before_its_predecessor_ends() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1"]));
    world.dns.set("b", Ok(&["192.0.2.2", "192.0.2.3"]));
    let (old, mut groups) = world.start(dns(&["a"]));
    groups.changed().await.unwrap();
    let (new, _groups) = world.start(dns(&["b"]));
    new.settled().await;
    drop(old);
    world.refreshes("dns_sd_configs", 3).await;
    let text = world.registry.render();
    assert!(
        text.contains("plimsoll_discovery_targets{job=\"job\"} 2\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_successor_knows_what_its_predecessor_heard() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1"]));
    world.dns.set("b", Ok(&["192.0.2.2"]));
    let old = Runner::start(&world.context, "job", &[dns(&["a"]), dns(&["b"])], None).unwrap();
    old.settled().await;
    // DNS is down when the configuration changes in another place.
    world.dns.set("a", Err("server failure"));
    let fixed = Discovery::Static(vec![StaticGroup {
        targets: vec!["z:1".into()],
        labels: Labels::empty(),
    }]);
    let configs = [fixed, dns(&["a"]), dns(&["c"])];
    let new = Runner::start(&world.context, "job", &configs, Some(&old.heard())).unwrap();
    let groups = new.groups();
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.1:9100"], "at once");
    drop(old);
    world.until(|| new.problems().len() == 2).await;
    // The failure of one name is an answer of the source, and keeps what is known of that name.
    assert_eq!(addresses(&groups.borrow()), ["z:1", "192.0.2.1:9100"]);
    let text = world.registry.render();
    assert!(
        text.contains("plimsoll_discovery_targets{job=\"job\"} 2\n"),
        "{text}"
    );
    world.dns.set("a", Ok(&[]));
    world.until(|| addresses(&groups.borrow()) == ["z:1"]).await;
}

#[tokio::test]
async fn a_successor_keeps_the_targets_of_servers_and_files_that_fail() {
    let world = World::new();
    let (server, _serving) = Server::start(r#"[{"targets": ["a:1"]}]"#).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts.yml");
    std::fs::write(&path, "- targets: ['b:1']\n").unwrap();
    let configs = [http(server.url.clone()), files(std::slice::from_ref(&path))];
    let old = Runner::start(&world.context, "job", &configs, None).unwrap();
    old.settled().await;
    assert_eq!(addresses(&old.groups().borrow()), ["a:1", "b:1"]);
    server.set(503, "text/plain", "down");
    std::fs::write(&path, "- targets: ['b:1'\n").unwrap();
    let new = Runner::start(&world.context, "job", &configs, Some(&old.heard())).unwrap();
    drop(old);
    world.until(|| new.problems().len() == 2).await;
    assert_eq!(addresses(&new.groups().borrow()), ["a:1", "b:1"]);
    // A file that is gone is no failure.
    std::fs::remove_file(&path).unwrap();
    let groups = new.groups();
    world.until(|| addresses(&groups.borrow()) == ["a:1"]).await;
}

#[tokio::test]
async fn names_that_hang_do_not_hold_up_those_behind_them() {
    let world = World::new();
    world.dns.set("good", Ok(&["192.0.2.1"]));
    // One hangs, and forty behind it take their turns beside it.
    let mut names = vec!["silent".to_owned()];
    for index in 0..40 {
        names.push(format!("n{index}"));
        world.dns.set(&names[index + 1], Ok(&[]));
    }
    names.push("good".into());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let start = world.clock.monotonic();
    let (runner, groups) = world.start(dns(&names));
    world.until(|| groups.has_changed().unwrap()).await;
    assert!(world.clock.monotonic().since(start) < Duration::from_secs(20));
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.1:9100"]);
    assert_eq!(runner.problems().len(), 1);
}

#[tokio::test]
async fn all_names_together_have_a_deadline() {
    let world = World::new();
    let silent: Vec<String> = (0..200).map(|index| format!("silent{index}")).collect();
    let mut names: Vec<&str> = silent.iter().map(String::as_str).collect();
    names.insert(0, "good");
    world.dns.set("good", Ok(&["192.0.2.1"]));
    let start = world.clock.monotonic();
    let (runner, groups) = world.start(dns(&names));
    world.until(|| groups.has_changed().unwrap()).await;
    assert!(world.clock.monotonic().since(start) < Duration::from_secs(65));
    // What was found before the deadline counts.
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.1:9100"]);
    assert_eq!(
        runner.problems().last().unwrap().message,
        "no answer within the 60 s for all names"
    );
}

#[tokio::test]
async fn names_behind_many_that_hang_get_their_turn() {
    let world = World::new();
    let silent: Vec<String> = (0..200).map(|index| format!("silent{index}")).collect();
    let mut names: Vec<&str> = silent.iter().map(String::as_str).collect();
    names.push("good");
    world.dns.set("good", Ok(&["192.0.2.1"]));
    let (_runner, groups) = world.start(dns(&names));
    world.until(|| groups.has_changed().unwrap()).await;
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.1:9100"]);
}

#[tokio::test]
async fn is_settled_when_all_providers_have_answered() {
    let world = World::new();
    let fixed = Discovery::Static(vec![StaticGroup::default()]);
    let runner = Runner::start(&world.context, "job", &[fixed, dns(&["silent"])], None).unwrap();
    let mut groups = runner.groups();
    groups.changed().await.unwrap();
    let settled = runner.settled();
    tokio::pin!(settled);
    tokio::select! {
        biased;
        () = &mut settled => panic!("DNS has not answered"),
        () = std::future::ready(()) => {}
    }
    // A failure is an answer too.
    world.until(|| !runner.problems().is_empty()).await;
    settled.await;
}

#[tokio::test]
async fn several_providers_are_merged_in_their_order() {
    let world = World::new();
    world.dns.set("a", Ok(&["192.0.2.1"]));
    let fixed = Discovery::Static(vec![StaticGroup {
        targets: vec!["z:1".into()],
        labels: Labels::empty(),
    }]);
    let runner = Runner::start(&world.context, "job", &[dns(&["a"]), fixed], None).unwrap();
    let groups = runner.groups();
    world.until(|| groups.borrow().len() == 2).await;
    assert_eq!(addresses(&groups.borrow()), ["192.0.2.1:9100", "z:1"]);
}

fn http(url: url::Url) -> Discovery {
    Discovery::Http(Box::new(HttpDiscovery {
        url,
        refresh_interval: Duration::from_secs(60),
        http: ClientConfig::default(),
    }))
}

/// An HTTP server whose answer a test sets.
#[derive(Clone)]
struct Server {
    answer: Arc<Mutex<(StatusCode, &'static str, String)>>,
    asked: Arc<Mutex<Vec<HeaderMap>>>,
    url: url::Url,
}

impl Server {
    async fn start(body: &str) -> (Self, tokio::task::JoinSet<()>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            answer: Arc::new(Mutex::new((
                StatusCode::OK,
                "application/json",
                body.into(),
            ))),
            asked: Arc::default(),
            url: format!("http://me:hunter2@127.0.0.1:{port}/sd")
                .parse()
                .unwrap(),
        };
        let shared = server.clone();
        let answer = move |headers: HeaderMap| async move {
            shared.asked.lock().unwrap().push(headers);
            let (status, content_type, body) = shared.answer.lock().unwrap().clone();
            (status, [(CONTENT_TYPE, content_type)], body)
        };
        let mut serving = tokio::task::JoinSet::new();
        serving.spawn(async move {
            let app = Router::new().route("/sd", get(answer));
            axum::serve(listener, app).await.unwrap();
        });
        (server, serving)
    }

    fn set(&self, status: u16, content_type: &'static str, body: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        *self.answer.lock().unwrap() = (status, content_type, body.into());
    }
}

#[tokio::test]
async fn an_http_server_that_fails_keeps_its_targets() {
    let world = World::new();
    let (server, _serving) = Server::start(r#"[{"targets": ["a:1"], "labels": {"x": "y"}}]"#).await;
    let (runner, mut groups) = world.start(http(server.url.clone()));
    groups.changed().await.unwrap();
    let found = groups.borrow_and_update().clone();
    assert_eq!(addresses(&found), ["a:1"]);
    let url = found[0].labels.get("__meta_url").unwrap();
    assert!(url.ends_with("/sd") && !url.contains("hunter2"), "{url}");
    assert_eq!(found[0].source, format!("{url}:0"));
    let asked = server.asked.lock().unwrap()[0].clone();
    assert_eq!(asked["x-prometheus-refresh-interval-seconds"], "60");
    assert_eq!(asked["accept"], "application/json");
    let failures = [
        (
            500,
            "application/json",
            "[]",
            "expected status 200, found 500",
        ),
        (
            204,
            "application/json",
            "",
            "expected status 200, found 204",
        ),
        (
            200,
            "text/html",
            "[]",
            "expected the content type application/json",
        ),
        (200, "application/json", "[{", "answer:1:2: error: EOF"),
        (
            200,
            "application/json",
            "{}",
            "answer:1:1: error: invalid type",
        ),
        (
            200,
            "application/json",
            "[null]",
            "error: invalid type: null",
        ),
    ];
    for (status, content_type, body, expected) in failures {
        server.set(status, content_type, body);
        let said = || {
            runner
                .problems()
                .first()
                .map(|problem| problem.message.clone())
        };
        world
            .until(|| said().is_some_and(|message| message.contains(expected)))
            .await;
        assert!(!groups.has_changed().unwrap());
        assert!(!runner.problems()[0].to_string().contains("hunter2"));
    }
    server.set(200, "application/json; charset=utf-8", "[]");
    world.until(|| groups.has_changed().unwrap()).await;
    assert!(addresses(&groups.borrow()).is_empty() && runner.problems().is_empty());
}

#[tokio::test]
async fn an_answer_with_too_many_targets_is_refused_whole() {
    let world = World::new();
    let (server, _serving) = Server::start(r#"[{"targets": ["a:1"]}]"#).await;
    let (runner, mut groups) = world.start(http(server.url.clone()));
    groups.changed().await.unwrap();
    groups.mark_unchanged();
    let targets = |count| vec!["\"a\""; count].join(",");
    let label = "x".repeat(2_000_000);
    let cases = [
        (
            format!("[{{\"targets\": [{}]}}]", targets(500_001)),
            "error: expected at most 500000 groups and targets",
        ),
        (
            format!("[{{\"targets\": [{}]}}, {{}}]", targets(499_999)),
            "error: expected at most 500000 groups and targets, found 2 and 499999",
        ),
        // Each target gets the labels of its group.
        (
            format!(
                "[{{\"targets\": [{}], \"labels\": {{\"a\": \"{label}\"}}}}]",
                targets(1000)
            ),
            "error: expected at most 512 MiB of labels, a group's counted for each of its targets",
        ),
        (
            " ".repeat((64 << 20) + 1),
            "exceeds the limit of 67108864 bytes",
        ),
    ];
    for (body, expected) in cases {
        server.set(200, "application/json", &body);
        let said = || {
            runner
                .problems()
                .first()
                .map(|problem| problem.message.clone())
        };
        world
            .until(|| said().is_some_and(|message| message.contains(expected)))
            .await;
        assert_eq!(addresses(&groups.borrow()), ["a:1"]);
    }
}

#[test]
fn credentials_that_cannot_be_sent_are_refused_at_the_start() {
    use plimsoll_runtime::http::{Authorization, SecretSource};
    let config = Discovery::Http(Box::new(HttpDiscovery {
        url: "http://127.0.0.1:1/".parse().unwrap(),
        refresh_interval: Duration::from_secs(60),
        http: ClientConfig {
            authorization: Some(Authorization::Scheme {
                scheme: "Bearer".into(),
                credentials: SecretSource::inline("two\nlines"),
            }),
            ..ClientConfig::default()
        },
    }));
    let world = World::new();
    assert!(Runner::start(&world.context, "job", &[config], None).is_err());
}

fn files(patterns: &[std::path::PathBuf]) -> Discovery {
    Discovery::File(FileDiscovery {
        files: patterns.to_vec(),
        refresh_interval: Duration::from_secs(300),
    })
}

#[tokio::test]
async fn a_file_is_followed() {
    let world = World::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts.yml");
    std::fs::write(&path, "- targets: ['a:1']\n").unwrap();
    let (runner, mut groups) = world.start(files(&[directory.path().join("*.yml")]));
    world.until(|| groups.has_changed().unwrap()).await;
    let found = groups.borrow_and_update().clone();
    assert_eq!(addresses(&found), ["a:1"]);
    assert_eq!(found[0].labels.get("__meta_filepath"), path.to_str());
    std::fs::write(&path, "- targets: ['b:1'\n").unwrap();
    world.until(|| !runner.problems().is_empty()).await;
    let said = runner.problems()[0].to_string();
    assert!(
        said.contains("hosts.yml:2:") || said.contains("hosts.yml:1:"),
        "{said}"
    );
    assert!(!groups.has_changed().unwrap());
    std::fs::write(&path, "- targets: ['b:1']\n").unwrap();
    world.until(|| groups.has_changed().unwrap()).await;
    assert_eq!(addresses(&groups.borrow_and_update()), ["b:1"]);
    assert!(runner.problems().is_empty());
    std::fs::remove_file(&path).unwrap();
    world.until(|| groups.has_changed().unwrap()).await;
    assert!(groups.borrow().is_empty());
}
