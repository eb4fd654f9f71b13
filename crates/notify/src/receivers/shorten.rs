//! Cuts texts to what a service takes: it refuses longer ones, and a page that is cut is better than none.

/// Stands where something was cut off.
const ELLIPSIS: char = '\u{2026}';

/// Cuts a text to at most `max` characters, the last of which says that it was cut.
pub(super) fn to_characters(text: String, max: usize) -> String {
    cut(&text, max).unwrap_or(text)
}

/// Returns the start of a text that has more than `max` characters.
fn cut(text: &str, max: usize) -> Option<String> {
    text.char_indices().nth(max)?;
    let (end, _) = text.char_indices().nth(max.saturating_sub(1))?;
    let mut start = text[..end].to_owned();
    start.push(ELLIPSIS);
    Some(start)
}

/// Cuts HTML to at most `max` characters: not within a tag or a reference such as `&amp;`, and what is open is closed.
/// Of a text that is cut elsewhere this is the same as [`to_characters`].
pub(super) fn html_to_characters(html: String, max: usize) -> String {
    if html.chars().nth(max).is_none() {
        return html;
    }
    let mut open: Vec<&str> = Vec::new();
    // Characters taken, and those that the end tags of what is open will take.
    let (mut taken, mut closing, mut end) = (0, 0, 0);
    let mut rest = &html[..];
    while let Some(piece) = first_piece(rest) {
        let length = piece.chars().count();
        let change = tag(piece);
        let closing_then = match change {
            Some(Tag::Start(name)) => closing + end_tag_length(name),
            Some(Tag::End) => open
                .last()
                .map_or(closing, |name| closing - end_tag_length(name)),
            None => closing,
        };
        if taken + length + closing_then + 1 > max {
            break;
        }
        match change {
            Some(Tag::Start(name)) => open.push(name),
            Some(Tag::End) => drop(open.pop()),
            None => {}
        }
        (taken, closing, end) = (taken + length, closing_then, end + piece.len());
        rest = &rest[piece.len()..];
    }
    let mut cut = html[..end].to_owned();
    cut.push(ELLIPSIS);
    for name in open.iter().rev() {
        cut.push_str(&format!("</{name}>"));
    }
    cut
}

enum Tag<'a> {
    Start(&'a str),
    End,
}

/// Reads a piece as a tag; comments and the like are none.
fn tag(piece: &str) -> Option<Tag<'_>> {
    let inside = piece.strip_prefix('<')?.strip_suffix('>')?;
    if inside.starts_with('/') {
        return Some(Tag::End);
    }
    let name_end = inside
        .find(|character: char| !character.is_ascii_alphanumeric() && character != '-')
        .unwrap_or(inside.len());
    let is_closed = inside.ends_with('/') || name_end == 0;
    (!is_closed).then(|| Tag::Start(&inside[..name_end]))
}

fn end_tag_length(name: &str) -> usize {
    name.len() + "</>".len()
}

/// Returns what may not be cut at the start of a text: a tag, a reference, or one character.
fn first_piece(text: &str) -> Option<&str> {
    /// A reference has a name of at most 31 letters, as `&CounterClockwiseContourIntegral;` has.
    const REFERENCE_BYTES_MAX: usize = 33;
    let first = text.chars().next()?;
    let end = match first {
        '<' => text.find('>').map(|at| at + 1),
        '&' => {
            let at = text.find(';').filter(|at| *at < REFERENCE_BYTES_MAX);
            let is_name = |name: &str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
            };
            at.filter(|at| is_name(&text[1..*at])).map(|at| at + 1)
        }
        _ => None,
    };
    Some(&text[..end.unwrap_or(first.len_utf8())])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_by_characters_and_says_so() {
        for (text, max, expected) in [
            ("ok", 2, "ok"),
            ("okay", 2, "o\u{2026}"),
            ("\u{e9}\u{e9}\u{e9}", 3, "\u{e9}\u{e9}\u{e9}"),
            ("\u{e9}\u{e9}\u{e9}", 2, "\u{e9}\u{2026}"),
            ("", 0, ""),
        ] {
            assert_eq!(to_characters(text.to_owned(), max), expected);
        }
    }

    #[test]
    fn cut_html_stays_html() {
        for (html, max, expected) in [
            ("<b>bold</b>", 11, "<b>bold</b>"),
            ("<b>bold</b>x", 11, "<b>bol\u{2026}</b>"),
            ("<b>bold</b>xyz", 13, "<b>bold</b>x\u{2026}"),
            ("a &lt; b, c &lt; d", 8, "a &lt; \u{2026}"),
            ("a &lt; b", 6, "a \u{2026}"),
            ("<a href=\"x\">link</a>", 4, "\u{2026}"),
            ("<i><b>long text</b></i>", 20, "<i><b>long \u{2026}</b></i>"),
            ("1 < 2 and & so on", 9, "1 < 2 an\u{2026}"),
        ] {
            let cut = html_to_characters(html.to_owned(), max);
            assert_eq!(cut, expected, "{html} to {max}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_allowed(text in "[<>/&;ab\u{e9} ]{0,60}", max in 1_usize..50) {
            prop_assert!(to_characters(text.clone(), max).chars().count() <= max);
            prop_assert!(html_to_characters(text, max).chars().count() <= max);
        }
    }
}
