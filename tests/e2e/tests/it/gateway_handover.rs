//! A new process takes the listeners over while clients ask: not one request is lost.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Api, Backend, Gateway, Home, Program, Server, binary, wait_until};

const WAIT_MAX: Duration = Duration::from_secs(60);

fn config(backend: &Backend, route: &str) -> String {
    format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
           backends: [{{name: shop, endpoints: ['{}']}}]\n  \
           routes: [{{name: {route}, to: shop}}]\n",
        backend.url()
    )
}

/// Asks over a new connection each time until it is told to stop; returns how often it was answered.
fn ask(api: Api, is_over: &AtomicBool, well: &AtomicU64) -> Result<()> {
    while !is_over.load(Ordering::SeqCst) {
        let reply = api.get("/", &[]).context("a request was lost")?;
        ensure!(reply.status == 200, "{}", reply.text());
        well.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

fn wait_for(well: &AtomicU64, more: u64) {
    let wanted = well.load(Ordering::SeqCst) + more;
    wait_until(WAIT_MAX, "requests", || {
        let found = well.load(Ordering::SeqCst);
        ensure!(found >= wanted, "{found} of {wanted}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_restart_loses_no_request_and_no_count() {
    let (home, backend) = (Home::new().unwrap(), Backend::start("a").unwrap());
    let socket = home.path("handover.sock");
    let handover = ["--handover", socket.to_str().unwrap()];
    let mut first = Gateway::start_with(&home, &config(&backend, "old"), &handover).unwrap();
    let api = first.listener("web").unwrap();
    let (is_over, well) = (AtomicBool::new(false), AtomicU64::new(0));
    let second = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| ask(api, &is_over, &well)))
            .collect();
        wait_for(&well, 100);
        let text = config(&backend, "new").replace("127.0.0.1:0", &api.address.to_string());
        let second = Gateway::start_with(&home, &text, &handover).unwrap();
        wait_for(&well, 100);
        is_over.store(true, Ordering::SeqCst);
        for asker in asking {
            asker.join().unwrap().unwrap();
        }
        second
    });
    wait_until(WAIT_MAX, "the end of the first process", || {
        let status = first.server.program.exit_status()?;
        ensure!(status.context("it runs")?.success());
        Ok(())
    })
    .unwrap();
    let well = well.load(Ordering::SeqCst);
    assert_eq!(backend.requests(), well);
    // What the first one counted last is in the store that the second one opened.
    wait_until(WAIT_MAX, "counts of both", || {
        let last = "sum(last_over_time(plimsoll_gateway_requests_total{class=\"2xx\"}[5m]))";
        let found = second.server.api.value(last)?;
        ensure!(found == well as f64, "{found} of {well}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_new_process_that_cannot_start_changes_nothing() {
    let (home, backend) = (Home::new().unwrap(), Backend::start("a").unwrap());
    let socket = home.path("handover.sock");
    let handover = ["--handover", socket.to_str().unwrap()];
    let first = Gateway::start_with(&home, &config(&backend, "all"), &handover).unwrap();
    let bad = home.write(
        "bad.yml",
        b"version: plimsoll/v1\ngateway: {routes: [{}]}\n",
    );
    let mut command = Command::new(binary().unwrap());
    command.arg("gateway").arg("--config").arg(bad.unwrap());
    command.args(handover).arg("--data-dir").arg(home.data());
    let mut second = Program::start(&mut command, home.next_log()).unwrap();
    let status = wait_until(WAIT_MAX, "its end", || {
        second.exit_status()?.context("it runs")
    });
    assert!(!status.unwrap().success(), "{}", second.log());
    let reply = first.listener("web").unwrap().get("/", &[]).unwrap();
    assert_eq!(reply.status, 200);
    let Gateway { server } = first;
    stop(server);
}

fn stop(server: Server) {
    assert!(server.stop().unwrap().success());
}
