//! Secrets in the lines that diagnostics show: diagnostics end up in logs, in answers to `/-/reload` and in chats.
//!
//! Which value belongs to which key is known here from the text alone, because a file that does not parse has lines to
//! show too. In doubt more is masked than needed. Each character becomes one star, so that carets stay below their place.

/// Keys whose value nobody may see, with all that is nested in it.
const SECRET_KEYS: [&str; 45] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "client_certificate_key",
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
    "rocketchat_token_id",
    "user_key",
];

/// The sections in which URLs hold a secret behind their host, because that is how webhooks are protected.
const WEBHOOKS: [&str; 2] = ["webhook_configs", "incidentio_configs"];

/// Schemes of URLs that mostly hold a password, and maybe one with characters that should have been escaped: of these all
/// is hidden up to the last `@`.
const DATABASES: [&str; 2] = ["postgres", "postgresql"];

/// Returns the line that begins at byte `start` of a text, with stars for secrets.
pub(super) fn masked_line(text: &str, start: usize) -> String {
    let line = text[start..].lines().next().unwrap_or("");
    let mut outer = enclosing(text, start, line);
    let is_inside_secret = is_inside_secret(text, start, line);
    let is_of_webhooks = outer.any(names_webhooks);
    masked_inside(line, is_inside_secret, is_of_webhooks)
}

fn names_webhooks(line: &str) -> bool {
    WEBHOOKS.iter().any(|section| line.contains(section))
}

/// Returns a line with stars for secrets, by what it is inside of.
fn masked_inside(line: &str, is_inside_secret: bool, is_of_webhooks: bool) -> String {
    if is_inside_secret {
        let all = indent(line)..line.len();
        return stars(line, std::slice::from_ref(&all));
    }
    let mut hidden = secret_values(line).ranges;
    hidden.extend(user_info(line));
    if is_of_webhooks || names_webhooks(line) {
        hidden.extend(url_paths(line));
    }
    stars(line, &hidden)
}

/// Returns a text with stars for secrets, those in comments among them: what is commented out was in force once, and may
/// be again.
pub(super) fn masked_text(text: &str) -> String {
    let uncommented = uncommented(text);
    let mut masked = String::with_capacity(text.len());
    // Comments are inside of what is above them in either text, other lines only of what is in force.
    let (mut above, mut above_comments) = (Above::default(), Above::default());
    let lines = text.lines().zip(uncommented.lines());
    for (line, plain) in lines {
        match line.trim_start().starts_with('#') {
            true => {
                let shown = above_comments.mask(plain);
                let marks = line.chars().zip(shown.chars());
                masked.extend(marks.map(|(own, shown)| {
                    if own == '#' && shown == ' ' {
                        '#'
                    } else {
                        shown
                    }
                }));
            }
            false => masked.push_str(&above.mask(line)),
        }
        masked.push('\n');
        above.push(line);
        above_comments.push(plain);
    }
    if !text.ends_with('\n') {
        masked.pop();
    }
    masked
}

/// The lines above one that it, or one below it, may be inside of: what [`enclosing`] finds by walking up, kept so that
/// a text is walked once.
#[derive(Default)]
struct Above(Vec<Outer>);

struct Outer {
    indent: usize,
    key_column: usize,
    is_item: bool,
    /// A secret begins in it and goes on below.
    goes_on: bool,
    is_of_webhooks: bool,
}

impl Above {
    fn mask(&self, line: &str) -> String {
        let (mut is_inside_secret, mut is_of_webhooks) = (false, false);
        let (mut indent, mut is_item) = (indent(line), line.trim_start().starts_with("- "));
        for outer in self.0.iter().rev() {
            let is_list_of = is_item && !outer.is_item && outer.indent == indent;
            if outer.key_column < indent || is_list_of {
                is_inside_secret |= outer.goes_on;
                is_of_webhooks |= outer.is_of_webhooks;
                (indent, is_item) = (outer.indent, outer.is_item);
            }
        }
        masked_inside(line, is_inside_secret, is_of_webhooks)
    }

    /// Adds a line, and forgets those that no line below can be inside of any more without being inside of this one.
    fn push(&mut self, line: &str) {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            return;
        }
        let new = Outer {
            indent: indent(line),
            key_column: key_column(line),
            is_item: content.starts_with("- "),
            goes_on: secret_values(line).goes_on,
            is_of_webhooks: names_webhooks(line),
        };
        self.0.retain(|old| {
            let is_inner = old.key_column >= new.key_column && old.indent >= new.indent;
            let has_list = new.is_item && !old.is_item && new.key_column >= old.indent;
            !is_inner || has_list
        });
        self.0.push(new);
    }
}

/// Makes spaces of the marks at the begin of comments, so that everything stays at its place.
fn uncommented(text: &str) -> String {
    let mut is_mark = true;
    let plain = |character: char| {
        let space = is_mark && character == '#';
        is_mark = character == '\n' || (is_mark && matches!(character, ' ' | '#'));
        if space { ' ' } else { character }
    };
    text.chars().map(plain).collect()
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
    fn a_text_is_masked_as_a_whole_and_nothing_moves() {
        let text = "a: 1\n# password: hunter2\n# key: |\n#    abc\nbasic_auth:\r\n  password: x\n  username: \u{fc}";
        let masked = masked_text(text);
        let expected = "a: 1\n# password: *******\n# key: |\n#    ***\nbasic_auth:\n  password: *\n  username: \u{fc}";
        assert_eq!(masked, expected);
        assert_eq!(masked_text(""), "");
        assert_eq!(masked_text("a: 1\n"), "a: 1\n");
    }

    #[test]
    fn a_text_is_masked_as_its_lines_are_in_time_that_grows_with_it() {
        let mut lines = Vec::new();
        for (number, key) in SECRET_KEYS.iter().enumerate() {
            let pad = " ".repeat(number % 5);
            lines.push(format!("{pad}{key}: |"));
            lines.push(format!("{pad}  value{number}"));
            lines.push(format!("{pad}- {key}: x{number}"));
            lines.push(format!("{pad}  - plain: http://u:p@h/{number}"));
            lines.push(format!("{}webhook_configs:", " ".repeat(number % 3)));
            lines.push(format!("{pad}- url: http://h/{number}"));
        }
        // Every rotation of them is another text, most of them no YAML.
        for turn in 0..lines.len() {
            lines.rotate_left(1 + turn % 7);
            let text = lines.join("\n");
            let mut start = 0;
            for (line, masked) in lines.iter().zip(masked_text(&text).lines()) {
                assert_eq!(
                    masked,
                    masked_line(&text, start),
                    "line {line:?} of\n{text}"
                );
                start += line.len() + 1;
            }
        }
        // Walking up from each of so many lines would take minutes.
        let long = "# a\n- b: 1\n".repeat(50_000);
        assert_eq!(masked_text(&long).len(), long.len());
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
