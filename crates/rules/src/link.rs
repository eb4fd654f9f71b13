//! The link under which a reader sees an expression: where an alert came from.

/// Returns the URL that shows `expr` as a table, as Prometheus makes it; `external_url` has no slash at its end.
pub fn table_link(external_url: &str, expr: &str) -> String {
    let mut link = String::with_capacity(external_url.len() + expr.len() * 2 + 32);
    link.push_str(external_url);
    link.push_str("/graph?g0.expr=");
    query_escape(&mut link, expr);
    link.push_str("&g0.tab=1");
    link
}

/// Escapes as Go's `url.QueryEscape`: letters, digits and `-_.~` stay, a space is `+`.
fn query_escape(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go_does() {
        let link = table_link("http://h:9090/p", "up{a=\"x y\"} > 0.5 * ~-_\u{e4}");
        let expected =
            "http://h:9090/p/graph?g0.expr=up%7Ba%3D%22x+y%22%7D+%3E+0.5+%2A+~-_%C3%A4&g0.tab=1";
        assert_eq!(link, expected);
    }
}
