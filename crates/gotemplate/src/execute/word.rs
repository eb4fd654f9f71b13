//! Commands and words: what a pipeline is made of.

use super::{At, Executor, Result};
use crate::format::sprint;
use crate::parse::{Command, Number, Pipe, Word, WordKind};
use crate::value::{Type, Value};

impl<'t> Executor<'t, '_> {
    /// Evaluates a command; `last` is the value of the one before.
    pub(super) fn command(
        &mut self,
        dot: &Value,
        command: &'t Command,
        last: Option<Value>,
    ) -> Result<Value> {
        self.step()?;
        let (first, arguments) = (&command.words[0], &command.words[1..]);
        match &first.kind {
            WordKind::Field(names) => {
                self.at = At::Word(first);
                self.fields(dot, dot.clone(), names, arguments, last)
            }
            WordKind::Chain(inner, names) => self.chain(dot, first, inner, names, arguments, last),
            WordKind::Function(name) => {
                self.at = At::Word(first);
                self.function(dot, name, At::Command(command), arguments, last)
            }
            WordKind::Variable(names) => self.variable(dot, first, names, arguments, last),
            WordKind::Pipe(pipe) => {
                self.takes_nothing(first, arguments, last.as_ref())?;
                self.pipeline(dot, pipe)
            }
            _ => {
                self.at = At::Word(first);
                self.takes_nothing(first, arguments, last.as_ref())?;
                self.constant_command(dot, first)
            }
        }
    }

    fn constant_command(&mut self, dot: &Value, word: &'t Word) -> Result<Value> {
        match &word.kind {
            WordKind::Dot => Ok(dot.clone()),
            WordKind::Nil => self.fail("nil is not a command"),
            _ => self.constant(word),
        }
    }

    fn constant(&self, word: &Word) -> Result<Value> {
        match &word.kind {
            WordKind::Bool(value) => Ok(Value::Bool(*value)),
            WordKind::Number(number) => number.ideal().map_err(|reason| self.error(reason)),
            WordKind::Text { text, .. } => Ok(Value::Text(text.clone())),
            _ => self.fail(format!("can't evaluate command \"{word}\"")),
        }
    }

    fn takes_nothing(&self, word: &Word, arguments: &[Word], last: Option<&Value>) -> Result<()> {
        match arguments.is_empty() && last.is_none() {
            true => Ok(()),
            false => self.fail(format!("can't give argument to non-function {word}")),
        }
    }

    fn chain(
        &mut self,
        dot: &Value,
        word: &'t Word,
        inner: &'t Word,
        names: &'t [String],
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        self.at = At::Word(word);
        let receiver = self.argument_value(dot, inner)?;
        self.fields(dot, receiver, names, arguments, last)
    }

    fn variable(
        &mut self,
        dot: &Value,
        word: &'t Word,
        names: &'t [String],
        arguments: &'t [Word],
        last: Option<Value>,
    ) -> Result<Value> {
        self.at = At::Word(word);
        let known = self.variables.iter().rfind(|(known, _)| *known == names[0]);
        let Some((_, value)) = known else {
            return self.fail(format!("undefined variable: {}", names[0]));
        };
        let value = value.clone();
        if names.len() == 1 {
            self.takes_nothing(word, arguments, last.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, &names[1..], arguments, last)
    }

    /// Evaluates an argument for a parameter of a type.
    pub(super) fn argument(&mut self, dot: &Value, word: &'t Word, wanted: Type) -> Result<Value> {
        self.step()?;
        self.at = At::Word(word);
        match &word.kind {
            WordKind::Nil if wanted.can_be_nil() => Ok(Value::Nil),
            WordKind::Nil => self.fail(format!("cannot assign nil to {}", wanted.name())),
            WordKind::Bool(_) | WordKind::Number(_) | WordKind::Text { .. } => {
                self.constant_argument(word, wanted)
            }
            _ => {
                let value = self.argument_value(dot, word)?;
                self.fits(value, wanted)
            }
        }
    }

    /// Evaluates a word that is not a constant where any value is welcome.
    fn argument_value(&mut self, dot: &Value, word: &'t Word) -> Result<Value> {
        match &word.kind {
            WordKind::Dot => Ok(dot.clone()),
            WordKind::Field(names) => {
                self.at = At::Word(word);
                self.fields(dot, dot.clone(), names, &[], None)
            }
            WordKind::Variable(names) => self.variable(dot, word, names, &[], None),
            WordKind::Pipe(pipe) => self.pipeline(dot, pipe),
            WordKind::Function(name) => {
                self.at = At::Word(word);
                self.function(dot, name, At::Word(word), &[], None)
            }
            WordKind::Chain(inner, names) => self.chain(dot, word, inner, names, &[], None),
            WordKind::Nil => self.fail(format!("indirection through explicit nil in {}", self.at)),
            _ => self.constant(word),
        }
    }

    /// Constants take the type of the parameter, where they can.
    fn constant_argument(&self, word: &Word, wanted: Type) -> Result<Value> {
        let mismatch = |expected: &str| self.fail(format!("expected {expected}; found {word}"));
        match (wanted, &word.kind) {
            (Type::Any | Type::Reflect, _)
            | (Type::Bool, WordKind::Bool(_))
            | (Type::Text, WordKind::Text { .. }) => self.constant(word),
            (Type::Int, WordKind::Number(Number { int: Some(int), .. })) => Ok(Value::Int(*int)),
            (
                Type::Float,
                WordKind::Number(Number {
                    float: Some(float), ..
                }),
            ) => Ok(Value::Float(*float)),
            (Type::Named("time.Duration"), WordKind::Number(Number { int: Some(int), .. })) => {
                Ok(Value::Duration(*int))
            }
            (Type::Int | Type::Named("time.Duration"), _) => mismatch("integer"),
            (Type::Bool, _) => mismatch("bool"),
            (Type::Text, _) => mismatch("string"),
            (Type::Float, _) => mismatch("float"),
            _ => self.fail(format!(
                "can't handle {word} for arg of type {}",
                wanted.name()
            )),
        }
    }

    /// Checks that a value can be given to a parameter of a type.
    pub(super) fn fits(&self, value: Value, wanted: Type) -> Result<Value> {
        if matches!(value, Value::Nil) {
            return match wanted.can_be_nil() {
                true => Ok(Value::Nil),
                false => self.fail(format!("invalid value; expected {}", wanted.name())),
            };
        }
        if wanted.accepts(&value) {
            return Ok(value);
        }
        self.fail(format!(
            "wrong type for value; expected {}; got {}",
            wanted.name(),
            value.type_name()
        ))
    }

    /// Evaluates a pipeline whose last command is `html` or `urlquery`, which the place of the action does instead.
    pub(super) fn pipeline_without_escaper(
        &mut self,
        dot: &Value,
        pipe: &'t Pipe,
    ) -> Result<Value> {
        let (escaper, before) = pipe
            .commands
            .split_last()
            .expect("a pipeline has a command");
        if let Some(value) = self.commands(dot, before)? {
            return Ok(value);
        }
        let mut values = Vec::new();
        for word in &escaper.words[1..] {
            values.push(self.argument(dot, word, Type::Any)?);
        }
        match values.len() {
            1 => Ok(values.remove(0)),
            _ => sprint(&values, self.budget.bytes_left())
                .map(Value::from)
                .map_err(|error| self.limit_error(error)),
        }
    }
}
