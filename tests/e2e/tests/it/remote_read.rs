//! Debian's Prometheus reads our samples as if they were its own.

use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::{Home, Prometheus, Server, find, now_millis, wait_until};

const READ_MAX: Duration = Duration::from_secs(30);

#[test]
fn another_prometheus_sees_every_sample() {
    if find("prometheus").unwrap().is_none() {
        return;
    }
    let homes = [Home::new().unwrap(), Home::new().unwrap()];
    let server = Server::start(&homes[0]).unwrap();
    let now = now_millis() / 1000 * 1000;
    let mut lines = String::new();
    // More than a chunk of 120, with values of every kind and a gap.
    for index in 0..300i64 {
        let millis = now - (300 - index) * 1000 + index % 7;
        let value = match index {
            150 => "NaN".to_owned(),
            151 => "-Inf".to_owned(),
            _ => format!("{}", (index * index) as f64 / 7.0),
        };
        lines.push_str(&format!("read{{kind=\"odd\"}} {value} {millis}\n"));
        if index % 3 == 0 {
            lines.push_str(&format!("read{{kind=\"count\"}} {index} {millis}\n"));
        }
    }
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
    let address = server.api.address;
    let config = move |_| {
        format!("remote_read:\n- url: http://{address}/api/v1/read\n  read_recent: true\n")
    };
    let prometheus = Prometheus::start(&homes[1], config).unwrap();
    let time = (now / 1000).to_string();
    for expression in [
        "read[10m]",
        "read{kind=~\"c.*\"}[10m]",
        "count_over_time(read{kind!=\"count\"}[10m])",
        "read{kind=\"none\"}",
    ] {
        wait_until(READ_MAX, expression, || {
            let ours = server.api.query(expression, Some(&time))?;
            let theirs = prometheus.api.query(expression, Some(&time))?;
            ensure!(ours == theirs, "{ours}\n{theirs}");
            Ok(())
        })
        .unwrap();
    }
    let found = server
        .api
        .query("count_over_time(read[10m])", Some(&time))
        .unwrap();
    assert_eq!(found["result"][0]["value"][1], "100");
    assert_eq!(found["result"][1]["value"][1], "300");
}
