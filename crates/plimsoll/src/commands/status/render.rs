//! The status as a page for people.

use plimsoll_types::{ByteCount, Timestamp};
use serde_json::Value;

use super::number;

/// Writes the sections that are there.
pub(super) fn render(status: &Value) -> String {
    let mut page = Page::default();
    if status["durability"].is_object() {
        durability(&mut page, status);
        writes(&mut page, status);
    }
    recovery(&mut page, &status["recovery"]);
    if status["retention"].is_object() {
        retention(&mut page, &status["retention"]);
    }
    head(&mut page, &status["head"]);
    parts(&mut page, status);
    page.text
}

/// Titles at the margin, facts below them in two columns.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn title(&mut self, title: &str, what: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{title:<16}{what}\n"));
    }

    fn fact(&mut self, name: &str, what: impl std::fmt::Display) {
        self.text.push_str(&format!("  {name:<14}{what}\n"));
    }
}

fn durability(page: &mut Page, status: &Value) {
    let contract = &status["durability"];
    let mode = text(&contract["mode"]);
    let meaning = match mode.as_str() {
        "always" => "the log is synced for every write",
        "group" => "the log is synced once for all writes of a few milliseconds",
        "os" => "the operating system decides when the log is synced",
        _ => "",
    };
    page.title("durability", &format!("{mode}: {meaning}"));
    for promise in list(&contract["writes"]) {
        page.text
            .push_str(&format!("  {}\n", text(&promise["writes"])));
        for (name, key) in [
            ("acknowledged", "acknowledged"),
            ("kill -9 loses", "killLoses"),
            ("power loss", "powerLossLoses"),
        ] {
            let what = text(&promise[key]);
            page.text.push_str(&format!("    {name:<14}{what}\n"));
        }
    }
    let (reserve, retry) = (
        bytes(&contract["freeBytesReserve"]),
        text(&contract["retryInterval"]),
    );
    let free = match status["freeBytes"].as_u64() {
        Some(free) => format!(" ({} are free now)", ByteCount(free)),
        None => String::new(),
    };
    page.fact(
        "full disk",
        format!(
            "before less than {reserve} are free, writes are refused with the reason{free};\n{:16}senders keep theirs and \
             try again, the disk is tried every {retry}, queries go on",
            ""
        ),
    );
}

fn writes(page: &mut Page, status: &Value) {
    match status["refusal"].as_str() {
        Some(reason) => page.title("writes", &format!("REFUSED: {}", harmless(reason))),
        None => page.title("writes", "taken"),
    }
}

fn recovery(page: &mut Page, found: &Value) {
    let state = match found["isClean"].as_bool() {
        Some(true) => "clean",
        _ => "not every byte was as it had been written",
    };
    let seconds = found["durationSeconds"].as_f64().unwrap_or(0.0);
    page.title("last recovery", &format!("{state}, in {seconds:.3} s"));
    let count = |key: &str| number(&found[key]);
    page.fact(
        "replayed",
        format!(
            "{}, {}: {} with {}, {}",
            counted(count("segments"), "segment", "segments"),
            bytes(&found["bytes"]),
            counted(count("records"), "batch", "batches"),
            counted(count("samples"), "sample", "samples"),
            counted(count("deletions"), "deletion", "deletions")
        ),
    );
    page.fact("opened", counted(count("parts"), "part", "parts"));
    for (key, what) in [
        ("samplesInParts", "samples that parts had already"),
        (
            "repeated",
            "batches that were written again after a failed sync",
        ),
        ("withoutSeries", "samples whose series is damaged"),
        ("undecodable", "records that say nothing"),
    ] {
        if count(key) > 0 {
            page.fact("skipped", format!("{} {what}", count(key)));
        }
    }
    for (name, key) in [("cut", "cut"), ("skipped", "skipped")] {
        for damage in list(&found[key]) {
            let (length, offset) = (number(&damage["bytes"]), number(&damage["offset"]));
            let segment = text(&damage["segment"]);
            page.fact(
                name,
                format!("{length} bytes of {segment} at byte {offset}"),
            );
        }
    }
    for part in list(&found["quarantined"]) {
        page.fact("quarantined", quarantined(part));
    }
    for sentence in list(&found["repaired"]) {
        page.fact("repaired", text(sentence));
    }
    for part in list(&found["staleParts"]) {
        page.fact("removed", format!("the unfinished part {}", text(part)));
    }
}

fn quarantined(part: &Value) -> String {
    format!(
        "{} ({} to {}): {}",
        text(&part["name"]),
        time(&part["minTime"]),
        time(&part["maxTime"]),
        text(&part["reason"])
    )
}

fn retention(page: &mut Page, kept: &Value) {
    let mut rules: Vec<&Value> = list(&kept["rules"]).collect();
    let durations = |rule: &Value| {
        format!(
            "samples {}, 5m windows {}, 1h windows {}",
            text(&rule["raw"]),
            text(&rule["5m"]),
            text(&rule["1h"])
        )
    };
    let default = rules.pop().map_or_else(String::new, durations);
    page.title("retention", &default);
    for rule in rules {
        page.fact(&text(&rule["selector"]), durations(rule));
    }
    if let Some(size) = kept["bytes"].as_u64() {
        page.fact("size", format!("at most {}", ByteCount(size)));
    }
    if let Some(share) = kept["diskShare"].as_f64() {
        page.fact(
            "share",
            format!("at most {:.0}% of the file system", share * 100.0),
        );
    }
    page.fact("kept since", time(&kept["horizon"]));
}

fn head(page: &mut Page, head: &Value) {
    let samples = counted(number(&head["samples"]), "sample", "samples");
    let what = format!("{} series, {samples}", number(&head["series"]));
    page.title("head", &what);
    if !head["minTime"].is_null() {
        let (first, last) = (time(&head["minTime"]), time(&head["maxTime"]));
        page.fact("time", format!("{first} to {last}"));
    }
    let segments = counted(number(&head["logSegments"]), "segment", "segments");
    page.fact("log", format!("{segments}, {}", bytes(&head["logBytes"])));
}

fn parts(page: &mut Page, status: &Value) {
    let tiers: Vec<&Value> = list(&status["tiers"]).collect();
    let total = tiers.iter().map(|tier| number(&tier["parts"])).sum::<u64>();
    let size = tiers.iter().map(|tier| number(&tier["bytes"])).sum();
    page.title("parts", &format!("{total}, {}", ByteCount(size)));
    for tier in tiers {
        let name = text(&tier["tier"]);
        let (name, kind) = match &*name {
            "raw" => ("samples".to_owned(), ("sample", "samples")),
            _ => (format!("{name} windows"), ("window", "windows")),
        };
        let what = format!(
            "{}, {}, {}, {} to {}",
            counted(number(&tier["parts"]), "part", "parts"),
            counted(number(&tier["samples"]), kind.0, kind.1),
            bytes(&tier["bytes"]),
            time(&tier["minTime"]),
            time(&tier["maxTime"])
        );
        page.fact(&name, what);
    }
    for part in list(&status["quarantined"]) {
        page.fact("quarantined", quarantined(part));
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn bytes(value: &Value) -> ByteCount {
    ByteCount(number(value))
}

fn time(value: &Value) -> String {
    let millis = value.as_i64().unwrap_or(0);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(time) => format!("{time:.0}"),
        Err(_) => format!("{} ms", Timestamp::from_millis(millis).millis()),
    }
}

fn text(value: &Value) -> String {
    harmless(value.as_str().unwrap_or_default())
}

/// Escapes control characters: what comes from a server must not write to an operator's terminal.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_status_is_a_page() {
        let status = json!({
            "durability": {
                "mode": "group", "freeBytesReserve": 67_108_864, "retryInterval": "1s",
                "writes": [{"writes": "pushes", "acknowledged": "after a sync", "killLoses": "nothing", "powerLossLoses": "nothing"}],
            },
            "freeBytes": 1_073_741_824u64,
            "refusal": "no space\u{1b}[2J",
            "recovery": {
                "isClean": false, "durationSeconds": 0.25, "segments": 2, "bytes": 2048, "records": 3, "samples": 40,
                "deletions": 1, "parts": 1, "samplesInParts": 5,
                "cut": [{"segment": "a.wal", "offset": 36, "bytes": 7}],
                "skipped": [{"segment": "b.wal", "offset": 99, "bytes": 8}],
                "quarantined": [{"name": "0000000000000001", "minTime": 0, "maxTime": 1000, "reason": "damaged"}],
                "staleParts": ["0000000000000002"],
            },
            "retention": {
                "rules": [
                    {"selector": "{job=\"x\"}", "raw": "30d", "5m": "90d", "1h": "2y"},
                    {"selector": "{}", "raw": "15d", "5m": "90d", "1h": "2y"},
                ],
                "bytes": null, "diskShare": 0.5, "horizon": 0,
            },
            "head": {"series": 3, "samples": 40, "minTime": 0, "maxTime": 1000, "logSegments": 1, "logBytes": 10},
            "tiers": [{"tier": "raw", "parts": 1, "samples": 20, "bytes": 512, "minTime": 0, "maxTime": 2000}],
            "quarantined": [],
        });
        let expected = r#"durability      group: the log is synced once for all writes of a few milliseconds
  pushes
    acknowledged  after a sync
    kill -9 loses nothing
    power loss    nothing
  full disk     before less than 64 MiB are free, writes are refused with the reason (1 GiB are free now);
                senders keep theirs and try again, the disk is tried every 1s, queries go on

writes          REFUSED: no space\u{1b}[2J

last recovery   not every byte was as it had been written, in 0.250 s
  replayed      2 segments, 2 KiB: 3 batches with 40 samples, 1 deletion
  opened        1 part
  skipped       5 samples that parts had already
  cut           7 bytes of a.wal at byte 36
  skipped       8 bytes of b.wal at byte 99
  quarantined   0000000000000001 (1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z): damaged
  removed       the unfinished part 0000000000000002

retention       samples 15d, 5m windows 90d, 1h windows 2y
  {job="x"}     samples 30d, 5m windows 90d, 1h windows 2y
  share         at most 50% of the file system
  kept since    1970-01-01T00:00:00Z

head            3 series, 40 samples
  time          1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z
  log           1 segment, 10 B

parts           1, 512 B
  samples       1 part, 20 samples, 512 B, 1970-01-01T00:00:00Z to 1970-01-01T00:00:02Z
"#;
        assert_eq!(render(&status), expected);
    }

    #[test]
    fn what_another_version_does_not_tell_is_no_failure() {
        let page = render(&json!({}));
        assert!(page.starts_with("last recovery"), "{page}");
        assert!(!page.contains("durability"), "{page}");
    }
}
