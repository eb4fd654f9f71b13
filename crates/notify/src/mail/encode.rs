//! Text in mail: headers (RFC 2047) and bodies (RFC 2045). Lines are short, and no text can begin a header of its own.

/// The longest line of a header that has a space to be folded at.
const FOLD: usize = 76;
/// The longest run without a space that is left as it is; RFC 5322 allows 998 in a line.
const RUN_MAX: usize = 900;
/// The most encoded characters in a word: 75 less `=?utf-8?q?` and `?=`.
const WORD_MAX: usize = 63;
/// The most characters in a line of quoted-printable, without the `=` at its end.
const LINE_MAX: usize = 75;

/// Returns a header with its line end. Control characters, line ends among them, become spaces.
pub(super) fn header(name: &str, value: &str) -> String {
    let value: String = value
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect();
    let runs: Vec<&str> = value.split(' ').filter(|run| !run.is_empty()).collect();
    let is_plain = value.is_ascii() && runs.iter().all(|run| run.len() <= RUN_MAX);
    let encoded;
    let runs = match is_plain {
        true => runs,
        false => {
            encoded = words(value.trim());
            encoded.iter().map(String::as_str).collect()
        }
    };
    let mut text = format!("{name}:");
    let mut length = text.len();
    for run in runs {
        if length + 1 + run.len() > FOLD && length > name.len() + 1 {
            text.push_str("\r\n");
            length = 0;
        }
        text.push(' ');
        text.push_str(run);
        length += 1 + run.len();
    }
    text.push_str("\r\n");
    text
}

/// Returns a text as encoded words; the spaces between them are not part of it.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        let mut bytes = [0; 4];
        let encoded: String = character
            .encode_utf8(&mut bytes)
            .bytes()
            .map(|byte| match byte {
                b' ' => "_".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("={byte:02X}"),
            })
            .collect();
        if word.len() + encoded.len() > WORD_MAX {
            words.push(format!("=?utf-8?q?{word}?="));
            word.clear();
        }
        word.push_str(&encoded);
    }
    words.push(format!("=?utf-8?q?{word}?="));
    words
}

/// Appends a text as quoted-printable: any of `\r\n`, `\n` and `\r` ends a line.
pub(super) fn quoted_printable(text: &str, into: &mut String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            into.push_str("\r\n");
        }
        quote_line(line.as_bytes(), into);
    }
}

fn quote_line(line: &[u8], into: &mut String) {
    let mut length = 0;
    for (at, byte) in line.iter().enumerate() {
        // White space at the end of a line is lost on the way.
        let is_last = at + 1 == line.len();
        let is_literal = match byte {
            b' ' | b'\t' => !is_last,
            b'=' => false,
            byte => byte.is_ascii_graphic(),
        };
        let cost = if is_literal { 1 } else { 3 };
        if length + cost > LINE_MAX {
            into.push_str("=\r\n");
            length = 0;
        }
        match is_literal {
            true => into.push(char::from(*byte)),
            false => into.push_str(&format!("={byte:02X}")),
        }
        length += cost;
    }
}
