//! A script as a list of commands.
//!
//! A command is its first line and what follows until an empty line, a comment or the end:
//!
//! | first line | what follows |
//! |---|---|
//! | `clear` | nothing |
//! | `load STEP`, `load_with_nhcb STEP` | series with the values that they have at 0, STEP, 2 STEP and so on |
//! | `eval instant [at TIME] QUERY` | expectations, and series with one value or one number |
//! | `eval range from START to END step STEP QUERY` | expectations, and series with one value per step |

mod eval;
mod load;

pub use eval::{Eval, ExpectedSeries, ExpectedValue, Message, When};
#[cfg(test)]
pub(crate) use load::sample;
pub use load::{Load, LoadedSeries};

/// One command of a script.
#[derive(Clone, Debug)]
pub enum Command {
    /// Forget all samples.
    Clear {
        /// The line it stands in, from 1.
        line: usize,
    },
    /// Take samples.
    Load(Load),
    /// Evaluate a query and compare.
    Eval(Eval),
}

/// A line that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// What was wanted and what was found.
    pub message: String,
}

impl ScriptError {
    fn at(line: usize) -> impl Fn(String) -> Self {
        move |message| Self { line, message }
    }
}

/// The lines of a script and how far they are read.
struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let lines = text.lines().map(str::trim);
        let lines = lines.map(|line| if line.starts_with('#') { "" } else { line });
        Self {
            lines: lines.collect(),
            next: 0,
        }
    }

    /// Returns the next line with its number, also when it is empty.
    fn any(&mut self) -> Option<(usize, &'a str)> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some((self.next, line))
    }

    /// Returns the next line of the command that is being read.
    fn of_command(&mut self) -> Option<(usize, &'a str)> {
        self.any().filter(|(_, line)| !line.is_empty())
    }
}

/// Reads a script.
///
/// # Errors
/// The first line that is not understood.
pub fn read(text: &str) -> Result<Vec<Command>, ScriptError> {
    let mut lines = Lines::new(text);
    let mut commands = Vec::new();
    while let Some((number, line)) = lines.any() {
        let word = line.split_whitespace().next().unwrap_or_default();
        let command = match word {
            "" => continue,
            "clear" if line == "clear" => Command::Clear { line: number },
            "load" | "load_with_nhcb" => Command::Load(load::read(number, line, &mut lines)?),
            _ if word.starts_with("eval") => Command::Eval(eval::read(number, line, &mut lines)?),
            _ => return Err(ScriptError::at(number)(format!("unknown command {line:?}"))),
        };
        commands.push(command);
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_at_empty_lines_and_comments() {
        let text = "load 1m\n  a 1\n# comment\nclear\n\neval instant at 5m a\n  {} 1\n\neval instant 2\n  2";
        let commands = read(text).unwrap();
        let kinds: Vec<&str> = commands
            .iter()
            .map(|command| match command {
                Command::Clear { .. } => "clear",
                Command::Load(_) => "load",
                Command::Eval(_) => "eval",
            })
            .collect();
        assert_eq!(kinds, ["load", "clear", "eval", "eval"]);
    }

    #[test]
    fn what_is_not_understood_has_its_line() {
        let check = |text: &str, expected: &str| {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        };
        check("\nlaod 5m\n a 1", "line 2: unknown command \"laod 5m\"");
        check("clear all", "line 1: unknown command");
        check("load 5 minutes", "line 1: ");
        check("load 5m\n  a 1x", "line 2: ");
        check("load 5m\n  a\n", "line 2: ");
        check("load 5m\n  a{b=} 1\n", "line 2: ");
        check("load 5m\n  a{b!=\"c\"} 1\n", "line 2: ");
        check("load 5m\n  a {{sum:1 mus:2}}\n", "line 2: ");
        check("load 5m\n  a {{sum:1\n", "line 2: ");
        check("load 5m\n  a@st -1m\n  b 1", "line 2: ");
        check("load 5m\n  a@st -1m _\n  a _ 1", "line 2: ");
        check("eval\n", "line 1: ");
        check("eval_often instant at 1m a\n", "line 1: ");
        check("eval instant at 5x a\n", "line 1: ");
        check("eval range from 0 to 1m a\n", "line 1: ");
        check("eval instant a\n  expect nothing\n", "line 2: ");
        check("eval instant a\n  expect warn because:x\n", "line 2: ");
        check("eval instant a\n  expect warn regex:(\n", "line 2: ");
        check("eval instant a\n  expect string Foo\n", "line 2: ");
        check(
            "eval instant a\n  expect range vector from 0 to 5\n",
            "line 2: ",
        );
        check("eval instant a\n  {} 1 2\n", "line 2: ");
        check("eval instant a\n  {} 1\n  {} 1\n", "line 3: ");
        check(
            "eval instant a\n  expect warn\n  expect no_warn\n",
            "line 1: ",
        );
        check("eval instant a\n  expect fail\n  {} 1\n", "line 1: ");
    }
}
