//! Functions that templates may call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

use crate::budget::Budget;
use crate::builtin;
use crate::error::CallError;
use crate::execute;
use crate::set::Set;
use crate::value::{List, Signature, Type, Value};

type Body = dyn Fn(&mut Call<'_>) -> Result<Value, CallError> + Send + Sync;

/// A function: what it wants and what it does.
#[derive(Clone)]
pub struct Function {
    signature: Signature,
    body: Arc<Body>,
    special: Option<Special>,
}

/// A function whose arguments the executor looks at before it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    And,
    Or,
    Call,
}

impl Function {
    /// Makes a function of its body, which gets arguments that fit the signature.
    pub fn new(
        signature: Signature,
        body: impl Fn(&mut Call<'_>) -> Result<Value, CallError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            signature,
            body: Arc::new(body),
            special: None,
        }
    }

    pub(crate) fn with_special(self, special: Special) -> Self {
        Self {
            special: Some(special),
            ..self
        }
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(crate) fn special(&self) -> Option<Special> {
        self.special
    }

    pub(crate) fn call(&self, call: &mut Call<'_>) -> Result<Value, CallError> {
        (self.body)(call)
    }

    /// Returns Go's name of the type, as far as it is known: what is returned is not.
    pub(crate) fn type_name(&self) -> String {
        let names: Vec<_> = self.signature.parameters.iter().map(|t| t.name()).collect();
        format!("func({})", names.join(", "))
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.type_name())
    }
}

/// The functions of a set, by name: Go's own, and those that were added.
#[derive(Clone, Debug)]
pub struct Functions(BTreeMap<&'static str, Arc<Function>>);

impl Default for Functions {
    fn default() -> Self {
        Self::new()
    }
}

impl Functions {
    /// Returns the functions that the language itself has: `and`, `eq`, `printf`, and so on.
    pub fn new() -> Self {
        let mut functions = Self(BTreeMap::new());
        builtin::add_all(&mut functions);
        functions
    }

    /// Adds a function, in the place of one with the same name.
    pub fn add(
        &mut self,
        name: &'static str,
        signature: Signature,
        body: impl Fn(&mut Call<'_>) -> Result<Value, CallError> + Send + Sync + 'static,
    ) {
        self.insert(name, Function::new(signature, body));
    }

    pub(crate) fn insert(&mut self, name: &'static str, function: Function) {
        self.0.insert(name, Arc::new(function));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.0.get(name)
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// One call of a function: its arguments, and what the execution can do for it.
pub struct Call<'a> {
    pub(crate) arguments: &'a [Value],
    pub(crate) set: &'a Set,
    pub(crate) root: &'a Value,
    pub(crate) budget: &'a mut Budget,
    pub(crate) is_html: bool,
}

impl Call<'_> {
    /// Returns the arguments; their number and types are those of the signature.
    pub fn arguments(&self) -> &[Value] {
        self.arguments
    }

    /// Returns an argument that the signature declares; nil when it does not.
    pub fn value(&self, index: usize) -> Value {
        self.arguments.get(index).cloned().unwrap_or_default()
    }

    /// Returns an argument that the signature declares as text; empty when it does not.
    pub fn text(&self, index: usize) -> &str {
        let value = self.arguments.get(index);
        value.and_then(Value::as_text).unwrap_or_default()
    }

    /// Returns an argument that the signature declares as a list; empty when it does not.
    pub fn list(&self, index: usize) -> List {
        let value = self.arguments.get(index);
        value
            .and_then(Value::as_list)
            .unwrap_or_else(|| List::of_texts(Vec::<&str>::new()))
    }

    /// Counts steps of the execution.
    ///
    /// # Errors
    /// When none are left.
    pub fn spend(&mut self, steps: u64) -> Result<(), CallError> {
        self.budget.step(steps).map_err(CallError::limit)
    }

    /// Returns how many bytes may still be made.
    pub fn bytes_left(&self) -> usize {
        self.budget.bytes_left()
    }

    /// Makes a text, and counts its bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn make(&mut self, text: impl Into<Arc<str>>) -> Result<Value, CallError> {
        let text = text.into();
        self.budget
            .spend_bytes(text.len())
            .map_err(CallError::limit)?;
        Ok(Value::Text(text))
    }

    /// Counts the bytes of a list with so many elements.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn spend_elements(&mut self, count: usize) -> Result<(), CallError> {
        let bytes = count.saturating_mul(size_of::<Value>());
        self.budget.spend_bytes(bytes).map_err(CallError::limit)
    }

    /// Executes another template of the set and returns what it wrote; its cost counts here.
    ///
    /// # Errors
    /// Those of the other template.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<String, CallError> {
        let result = execute::run(self.set, name, data, self.root, self.budget, self.is_html);
        Ok(result?)
    }

    /// Executes a text as a template, with the data of the outermost one.
    ///
    /// # Errors
    /// Those of the text as a template.
    pub fn render(&mut self, text: &str) -> Result<String, CallError> {
        let mut set = self.set.clone();
        set.parse("", text)
            .map_err(|error| CallError::new(error.to_string()))?;
        let result = execute::run(&set, "", self.root, self.root, self.budget, self.is_html);
        Ok(result?)
    }

    /// Compiles an expression in Go's dialect that is searched for in a text; the last few are kept.
    ///
    /// # Errors
    /// When it is malformed or too large.
    pub fn regex(&mut self, expression: &str) -> Result<Regex, CallError> {
        self.budget.regex(expression)
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.arguments).finish()
    }
}

/// The types that the built-in functions take.
pub(crate) const REFLECT: &[Type] = &[Type::Reflect];
