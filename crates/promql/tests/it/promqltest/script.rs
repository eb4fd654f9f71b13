//! The lines of a script, grouped into commands.

use plimsoll_types::{Labels, Sample};

use super::notation::{self, Point};

/// One command of a script.
#[derive(Debug)]
pub(crate) enum Command {
    Clear,
    /// Series with their samples, or why they could not be read.
    Load(Result<Vec<(Labels, Vec<Sample>)>, String>),
    Eval(Eval),
}

/// When a query is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

/// What is expected of annotations, or of an error.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Fail(Text),
    Warn(Text),
    Info(Text),
    NoWarn,
    NoInfo,
}

/// What a message has to be.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Any,
    Exact(String),
    Regex(String),
}

/// A query and its result.
#[derive(Debug)]
pub(crate) struct Eval {
    pub(crate) line: usize,
    pub(crate) when: When,
    pub(crate) query: String,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) ordered: bool,
    pub(crate) string: Option<String>,
    /// Start and step of an expected range vector.
    pub(crate) matrix: Option<(i64, i64)>,
    /// Expected series, as written.
    pub(crate) series: Vec<String>,
}

/// Reads a script.
pub(crate) fn read(text: &str) -> Vec<Command> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with('#'))
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (number, line) = lines[at];
        at += 1;
        let word = line.split_whitespace().next().unwrap_or("");
        let block = || {
            let rest = &lines[at..];
            let end = rest
                .iter()
                .position(|(_, line)| line.is_empty() || is_command(line));
            &rest[..end.unwrap_or(rest.len())]
        };
        match word {
            "clear" => commands.push(Command::Clear),
            "load" | "load_with_nhcb" => {
                let block = block();
                at += block.len();
                let step = line.split_whitespace().nth(1).unwrap_or("");
                commands.push(Command::Load(load(step, block)));
            }
            "eval" | "eval_fail" => {
                let block = block();
                at += block.len();
                commands.push(Command::Eval(eval(number, line, block)));
            }
            "" => {}
            other => panic!("line {number}: unknown command {other:?}"),
        }
    }
    commands
}

fn is_command(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or("");
    matches!(
        word,
        "clear" | "load" | "load_with_nhcb" | "eval" | "eval_fail"
    )
}

fn load(step: &str, lines: &[(usize, &str)]) -> Result<Vec<(Labels, Vec<Sample>)>, String> {
    let step = notation::millis(step)?;
    let mut series = Vec::new();
    for (_, line) in lines {
        let (metric, values) = notation::split(line);
        if metric.ends_with("@st") {
            continue;
        }
        let points = notation::points(values)?;
        let samples = points
            .into_iter()
            .enumerate()
            .filter_map(|(at, point)| point.map(|point: Point| point.sample(step * at as i64)));
        series.push((notation::labels(metric)?, samples.collect()));
    }
    Ok(series)
}

fn eval(line: usize, text: &str, block: &[(usize, &str)]) -> Eval {
    let words: Vec<&str> = text.splitn(5, char::is_whitespace).collect();
    let millis = |text: &str| notation::millis(text).unwrap();
    let (when, query) = match words[1] {
        "instant" => (When::Instant(millis(words[3])), words[4]),
        _ => {
            let words: Vec<&str> = text.splitn(9, char::is_whitespace).collect();
            let (start, end, step) = (millis(words[3]), millis(words[5]), millis(words[7]));
            (When::Range { start, end, step }, words[8])
        }
    };
    let mut eval = Eval {
        line,
        when,
        query: query.into(),
        wanted: Vec::new(),
        ordered: false,
        string: None,
        matrix: None,
        series: Vec::new(),
    };
    if words[0] == "eval_fail" {
        eval.wanted.push(Wanted::Fail(Text::Any));
    }
    for (_, line) in block {
        if let Some(exact) = line.strip_prefix("expected_fail_message ") {
            eval.wanted = vec![Wanted::Fail(Text::Exact(exact.trim().into()))];
            continue;
        }
        match line.strip_prefix("expect ") {
            Some(expectation) => expect(&mut eval, expectation.trim()),
            None => eval.series.push((*line).into()),
        }
    }
    eval
}

fn expect(eval: &mut Eval, text: &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let message = match (rest.strip_prefix("msg:"), rest.strip_prefix("regex:")) {
        (Some(exact), _) => Text::Exact(exact.trim().into()),
        (_, Some(regex)) => Text::Regex(regex.trim().into()),
        _ => Text::Any,
    };
    match word {
        "fail" => eval.wanted.push(Wanted::Fail(message)),
        "warn" => eval.wanted.push(Wanted::Warn(message)),
        "info" => eval.wanted.push(Wanted::Info(message)),
        "no_warn" => eval.wanted.push(Wanted::NoWarn),
        "no_info" => eval.wanted.push(Wanted::NoInfo),
        "ordered" => eval.ordered = true,
        "string" => eval.string = Some(notation::string(rest)),
        "range" => {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let millis = |text: &str| notation::millis(text).unwrap();
            eval.matrix = Some((millis(words[2]), millis(words[6])));
        }
        other => panic!("line {}: unknown expectation {other:?}", eval.line),
    }
}
