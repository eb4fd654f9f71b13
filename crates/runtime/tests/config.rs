//! What an operator reads when a file is wrong, and what is read without complaint.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plimsoll_runtime::config::{
    Diagnostics, DurationValue, FILE_BYTES_MAX, SizeValue, Source, Spanned, parse,
};
use plimsoll_types::ByteCount;
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Root {
    jobs: Vec<Job>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Job {
    name: String,
    interval: DurationValue,
    size: SizeValue,
    enabled: bool,
    limit: u32,
    ratio: f64,
    mode: Option<Mode>,
    targets: Vec<Spanned<String>>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

fn read(text: &str) -> Result<Root, Diagnostics> {
    parse(Path::new("jobs.yml"), text)
}

fn refused(text: &str) -> String {
    read(text).expect_err("a mistake").to_string()
}

fn first_job(text: &str) -> Job {
    let mut root = read(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    root.jobs.remove(0)
}

#[test]
fn names_the_field_that_was_meant() {
    let text = "jobs:\n  - name: node\n    intervall: 15s\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:5: error: unknown field `intervall`
      |
    3 |     intervall: 15s
      |     ^^^^^^^^^ did you mean `interval`?
      = at jobs[0]
    ");
}

#[test]
fn points_at_a_tab_in_the_indentation() {
    let text = "jobs:\n\t- name: node\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:1: error: a tab in the indentation, YAML allows only spaces there
      |
    2 |  - name: node
      | ^ replace the tab with spaces
    ");
}

#[test]
fn points_at_a_tab_that_the_scanner_notices_late() {
    let text = "jobs:\n  - name: node\n\t  interval: 15s\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:1: error: a tab in the indentation, YAML allows only spaces there
      |
    3 |    interval: 15s
      | ^ replace the tab with spaces
    ");
}

#[test]
fn names_the_line_of_the_first_of_two_keys() {
    let text = "jobs:\n  - name: node\n    interval: 15s\n    name: other\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:4:5: error: duplicate key `name`
      |
    4 |     name: other
      |     ^^^^ the first is in line 2
    ");
}

#[test]
fn wants_a_duration_and_finds_a_list() {
    let text = "jobs:\n  - name: node\n    interval: [15s]\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:15: error: expected a duration such as 15s, found a list
      |
    3 |     interval: [15s]
      |               ^
      = at jobs[0].interval
    ");
}

#[test]
fn wants_a_duration_and_finds_a_number() {
    let text = "jobs:\n  - interval: 15\n";
    insta::assert_snapshot!(refused(text), @r##"
    jobs.yml:2:15: error: expected a duration such as 15s, 5m or 1h30m, found "15"
      |
    2 |   - interval: 15
      |               ^^
      = at jobs[0].interval
    "##);
}

#[test]
fn wants_a_list_and_finds_a_text() {
    let text = "jobs:\n  - targets: db1:9100\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:14: error: expected a list, found `db1:9100`
      |
    2 |   - targets: db1:9100
      |              ^^^^^^^^
      = at jobs[0].targets
    ");
}

#[test]
fn wants_a_mapping_and_finds_a_text() {
    let text = "jobs:\n  - node\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:5: error: expected a mapping, found `node`
      |
    2 |   - node
      |     ^^^^
      = at jobs[0]
    ");
}

#[test]
fn wants_a_mapping_and_finds_nothing() {
    let text = "jobs:\n  - name: node\n  -\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:4: error: expected a mapping, found nothing
      |
    3 |   -
      |    ^
      = at jobs[1]
    ");
}

#[test]
fn wants_a_number_and_finds_a_word() {
    let text = "jobs:\n  - limit: many\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:12: error: expected a whole number, found `many`
      |
    2 |   - limit: many
      |            ^^^^
      = at jobs[0].limit
    ");
}

#[test]
fn wants_a_number_and_finds_a_fraction() {
    let text = "jobs:\n  - limit: 1.5\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:12: error: expected a whole number, found the number 1.5
      |
    2 |   - limit: 1.5
      |            ^^^
      = at jobs[0].limit
    ");
}

#[test]
fn wants_a_number_in_its_range() {
    let text = "jobs:\n  - limit: 5000000000\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:12: error: expected a whole number from 0 to 4294967295, found the number 5000000000
      |
    2 |   - limit: 5000000000
      |            ^^^^^^^^^^
      = at jobs[0].limit
    ");
}

#[test]
fn wants_true_or_false() {
    let text = "jobs:\n  - enabled: 'yes'\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:14: error: expected true or false, found `yes`
      |
    2 |   - enabled: 'yes'
      |              ^^^^^
      = at jobs[0].enabled
    ");
}

#[test]
fn wants_a_size() {
    let text = "jobs:\n  - size: 10\n";
    insta::assert_snapshot!(refused(text), @r##"
    jobs.yml:2:11: error: expected a size such as 512MB or 10GiB, found "10"
      |
    2 |   - size: 10
      |           ^^
      = at jobs[0].size
    "##);
}

#[test]
fn wants_one_of_several_words() {
    let text = "jobs:\n  - mode: slwo\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:11: error: unknown value `slwo`
      |
    2 |   - mode: slwo
      |           ^^^^ did you mean `slow`?
      = at jobs[0].mode
    ");
}

#[test]
fn misses_a_closing_bracket() {
    let text = "jobs:\n  - targets: [db1:9100, db2:9100\n    name: node\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:9: error: `:` is not expected here
      |
    3 |     name: node
      |         ^ check the indentation, or put the text in quotes
    ");
}

#[test]
fn misses_a_closing_quote() {
    let text = "jobs:\n  - name: \"node\n";
    insta::assert_snapshot!(refused(text), @r##"
    jobs.yml:2:15: error: a quoted text is not closed in its line, and the next line is not indented
      |
    2 |   - name: "node
      |               ^ add the missing quote
    "##);
}

#[test]
fn refuses_an_alias_without_anchor() {
    let text = "jobs:\n  - name: *.example.com\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:11: error: an alias to an anchor that is not defined before it
      |
    2 |   - name: *.example.com
      |           ^ put a text that begins with `*` in quotes
    ");
}

#[test]
fn refuses_an_alias_within_its_own_value() {
    let text = "jobs: &a [*a]\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:1:11: error: this alias stands inside the value that it refers to
      |
    1 | jobs: &a [*a]
      |           ^^
    ");
}

#[test]
fn refuses_a_second_document() {
    let text = "jobs: []\n---\njobs: []\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:1: error: a second document begins here, expected one
      |
    3 | jobs: []
      | ^^^^ remove the `---` line or make it a file of its own
    ");
}

#[test]
fn refuses_a_zero_byte() {
    let text = "jobs:\n  - name: a\0b\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:12: error: found a zero byte, expected text
      |
    2 |   - name: a�b
      |            ^ is this a binary file?
    ");
}

#[test]
fn refuses_a_colon_in_a_plain_text() {
    let text = "jobs:\n  - name: a: b\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:12: error: `:` is not expected here
      |
    2 |   - name: a: b
      |            ^ check the indentation, or put the text in quotes
    ");
}

#[test]
fn refuses_lines_that_do_not_fit() {
    let text = "jobs:\n  - name: node\n   limit: 3\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:3:4: error: this does not fit the lines before it
      |
    3 |    limit: 3
      |    ^ check the indentation
    ");
}

#[test]
fn refuses_merging_a_text() {
    let text = "jobs:\n  - <<: node\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:2:9: error: `<<` merges mappings, found something else
      |
    2 |   - <<: node
      |         ^^^^
    ");
}

#[test]
fn keeps_long_lines_short() {
    let text = "jobs: [{name: n0}, {name: n1}, {name: n2}, {name: n3}, {name: n4}, {name: n5}, {name: n6}, {name: n7}, {name: n8}, {name: n9}, {name: n10}, {name: n11}, {name: n12}, {name: n13}, {name: n14}, {name: n15}, {name: n16}, {name: n17}, {name: n18}, {name: n19}, {name: n20}, {name: n21}, {name: n22}, {name: n23}, {name: n24}, {name: n25}, {name: n26}, {name: n27}, {name: n28}, {name: n29}, {name: n30}, {name: n31}, {name: n32}, {name: n33}, {name: n34}, {name: n35}, {name: n36}, {name: n37}, {name: n38}, {name: n39}, {name: n40}, {name: n41}, {name: n42}, {name: n43}, {name: n44}, {name: n45}, {name: n46}, {name: n47}, {name: n48}, {name: n49}, {name: n50}, {name: n51}, {name: n52}, {name: n53}, {name: n54}, {name: n55}, {name: n56}, {name: n57}, {name: n58}, {name: n59}, {nam: x}, {name: y}, {name: n0}, {name: n1}, {name: n2}, {name: n3}, {name: n4}, {name: n5}, {name: n6}, {name: n7}, {name: n8}, {name: n9}, {name: n10}, {name: n11}, {name: n12}, {name: n13}, {name: n14}, {name: n15}, {name: n16}, {name: n17}, {name: n18}, {name: n19}, {name: n20}, {name: n21}, {name: n22}, {name: n23}, {name: n24}, {name: n25}, {name: n26}, {name: n27}, {name: n28}, {name: n29}]\n";
    insta::assert_snapshot!(refused(text), @r"
    jobs.yml:1:779: error: unknown field `nam`
      |
    1 | {name: n56}, {name: n57}, {name: n58}, {name: n59}, {nam: x}, {name: y}, {name: n0}, {name: n1}, {name: n2}, {name: n3}, {name: n4}, {name: n5}, {name: n6}, {na
      |                                                      ^^^ did you mean `name`?
      = at jobs[60]
    ");
}

#[test]
fn reads_what_go_yaml_reads() {
    for (text, expected) in [
        (
            "name: 1.10",
            Job {
                name: "1.10".into(),
                ..Job::default()
            },
        ),
        (
            "name: no",
            Job {
                name: "no".into(),
                ..Job::default()
            },
        ),
        (
            "name: 0x1F",
            Job {
                name: "0x1F".into(),
                ..Job::default()
            },
        ),
        ("name: ~", Job::default()),
        (
            "name: !!binary bm9kZQ==",
            Job {
                name: "node".into(),
                ..Job::default()
            },
        ),
        (
            "name: !!str 12",
            Job {
                name: "12".into(),
                ..Job::default()
            },
        ),
        (
            "enabled: yes",
            Job {
                enabled: true,
                ..Job::default()
            },
        ),
        (
            "enabled: On",
            Job {
                enabled: true,
                ..Job::default()
            },
        ),
        ("enabled: off", Job::default()),
        ("enabled:", Job::default()),
        (
            "limit: 1e3",
            Job {
                limit: 1000,
                ..Job::default()
            },
        ),
        (
            "limit: 0x10",
            Job {
                limit: 16,
                ..Job::default()
            },
        ),
        (
            "limit: 010",
            Job {
                limit: 8,
                ..Job::default()
            },
        ),
        (
            "limit: 1_000",
            Job {
                limit: 1000,
                ..Job::default()
            },
        ),
        (
            "ratio: 1",
            Job {
                ratio: 1.0,
                ..Job::default()
            },
        ),
        ("interval: 0", Job::default()),
        ("interval:", Job::default()),
        (
            "interval: 1h30m",
            Job {
                interval: DurationValue(Duration::from_secs(5400)),
                ..Job::default()
            },
        ),
        (
            "size: 10MB",
            Job {
                size: SizeValue(ByteCount::MIB.times(10)),
                ..Job::default()
            },
        ),
        (
            "mode: slow",
            Job {
                mode: Some(Mode::Slow),
                ..Job::default()
            },
        ),
        ("targets:", Job::default()),
        ("labels:", Job::default()),
        (
            "labels: {foo: 1, yes: 2, 3: 0.10}",
            Job {
                labels: [("foo", "1"), ("yes", "2"), ("3", "0.10")]
                    .map(|(k, v)| (k.into(), v.into()))
                    .into(),
                ..Job::default()
            },
        ),
    ] {
        assert_eq!(
            first_job(&format!("jobs:\n  - {text}\n")),
            expected,
            "{text}"
        );
    }
}

#[test]
fn merges_without_overwriting() {
    let text = "jobs:\n  - &base {name: base, limit: 1}\n  - name: own\n    <<: *base\n  - <<: [*base, {limit: 2, ratio: 3}]\n";
    let jobs = read(text).unwrap().jobs;
    assert_eq!((jobs[1].name.as_str(), jobs[1].limit), ("own", 1));
    assert_eq!(
        (jobs[2].name.as_str(), jobs[2].limit, jobs[2].ratio),
        ("base", 1, 3.0)
    );
}

#[test]
fn an_empty_file_is_an_empty_section() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "~",
        "{}",
        "jobs:",
        "\u{feff}jobs: []",
        "---\njobs: []\n...\n",
    ] {
        assert_eq!(read(text).unwrap(), Root::default(), "{text:?}");
    }
}

#[test]
fn values_know_their_place() {
    let job = first_job("jobs:\r\n  - targets:\r\n      - 'db\u{e9}'\r\n      - web\r\n");
    let source = Source::new(
        Path::new("jobs.yml"),
        "jobs:\r\n  - targets:\r\n      - 'db\u{e9}'\r\n      - web\r\n",
    )
    .unwrap();
    let shown: Vec<_> = job
        .targets
        .iter()
        .map(|target| source.error(target.span, "here"))
        .map(|finding| (finding.line, finding.column, finding.length))
        .collect();
    assert_eq!(shown, [(3, 9, 5), (4, 9, 3)]);
}

/// Ten levels of ten aliases are 10^10 values; they are refused without making one of them.
#[test]
fn refuses_an_alias_bomb_at_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    insta::assert_snapshot!(refused(&text), @r"
    jobs.yml:5:9: error: aliases expand to far more values than the file holds
      |
    5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
      |         ^ write the values out, or use fewer aliases of aliases
    ");
}

#[test]
fn refuses_a_bomb_of_merges() {
    let many: Vec<String> = (0..3000).map(|index| format!("k{index}: 1")).collect();
    let mut text = format!("base: &base {{{}}}\nall:\n", many.join(", "));
    text.push_str(&"  - <<: *base\n".repeat(3000));
    let error = refused(&text);
    assert!(
        error.contains("merges more values") || error.contains("aliases expand"),
        "{error}"
    );
}

#[test]
fn refuses_deep_nesting() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        assert!(refused(&text).contains("nested"), "{}", refused(&text));
    }
    let mut text = "a0: &a0 x\n".to_owned();
    for level in 1..200 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(refused(&text).contains("nested more than 100 levels deep"));
}

#[test]
fn refuses_what_is_too_large_by_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.yml");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(FILE_BYTES_MAX + 1)
        .unwrap();
    let error = Source::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("larger than 32 MiB, the most that is read"),
        "{error}"
    );
}

#[test]
fn points_at_the_byte_that_is_not_utf8() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("latin1.yml");
    std::fs::write(&path, b"jobs:\n  - name: caf\xe9\n").unwrap();
    let error = Source::read(&path).unwrap_err();
    let finding = &error.0[0];
    assert_eq!((finding.line, finding.column), (2, 14));
    assert_eq!(finding.message, "byte 0xe9 is not valid UTF-8");
}

#[test]
fn says_why_a_file_cannot_be_read() {
    let error = Source::read(Path::new("absent/jobs.yml"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("absent/jobs.yml: error: cannot read the file: "),
        "{error}"
    );
}

#[test]
fn unknown_fields_can_be_passed_over() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        a: u32,
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        list: Vec<Inner>,
        free: BTreeMap<String, u32>,
    }
    let text = "x: {y: 1}\nlist:\n- {a: 1, b: 2}\nfree: {z: 3}\n";
    let strict = Source::new("f.yml".as_ref(), text).unwrap();
    assert!(strict.parse::<Outer>().is_err());
    assert!(strict.ignored().is_empty());
    let lenient = strict.ignoring_unknown_fields();
    let read: Outer = lenient.parse().unwrap();
    assert_eq!((read.list[0].a, read.free["z"]), (1, 3));
    let shown = lenient.ignored().into_iter();
    let shown: Vec<_> = shown
        .map(|warning| (warning.line, warning.column, warning.message))
        .collect();
    let expected = [
        (1, 1, "the field `x` is unknown and ignored".to_owned()),
        (3, 10, "the field `b` is unknown and ignored".to_owned()),
    ];
    assert_eq!(shown, expected);
}
