//! Start timestamps in a row: distances from the sample, `_`, `_xN`, `-30s`, `-30sxN`, `-30s-1mxN`.

use super::millis;

/// So many make no script; a typing error could ask for billions.
const OFFSETS_MAX: usize = 1_000_000;

/// Reads a line of start timestamps: distances in milliseconds from the sample, `None` where there is none.
pub(crate) fn start_offsets(text: &str) -> Result<Vec<Option<i64>>, String> {
    let mut offsets = Vec::new();
    for token in text.split_whitespace() {
        if let Some(rest) = token.strip_prefix('_') {
            let times = match rest.strip_prefix('x') {
                Some(times) => count(times)?,
                None if rest.is_empty() => 1,
                None => return Err(format!("{token} is no gap")),
            };
            offsets.extend(std::iter::repeat_n(None, times));
        } else {
            let (base, step, times) = sequence(token)?;
            let step = step.map_or(Ok(0), millis)?;
            let base = millis(base)?;
            offsets.extend((0..=times as i64).map(|index| Some(base + step * index)));
        }
        check_length(offsets.len())?;
    }
    Ok(offsets)
}

fn check_length(length: usize) -> Result<(), String> {
    match length <= OFFSETS_MAX {
        true => Ok(()),
        false => Err(format!(
            "more than {OFFSETS_MAX} start timestamps in a line"
        )),
    }
}

fn count(text: &str) -> Result<usize, String> {
    let count = text
        .parse::<usize>()
        .map_err(|_| format!("{text:?} is no count"))?;
    check_length(count).map(|()| count)
}

/// Splits `A`, `AxN`, `A+BxN` and `A-BxN`; the step keeps its sign.
fn sequence(token: &str) -> Result<(&str, Option<&str>, usize), String> {
    let Some((values, times)) = token.rsplit_once('x') else {
        return Ok((token, None, 0));
    };
    let times = count(times)?;
    let is_step = |(at, c): &(usize, char)| matches!(c, '+' | '-') && *at > 0;
    Ok(match values.char_indices().rfind(is_step) {
        Some((at, _)) => (&values[..at], Some(&values[at..]), times),
        None => (values, None, times),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_timestamps_are_durations_in_sequence() {
        let found = start_offsets("_x2 -30s-1mx2 0 +1m -0msx1 1ms-1mx1").unwrap();
        let expected = [
            None,
            None,
            Some(-30_000),
            Some(-90_000),
            Some(-150_000),
            Some(0),
            Some(60_000),
            Some(0),
            Some(0),
            Some(1),
            Some(-59_999),
        ];
        assert_eq!(found, expected);
        for wrong in ["soon", "__", "_3", "1sx", "_x9999999"] {
            assert!(start_offsets(wrong).is_err(), "{wrong}");
        }
    }
}
