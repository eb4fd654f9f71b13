//! Every template of Debian's default file, as text and as HTML, against Debian's `amtool template render`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plimsoll_gotemplate::alertmanager::{self, Data};
use plimsoll_gotemplate::{ExecuteError, Set, Value};
use plimsoll_types::Timestamp;

use crate::programs::notification;

type Render = fn(&Set, &str, &Value) -> Result<String, ExecuteError>;

const AMTOOL: &str = "/usr/bin/amtool";
const FOLDER: &str = "/usr/share/prometheus/alertmanager";

#[expect(
    clippy::print_stderr,
    reason = "a skipped test must not look like a passed one"
)]
/// Returns the set with Debian's files; nothing, with a word about it, when they are not installed.
fn default_set() -> Option<Set> {
    if !Path::new(AMTOOL).is_file() || !Path::new(FOLDER).is_dir() {
        let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
        assert!(
            !is_required,
            "amtool is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set"
        );
        eprintln!("SKIPPED: amtool is not installed");
        return None;
    }
    let mut set = Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH)));
    for name in ["default.tmpl", "email.tmpl"] {
        let text = std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
        set.parse(name, &text).unwrap();
    }
    Some(set)
}

fn theirs(kind: &str, text: &str, data_file: &Path) -> Option<String> {
    let output = Command::new(AMTOOL)
        .args(["template", "render"])
        .arg(format!("--template.glob={FOLDER}/*.tmpl"))
        .arg(format!("--template.type={kind}"))
        .arg(format!("--template.data={}", data_file.display()))
        .arg(format!("--template.text={text}"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then_some(text)
}

fn check_all(set: &Set, data: &Data, folder: &Path) {
    let value = data.to_value();
    let data_file = folder.join("data.json");
    std::fs::write(
        &data_file,
        set.render_text("{{ toJson . }}", &value).unwrap(),
    )
    .unwrap();
    let mut count = 0;
    for name in set.names().filter(|name| !name.ends_with(".tmpl")) {
        let text = format!("{{{{ template {name:?} . }}}}");
        let render: [(&str, Render); 2] = [("text", Set::render_text), ("html", Set::render_html)];
        for (kind, render) in render {
            let ours = render(set, &text, &value).ok();
            assert_eq!(ours, theirs(kind, &text, &data_file), "{kind} {name}");
            count += usize::from(ours.is_some_and(|text| !text.is_empty()));
        }
    }
    assert!(count > 20, "only {count} templates made a text");
}

#[test]
fn the_default_templates_are_equal() {
    let Some(set) = default_set() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let full = notification();
    let resolved = Data {
        status: "resolved".into(),
        alerts: full.alerts[1..].to_vec(),
        ..full.clone()
    };
    let bare = Data {
        status: "resolved".into(),
        external_url: "http://localhost:9093/\"<x>\"".into(),
        ..Data::default()
    };
    for data in [full, resolved, bare] {
        check_all(&set, &data, folder.path());
    }
}
