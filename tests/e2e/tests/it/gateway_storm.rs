//! The retry storm of the guides with processes: A hiccups for two seconds; B, C and D give up soon, try again at once, and A
//! works off what nobody waits for any more. Without a gateway that goes on when its cause is long gone; with one between
//! them, whose limit keeps the queue before A short and turns the rest away, A is back in seconds.
//!
//! `cargo xtask sim traffic` plays the same story a thousand times in simulated time.

mod callers;
mod service;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::{Gateway, Home, wait_until};

use callers::{Callers, OFFERED_PER_SECOND};
use service::Service;

const WAIT_MAX: Duration = Duration::from_secs(40);
const HICCUP_SECONDS: usize = 2;
/// For so long after the hiccup it is looked whether the storm goes on, or ends.
const AFTER_SECONDS: usize = 10;
/// It is well when this share of the calls is answered.
const WELL: f64 = 0.8;
/// It is a storm when no more are.
const STORMY: f64 = 0.3;

fn config(service: &Service) -> String {
    format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
           backends:\n  - name: a\n    endpoints: ['http://{address}']\n    \
             breaker: {{open: 1s, open_max: 2s}}\n    \
             concurrency: {{limit: 4, queue: {{length_max: 20, wait_max: 200ms}}}}\n  \
           routes:\n  - {{name: all, to: a, timeout: 450ms, retry: {{retries: 1}}}}\n",
        address = service.address,
    )
}

/// Waits until the callers are answered for two seconds on end, and returns the second after those.
fn wait_until_well(callers: &Callers, from: usize) -> usize {
    wait_until(WAIT_MAX, "callers that are answered", || {
        let goodput = callers.goodput(from);
        let is_well = |pair: &[u64]| pair.iter().all(|count| share(*count) >= WELL);
        let well = goodput.windows(2).position(is_well);
        let well = well.map(|position| from + position + 2);
        well.ok_or_else(|| anyhow::anyhow!("answered per second: {goodput:?}"))
    })
    .unwrap()
}

fn share(answered: u64) -> f64 {
    answered as f64 / f64::from(OFFERED_PER_SECOND)
}

/// Lets callers call, lets A hiccup, and returns how many calls were answered in each second after that.
fn hiccup(service: &Service, to: SocketAddr) -> (Vec<u64>, Callers) {
    let callers = Callers::start(to);
    wait_until_well(&callers, 0);
    service.set_stuck(true);
    let begin = callers.second();
    let wait_for = |second: usize| {
        wait_until(WAIT_MAX, "time that passes", || {
            let now = callers.second();
            ensure!(now > second, "second {now} of {second}");
            Ok(())
        })
        .unwrap();
    };
    wait_for(begin + HICCUP_SECONDS);
    service.set_stuck(false);
    let end = callers.second();
    wait_for(end + AFTER_SECONDS);
    let after = callers.goodput(end + 1);
    (after, callers)
}

#[test]
fn a_storm_goes_on_without_a_gateway_and_ends_with_one() {
    let service = Service::start().unwrap();
    let (without, callers) = hiccup(&service, service.address);
    callers.stop();
    drop(service);

    let service = Service::start().unwrap();
    let home = Home::new().unwrap();
    let gateway = Gateway::start(&home, &config(&service)).unwrap();
    let (with, callers) = hiccup(&service, gateway.address("web").unwrap());
    let told = callers.stop();

    let story = format!("answered per second without: {without:?}, with: {with:?}");
    println!("{story}");
    // The first seconds are for the queue of before, and for the breaker.
    let late = |goodput: &[u64]| goodput.iter().skip(3).sum::<u64>() as f64;
    let seconds = |goodput: &[u64]| goodput.len().saturating_sub(3) as f64;
    let mean = |goodput: &[u64]| late(goodput) / seconds(goodput) / f64::from(OFFERED_PER_SECOND);
    assert!(with.len() > 6 && without.len() > 6, "{story}");
    assert!(mean(&without) <= STORMY, "no storm; {story}");
    assert!(mean(&with) >= WELL, "{story}");
    assert!(told.turned_away > 0, "nobody was turned away; {story}");
    assert_eq!(
        told.turned_away_without_retry_after, 0,
        "no Retry-After for some of {}; {story}",
        told.turned_away
    );
    let sheds = gateway.metric("plimsoll_gateway_sheds_total", &[]).unwrap();
    assert!(sheds > 0.0, "{story}");
}
