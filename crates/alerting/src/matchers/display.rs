//! Matchers as Alertmanager writes them: in route keys, in its API and in logs.

use plimsoll_gotemplate::quoted;
use plimsoll_types::Matcher;

use super::utf8::is_reserved;

/// Writes conditions: `{severity="page",team=~"a|b"}`. Both syntaxes read it back, but for names outside the classic
/// alphabet, which only the one for UTF-8 reads.
pub fn display(matchers: &[Matcher]) -> String {
    let all: Vec<String> = matchers.iter().map(display_one).collect();
    format!("{{{}}}", all.join(","))
}

/// Writes one condition: `severity="page"`, or `"my label"="page"` where the name has something reserved in it.
pub fn display_one(matcher: &Matcher) -> String {
    let (name, op, value) = (matcher.name(), matcher.op().as_str(), matcher.value());
    if name.contains(is_reserved) {
        return format!("{}{op}{}", quoted(name), quoted(value));
    }
    let mut text = format!("{name}{op}\"");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}
