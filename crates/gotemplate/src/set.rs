//! A set of templates that call one another by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::budget::Budget;
use crate::error::{ExecuteError, ParseError};
use crate::execute;
use crate::function::Functions;
use crate::limits::Limits;
use crate::parse::{Tree, parse};
use crate::value::Value;

/// Templates by name, and the functions that they may call; a copy shares the parsed templates.
///
/// ```
/// use plimsoll_gotemplate::{Functions, Map, Set};
/// let mut set = Set::new(Functions::new());
/// set.parse("greeting", "Hello {{ .name | printf \"%q\" }}").unwrap();
/// let data = Map::of_texts([("name", "world")]).into();
/// assert_eq!(set.execute_text("greeting", &data).unwrap(), "Hello \"world\"");
/// ```
#[derive(Clone, Debug)]
pub struct Set {
    trees: BTreeMap<String, Arc<Tree>>,
    functions: Arc<Functions>,
    limits: Limits,
}

impl Set {
    /// Makes an empty set.
    pub fn new(functions: Functions) -> Self {
        Self {
            trees: BTreeMap::new(),
            functions: Arc::new(functions),
            limits: Limits::default(),
        }
    }

    /// Bounds every execution.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Parses a text as the template of a name; what it defines replaces templates of the same names.
    ///
    /// # Errors
    /// The first error of the text, in Go's words; the set is then as it was.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        for tree in parse(name, text, &self.functions)? {
            // A definition without content gives way to one that has some.
            if !tree.is_empty() || !self.trees.contains_key(&tree.name) {
                self.trees.insert(tree.name.clone(), Arc::new(tree));
            }
        }
        Ok(())
    }

    /// Says whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// Returns the names of the templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.trees.keys().map(String::as_str)
    }

    /// Executes a template as Go's `text/template` does.
    ///
    /// # Errors
    /// In Go's words, or that one of the limits was reached.
    pub fn execute_text(&self, name: &str, data: &Value) -> Result<String, ExecuteError> {
        let mut budget = Budget::new(self.limits);
        execute::run(self, name, data, data, &mut budget, false)
    }

    /// Executes a template as Go's `html/template` does: what actions print is escaped for the place where it stands.
    ///
    /// # Errors
    /// In Go's words, or that one of the limits was reached.
    pub fn execute_html(&self, name: &str, data: &Value) -> Result<String, ExecuteError> {
        let mut budget = Budget::new(self.limits);
        execute::run(self, name, data, data, &mut budget, true)
    }

    /// Executes a text as a template that may call those of the set, as Alertmanager does with the fields of its
    /// configuration.
    ///
    /// # Errors
    /// Those of parsing and of executing, in Go's words.
    pub fn render_text(&self, text: &str, data: &Value) -> Result<String, ExecuteError> {
        self.with_text(text)?.execute_text("", data)
    }

    /// Executes a text as a template of HTML that may call those of the set.
    ///
    /// # Errors
    /// Those of parsing and of executing, in Go's words.
    pub fn render_html(&self, text: &str, data: &Value) -> Result<String, ExecuteError> {
        self.with_text(text)?.execute_html("", data)
    }

    fn with_text(&self, text: &str) -> Result<Self, ExecuteError> {
        let mut set = self.clone();
        set.parse("", text)
            .map_err(|error| ExecuteError::new(error.to_string()))?;
        Ok(set)
    }

    pub(crate) fn tree(&self, name: &str) -> Option<&Arc<Tree>> {
        self.trees.get(name)
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.functions
    }
}
