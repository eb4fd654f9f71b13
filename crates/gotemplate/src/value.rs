//! What a template sees: values with Go's types, as far as a template can tell them apart.

mod list;
mod map;
mod object;
mod types;

use std::borrow::Cow;
use std::sync::Arc;

use plimsoll_types::Timestamp;

pub use self::list::List;
pub use self::map::Map;
pub use self::object::{Field, Object, Signature};
pub use self::types::Type;
use crate::function::Function;
use crate::time::Time;

/// A value of the template language.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value: Go's nil.
    #[default]
    Nil,
    /// Go's `bool`.
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `int64`, which only its name tells from `int`.
    Int64(i64),
    /// Go's `uint64`.
    Uint(u64),
    /// Go's `uint8`: what an index into a text gives.
    Byte(u8),
    /// Go's `float64`.
    Float(f64),
    /// Go's `string`.
    Text(Arc<str>),
    /// A text that its author declared safe for a context of HTML.
    Safe(Safe),
    /// Go's slice.
    List(List),
    /// Go's map with texts as keys.
    Map(Map),
    /// A structure, or a type with methods.
    Object(Arc<dyn Object>),
    /// Go's `time.Time`.
    Time(Time),
    /// Go's `time.Duration`, in nanoseconds; may be negative.
    Duration(i64),
    /// A number whose values have names: `time.Month`, `time.Weekday`.
    Enumerated(Enumerated),
    /// A function as a value, for `call`.
    Function(Arc<Function>),
}

/// A number whose values have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enumerated {
    /// Go's name of the type, such as `time.Month`.
    pub type_name: &'static str,
    /// The number.
    pub number: i64,
    /// The number's name.
    pub name: &'static str,
}

/// A text that its author declared safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safe {
    /// Where it is safe.
    pub kind: SafeKind,
    /// The text itself.
    pub text: Arc<str>,
}

/// Where a text is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafeKind {
    /// Between tags: Go's `template.HTML`.
    Html,
    /// As a URL: Go's `template.URL`.
    Url,
}

impl SafeKind {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Html => "template.HTML",
            Self::Url => "template.URL",
        }
    }
}

impl Value {
    /// Makes a text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Makes an object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// Returns Go's name of the type, as `%T` shows it.
    pub fn type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Nil => "<nil>".into(),
            Self::Bool(_) => "bool".into(),
            Self::Int(_) => "int".into(),
            Self::Int64(_) => "int64".into(),
            Self::Uint(_) => "uint64".into(),
            Self::Byte(_) => "uint8".into(),
            Self::Float(_) => "float64".into(),
            Self::Text(_) => "string".into(),
            Self::Safe(safe) => safe.kind.type_name().into(),
            Self::List(list) => list.type_name().into(),
            Self::Map(map) => map.type_name().into(),
            Self::Object(object) => object.type_name().into(),
            Self::Time(_) => "time.Time".into(),
            Self::Duration(_) => "time.Duration".into(),
            Self::Enumerated(value) => value.type_name.into(),
            Self::Function(function) => function.type_name().into(),
        }
    }

    /// Returns the text of a text, safe or not.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Safe(safe) => Some(&safe.text),
            _ => None,
        }
    }

    /// Returns the list that the value is, also below a type with methods.
    pub fn as_list(&self) -> Option<List> {
        match self.plain() {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the map that the value is, also below a type with methods.
    pub fn as_map(&self) -> Option<Map> {
        match self.plain() {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the value without the name of its type: the map below a type that is one.
    pub(crate) fn plain(&self) -> Self {
        match self {
            Self::Object(object) => object.underlying().unwrap_or_else(|| self.clone()),
            other => other.clone(),
        }
    }

    /// Says whether the value counts as true: Go's rule is "not the zero value", and structures always are.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) | Self::Duration(value) => *value != 0,
            Self::Uint(value) => *value != 0,
            Self::Byte(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Safe(safe) => !safe.text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.underlying().is_none_or(|plain| plain.is_true()),
            Self::Time(_) | Self::Function(_) => true,
            Self::Enumerated(value) => value.number != 0,
        }
    }

    /// Returns how many levels of lists and maps the value has.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth(),
            Self::Map(map) => map.depth(),
            _ => 0,
        }
    }
}

macro_rules! from {
    ($($from:ty => $value:ident => $made:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $made
            }
        }
    )*};
}

from! {
    bool => value => Self::Bool(value);
    i64 => value => Self::Int(value);
    u64 => value => Self::Uint(value);
    f64 => value => Self::Float(value);
    &str => value => Self::text(value);
    String => value => Self::text(value);
    Arc<str> => value => Self::Text(value);
    List => value => Self::List(value);
    Map => value => Self::Map(value);
    Time => value => Self::Time(value);
    Timestamp => value => Self::Time(Time::from(value));
    Arc<dyn Object> => value => Self::Object(value);
    Safe => value => Self::Safe(value);
}
