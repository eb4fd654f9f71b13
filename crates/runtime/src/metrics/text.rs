//! From OpenMetrics to the older text format, which promtool and old scrapers read.
//!
//! | OpenMetrics | text 0.0.4 |
//! |---|---|
//! | `# HELP n`, `# TYPE n counter` | the same of `n_total`: the older format describes samples, not families |
//! | `# UNIT`, `# EOF` | nothing |
//! | `# TYPE n unknown` | `# TYPE n untyped` |
//! | `# {...}` after a sample, an exemplar | nothing |

/// Rewrites what [`Registry::render`](super::Registry::render) made; no general converter.
pub(super) fn from_openmetrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            // Kept until the type tells the name.
            help = rest.split_once(' ');
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            describe(&mut out, name, kind, help.take());
        } else if !line.starts_with('#') {
            out.push_str(without_exemplar(line));
            out.push('\n');
        }
    }
    out
}

fn describe(out: &mut String, name: &str, kind: &str, help: Option<(&str, &str)>) {
    let suffix = match kind {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };
    let kind = match kind {
        "counter" | "gauge" | "histogram" | "summary" => kind,
        "info" | "stateset" => "gauge",
        _ => "untyped",
    };
    if let Some((_, help)) = help {
        // The older format knows no escaped quote in a help text.
        let help = help.replace("\\\"", "\"");
        out.push_str(&format!("# HELP {name}{suffix} {help}\n"));
    }
    out.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
}

/// Cuts an exemplar off; a ` # ` inside a label's quotes is none.
fn without_exemplar(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in line.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => return line[..at].trim_end(),
            _ => {}
        }
    }
    line
}
