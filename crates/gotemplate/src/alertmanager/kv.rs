//! Sets of labels and annotations, and the lists that their methods return.

use std::sync::Arc;

use plimsoll_types::Labels;

use crate::error::CallError;
use crate::value::{Field, List, Map, Object, Signature, Type, Value};

/// The label that stands first wherever pairs are sorted.
const ALERT_NAME: &str = "alertname";

/// Labels or annotations by name: Alertmanager's `KV`.
#[derive(Clone, Debug)]
pub struct Kv(Map);

impl Default for Kv {
    fn default() -> Self {
        Self::new(Vec::<(&str, &str)>::new())
    }
}

impl Kv {
    /// Makes a set of pairs; the last of equal names wins.
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(Map::of_texts(pairs))
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.find(name).and_then(Value::as_text)
    }

    /// Returns the pairs, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (&**name, value.as_text().unwrap_or_default()))
    }

    /// Makes the value that a template sees.
    pub fn to_value(&self) -> Value {
        Value::object(self.clone())
    }

    /// Returns the pairs, sorted by name but with the alert's name first.
    fn sorted(&self) -> Vec<Pair> {
        let (mut first, others): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .map(|(name, value)| Pair {
                name: name.clone(),
                value: value.clone(),
            })
            .partition(|pair| &*pair.name == ALERT_NAME);
        first.extend(others);
        first
    }
}

impl From<&Labels> for Kv {
    fn from(labels: &Labels) -> Self {
        Self::new(labels.iter())
    }
}

fn no_method<T>(name: &str) -> Result<T, CallError> {
    Err(CallError::new(format!("there is no method {name}")))
}

impl Object for Kv {
    fn type_name(&self) -> &'static str {
        "template.KV"
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "SortedPairs" | "Names" | "Values" | "String" => Some(Signature::exact(&[])),
            "Remove" => Some(Signature::exact(&[Type::List(&Type::Text)])),
            _ => None,
        }
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let pairs = || Pairs(self.sorted());
        match (method, arguments) {
            ("SortedPairs", _) => Ok(Value::object(pairs())),
            ("Names", _) => Ok(pairs().names()),
            ("Values", _) => Ok(pairs().values()),
            ("String", _) => Ok(pairs().shown().into()),
            ("Remove", [keys]) => {
                let keys = keys.as_list();
                let keys = keys.as_ref().map_or(&[][..], List::items);
                let is_left = |name: &str| !keys.iter().any(|key| key.as_text() == Some(name));
                let left = self.iter().filter(|(name, _)| is_left(name));
                Ok(Value::object(Self::new(left)))
            }
            _ => no_method(method),
        }
    }

    fn text(&self) -> Option<String> {
        Some(Pairs(self.sorted()).shown())
    }
}

#[derive(Clone, Debug)]
struct Pair {
    name: Arc<str>,
    value: Value,
}

impl Pair {
    fn text_value(&self) -> &str {
        self.value.as_text().unwrap_or_default()
    }
}

impl Object for Pair {
    fn type_name(&self) -> &'static str {
        "template.Pair"
    }

    fn fields(&self) -> &'static [Field] {
        const FIELDS: [Field; 2] = [
            Field {
                name: "Name",
                json: "Name",
            },
            Field {
                name: "Value",
                json: "Value",
            },
        ];
        &FIELDS
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Name" => Some(self.name.clone().into()),
            "Value" => Some(self.value.clone()),
            _ => None,
        }
    }
}

/// Pairs in their order.
#[derive(Debug)]
struct Pairs(Vec<Pair>);

impl Pairs {
    fn names(&self) -> Value {
        let names = self.0.iter().map(|pair| pair.name.clone());
        Value::object(Strings(List::of_texts(names)))
    }

    fn values(&self) -> Value {
        let values = self.0.iter().map(Pair::text_value);
        Value::object(Strings(List::of_texts(values)))
    }

    fn shown(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|pair| format!("{}={}", pair.name, pair.text_value()));
        pairs.collect::<Vec<_>>().join(", ")
    }
}

impl Object for Pairs {
    fn type_name(&self) -> &'static str {
        "template.Pairs"
    }

    fn underlying(&self) -> Option<Value> {
        let pairs = self.0.iter().cloned().map(Value::object);
        Some(List::of_objects("template.Pair", pairs).into())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        matches!(name, "Names" | "Values" | "String").then(|| Signature::exact(&[]))
    }

    fn call(&self, method: &str, _: &[Value]) -> Result<Value, CallError> {
        match method {
            "Names" => Ok(self.names()),
            "Values" => Ok(self.values()),
            "String" => Ok(self.shown().into()),
            _ => no_method(method),
        }
    }

    fn text(&self) -> Option<String> {
        Some(self.shown())
    }
}

/// A list of texts that can be joined.
#[derive(Debug)]
struct Strings(List);

impl Object for Strings {
    fn type_name(&self) -> &'static str {
        "template.Strings"
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone().into())
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Join").then(|| Signature::exact(&[Type::Text]))
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, CallError> {
        match (method, arguments) {
            ("Join", [separator]) => {
                let separator = separator.as_text().unwrap_or_default();
                let texts: Vec<_> = self.0.items().iter().filter_map(Value::as_text).collect();
                Ok(texts.join(separator).into())
            }
            _ => no_method(method),
        }
    }
}
