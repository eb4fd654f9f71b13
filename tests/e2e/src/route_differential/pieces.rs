//! Files with one random part, good or not.

use plimsoll_testkit::Seed;

use super::case::quoted;
use super::generate::one;

const WORDS: [&str; 26] = [
    "a",
    "b",
    "team",
    "x",
    "1",
    "=",
    "!=",
    "=~",
    "!~",
    "=",
    "\"",
    "\"",
    "\\",
    "\\n",
    "{",
    "}",
    ",",
    " ",
    "(",
    ")",
    "|",
    ".*",
    "\u{e9}",
    "!",
    "a=\"b\"",
    "c=~\"d|e\"",
];

const TIMES: [&str; 14] = [
    "00:00", "09:00", "9:00", "12:30", "17:00", "23:59", "24:00", "24:01", "12:60", "25:00", "",
    "noon", "12:00:00", "-1:00",
];
const WEEKDAYS: [&str; 9] = [
    "monday", "Tuesday", "friday", "sunday", "SATURDAY", "mon", "1", "", "fri day",
];
const DAYS: [&str; 12] = [
    "1", "15", "28", "31", "-1", "-3", "-28", "-31", "0", "32", "x", "+3",
];
const MONTHS: [&str; 10] = [
    "january", "May", "august", "december", "1", "12", "0", "13", "jan", "",
];
const YEARS: [&str; 7] = ["2020", "2022", "1", "-5", "0", "mmxx", ""];
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "Local",
    "",
    "europe/berlin",
    "Mars/Olympus",
    "Australia/Lord_Howe",
    "Etc/GMT+5",
];

/// Makes a small file around a random part.
pub(super) fn file(random: &mut Seed) -> String {
    let (route, rest) = match random.below(4) {
        0 => (
            format!("\n  routes:\n  - matchers: [{}]\n", quoted(&words(random))),
            String::new(),
        ),
        1 => {
            let rule = format!(
                "inhibit_rules:\n- source_matchers: [{}]\n",
                quoted(&words(random))
            );
            (String::new(), rule)
        }
        _ => (String::new(), interval(random)),
    };
    format!("receivers: [{{name: r}}]\nroute:\n  receiver: r{route}\n{rest}")
}

/// A line of conditions, mostly not one.
fn words(random: &mut Seed) -> String {
    let count = 1 + random.below(7);
    let mut line = match random.percent(70) {
        true => format!("a{}", one(random, &["=", "!=", "=~", "!~"])),
        false => String::new(),
    };
    for _ in 0..count {
        line.push_str(one(random, &WORDS));
    }
    line
}

fn interval(random: &mut Seed) -> String {
    let section = one(random, &["time_intervals", "mute_time_intervals"]);
    let mut text = format!("{section}:\n- name: t\n  time_intervals:\n  - ");
    let range = |random: &mut Seed, all: &[&str]| {
        let (first, second) = (one(random, all), one(random, all));
        match random.below(8) {
            0..4 => first.to_owned(),
            4..7 => format!("{first}:{second}"),
            _ => format!("{first}:{second}:{first}"),
        }
    };
    match random.below(6) {
        0 | 1 => text.push_str(&format!(
            "times: [{{start_time: {}, end_time: {}}}]\n",
            quoted(one(random, &TIMES)),
            quoted(one(random, &TIMES))
        )),
        2 => text.push_str(&format!(
            "weekdays: [{}]\n",
            quoted(&range(random, &WEEKDAYS))
        )),
        3 => text.push_str(&format!(
            "days_of_month: [{}]\n",
            quoted(&range(random, &DAYS))
        )),
        4 => text.push_str(&format!("months: [{}]\n", quoted(&range(random, &MONTHS)))),
        _ => text.push_str(&format!("years: [{}]\n", quoted(&range(random, &YEARS)))),
    }
    if random.percent(15) {
        text.push_str(&format!("    location: {}\n", quoted(one(random, &ZONES))));
    }
    text
}
