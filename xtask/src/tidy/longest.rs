//! Prints the longest files and functions: places to look at, not findings.

use std::path::Path;

use crate::process;
use crate::tidy::tracked;

const SHOWN: usize = 5;

pub(super) fn print() -> anyhow::Result<()> {
    let mut files = Vec::new();
    let mut functions = Vec::new();
    for path in tracked::paths()? {
        if path.extension().is_none_or(|extension| extension != "rs") || is_test(&path) {
            continue;
        }
        let text = std::fs::read_to_string(process::root().join(&path))?;
        let code = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        files.push((code.lines().count(), path.display().to_string()));
        functions.extend(function_lengths(code, &path));
    }
    println!("longest files (lines without tests): {}", top(files));
    println!("longest functions: {}", top(functions));
    Ok(())
}

fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// Reads a function as the lines from `fn` to the closing brace at the same indentation, which rustfmt guarantees.
fn function_lengths(code: &str, path: &Path) -> Vec<(usize, String)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut lengths = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let Some(name) = function_name(trimmed) else {
            continue;
        };
        // A method that a trait only declares has no body.
        let ends = lines[start..]
            .iter()
            .find(|line| line.ends_with(['{', ';', '}']));
        if ends.is_none_or(|line| !line.ends_with('{')) {
            continue;
        }
        let closing = format!("{}}}", &line[..line.len() - trimmed.len()]);
        let Some(length) = lines[start..].iter().position(|line| **line == closing) else {
            continue;
        };
        lengths.push((
            length + 1,
            format!("{}:{} {name}", path.display(), start + 1),
        ));
    }
    lengths
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_function = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["async", "const", "unsafe"].contains(&word));
    is_function.then(|| after.split(['(', '<']).next().unwrap_or_default())
}

fn top(mut found: Vec<(usize, String)>) -> String {
    found.sort_by(|a, b| b.cmp(a));
    let shown: Vec<String> = found
        .iter()
        .take(SHOWN)
        .map(|(lines, place)| format!("{lines} {place}"))
        .collect();
    shown.join(", ")
}
