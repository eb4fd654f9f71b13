//! Backends that die, hang, fail and return while clients ask: no request that may be repeated is lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Backend, Gateway, Home, Mood, wait_until};

const WAIT_MAX: Duration = Duration::from_secs(60);

fn config(backends: &[Backend]) -> String {
    let urls: Vec<String> = backends.iter().map(Backend::url).collect();
    format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
           backends:\n  - name: shop\n    endpoints: [{urls}]\n    \
             check: {{http: {{path: /healthz}}, interval: 500ms, timeout: 400ms, fall: 2, rise: 2}}\n  \
           routes:\n  - {{name: all, to: shop, timeout: 20s, retry: {{retries: 2, try_timeout: 1s}}}}\n",
        urls = urls.join(", ")
    )
}

/// Asks until it is told to stop.
struct Load {
    is_over: AtomicBool,
    well: AtomicU64,
    badly: AtomicU64,
}

impl Load {
    fn ask(&self, gateway: &Gateway) -> Result<()> {
        let api = gateway.listener("web")?;
        while !self.is_over.load(Ordering::SeqCst) {
            let reply = api.get("/", &[]);
            let count = match reply {
                Ok(reply) if reply.status == 200 => &self.well,
                _ => &self.badly,
            };
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Waits until this many more requests went well.
    fn wait_for(&self, more: u64) {
        let wanted = self.well.load(Ordering::SeqCst) + more;
        wait_until(WAIT_MAX, "requests that go well", || {
            let well = self.well.load(Ordering::SeqCst);
            ensure!(well >= wanted, "{well} of {wanted}");
            Ok(())
        })
        .unwrap();
    }
}

fn wait_for_health(gateway: &Gateway, backend: &Backend, wanted: f64) {
    let label = format!("endpoint=\"{}\"", backend.address);
    wait_until(WAIT_MAX, "the endpoint's health", || {
        let found = gateway.metric("plimsoll_gateway_endpoint_healthy", &[&label])?;
        ensure!(found == wanted, "{found}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn no_idempotent_request_fails_while_one_of_three_dies_hangs_and_fails() {
    let home = Home::new().unwrap();
    let backends = ["a", "b", "c"].map(|name| Backend::start(name).unwrap());
    let gateway = Gateway::start(&home, &config(&backends)).unwrap();
    backends
        .iter()
        .for_each(|backend| wait_for_health(&gateway, backend, 1.0));
    let load = Load {
        is_over: AtomicBool::new(false),
        well: AtomicU64::new(0),
        badly: AtomicU64::new(0),
    };
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(|| load.ask(&gateway))).collect();
        load.wait_for(50);
        for mood in [Mood::Dead, Mood::Hanging, Mood::Status(503)] {
            backends[1].set(mood.clone());
            wait_for_health(&gateway, &backends[1], 0.0);
            load.wait_for(50);
            assert_eq!(load.badly.load(Ordering::SeqCst), 0, "{mood:?}");
            backends[1].set(Mood::Well);
            let before = backends[1].requests();
            // Checks find it well; what ejected it or opened its breaker takes longer, so it is waited for what it serves.
            wait_until(Duration::from_secs(120), "a service that returned", || {
                let more = backends[1].requests() - before;
                ensure!(more > 30, "{more} requests");
                Ok(())
            })
            .unwrap();
        }
        load.is_over.store(true, Ordering::SeqCst);
        for asker in askers {
            asker.join().unwrap().unwrap();
        }
    });
    let well = load.well.load(Ordering::SeqCst);
    assert_eq!(load.badly.load(Ordering::SeqCst), 0, "of {well}");
    let counted = gateway.metric("plimsoll_gateway_requests_total", &["class=\"2xx\""]);
    assert_eq!(counted.unwrap(), well as f64);
}

#[test]
fn what_a_broken_backend_says_becomes_a_reason() {
    let home = Home::new().unwrap();
    let backend = Backend::start("a").unwrap();
    let text = config(std::slice::from_ref(&backend));
    let unchecked = text.replace(
        "check: {http: {path: /healthz}, interval: 500ms, timeout: 400ms, fall: 2, rise: 2}",
        "ejection: none\n    breaker: none",
    );
    let text = unchecked.replace("retries: 2, try_timeout: 1s", "retries: 0");
    let gateway = Gateway::start(&home, &text.replace("timeout: 20s", "timeout: 1s")).unwrap();
    let api = gateway.listener("web").unwrap();
    let raw = |text: &str| Mood::Raw(text.as_bytes().to_vec());
    for (mood, status, reason) in [
        (raw("garbage\r\n\r\n"), 502, "upstream_malformed"),
        (raw("HTTP/1.1 200 OK\r\nContent-Le"), 502, "upstream_closed"),
        (raw(""), 502, "upstream_closed"),
        (Mood::Dead, 502, "upstream_closed"),
        (Mood::Hanging, 504, "timeout"),
    ] {
        backend.set(mood.clone());
        let reply = api.get("/", &[]).unwrap();
        assert_eq!(reply.status, status, "{mood:?}: {}", reply.text());
        assert_eq!(reply.header("x-plimsoll-reason"), Some(reason), "{mood:?}");
        backend.set(Mood::Well);
        assert_eq!(api.get("/", &[]).unwrap().status, 200, "after {mood:?}");
    }
}
