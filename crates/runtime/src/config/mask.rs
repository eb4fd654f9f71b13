//! Secrets in the lines that diagnostics show: diagnostics end up in logs, in answers to `/-/reload` and in chats.
//!
//! Which value belongs to which key is known here from the text alone, because a file that does not parse has lines to
//! show too. In doubt more is masked than needed. Each character becomes one star, so that carets stay below their place.

/// Keys whose value nobody may see, with all that is nested in it.
const SECRET_KEYS: [&str; 43] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "secret",
    "secrets",
    "key",
    "values",
    "headers",
    "request_headers",
    "http_headers",
    "proxy_connect_header",
    "secret_key",
    "access_key",
    "token",
    "auth_token",
    "application_secret",
    "application_credential_secret",
    "application_key",
    "consumer_key",
    "secret_token",
    "smtp_auth_password",
    "smtp_auth_secret",
    "auth_password",
    "auth_secret",
    "slack_api_url",
    "slack_app_token",
    "app_token",
    "api_url",
    "routing_key",
    "service_key",
    "opsgenie_api_key",
    "api_key",
    "webhook_url",
    "mattermost_webhook_url",
    "bot_token",
    "telegram_bot_token",
    "alert_source_token",
    "victorops_api_key",
    "wechat_api_secret",
    "api_secret",
    "rocketchat_token",
    "user_key",
];

/// The section in which URLs hold a secret behind their host, because that is how webhooks are protected.
const WEBHOOKS: &str = "webhook_configs";

/// Schemes of URLs that mostly hold a password, and maybe one with characters that should have been escaped: of these all
/// is hidden up to the last `@`.
const DATABASES: [&str; 2] = ["postgres", "postgresql"];

/// Returns the line that begins at byte `start` of a text, with stars for secrets.
pub(super) fn masked_line(text: &str, start: usize) -> String {
    let line = text[start..].lines().next().unwrap_or("");
    if is_inside_secret(text, start, line) {
        let all = indent(line)..line.len();
        return stars(line, std::slice::from_ref(&all));
    }
    let mut hidden = secret_values(line).ranges;
    hidden.extend(user_info(line));
    if enclosing(text, start, line).any(|outer| outer.contains(WEBHOOKS)) || line.contains(WEBHOOKS)
    {
        hidden.extend(url_paths(line));
    }
    stars(line, &hidden)
}

/// Says whether a secret that begins in a line above goes on here.
fn is_inside_secret(text: &str, start: usize, line: &str) -> bool {
    enclosing(text, start, line).any(|outer| secret_values(outer).goes_on)
}

/// Walks the lines above with less and less indentation, up to the section at the margin.
fn enclosing<'a>(text: &'a str, start: usize, line: &'a str) -> impl Iterator<Item = &'a str> {
    let mut above = text[..start].lines().rev();
    let (mut inner, mut is_done) = (line, false);
    std::iter::from_fn(move || {
        while !is_done {
            let outer = above.next()?;
            let content = outer.trim_start();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            // A list may begin below its key without being indented.
            let is_list_of = inner.trim_start().starts_with("- ") && !content.starts_with("- ");
            let is_outer =
                key_column(outer) < indent(inner) || (indent(outer) == indent(inner) && is_list_of);
            if is_outer {
                inner = outer;
                is_done = indent(outer) == 0 && !content.starts_with("- ");
                return Some(outer);
            }
        }
        None
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The column of a line's first key: behind the dashes of lists.
fn key_column(line: &str) -> usize {
    let mut key = line.trim_start_matches(' ');
    while let Some(behind) = key.strip_prefix("- ") {
        key = behind.trim_start_matches(' ');
    }
    line.len() - key.len()
}

/// The secret values of one line.
#[derive(Default)]
struct Secrets {
    ranges: Vec<std::ops::Range<usize>>,
    /// The last one may have more lines.
    goes_on: bool,
}

fn secret_values(line: &str) -> Secrets {
    let mut found = Secrets::default();
    let mut at = 0;
    let mut depth = 0_usize;
    // Keys stand at the begin of a line, behind the dash of a list, or behind a bracket or comma in flow style.
    let mut may_be_key = true;
    while let Some(character) = line[at..].chars().next() {
        if may_be_key && let Some(value) = behind_secret_key(&line[at..]) {
            let start = at + value;
            let end = if depth > 0 {
                flow_end(line, start)
            } else {
                line.trim_end().len()
            };
            let value = line[start.min(end)..end].trim_start();
            let is_header_of_block =
                value.is_empty() || value.starts_with(['|', '>', '&', '!', '#']);
            found.goes_on = end >= line.trim_end().len();
            if !is_header_of_block {
                found.ranges.push(end - value.len()..end);
            }
            at = end.max(start);
            may_be_key = false;
            continue;
        }
        match character {
            '{' | '[' => (depth, may_be_key) = (depth + 1, true),
            '}' | ']' => (depth, may_be_key) = (depth.saturating_sub(1), false),
            ',' => may_be_key = depth > 0,
            ' ' => {}
            '-' if line[at + 1..].starts_with(' ') => {}
            _ => may_be_key = false,
        }
        at += character.len_utf8();
    }
    found
}

/// Returns where the value begins when a secret's key stands here, quoted or not.
fn behind_secret_key(text: &str) -> Option<usize> {
    let quote = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    let begin = quote.map_or(0, char::len_utf8);
    let name = SECRET_KEYS
        .iter()
        .filter(|key| text[begin..].starts_with(**key))
        .max_by_key(|key| key.len())?;
    let mut rest = &text[begin + name.len()..];
    if let Some(quote) = quote {
        rest = rest.strip_prefix(quote)?;
    }
    let value = rest.trim_start_matches(' ').strip_prefix(':')?;
    // `password:x` is a key in flow style behind a quote only, but a slip worth masking anywhere.
    let value = value.trim_start_matches(' ');
    Some(text.len() - value.len())
}

/// Returns where a value in flow style ends: at the comma or bracket that is not its own.
fn flow_end(line: &str, start: usize) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    let mut escaped = false;
    for (index, character) in line[start..].char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']' | ',') if depth == 0 => {
                return start + line[start..start + index].trim_end().len();
            }
            (None, '}' | ']') => depth -= 1,
            (None, _) => {}
        }
    }
    line.trim_end().len()
}

/// Finds user and password of URLs.
fn user_info(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (index, scheme_end) in line.match_indices("://") {
        let begin = index + scheme_end.len();
        if DATABASES
            .iter()
            .any(|scheme| line[..index].ends_with(scheme))
        {
            let end = line[begin..].find([' ', '"', '\'']);
            let end = end.map_or(line.len(), |length| begin + length);
            let length = line[begin..end].rfind('@');
            found.push(begin..length.map_or(end, |length| begin + length));
            continue;
        }
        let is_end = |c: char| matches!(c, '/' | '?' | '#' | ' ' | '"' | '\'' | ',');
        let end = line[begin..].find(is_end).unwrap_or(line.len() - begin);
        if let Some(length) = line[begin..begin + end].rfind('@') {
            found.push(begin..begin + length);
        }
    }
    found
}

/// Finds what stands behind the host of URLs.
fn url_paths(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (index, scheme_end) in line.match_indices("://") {
        let host = index + scheme_end.len();
        let end = line[host..].find([' ', '"', '\'', ',', '}']);
        let end = end.map_or(line.len(), |length| host + length);
        if let Some(path) = line[host..end].find(['/', '?', '#']) {
            found.push(host + path + 1..end);
        }
    }
    found
}

fn stars(line: &str, hidden: &[std::ops::Range<usize>]) -> String {
    let shown = |(index, character): (usize, char)| {
        let is_hidden = hidden.iter().any(|range| range.contains(&index));
        if is_hidden { '*' } else { character }
    };
    line.char_indices().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows the last line of a text.
    fn check(text: &str, expected: &str) {
        let start = text.rfind('\n').map_or(0, |index| index + 1);
        assert_eq!(masked_line(text, start), expected, "{text}");
    }

    #[test]
    fn values_of_secret_keys_are_masked_and_nothing_moves() {
        check("password: hunter2", "password: *******");
        check("  - password:  'a b' # c", "  - password:  *********");
        check("\"client_secret\": \"x\"", "\"client_secret\": ***");
        check(
            "{user: u, password: \"a,b}\", c: d}",
            "{user: u, password: ******, c: d}",
        );
        check(
            "a: {credentials: x, type: y}",
            "a: {credentials: *, type: y}",
        );
        check("a: {b: {secret: x}, c: y}", "a: {b: {secret: *}, c: y}");
        check(
            "x: {secrets: [a, b], files: [c]}",
            "x: {secrets: ******, files: [c]}",
        );
        check("bearer_token: \u{fc}\u{fc}", "bearer_token: **");
        check("password:hunter2", "password:*******");
    }

    #[test]
    fn other_keys_are_shown() {
        for line in [
            "password_file: /etc/secret",
            "key_file: /etc/key",
            "job_name: password: x",
            "# password is below",
            "scrape_interval: 15s",
            "- targets: ['a:1', 'b:2']",
            "password:",
            "password: |",
        ] {
            check(line, line);
        }
    }

    #[test]
    fn what_is_nested_in_a_secret_is_masked() {
        check("password: |\n  hunter2", "  *******");
        check("a:\n  key: >-\n    one\n\n    two", "    ***");
        check(
            "http_headers:\n  X-Key:\n    values:\n    - abc",
            "    *****",
        );
        check(
            "http_headers:\n  X-Key: {secrets: [a]}",
            "  *********************",
        );
        check("basic_auth: {password: 'a\n  b'}", "  ***");
        check("secrets: [a,\n  b]", "  **");
        check("password: x\nusername: y", "username: y");
        check("- password: x\n  username: y", "  username: y");
        check("a:\n- password: x\n- username: y", "- username: y");
    }

    #[test]
    fn users_of_urls_are_masked() {
        check("proxy_url: http://u:p@h:1/x", "proxy_url: http://***@h:1/x");
        check("url: 'https://h/a@b'", "url: 'https://h/a@b'");
        check(
            "{url: 'postgres://u:p/q@h/d', a: b}",
            "{url: 'postgres://*****@h/d', a: b}",
        );
        check("url: postgresql://u:p?q#r@h", "url: postgresql://*******@h");
        check("url: postgres://u:p", "url: postgres://***");
    }

    #[test]
    fn secrets_of_receivers_are_masked() {
        check("- routing_key: abc", "- routing_key: ***");
        check("slack_api_url: http://h/x", "slack_api_url: **********");
        check("api_key_file: /etc/key", "api_key_file: /etc/key");
        check(
            "- webhook_configs:\n  - send_resolved: true\n    url: 'http://h:1/a/b?c=d'",
            "    url: 'http://h:1/*******'",
        );
        check(
            "a: {webhook_configs: [{url: http://h/abc}]}",
            "a: {webhook_configs: [{url: http://h/***}]}",
        );
        check("remote_write:\n- url: http://h/abc", "- url: http://h/abc");
    }

    #[test]
    fn any_text_is_masked_without_a_panic() {
        bolero::check!().with_type::<String>().for_each(|text| {
            let line = text.lines().next().unwrap_or("");
            let shown = masked_line(text, 0);
            assert_eq!(shown.chars().count(), line.chars().count());
        });
    }
}
