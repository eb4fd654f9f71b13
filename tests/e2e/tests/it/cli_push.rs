//! `plimsoll push metrics`: from files and standard input, to our path and to a whole URL.

use plimsoll_e2e::{Home, Server};

use crate::cli::{plimsoll, plimsoll_reading, refused};

#[test]
fn what_is_pushed_is_there() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let whole = format!("{url}/api/v1/write");
    let text = |name: &str| format!("# TYPE {name} gauge\n{name}{{a=\"x\"}} 5\n");
    let path = home
        .write("file.prom", text("from_file").as_bytes())
        .unwrap();
    let path = path.to_str().unwrap();
    let push = |stdin: &str, line: &[&str]| {
        let ended = plimsoll_reading(stdin, &[&["push", "metrics"], line].concat());
        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
        assert!(
            ended.stderr.starts_with("1 samples pushed to http://"),
            "{ended:?}"
        );
    };
    push("", &["--server", &url, path]);
    push(&text("from_stdin"), &["--server", &url]);
    push(&text("to_url"), &[&whole]);
    push(&text("to_base"), &[&url, "-"]);
    push(
        &text("labelled"),
        &[&url, "--label", "job=j", "--label", "instance=i"],
    );
    for (name, labels) in [
        ("from_file", "a=\"x\", job=\"plimsoll\""),
        ("from_stdin", "a=\"x\", job=\"plimsoll\""),
        ("to_url", "a=\"x\", job=\"plimsoll\""),
        ("to_base", "a=\"x\", job=\"plimsoll\""),
        ("labelled", "a=\"x\", instance=\"i\", job=\"j\""),
    ] {
        let found = plimsoll(&["query", "series", &url, "--match", name]).stdout;
        assert_eq!(found, format!("{name}{{{labels}}}\n"));
    }
}

#[test]
fn what_cannot_be_pushed_is_told() {
    let push = |stdin: &str, line: &[&str]| {
        plimsoll_reading(stdin, &[&["push", "metrics"], line].concat())
    };
    refused(
        &push("", &["absent.prom"]),
        1,
        &["error: cannot read absent.prom: "],
    );
    refused(
        &push("a b c\n", &[]),
        1,
        &["error: standard input: line 1, column "],
    );
    refused(&push("", &["--label", "x"]), 2, &["expected name=value"]);
    refused(
        &push("a 1\n", &["ftp://127.0.0.1/"]),
        2,
        &["expected http:// or https://"],
    );

    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let wrong = format!("http://{}/wrong", server.api.address);
    refused(
        &push("a 1\n", &[&wrong]),
        1,
        &["/wrong answered 404", "is this the URL"],
    );
}
