//! Where an expression is wrong, shown to a person: the line and carets under the place.
//!
//! Prometheus' errors have no room for it, and clients compare them, so it is told beside them: in a header as a JSON
//! string, and in the body of those who ask with `caret=true`.

use axum::http::{HeaderName, HeaderValue};

/// The header that has the line and the carets.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("plimsoll-caret");

/// The most characters of a line that are shown.
const SHOWN_MAX: usize = 160;
/// How many of them stand before the place that is wrong.
const BEFORE_MAX: usize = 80;

/// Takes the line and the carets out of a rendered error, a long line cut to what is around the place.
pub(crate) fn excerpt(rendered: &str) -> Option<String> {
    let (_, shown) = rendered.split_once('\n')?;
    let (line, carets) = shown.rsplit_once('\n')?;
    let place = carets
        .chars()
        .take_while(|character| *character != '^')
        .count();
    let begin = place.saturating_sub(BEFORE_MAX);
    let cut = |text: &str| -> String { text.chars().skip(begin).take(SHOWN_MAX).collect() };
    Some(format!("{}\n{}", cut(line), cut(carets)))
}

/// Writes it as a JSON string of ASCII, which a header may hold.
pub(crate) fn header_value(caret: &str) -> Option<HeaderValue> {
    let json = serde_json::to_string(caret).expect("a string becomes JSON");
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        match character.is_ascii() {
            true => ascii.push(character),
            false => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    HeaderValue::try_from(ascii).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}é é(", "a+".repeat(500));
        let error = plimsoll_promql::parse(&text).unwrap_err();
        let excerpt = excerpt(&error.render()).unwrap();
        let (line, carets) = excerpt.split_once('\n').unwrap();
        assert!(line.chars().count() <= SHOWN_MAX);
        let place = carets.find('^').unwrap();
        assert_eq!(line.chars().nth(place), Some('é'), "{excerpt}");
        let header = header_value(&excerpt).unwrap();
        let read: String = serde_json::from_str(header.to_str().unwrap()).unwrap();
        assert_eq!(read, excerpt);
    }
}
