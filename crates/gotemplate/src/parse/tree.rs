//! What a template is made of, with places for errors.

use std::fmt;
use std::sync::Arc;

use crate::quote::quote;
use crate::value::Value;

/// A template as it was parsed.
#[derive(Debug)]
pub(crate) struct Tree {
    /// What the template is called.
    pub(crate) name: String,
    /// What the text was called that defines it, and the text: errors tell a place in it.
    pub(crate) source: Arc<Source>,
    pub(crate) root: Vec<Node>,
}

/// A text that was parsed, with the name that errors call it by.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Tree {
    /// Says whether there is nothing but spaces: such a definition does not replace another.
    pub(crate) fn is_empty(&self) -> bool {
        self.root.iter().all(|node| match node {
            Node::Text(text) => text.trim().is_empty(),
            _ => false,
        })
    }
}

impl Source {
    /// Returns `NAME:LINE:COLUMN` of a byte; the column counts bytes from 0, as in Go.
    pub(crate) fn place(&self, position: usize) -> String {
        let before = &self.text.as_bytes()[..position.min(self.text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n');
        let column = before.len() - line_start.map_or(0, |newline| newline + 1);
        format!("{}:{line}:{column}", self.name)
    }
}

#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    Action { position: usize, pipe: Pipe },
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(TemplateCall),
    Break,
    Continue,
}

/// `if`, `with` or `range`, with both bodies.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(crate) struct TemplateCall {
    pub(crate) position: usize,
    pub(crate) name: String,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands, each of which gets the result of the one before as its last argument.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: usize,
    /// Assigns to known variables instead of declaring new ones.
    pub(crate) is_assignment: bool,
    /// Names with their dollar.
    pub(crate) variables: Vec<String>,
    pub(crate) commands: Vec<Command>,
}

/// A word and its arguments; never empty.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) words: Vec<Word>,
}

#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) position: usize,
    pub(crate) kind: WordKind,
}

#[derive(Debug)]
pub(crate) enum WordKind {
    /// `.A.B`
    Field(Vec<String>),
    /// `(pipeline).A.B`
    Chain(Box<Word>, Vec<String>),
    Function(String),
    /// `$x.A.B`; the first name has its dollar.
    Variable(Vec<String>),
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text {
        quoted: String,
        text: Arc<str>,
    },
    Pipe(Box<Pipe>),
}

/// A constant that is whatever its place wants, as far as it can be.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) int: Option<i64>,
    pub(crate) float: Option<f64>,
}

impl Number {
    /// Returns the value that the constant has where any is welcome, or why there is none.
    pub(crate) fn ideal(&self) -> Result<Value, String> {
        let is_hexadecimal =
            self.text.len() > 2 && self.text.starts_with("0x") && !self.text.contains(['p', 'P']);
        let looks_like_float = !is_hexadecimal
            && !self.text.starts_with('\'')
            && self.text.contains(['.', 'e', 'E', 'p', 'P']);
        match self {
            Self {
                float: Some(float), ..
            } if looks_like_float => Ok(Value::Float(*float)),
            Self { int: Some(int), .. } => Ok(Value::Int(*int)),
            _ => Err(format!("{} overflows int", self.text)),
        }
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.is_assignment { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            fmt::Display::fmt(command, f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match &word.kind {
                WordKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => fmt::Display::fmt(word, f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            WordKind::Field(names) => write!(f, ".{}", names.join(".")),
            WordKind::Chain(word, names) => match &word.kind {
                WordKind::Pipe(pipe) => write!(f, "({pipe}).{}", names.join(".")),
                _ => write!(f, "{word}.{}", names.join(".")),
            },
            WordKind::Function(name) => f.write_str(name),
            WordKind::Variable(names) => f.write_str(&names.join(".")),
            WordKind::Dot => f.write_str("."),
            WordKind::Nil => f.write_str("nil"),
            WordKind::Bool(value) => write!(f, "{value}"),
            WordKind::Number(number) => f.write_str(&number.text),
            WordKind::Text { quoted, .. } => f.write_str(quoted),
            WordKind::Pipe(pipe) => fmt::Display::fmt(pipe, f),
        }
    }
}

impl fmt::Display for TemplateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", quote(&self.name, false))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}
