use std::time::Duration;

use super::*;

struct Directory {
    directory: tempfile::TempDir,
    known: BTreeMap<PathBuf, Known>,
    seconds: u64,
}

impl Directory {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            known: BTreeMap::new(),
            seconds: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, target: &str) {
        fs::write(
            self.path(name),
            format!("[{{\"targets\": [\"{target}\"]}}]"),
        )
        .unwrap();
    }

    /// Looks one second later, and returns the addresses found and the problems.
    fn look(&mut self, patterns: &[&str]) -> (Vec<String>, Vec<String>) {
        self.seconds += 1;
        let config = FileDiscovery {
            files: patterns.iter().map(|pattern| self.path(pattern)).collect(),
            refresh_interval: Duration::from_secs(60),
        };
        let now = Monotonic::from_origin(Duration::from_secs(self.seconds));
        let Refreshed { groups, problems } = scan(&config, &mut self.known, now);
        let targets = groups.iter().flat_map(|group| &group.targets);
        (
            targets
                .map(|target| target.get("__address__").unwrap().into())
                .collect(),
            problems.iter().map(ToString::to_string).collect(),
        )
    }
}

#[test]
fn reads_what_matches() {
    let mut directory = Directory::new();
    for (name, target) in [
        ("a1.json", "1"),
        ("a2.json", "2"),
        ("b.json", "3"),
        ("a.yml", "4"),
    ] {
        directory.write(name, target);
    }
    assert_eq!(directory.look(&["a*.json"]).0, ["1", "2"]);
    assert_eq!(
        directory.look(&["a**.json", "a1.json", "gone.json"]).0,
        ["1", "2"]
    );
    // JSON is YAML.
    assert_eq!(directory.look(&["*.yml"]).0, ["4"]);
    assert!(directory.look(&["nowhere/*.yml"]).0.is_empty());
}

#[test]
fn a_change_is_read_once_the_writer_has_paused() {
    let mut directory = Directory::new();
    directory.write("a.json", "old");
    assert_eq!(directory.look(&["a.json"]).0, ["old"]);
    directory.write("a.json", "first");
    assert_eq!(directory.look(&["a.json"]).0, ["old"]);
    directory.write("a.json", "second");
    assert_eq!(directory.look(&["a.json"]).0, ["old"]);
    assert_eq!(directory.look(&["a.json"]).0, ["second"]);
}

#[test]
fn a_writer_that_never_pauses_is_read_at_the_refresh_interval() {
    let mut directory = Directory::new();
    directory.write("a.json", "old");
    directory.look(&["a.json"]);
    for second in 2..=60 {
        directory.write("a.json", &second.to_string());
        assert_eq!(directory.look(&["a.json"]).0, ["old"]);
    }
    directory.write("a.json", "61");
    assert_eq!(directory.look(&["a.json"]).0, ["61"]);
}

#[test]
fn a_replaced_file_is_noticed_whatever_its_times_say() {
    let mut directory = Directory::new();
    directory.write("a.json", "old");
    let times = fs::metadata(directory.path("a.json"))
        .unwrap()
        .modified()
        .unwrap();
    directory.look(&["a.json"]);
    directory.write("new", "new");
    let file = fs::File::options()
        .write(true)
        .open(directory.path("new"))
        .unwrap();
    file.set_modified(times).unwrap();
    fs::rename(directory.path("new"), directory.path("a.json")).unwrap();
    directory.look(&["a.json"]);
    assert_eq!(directory.look(&["a.json"]).0, ["new"]);
}

#[test]
fn a_bad_file_keeps_its_groups_and_says_where_it_is_bad() {
    let mut directory = Directory::new();
    directory.write("a.json", "a");
    directory.write("b.json", "b");
    directory.look(&["*.json"]);
    for bad in ["", "[{\"targets\": [\"a\"", "[{\"target\": []}]", "\u{0}"] {
        fs::write(directory.path("a.json"), bad).unwrap();
        directory.look(&["*.json"]);
        let (targets, problems) = directory.look(&["*.json"]);
        assert_eq!(targets, ["a", "b"], "{bad:?}");
        assert_eq!(problems.len(), 1, "{bad:?}");
        assert!(problems[0].contains("a.json"), "{problems:?}");
    }
    fs::write(directory.path("a.json"), [0xff, 0xfe]).unwrap();
    directory.look(&["*.json"]);
    assert_eq!(directory.look(&["*.json"]).1.len(), 1);
    directory.write("a.json", "healed");
    directory.look(&["*.json"]);
    assert_eq!(
        directory.look(&["*.json"]),
        (vec!["healed".into(), "b".into()], vec![])
    );
}

#[test]
fn a_file_that_is_gone_loses_its_groups() {
    let mut directory = Directory::new();
    directory.write("a.json", "a");
    directory.write("b.json", "b");
    directory.look(&["*.json"]);
    fs::remove_file(directory.path("a.json")).unwrap();
    assert_eq!(directory.look(&["*.json"]), (vec!["b".into()], vec![]));
}

#[test]
fn a_directory_in_the_place_of_a_file_is_a_problem() {
    let mut directory = Directory::new();
    fs::create_dir(directory.path("a.json")).unwrap();
    let (targets, problems) = directory.look(&["*.json"]);
    assert!(targets.is_empty());
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn patterns_match_a_bounded_number_of_files() {
    let directory = Directory::new();
    for name in ["a.json", "b.json", "c.json"] {
        directory.write(name, name);
    }
    let patterns = [directory.path("*.json")];
    let (paths, problems) = matching(&patterns, 2);
    assert_eq!((paths.len(), problems.len()), (2, 1));
    assert_eq!(problems[0].message, "expected at most 2 files");
    assert!(matching(&patterns, 3).1.is_empty());
}
