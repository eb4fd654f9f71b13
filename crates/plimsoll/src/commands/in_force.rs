//! The files that are in force as people may see them: their text without secrets, and what each defines at which line.

mod outline;

use std::path::{Path, PathBuf};

use plimsoll_api::FileInForce;
use plimsoll_runtime::config::Source;
use plimsoll_types::{ByteCount, Timestamp};

/// What is shown of one file.
const TEXT_MAX: ByteCount = ByteCount::KIB.times(256);
/// What is shown of all files together.
const TEXTS_MAX: ByteCount = ByteCount::MIB.times(8);
/// Files that are listed.
const FILES_MAX: usize = 2_000;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Prometheus,
    Rules,
    Slo,
    Alertmanager,
    Templates,
    Gateway,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Rules => "rules",
            Self::Slo => "slo",
            Self::Alertmanager => "alertmanager",
            Self::Templates => "templates",
            Self::Gateway => "gateway",
        }
    }

    /// Rules, objectives and templates have no fields for secrets, and words in them that look like some.
    const fn has_secrets(self) -> bool {
        matches!(self, Self::Prometheus | Self::Alertmanager | Self::Gateway)
    }
}

/// Reads files that were found good a moment ago; one that is gone meanwhile is listed without a text. Blocks on the disk.
pub(crate) fn read(files: &[(PathBuf, Role)], now: Timestamp) -> Vec<FileInForce> {
    let mut left = TEXTS_MAX.as_usize();
    let listed = files.iter().take(FILES_MAX);
    let read = listed.map(|(path, role)| {
        let file = read_one(path, *role, left.min(TEXT_MAX.as_usize()), now);
        left = left.saturating_sub(file.text.len());
        file
    });
    read.collect()
}

fn read_one(path: &Path, role: Role, most: usize, now: Timestamp) -> FileInForce {
    let mut file = FileInForce {
        path: path.display().to_string(),
        role: role.as_str(),
        loaded: now,
        bytes: 0,
        objects: Vec::new(),
        text: String::new(),
        is_cut: false,
    };
    if let Ok(source) = Source::read(path) {
        let whole = source.text();
        let shown = whole.floor_char_boundary(most);
        file.bytes = whole.len() as u64;
        file.is_cut = shown < whole.len();
        file.text = match role.has_secrets() {
            true => source.head(shown).masked(),
            false => whole[..shown].to_owned(),
        };
        file.objects = outline::of(&source, role);
    }
    file
}

/// Names the files that are other ones than before, for people.
pub(crate) fn differences(before: &[FileInForce], after: &[FileInForce]) -> Vec<String> {
    let find =
        |files: &[FileInForce], path: &str| files.iter().find(|file| file.path == path).cloned();
    let changed = after
        .iter()
        .filter_map(|file| match find(before, &file.path) {
            None => Some(format!("{} is new", file.path)),
            Some(old) if old.text != file.text || old.bytes != file.bytes => {
                Some(format!("{} changed", file.path))
            }
            Some(_) => None,
        });
    let gone = before
        .iter()
        .filter(|file| find(after, &file.path).is_none());
    changed
        .chain(gone.map(|file| format!("{} is gone", file.path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> (tempfile::TempDir, Vec<(PathBuf, Role)>) {
        let directory = tempfile::tempdir().unwrap();
        let paths = pairs.iter().map(|(name, text)| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            let role = match *name {
                "rules.yml" => Role::Rules,
                _ => Role::Prometheus,
            };
            (path, role)
        });
        let paths = paths.collect();
        (directory, paths)
    }

    #[test]
    fn secrets_are_hidden_and_rules_are_shown_as_they_are() {
        let config = "scrape_configs:\n- job_name: a\n  basic_auth:\n    password: hunter2\n";
        let rules = "groups:\n- name: g\n  rules:\n  - {record: key, expr: up, labels: {key: v}}\n";
        let (_directory, paths) = files(&[("p.yml", config), ("rules.yml", rules)]);
        let read = read(&paths, Timestamp::EPOCH);
        assert!(!read[0].text.contains("hunter2"), "{}", read[0].text);
        assert!(read[0].text.contains("password: *******"));
        assert_eq!(read[1].text, rules);
        assert_eq!(read[0].bytes, config.len() as u64);
    }

    #[test]
    fn a_long_file_is_cut_and_a_missing_one_is_listed() {
        let long = "# \u{fc}\n".repeat(100_000);
        let (directory, mut paths) = files(&[("p.yml", &long)]);
        paths.push((directory.path().join("gone.yml"), Role::Rules));
        let read = read(&paths, Timestamp::EPOCH);
        assert!(read[0].is_cut && read[0].text.len() <= TEXT_MAX.as_usize());
        assert_eq!(read[0].bytes, long.len() as u64);
        assert_eq!((read[1].bytes, read[1].is_cut), (0, false));
    }

    #[test]
    fn a_reload_says_what_is_another() {
        let (_directory, paths) = files(&[("p.yml", "a: 1\n"), ("rules.yml", "groups: []\n")]);
        let before = read(&paths, Timestamp::EPOCH);
        assert_eq!(differences(&before, &before), Vec::<String>::new());
        std::fs::write(&paths[0].0, "a: 2\n").unwrap();
        let after = read(&paths[..1], Timestamp::EPOCH);
        let told = differences(&before, &after).join(", ");
        assert!(
            told.contains("p.yml changed") && told.contains("rules.yml is gone"),
            "{told}"
        );
    }
}
