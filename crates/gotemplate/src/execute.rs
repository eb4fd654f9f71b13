//! Walks a template's nodes and writes what they say.

mod call;
mod field;
mod range;
mod sink;
mod word;

use std::fmt;

use crate::budget::{Bounded, Budget};
use crate::error::ExecuteError;
use crate::format::print;
use crate::parse::{Branch, Command, Node, Pipe, TemplateCall, Tree, Word};
use crate::quote::quote;
use crate::set::Set;
use crate::value::Value;

use self::sink::{Predefined, Sink};

/// Executes a template of a set; `root` is the data of the outermost one.
pub(crate) fn run(
    set: &Set,
    name: &str,
    data: &Value,
    root: &Value,
    budget: &mut Budget,
    is_html: bool,
) -> Result<String> {
    let Some(tree) = set.tree(name) else {
        return Err(ExecuteError::new(format!(
            "template: no template {} associated with this set",
            quote(name, false)
        )));
    };
    let mut sink = Sink::new(is_html);
    let mut executor = Executor {
        set,
        root,
        budget,
        sink: &mut sink,
        tree,
        at: At::Nothing,
        variables: vec![("$", data.clone())],
    };
    executor.nodes(data, &tree.root)?;
    let located = |reason: String| ExecuteError::new(format!("html/template:{name}: {reason}"));
    sink.finish().map_err(located)
}

/// How the walk goes on after a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The part of the template that an error is about.
#[derive(Clone, Copy)]
enum At<'t> {
    Nothing,
    Action(usize, &'t Pipe),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Word(&'t Word),
    Template(&'t TemplateCall),
}

impl At<'_> {
    fn position(self) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Action(position, _) => Some(position),
            Self::Pipe(pipe) => Some(pipe.position),
            Self::Command(command) => Some(command.words[0].position),
            Self::Word(word) => Some(word.position),
            Self::Template(template) => Some(template.position),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Action(_, pipe) => write!(f, "{{{{{pipe}}}}}"),
            Self::Pipe(pipe) => write!(f, "{pipe}"),
            Self::Command(command) => write!(f, "{command}"),
            Self::Word(word) => write!(f, "{word}"),
            Self::Template(template) => write!(f, "{template}"),
        }
    }
}

type Result<T> = std::result::Result<T, ExecuteError>;

/// The execution of one template; those that it calls have their own.
struct Executor<'t, 'r> {
    set: &'t Set,
    root: &'t Value,
    budget: &'r mut Budget,
    sink: &'r mut Sink,
    tree: &'t Tree,
    at: At<'t>,
    /// What is declared, innermost last.
    variables: Vec<(&'t str, Value)>,
}

impl<'t> Executor<'t, '_> {
    /// Makes the error that says where the execution is.
    fn error(&self, reason: impl fmt::Display) -> ExecuteError {
        ExecuteError::new(self.located(&reason))
    }

    fn fail<T>(&self, reason: impl fmt::Display) -> Result<T> {
        Err(self.error(reason))
    }

    fn limit_error(&self, reason: impl fmt::Display) -> ExecuteError {
        ExecuteError::limit(self.located(&reason))
    }

    fn located(&self, reason: &dyn fmt::Display) -> String {
        let name = &self.tree.name;
        match self.at.position() {
            None => format!("template: {name}: {reason}"),
            Some(position) => format!(
                "template: {}: executing {} at <{}>: {reason}",
                self.tree.source.place(position),
                quote(name, false),
                self.at
            ),
        }
    }

    /// Makes the error of a place in a document where something must not stand.
    fn html_error(&self, reason: &str) -> ExecuteError {
        let place = match self.at.position() {
            Some(position) => self.tree.source.place(position),
            None => self.tree.name.clone(),
        };
        ExecuteError::new(format!("html/template:{place}: {reason}"))
    }

    fn step(&mut self) -> Result<()> {
        self.budget
            .step(1)
            .map_err(|reason| self.limit_error(reason))
    }

    /// Counts a level of nesting around what `inner` does.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.budget
            .enter()
            .map_err(|reason| self.limit_error(reason))?;
        let result = inner(self);
        self.budget.leave();
        result
    }

    fn nodes(&mut self, dot: &Value, nodes: &'t [Node]) -> Result<Flow> {
        self.nested(|executor| {
            for node in nodes {
                let flow = executor.node(dot, node)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    fn node(&mut self, dot: &Value, node: &'t Node) -> Result<Flow> {
        self.step()?;
        match node {
            Node::Text(text) => {
                self.spend(text.len())?;
                let written = self.sink.text(text);
                written.map_err(|reason| self.html_error(&reason))?;
                Ok(Flow::Next)
            }
            Node::Action { position, pipe } => self.action(dot, *position, pipe),
            Node::If(branch) => self.conditional(dot, branch, "if"),
            Node::With(branch) => self.conditional(dot, branch, "with"),
            Node::Range(branch) => self.range(dot, branch),
            Node::Template(call) => self.template(dot, call),
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.budget
            .spend_bytes(bytes)
            .map_err(|reason| self.limit_error(reason))
    }

    fn action(&mut self, dot: &Value, position: usize, pipe: &'t Pipe) -> Result<Flow> {
        self.at = At::Action(position, pipe);
        if !pipe.variables.is_empty() {
            self.pipeline(dot, pipe)?;
            return Ok(Flow::Next);
        }
        let predefined = self.sink.predefined(pipe);
        let predefined = predefined.map_err(|reason| self.html_error(&reason))?;
        let value = match predefined {
            Some(_) => self.pipeline_without_escaper(dot, pipe)?,
            None => self.pipeline(dot, pipe)?,
        };
        self.at = At::Action(position, pipe);
        self.print(&value, predefined)?;
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Value, predefined: Option<Predefined>) -> Result<()> {
        if matches!(value, Value::Function(_)) {
            let shown = self.at;
            return self.fail(format!("can't print {shown} of type {}", value.type_name()));
        }
        let bytes_left = self.budget.bytes_left();
        let mut text = Bounded::new(bytes_left);
        if print(value, &mut text).is_err() {
            // Asked for more than is left, the budget says what the limit is.
            return self.spend(bytes_left.saturating_add(1));
        }
        let text = text.into_text();
        let written = self.sink.value(value, text, predefined);
        let length = written.map_err(|reason| self.html_error(&reason))?;
        self.spend(length)
    }

    fn conditional(&mut self, dot: &Value, branch: &'t Branch, word: &str) -> Result<Flow> {
        let known = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = match value.is_true() {
            true if word == "with" => self.nodes(&value, &branch.body),
            true => self.nodes(dot, &branch.body),
            false => self.nodes(dot, &branch.otherwise),
        }?;
        self.variables.truncate(known);
        Ok(flow)
    }

    fn template(&mut self, dot: &Value, call: &'t TemplateCall) -> Result<Flow> {
        self.at = At::Template(call);
        let Some(tree) = self.set.tree(&call.name) else {
            let shown = quote(&call.name, false);
            return self.fail(format!("template {shown} not defined"));
        };
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        let mut inner = Executor {
            set: self.set,
            root: self.root,
            budget: &mut *self.budget,
            sink: &mut *self.sink,
            tree,
            at: At::Nothing,
            variables: vec![("$", data.clone())],
        };
        inner.nodes(&data, &tree.root)?;
        Ok(Flow::Next)
    }

    /// Evaluates a pipeline and keeps its value in the variables that it names.
    fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value> {
        self.at = At::Pipe(pipe);
        let value = self.commands(dot, &pipe.commands)?.unwrap_or_default();
        for name in &pipe.variables {
            match pipe.is_assignment {
                true => self.assign(name, value.clone())?,
                false => self.variables.push((name, value.clone())),
            }
        }
        Ok(value)
    }

    /// Evaluates commands, each with the value of the one before; nothing for no command.
    fn commands(&mut self, dot: &Value, commands: &'t [Command]) -> Result<Option<Value>> {
        self.nested(|executor| {
            let mut value = None;
            for command in commands {
                value = Some(executor.command(dot, command, value)?);
            }
            Ok(value)
        })
    }

    fn assign(&mut self, name: &str, value: Value) -> Result<()> {
        let known = self.variables.iter_mut().rfind(|(known, _)| *known == name);
        match known {
            Some((_, place)) => {
                *place = value;
                Ok(())
            }
            None => self.fail(format!("undefined variable: {name}")),
        }
    }
}
