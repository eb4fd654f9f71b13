//! Files and pages: what a browser gets, what a program goes on to get, and what nobody gets.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, Method, Request, header};
use plimsoll_alerting::{Event, Post};
use plimsoll_api::{Bundle, FileInForce, ServeLimits, router, serve};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Answer, Server};
use crate::{alerting_node, slos};

const PAGE: &str = "<!doctype html><script src=/assets/a-1.js></script>";
const SCRIPT: &str = "let a = 1;";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn bundle() -> Bundle {
    let file =
        |path: &str, text: &'static str| (path.to_owned(), Bytes::from_static(text.as_bytes()));
    Bundle::of([
        file("index.html", PAGE),
        file("assets/a-1.js", SCRIPT),
        file("assets/a-1.js.gz", "compressed"),
        file("favicon.svg", "<svg/>"),
    ])
}

fn full() -> Server {
    Server::surfaced(|surface| surface.ui.bundle = bundle())
}

async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(HeaderName, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn browse(server: &Server, path: &str) -> Answer {
    ask(server, Method::GET, path, &[(header::ACCEPT, BROWSER)]).await
}

fn text<'a>(answer: &'a Answer, name: &HeaderName) -> &'a str {
    let value = answer.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_screen_gets_the_page_with_its_policy() {
    let server = full();
    for path in [
        "/",
        "/slos/a/b",
        "/alerts?alert=1",
        "/graph?g0.expr=up",
        "/services/%C3%BC",
    ] {
        let answer = browse(&server, path).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (200, PAGE),
            "{path}"
        );
        assert_eq!(text(&answer, &header::CACHE_CONTROL), "no-cache");
        assert_eq!(
            text(&answer, &header::CONTENT_TYPE),
            "text/html; charset=utf-8"
        );
        assert_eq!(
            text(&answer, &header::CONTENT_SECURITY_POLICY),
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
        );
        assert_eq!(text(&answer, &header::REFERRER_POLICY), "same-origin");
        assert_eq!(text(&answer, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
}

#[tokio::test]
async fn programs_get_what_they_got_before_there_were_pages() {
    let server = full();
    for accepts in ["*/*", "application/json"] {
        let answer = ask(&server, Method::GET, "/", &[(header::ACCEPT, accepts)]).await;
        assert!(
            answer.body.starts_with("Plimsoll is running."),
            "{}",
            answer.body
        );
        let answer = ask(&server, Method::GET, "/graph", &[(header::ACCEPT, accepts)]).await;
        assert_eq!(answer.status.as_u16(), 404);
    }
    let answer = ask(&server, Method::HEAD, "/", &[]).await;
    assert_eq!(answer.status.as_u16(), 405);
}

#[tokio::test]
async fn no_path_of_the_api_becomes_a_page() {
    let server = full();
    for (path, part) in [
        ("/api/v1/labels", "success"),
        ("/api/v1/nothing", "404 page not found"),
        ("/-/healthy", "healthy"),
        ("/metrics", "# EOF"),
        ("/version", "goVersion"),
        ("/federate", ""),
        ("/nothing", "404 page not found"),
        ("/index.html", "404 page not found"),
        ("/assets/a-2.js", "404 page not found"),
        ("/assets/", "404 page not found"),
    ] {
        let answer = browse(&server, path).await;
        assert_ne!(answer.body, PAGE, "{path}");
        let is_metrics = path == "/metrics" && !answer.body.is_empty();
        assert!(
            is_metrics || answer.body.contains(part),
            "{path}: {}",
            answer.body
        );
        assert_eq!(
            text(&answer, &header::X_CONTENT_TYPE_OPTIONS),
            "nosniff",
            "{path}"
        );
    }
    let request = Request::post("/slos").header(header::ACCEPT, BROWSER);
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 404);
}

#[tokio::test]
async fn files_are_kept_as_long_as_they_can_be() {
    let server = full();
    let get = async |headers: &[(HeaderName, &str)]| {
        ask(&server, Method::GET, "/assets/a-1.js", headers).await
    };
    let plain = get(&[]).await;
    assert_eq!(plain.body, SCRIPT);
    assert_eq!(
        text(&plain, &header::CONTENT_TYPE),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        text(&plain, &header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    let compressed = get(&[(header::ACCEPT_ENCODING, "br, gzip")]).await;
    assert_eq!(compressed.body, "compressed");
    assert_eq!(text(&compressed, &header::CONTENT_ENCODING), "gzip");
    for answer in [&plain, &compressed] {
        assert_eq!(text(answer, &header::VARY), "Accept-Encoding");
    }
    let tags = [&plain, &compressed].map(|answer| text(answer, &header::ETAG).to_owned());
    assert_ne!(tags[0], tags[1]);
    let known = get(&[(header::IF_NONE_MATCH, &format!("\"x\", W/{}", tags[0]))]).await;
    assert_eq!((known.status.as_u16(), &*known.body), (304, ""));
    assert_eq!(text(&known, &header::ETAG), tags[0]);
    let other = get(&[(header::IF_NONE_MATCH, &tags[1])]).await;
    assert_eq!(other.status.as_u16(), 200);
    let head = ask(&server, Method::HEAD, "/assets/a-1.js", &[]).await;
    assert_eq!((head.status.as_u16(), &*head.body), (200, ""));
    assert_eq!(
        text(&head, &header::CONTENT_LENGTH),
        SCRIPT.len().to_string()
    );
    let icon = ask(&server, Method::GET, "/favicon.svg", &[]).await;
    assert_eq!(text(&icon, &header::CONTENT_TYPE), "image/svg+xml");
    assert_eq!(text(&icon, &header::CACHE_CONTROL), "no-cache");
}

/// Sends bytes over a socket and returns the first line of the answer.
async fn raw(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.contains("root:"), "{path}: {answer}");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_bundle() {
    let server = full();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(server.clock.clone());
    let (stop, limits) = (Shutdown::new(), ServeLimits::default());
    let tasks = Tasks::new(Shutdown::new(), clock.clone(), &Registry::new());
    let app = router(server.app.clone());
    let served = serve(listener, app, limits, clock, tasks, stop.clone());
    let client = async {
        for path in [
            "/assets/../../../../etc/passwd",
            "/../etc/passwd",
            "/assets/%2e%2e/%2e%2e/etc/passwd",
            "/assets/%252e%252e/etc/passwd",
            "/assets/..%2f..%2fetc%2fpasswd",
            "/assets/..%5c..%5cetc%5cpasswd",
            "/assets/\\..\\etc\\passwd",
            "/slos/../../etc/passwd",
            "/assets/a-1.js%00.html",
            "/assets/a\0b",
            "/%0d%0aSet-Cookie:%20a=b",
        ] {
            let line = raw(address, path).await;
            assert!(line.starts_with("HTTP/1.1 400"), "{path:?}: {line}");
        }
        for path in ["/assets//etc/passwd", "/assets/etc/passwd", "//etc/passwd"] {
            let line = raw(address, path).await;
            assert!(line.starts_with("HTTP/1.1 404"), "{path:?}: {line}");
        }
        assert!(
            raw(address, "/assets/a-1.js")
                .await
                .starts_with("HTTP/1.1 200")
        );
        stop.trigger();
    };
    tokio::join!(served, client);
}

/// What breaks out of a page that writes it as it is.
const HOSTILE: &str = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}";

fn is_inert(path: &str, answer: &Answer) {
    let body = &answer.body;
    assert!(body.starts_with("<!doctype html>"), "{path}: {body}");
    for raw in ["<script", "<img", "onerror=alert(1)>\"", "49"] {
        assert!(!body.contains(raw), "{path} has {raw}: {body}");
    }
}

/// A server that knows of nothing but hostile names.
fn hostile() -> Server {
    let (server, node) = alerting_node::server_with_ui(|ui| {
        ui.files.replace(vec![FileInForce {
            path: HOSTILE.into(),
            role: "rules",
            loaded: Timestamp::EPOCH,
            bytes: 1,
            objects: Vec::new(),
            text: HOSTILE.into(),
            is_cut: false,
        }]);
    });
    let labels = Labels::from_pairs([
        ("alertname", HOSTILE),
        ("service", HOSTILE),
        ("severity", HOSTILE),
        ("x", HOSTILE),
    ]);
    let now = server.clock.now();
    let alert = Alert {
        labels,
        annotations: Annotations::from_pairs([("summary", HOSTILE)]),
        starts_at: now,
        ends_at: Some(now + Duration::from_secs(300)),
        generator_url: "javascript:alert(1)".to_owned(),
    };
    node.step(Event::Posted(vec![Post {
        alert,
        is_timeout: false,
    }]));
    server
}

#[tokio::test]
async fn hostile_texts_are_shown_and_do_nothing() {
    let server = hostile();
    for path in ["/", "/alerts", "/system", "/services", "/slos", "/rules"] {
        let answer = browse(&server, path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        is_inert(path, &answer);
        assert!(!answer.body.contains("href=\"javascript"), "{path}");
    }
    let alerts = browse(&server, "/alerts").await;
    assert!(
        alerts.body.contains("&lt;script&gt;alert(1)"),
        "{}",
        alerts.body
    );
    assert!(
        browse(&server, "/system")
            .await
            .body
            .contains("&lt;img src=x")
    );
    let encoded: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    for path in [
        format!("/explore?expr={encoded}"),
        format!("/graph?g0.expr={encoded}"),
        format!("/services/{}", encoded.replace('+', "%20")),
        format!("/slos/a/{}", encoded.replace('+', "%20")),
        format!("/{}?minimal=1&x={encoded}", "alerts"),
    ] {
        is_inert(&path, &browse(&server, &path).await);
    }
}

#[tokio::test]
async fn without_a_bundle_pages_say_how_to_get_it() {
    let fake = Arc::new(slos::Fake::default());
    let server = Server::surfaced(|surface| surface.slos = Some(fake));
    for (path, part) in [
        ("/", "Send data"),
        ("/slos", "exhausted"),
        ("/slos/checkout/availability", "-46.00 %"),
        ("/services", "checkout"),
        ("/services/checkout", "checkout&#x2f;availability"),
        ("/alerts", "Nothing fires and nothing pends."),
        ("/system", "Nothing is scraped."),
        ("/silences", "plimsoll silence list"),
    ] {
        let answer = browse(&server, path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert!(answer.body.contains(part), "{path}: {}", answer.body);
        assert!(answer.body.contains("cargo xtask ui"), "{path}");
        assert!(!answer.body.contains("<script"), "{path}");
        assert!(text(&answer, &header::CONTENT_SECURITY_POLICY).starts_with("default-src 'self'"));
    }
    for path in ["/slos/no/no", "/services/nobody"] {
        let answer = browse(&server, path).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
        assert!(answer.body.contains("there is no"), "{}", answer.body);
    }
    let style = ask(&server, Method::GET, "/minimal.css", &[]).await;
    assert_eq!(
        text(&style, &header::CONTENT_TYPE),
        "text/css; charset=utf-8"
    );
}

#[tokio::test]
async fn a_question_is_answered_or_refused_with_its_reason() {
    let server = Server::with_data().await;
    let answer = browse(&server, "/explore?expr=up").await;
    assert!(
        answer.body.contains("up{job=&quot;a&quot;}"),
        "{}",
        answer.body
    );
    let answer = browse(&server, "/graph?g0.expr=sum(up)").await;
    assert!(
        answer.body.contains("<td class=\"number\">2</td>"),
        "{}",
        answer.body
    );
    let answer = browse(&server, "/explore?expr=1%2B1").await;
    assert!(
        answer.body.contains("<td class=\"number\">2</td>"),
        "{}",
        answer.body
    );
    let answer = browse(&server, "/explore?expr=sum(").await;
    assert!(answer.body.contains("parse error"), "{}", answer.body);
    let answer = browse(&server, "/explore?expr=gone").await;
    assert!(answer.body.contains("No data."), "{}", answer.body);
}

#[tokio::test]
async fn who_asks_for_pages_without_scripts_stays_among_them() {
    let server = full();
    for path in ["/?minimal", "/slos?minimal=1", "/alerts?minimal=true"] {
        let answer = browse(&server, path).await;
        assert!(
            answer.body.contains("?minimal=1\">"),
            "{path}: {}",
            answer.body
        );
        assert!(!answer.body.contains("<script"), "{path}");
    }
    assert_eq!(browse(&server, "/?minimal=0").await.body, PAGE);
}
