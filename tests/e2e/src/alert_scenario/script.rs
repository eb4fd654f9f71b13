//! The language of scenarios: configurations, steps with times, and nothing about what should follow.
//!
//! ```text
//! # What it is about.
//! config first
//!   route: {receiver: hook}
//!   receivers: [{name: hook, webhook_configs: [{url: '$HOOK/one'}]}]
//! at 1 post alertname=A job=x | start 0.5 | end 9 | note summary=some text
//! at 2 silence quiet alertname=A job=~x.* | until 5
//! at 3 expire quiet
//! at 3 answer /one 429 | retry-after 1 | times 2 | delay 0.5
//! at 4 reload second
//! at 5 restart
//! end 12
//! notices 3
//! ```
//!
//! Times are seconds since the begin. `config` lines are followed by the file, each line two spaces in; `$HOOK` is where
//! the recorder takes what this program sends. `notices` is how many Debian's Alertmanager must send for the scenario to
//! show anything; `tolerance` is by how many seconds the two may differ.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::recorder::Behaviour;

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// What it is called.
    pub name: String,
    /// The configurations by name; the first is there at the begin.
    pub configs: Vec<(String, String)>,
    /// What happens, in the order of the times.
    pub steps: Vec<Step>,
    /// When it is over, in milliseconds since the begin.
    pub end_millis: i64,
    /// How many notices it takes to show something.
    pub notices_min: usize,
    /// How much times may differ, in milliseconds.
    pub tolerance_millis: i64,
}

/// Something that happens so many milliseconds after the begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub(super) at_millis: i64,
    pub(super) action: Action,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Post(Posted),
    Silence(Silence),
    Expire(String),
    Answer {
        path: String,
        behaviour: Behaviour,
        times: Option<u32>,
    },
    Reload(String),
    Restart,
}

/// An alert as it is posted; times in milliseconds since the begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Posted {
    pub(super) labels: Vec<(String, String)>,
    pub(super) notes: Vec<(String, String)>,
    pub(super) start_millis: Option<i64>,
    pub(super) end_millis: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Silence {
    pub(super) name: String,
    /// Name, operator, value.
    pub(super) matchers: Vec<(String, &'static str, String)>,
    pub(super) from_millis: Option<i64>,
    pub(super) until_millis: i64,
}

/// What Debian's Alertmanager and a debug build on two busy cores may differ by.
const TOLERANCE_MILLIS: i64 = 900;

impl Script {
    /// Reads a scenario.
    ///
    /// # Errors
    /// With the line that is none of the language.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut script = Self {
            name: name.to_owned(),
            configs: Vec::new(),
            steps: Vec::new(),
            end_millis: 0,
            notices_min: 0,
            tolerance_millis: TOLERANCE_MILLIS,
        };
        for (number, line) in text.lines().enumerate() {
            script
                .read(line)
                .with_context(|| format!("{name}:{}: {line}", number + 1))?;
        }
        let is_ordered = script.steps.is_sorted_by_key(|step| step.at_millis);
        ensure!(is_ordered, "{name}: steps go back in time");
        ensure!(!script.configs.is_empty(), "{name}: no configuration");
        let last = script.steps.last().map_or(0, |step| step.at_millis);
        ensure!(script.end_millis > last, "{name}: it ends before its steps");
        Ok(script)
    }

    pub(super) fn config(&self, name: &str) -> Result<&str> {
        let found = self.configs.iter().find(|(found, _)| found == name);
        let (_, text) = found.with_context(|| format!("no configuration {name:?}"))?;
        Ok(text)
    }

    fn read(&mut self, line: &str) -> Result<()> {
        if let Some(of_config) = line.strip_prefix("  ") {
            let (_, text) = self.configs.last_mut().context("of no configuration")?;
            text.push_str(of_config);
            text.push('\n');
            return Ok(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "#" => {}
            "config" => self.configs.push((rest.to_owned(), String::new())),
            "end" => self.end_millis = millis(rest)?,
            "tolerance" => self.tolerance_millis = millis(rest)?,
            "notices" => self.notices_min = rest.parse()?,
            "at" => {
                let (at, action) = rest.split_once(' ').context("no action")?;
                self.steps.push(Step {
                    at_millis: millis(at)?,
                    action: self.action(action)?,
                });
            }
            _ => bail!("{word:?} is no word of the language"),
        }
        Ok(())
    }

    fn action(&self, text: &str) -> Result<Action> {
        let mut parts = text.split(" | ");
        let first: Vec<&str> = parts.next().unwrap_or_default().split(' ').collect();
        let options: Vec<(&str, &str)> = parts
            .map(|part| part.split_once(' ').context("an option without a value"))
            .collect::<Result<_>>()?;
        match *first.as_slice() {
            ["post", ref labels @ ..] => Ok(Action::Post(posted(labels, &options)?)),
            ["silence", name, ref matchers @ ..] => silence(name, matchers, &options),
            ["expire", name] => Ok(Action::Expire(name.to_owned())),
            ["answer", path, status] => answer(path, status.parse()?, &options),
            ["reload", name] => {
                self.config(name)?;
                Ok(Action::Reload(name.to_owned()))
            }
            ["restart"] => Ok(Action::Restart),
            _ => bail!("no such action"),
        }
    }
}

fn posted(labels: &[&str], options: &[(&str, &str)]) -> Result<Posted> {
    let mut posted = Posted::default();
    let pair = |text: &str| -> Result<(String, String)> {
        let (name, value) = text.split_once('=').context("no =")?;
        Ok((name.to_owned(), value.to_owned()))
    };
    for label in labels {
        posted.labels.push(pair(label)?);
    }
    for (name, value) in options {
        match *name {
            "note" => posted.notes.push(pair(value)?),
            "start" => posted.start_millis = Some(millis(value)?),
            "end" => posted.end_millis = Some(millis(value)?),
            _ => bail!("{name:?} is no option of post"),
        }
    }
    Ok(posted)
}

fn silence(name: &str, matchers: &[&str], options: &[(&str, &str)]) -> Result<Action> {
    let mut silence = Silence {
        name: name.to_owned(),
        ..Silence::default()
    };
    for text in matchers {
        let operator = ["!=", "!~", "=~", "="].into_iter().find_map(|operator| {
            let (name, value) = text.split_once(operator)?;
            Some((name.to_owned(), operator, value.to_owned()))
        });
        silence.matchers.push(operator.context("no operator")?);
    }
    for (name, value) in options {
        match *name {
            "from" => silence.from_millis = Some(millis(value)?),
            "until" => silence.until_millis = millis(value)?,
            _ => bail!("{name:?} is no option of silence"),
        }
    }
    ensure!(silence.until_millis > 0, "no end");
    Ok(Action::Silence(silence))
}

fn answer(path: &str, status: u16, options: &[(&str, &str)]) -> Result<Action> {
    let (mut behaviour, mut times) = (Behaviour::status(status), None);
    for (name, value) in options {
        match *name {
            "retry-after" => behaviour.retry_after = Some(value.parse()?),
            "times" => times = Some(value.parse()?),
            "delay" => behaviour.delay = Duration::from_millis(u64::try_from(millis(value)?)?),
            _ => bail!("{name:?} is no option of answer"),
        }
    }
    let path = path.to_owned();
    Ok(Action::Answer {
        path,
        behaviour,
        times,
    })
}

/// Reads seconds with up to three decimals.
fn millis(text: &str) -> Result<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    ensure!(fraction.len() <= 3, "{text:?} has too many decimals");
    let fraction: i64 = format!("{fraction:0<3}").parse()?;
    Ok(sign * (whole.parse::<i64>()? * 1000 + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_word() {
        let text = "# About it.\nconfig one\n  a: 1\n    b: 2\nat 0.5 post a=b c=d=e | start -1.25 | note t=x y | end 3\n\
                    at 1 silence s a!~b c= | until 4\nat 1 answer /p 429 | times 2 | retry-after 3\nat 2 expire s\n\
                    at 2 reload one\nat 3 restart\nend 4\nnotices 2\ntolerance 1.5\n";
        let script = Script::parse("x", text).unwrap();
        assert_eq!(script.config("one").unwrap(), "a: 1\n  b: 2\n");
        assert_eq!(
            (
                script.end_millis,
                script.notices_min,
                script.tolerance_millis
            ),
            (4000, 2, 1500)
        );
        let Action::Post(posted) = &script.steps[0].action else {
            panic!("{:?}", script.steps[0]);
        };
        assert_eq!(posted.labels[1], ("c".into(), "d=e".into()));
        assert_eq!(posted.notes, [("t".into(), "x y".into())]);
        assert_eq!(
            (posted.start_millis, posted.end_millis),
            (Some(-1250), Some(3000))
        );
        let Action::Silence(silence) = &script.steps[1].action else {
            panic!("{:?}", script.steps[1]);
        };
        let expected = [
            ("a".into(), "!~", "b".into()),
            ("c".into(), "=", String::new()),
        ];
        assert_eq!(silence.matchers, expected);
        assert_eq!(script.steps.len(), 6);
    }

    #[test]
    fn refuses_what_is_no_scenario() {
        for wrong in [
            "",
            "config a\nend 1\nat 0.1 jump",
            "config a\nend 1\nat 2 restart",
            "config a\nend 3\nat 2 restart\nat 1 restart",
            "config a\nend 1\nat 0.1 reload b",
            "config a\nend 1\nat 0.1 post a",
            "config a\nend 1\nat 0.1 silence s a=b",
            "config a\nend 1\nat 0.1 post a=b | color red",
            "  a\nend 1",
            "config a\nend 1\nwhatever",
        ] {
            assert!(Script::parse("x", wrong).is_err(), "{wrong}");
        }
    }
}
