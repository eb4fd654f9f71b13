//! Go's types, as far as the parameters of functions and the elements of lists and maps name them.

use super::Value;

/// A type that a parameter or an element is declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`: anything.
    Any,
    /// `reflect.Value`: anything, as Go's own functions take it.
    Reflect,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `float64`.
    Float,
    /// `string`.
    Text,
    /// `time.Time`.
    Time,
    /// A slice.
    List(&'static Self),
    /// A map with texts as keys.
    Map(&'static Self),
    /// A named list, which can be nil.
    NamedList(&'static str),
    /// A named type: the [`type_name`](super::Object::type_name) of an object.
    Named(&'static str),
}

impl Type {
    /// Returns Go's name.
    pub fn name(self) -> String {
        match self {
            Self::Any => "interface {}".into(),
            Self::Reflect => "reflect.Value".into(),
            Self::Bool => "bool".into(),
            Self::Int => "int".into(),
            Self::Float => "float64".into(),
            Self::Text => "string".into(),
            Self::Time => "time.Time".into(),
            Self::List(element) => format!("[]{}", element.name()),
            Self::Map(element) => format!("map[string]{}", element.name()),
            Self::Named(name) | Self::NamedList(name) => name.into(),
        }
    }

    /// Returns the zero value: what a map without the key answers.
    pub(crate) fn zero(self) -> Value {
        match self {
            Self::Bool => Value::Bool(false),
            Self::Int => Value::Int(0),
            Self::Float => Value::Float(0.0),
            Self::Text => Value::text(""),
            _ => Value::Nil,
        }
    }

    /// Says whether nil is a value of the type.
    pub(crate) fn can_be_nil(self) -> bool {
        match self {
            Self::Any | Self::Reflect | Self::List(_) | Self::Map(_) | Self::NamedList(_) => true,
            Self::Named(name) => name.starts_with('*'),
            _ => false,
        }
    }

    /// Says whether a value can be given to a parameter of the type.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any | Self::Reflect, _) => true,
            (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Float, Value::Float(_))
            | (Self::Text, Value::Text(_))
            | (Self::Time, Value::Time(_)) => true,
            (Self::List(element), Value::List(list)) => *element == list.element(),
            (Self::Map(element), Value::Map(map)) => *element == map.element(),
            // Go lets a named type stand for the unnamed one below it.
            (Self::List(_) | Self::Map(_), Value::Object(object)) => object
                .underlying()
                .is_some_and(|plain| self.accepts(&plain)),
            (Self::Named(name) | Self::NamedList(name), value) => name == value.type_name(),
            _ => false,
        }
    }
}
