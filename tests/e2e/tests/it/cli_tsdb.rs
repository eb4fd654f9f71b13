//! `plimsoll tsdb`: a data directory is looked into while a server runs on it and after it was stopped.

use plimsoll_e2e::{Home, Server, now_millis};

use crate::cli::{plimsoll, refused};

#[test]
fn a_directory_in_use_and_a_closed_one_show_the_same() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let millis = now_millis();
    let text = format!("seen{{job=\"a\"}} 1.5 {millis}\nseen{{job=\"b\"}} 2 {millis}\n");
    assert_eq!(server.import_text(&text).unwrap().status, 204);
    let data = home.data();
    let data = data.to_str().unwrap();
    let check = || {
        let dump = plimsoll(&["tsdb", "dump", data, "--match", "seen"]);
        let expected = format!("seen{{job=\"a\"}} 1.5 {millis}\nseen{{job=\"b\"}} 2 {millis}\n");
        assert_eq!(
            (dump.code, &*dump.stdout),
            (Some(0), &*expected),
            "{dump:?}"
        );
        let late = (millis + 1).to_string();
        let dump = plimsoll(&["tsdb", "dump", data, "--match", "seen", "--min-time", &late]);
        assert_eq!(dump.stdout, "");
        let analyzed = plimsoll(&["tsdb", "analyze", data, "--limit", "1000"]);
        assert!(
            analyzed.stdout.contains("           2  seen  ("),
            "{analyzed:?}"
        );
        let list = plimsoll(&["tsdb", "list", data]);
        assert!(list.stdout.starts_with("part "), "{list:?}");
        assert_eq!(list.stdout.lines().count(), 1, "nothing is sealed yet");
    };
    check();
    server.stop().unwrap();
    check();
}

#[test]
fn what_is_no_data_directory_is_told() {
    let home = Home::new().unwrap();
    let folder = home.path("");
    let absent = home.path("absent");
    for verb in ["list", "dump", "analyze"] {
        let run = |path: &std::path::Path| plimsoll(&["tsdb", verb, path.to_str().unwrap()]);
        refused(
            &run(&absent),
            1,
            &["absent holds no store", "there is no such directory"],
        );
        refused(&run(&folder), 1, &["holds no store", "--data-dir of serve"]);
    }
    std::fs::create_dir(home.path("chunks_head")).unwrap();
    let ended = plimsoll(&["tsdb", "list", folder.to_str().unwrap()]);
    refused(&ended, 1, &["a data directory of Prometheus"]);
    refused(
        &plimsoll(&["tsdb", "dump", "--match", "a{"]),
        2,
        &["1:3: parse error", "^"],
    );
}
