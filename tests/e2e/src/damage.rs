//! What random damage to any file is made of: lines that go or come twice, pieces that become others.

use plimsoll_testkit::Seed;

/// Replaces one place of one of the pieces that are in the text; one of them has to be.
pub(crate) fn with_replacement(
    text: &str,
    replacements: &[(&str, &str)],
    random: &mut Seed,
) -> String {
    let fitting: Vec<_> = replacements
        .iter()
        .filter(|(from, _)| text.contains(from))
        .collect();
    let (from, to) = fitting[random.below(fitting.len() as u64) as usize];
    let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
    let at = places[random.below(places.len() as u64) as usize];
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

/// Returns the lines and the place of one of them.
pub(crate) fn lines(text: &str, random: &mut Seed) -> (Vec<String>, usize) {
    let lines: Vec<String> = text.lines().map(String::from).collect();
    let at = random.below(lines.len() as u64) as usize;
    (lines, at)
}

pub(crate) fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

pub(crate) fn without_line(text: &str, random: &mut Seed) -> String {
    let (mut lines, at) = lines(text, random);
    lines.remove(at);
    joined(&lines)
}

pub(crate) fn with_line_twice(text: &str, random: &mut Seed) -> String {
    let (mut lines, at) = lines(text, random);
    lines.insert(at, lines[at].clone());
    joined(&lines)
}

/// Takes lines away as long as the text still fails.
pub(crate) fn smaller(text: &str, mut fails: impl FnMut(&str) -> bool) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let mut at = lines.len();
    while at > 0 {
        at -= 1;
        let mut candidate = lines.clone();
        candidate.remove(at);
        if fails(&joined(&candidate)) {
            lines = candidate;
        }
    }
    joined(&lines)
}
