//! Capital and small letters as Go maps them: one character for one, but in titles.

/// Go's `strings.ToUpper`: a character whose capital is several stays.
pub(crate) fn upper(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut capitals = character.to_uppercase();
            match (capitals.next(), capitals.next()) {
                (Some(capital), None) => capital,
                _ => character,
            }
        })
        .collect()
}

/// Go's `strings.ToLower`.
pub(crate) fn lower(text: &str) -> String {
    let small = |character: char| character.to_lowercase().next().unwrap_or(character);
    text.chars().map(small).collect()
}

/// Gives every word a capital, as Go's `cases.Title` for American English does; the rest of each word becomes small
/// unless it is to stay.
pub(crate) fn title(text: &str, lowers_rest: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut result = String::with_capacity(text.len());
    // Whether a word has begun, and whether it has its capital.
    let (mut in_word, mut has_capital) = (false, false);
    for (index, character) in characters.iter().enumerate() {
        let is_cased =
            character.is_lowercase() || character.is_uppercase() || is_digraph(*character);
        match (has_capital, is_cased) {
            (false, true) => {
                push_title(&mut result, *character);
                has_capital = true;
            }
            (true, true) if lowers_rest => result.extend(character.to_lowercase()),
            _ => result.push(*character),
        }
        let continues = is_word(*character)
            || in_word
                && is_joining(
                    *character,
                    index.checked_sub(1).map(|i| characters[i]),
                    characters.get(index + 1),
                );
        has_capital &= continues;
        in_word = continues;
    }
    result
}

/// The letters that have a form of their own for titles.
fn is_digraph(character: char) -> bool {
    matches!(character, '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}')
}

fn push_title(result: &mut String, character: char) {
    match character {
        '\u{1c4}'..='\u{1c6}' => result.push('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => result.push('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => result.push('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => result.push('\u{1f2}'),
        other => {
            // One letter that stands for several has one capital: a sharp s becomes "Ss".
            let mut capitals = other.to_uppercase();
            result.extend(capitals.next());
            capitals.for_each(|rest| result.extend(rest.to_lowercase()));
        }
    }
}

/// Letters, digits and what connects them.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || is_mark(character)
}

/// Combining marks, as far as texts of alerts have them.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{ad}')
}

/// Signs that join letters, or digits, on both sides into one word.
fn is_joining(character: char, before: Option<char>, after: Option<&char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let between_letters = before.is_alphabetic() && after.is_alphabetic();
    let between_digits = before.is_numeric() && after.is_numeric();
    match character {
        '\'' | '.' | '\u{2018}' | '\u{2019}' | '\u{2024}' => {
            before.is_alphanumeric() && after.is_alphanumeric()
        }
        ':' | '\u{b7}' | '\u{387}' | '\u{2027}' => between_letters,
        ',' | ';' => between_digits,
        _ => false,
    }
}
