//! Systems on one line: `99.9 * (99 | 99) * 2 of 3 (99.5)`.
//!
//! ```text
//! system   = chain { "|" chain }          one of the chains must work
//! chain    = part { "*" part }            all of its parts must work
//! part     = percent | "(" system ")" | count "of" count part
//! ```

use super::Availability;

/// How deep parentheses may be nested.
pub const EXPRESSION_DEPTH_MAX: usize = 32;

/// A system that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} was expected at character {at}")]
pub struct ExpressionError {
    /// What should be there.
    pub wanted: &'static str,
    /// From 1; one behind the last character when something is missing.
    pub at: usize,
}

/// Returns the availability of a system whose parts fail independently.
///
/// # Errors
/// [`ExpressionError`] with the place of the first thing that does not belong there.
///
/// ```
/// use plimsoll_slo::math::evaluate;
/// assert_eq!(evaluate("99.9 * (99 | 99)").unwrap().to_string(), "99.89");
/// assert_eq!(evaluate("99.9 *").unwrap_err().to_string(), "a percentage or ( was expected at character 7");
/// ```
pub fn evaluate(text: &str) -> Result<Availability, ExpressionError> {
    let mut reader = Reader {
        characters: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let found = reader.system()?;
    match reader.peek() {
        None => Ok(found),
        Some(_) => Err(reader.error("* or | or the end")),
    }
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn system(&mut self) -> Result<Availability, ExpressionError> {
        let mut chains = vec![self.chain()?];
        while self.take('|') {
            chains.push(self.chain()?);
        }
        Ok(Availability::in_parallel(chains))
    }

    fn chain(&mut self) -> Result<Availability, ExpressionError> {
        let mut parts = vec![self.part()?];
        while self.take('*') {
            parts.push(self.part()?);
        }
        Ok(Availability::in_series(parts))
    }

    fn part(&mut self) -> Result<Availability, ExpressionError> {
        self.skip_spaces();
        self.depth += 1;
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err(self.error("less nesting"));
        }
        let found = match self.take('(') {
            true => self.inner(),
            false => self.number_or_alike(),
        };
        self.depth -= 1;
        found
    }

    fn inner(&mut self) -> Result<Availability, ExpressionError> {
        let found = self.system()?;
        match self.take(')') {
            true => Ok(found),
            false => Err(self.error(")")),
        }
    }

    fn number_or_alike(&mut self) -> Result<Availability, ExpressionError> {
        self.skip_spaces();
        let begin = self.at;
        let number = self
            .number()
            .ok_or_else(|| self.error("a percentage or ("))?;
        if !self.take_word("of") {
            return percent(&number).ok_or(ExpressionError {
                wanted: "a percentage from 0 to 100",
                at: begin + 1,
            });
        }
        let needed = count(&number).ok_or(ExpressionError {
            wanted: "a whole number from 1 to 1000",
            at: begin + 1,
        })?;
        self.skip_spaces();
        let all = self.at;
        let all_count = self.number().and_then(|number| count(&number));
        let all_count = all_count.filter(|all_count| needed <= *all_count);
        let all_count = all_count.ok_or(ExpressionError {
            wanted: "a whole number, as many as are needed or more and at most 1000,",
            at: all + 1,
        })?;
        Ok(self.part()?.of_alike(needed, all_count))
    }

    fn number(&mut self) -> Option<String> {
        self.skip_spaces();
        let rest = self.characters.get(self.at..)?;
        let digits = rest
            .iter()
            .take_while(|found| found.is_ascii_digit() || **found == '.');
        let number: String = digits.collect();
        self.at += number.len();
        (!number.is_empty()).then_some(number)
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let rest = self.characters.get(self.at..).unwrap_or_default();
        let is_there = rest.iter().copied().take(word.len()).eq(word.chars());
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += 1;
        }
        is_there
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_spaces();
        self.characters.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        let rest = self.characters.get(self.at..).unwrap_or_default();
        self.at += rest
            .iter()
            .take_while(|found| found.is_whitespace())
            .count();
    }

    fn error(&self, wanted: &'static str) -> ExpressionError {
        let at = self.at + 1;
        ExpressionError { wanted, at }
    }
}

fn percent(text: &str) -> Option<Availability> {
    let percent: f64 = text.parse().ok()?;
    let is_percent = (0.0..=100.0).contains(&percent);
    is_percent.then(|| Availability::of_failing(failing(text, percent)))
}

/// Returns what is missing to a hundred, from the digits: 100 - 99.9999999 in floats has seven digits that are none.
fn failing(text: &str, percent: f64) -> f64 {
    let exact: Result<crate::Target, _> = text.parse();
    exact.map_or(1.0 - percent / 100.0, crate::Target::allowed)
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| (1..=1000).contains(count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chains_bind_tighter_than_alternatives() {
        let check = |text: &str, expected: &str| {
            assert_eq!(evaluate(text).unwrap().to_string(), expected, "{text}");
        };
        check("99.9", "99.9");
        check(" 99.9*99.9 ", "99.8");
        check("99 | 99", "99.99");
        check("90 * 90 | 90 * 90", "96.39");
        check("90 * (90 | 90) * 90", "80.2");
        check("2 of 3 (99)", "99.9702");
        check("2of3 99 * 100", "99.9702");
        check("99.99999999", "99.99999999");
        check("0", "0");
    }

    #[test]
    fn what_does_not_belong_is_named_with_its_place() {
        let check = |text: &str, at, wanted: &str| {
            let error = evaluate(text).unwrap_err();
            let begin: String = text.chars().take(40).collect();
            assert_eq!((error.at, error.wanted), (at, wanted), "{begin}");
        };
        check("", 1, "a percentage or (");
        check("99 +", 4, "* or | or the end");
        check("99 99", 4, "* or | or the end");
        check("(99 | 98", 9, ")");
        check("99 * 101", 6, "a percentage from 0 to 100");
        check("1.5.2", 1, "a percentage from 0 to 100");
        check("0 of 3 99", 1, "a whole number from 1 to 1000");
        check(
            "3 of 2 99",
            6,
            "a whole number, as many as are needed or more and at most 1000,",
        );
        check(&"(".repeat(1000), 33, "less nesting");
        check(&"1 of 1 ".repeat(1000), 225, "less nesting");
    }

    proptest! {
        #[test]
        fn hostile_texts_are_read_or_refused(text in "[0-9.*|() of\u{e9}-]{0,80}") {
            match evaluate(&text) {
                Ok(found) => prop_assert!((0.0..=1.0).contains(&found.failing())),
                Err(error) => prop_assert!(error.at <= text.chars().count() + 1),
            }
        }
    }
}
