//! Whether a text is a URI as Go's `url.ParseRequestURI` sees it, which is what Alertmanager asks of `generatorURL`.

/// Says whether it is one: an absolute URL, a path from the root, or `*`.
pub(super) fn is_request_uri(text: &str) -> bool {
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let Some((has_scheme, rest)) = without_scheme(text) else {
        return false;
    };
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.strip_prefix("//") {
        _ if !rest.starts_with('/') => has_scheme,
        Some(rest) if has_scheme || !rest.starts_with('/') => {
            let end = rest.find('/').unwrap_or(rest.len());
            is_authority(&rest[..end]) && is_escaped(&rest[end..])
        }
        _ => is_escaped(rest),
    }
}

/// Cuts a scheme off, if there is one; none for a text that begins with a colon.
fn without_scheme(text: &str) -> Option<(bool, &str)> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return None,
            b':' => return Some((true, &text[at + 1..])),
            _ => break,
        }
    }
    Some((false, text))
}

fn is_authority(text: &str) -> bool {
    let host = match text.rsplit_once('@') {
        None => text,
        Some((user, host)) => {
            let is_plain =
                |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            if !(user.bytes().all(is_plain) && is_escaped(user)) {
                return false;
            }
            host
        }
    };
    let port = match host.rsplit_once(']') {
        Some((address, port)) => {
            if !address.starts_with('[') {
                return false;
            }
            port
        }
        None if host.starts_with('[') => return false,
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let is_port = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    let is_host = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || b"-._~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    is_port && host.bytes().all(is_host) && is_escaped(host)
}

/// Says whether each `%` is followed by two hexadecimal digits.
fn is_escaped(text: &str) -> bool {
    let mut pieces = text.split('%');
    pieces.next();
    pieces.all(|piece| {
        let digits = piece.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_as_go_does() {
        for good in [
            "http://localhost:9090/graph?g0.expr=up%3D",
            "http://h",
            "http://h:80?x=%zz",
            "https://user:pw@h/p",
            "http://[::1]:9090/",
            "/path",
            "//host/path",
            "///path",
            "mailto:x",
            "x:",
            "*",
            "http://h/a b",
            "http://h:/",
        ] {
            assert!(is_request_uri(good), "{good}");
        }
        for bad in [
            "localhost",
            ":x",
            "",
            "a b",
            "http://h:port/",
            "http://h/%zz",
            "http://[::1",
            "http://a b/",
            "http://h\n/",
            "%41:x",
            "1x:/",
        ] {
            assert!(!is_request_uri(bad), "{bad}");
        }
    }
}
