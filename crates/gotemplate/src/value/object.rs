//! Structures and named types of the program that executes a template.

use std::fmt;

use super::{Type, Value};
use crate::error::CallError;

/// A structure with fields and methods, or a named list or map with methods.
///
/// An object must not hold itself, directly or through others.
pub trait Object: Send + Sync + fmt::Debug {
    /// Returns the name that Go's type has, such as `template.Data`.
    fn type_name(&self) -> &'static str;

    /// Returns the list or map that a named type is; `None` for a structure.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// Returns a structure's fields, in order; nothing for a named list or map.
    fn fields(&self) -> &'static [Field] {
        &[]
    }

    /// Returns the value of a field; `None` when there is no such field.
    fn field(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// Returns what a method wants; `None` when there is no such method.
    fn method(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a method that [`method`](Self::method) told of, with arguments that fit what it wants.
    ///
    /// # Errors
    /// What the method refuses.
    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let _ = arguments;
        Err(CallError::new(format!("there is no method {method}")))
    }

    /// Returns the text of a type that says itself how it is printed: Go's `String() string`.
    fn text(&self) -> Option<String> {
        None
    }
}

/// A field of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in templates.
    pub name: &'static str,
    /// The name in JSON.
    pub json: &'static str,
}

/// What a function or a method wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The declared types of the arguments.
    pub parameters: Vec<Type>,
    /// Says whether the last parameter may be given any number of times, none included.
    pub is_variadic: bool,
}

impl Signature {
    /// Wants exactly these.
    pub fn exact(parameters: &[Type]) -> Self {
        Self {
            parameters: parameters.to_vec(),
            is_variadic: false,
        }
    }

    /// Wants these, the last of them any number of times.
    pub fn variadic(parameters: &[Type]) -> Self {
        Self {
            parameters: parameters.to_vec(),
            is_variadic: true,
        }
    }
}
