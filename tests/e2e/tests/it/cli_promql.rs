//! `plimsoll promql`: what is said of an expression, without a server and with one.

use plimsoll_e2e::{Home, Server};

use crate::cli::{plimsoll, refused};

#[test]
fn expressions_are_formatted() {
    let ended = plimsoll(&["promql", "format", "sum(rate(up[5m]))by(job)"]);
    assert_eq!(ended.stdout, "sum by (job) (rate(up[5m]))\n");
    refused(
        &plimsoll(&["promql", "format", "sum(\nraet(up))"]),
        1,
        &[
            "error: 2:1: parse error",
            "\n  raet(up))\n  ^^^^ did you mean \"rate\"?\n",
        ],
    );
}

#[test]
fn what_is_experimental_names_its_flag() {
    for (expression, flag) in [
        ("limitk(1, up)", "promql-experimental-functions"),
        ("info(up)", "promql-experimental-functions"),
        ("rate(up[5m] smoothed)", "promql-extended-range-selectors"),
        ("up + fill(0) up", "promql-binop-fill-modifiers"),
    ] {
        let flag = format!("--enable-feature={flag}");
        refused(&plimsoll(&["promql", "explain", expression]), 1, &[&flag]);
        let ended = plimsoll(&["promql", "explain", expression, &flag]);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    }
}

#[test]
fn operators_are_shown_and_measured() {
    let expression = "sum by (job) (rate(up[5m])) / 2";
    let tree = "/\n  sum by (job)\n    rate\n      up[5m]\n";
    assert_eq!(plimsoll(&["promql", "explain", expression]).stdout, tree);

    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let ended = plimsoll(&["promql", "explain", "--run", "--server", &url, expression]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let operators = ended
        .stdout
        .lines()
        .map(|line| line.split("  series ").next());
    let operators: Vec<&str> = operators.map(|name| name.unwrap().trim_end()).collect();
    assert_eq!(operators.join("\n") + "\n", tree, "{ended:?}");
    assert!(
        ended.stdout.lines().all(|line| line.contains("  time ")),
        "{ended:?}"
    );

    refused(
        &plimsoll(&["promql", "explain", "rate(up)"]),
        1,
        &["write a range", "^^"],
    );
    refused(
        &plimsoll(&["promql", "explain", "up", "--time", "1"]),
        2,
        &["--run"],
    );
    let ended = plimsoll(&["promql", "explain", "--run", "--server", &url, "up("]);
    refused(&ended, 1, &["error: 1:4: parse error", "\n     ^"]);
}
