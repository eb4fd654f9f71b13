//! The serde deserializer over the tree: leniences of go-yaml, plain words, and the place of every error.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::Span;
use super::compose::{Entry, Kind, Node};
use super::error::Error;
use super::scalar::{Resolved, resolve};
use super::spanned::SPANNED;

/// One value of the tree, and the way that led to it.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'de, 'p> {
    node: &'de Node,
    path: Path<'p>,
}

/// Fields that nobody knows, when they are passed over: their names and places.
pub(super) type Ignored = RefCell<Vec<(String, Span)>>;

/// The way from the root, kept on the stack and written out only for errors.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// With the place for unknown fields, when they are no errors.
    Root(Option<&'a Ignored>),
    Key(&'a Node),
    Index(usize),
}

impl Path<'_> {
    fn text(&self) -> Option<String> {
        let mut text = String::new();
        self.write(&mut text);
        (!text.is_empty()).then_some(text)
    }

    /// Returns where unknown fields go that are passed over.
    fn ignored(&self) -> Option<&Ignored> {
        match (self.parent, self.step) {
            (Some(parent), _) => parent.ignored(),
            (None, Step::Root(ignored)) => ignored,
            (None, _) => None,
        }
    }

    fn write(&self, text: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(text);
        }
        match self.step {
            Step::Root(_) => {}
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.extend(key.key_text().unwrap_or("?").chars().take(80));
            }
        }
    }
}

impl<'de, 'p> NodeDeserializer<'de, 'p> {
    /// Begins at the root; fields that nobody knows are errors, or go to `ignored`.
    pub(super) fn root(node: &'de Node, ignored: Option<&'p Ignored>) -> Self {
        let path = Path {
            parent: None,
            step: Step::Root(ignored),
        };
        Self { node, path }
    }

    /// Gives an error the place of this value, unless one further in has done so.
    fn placed<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|mut error| {
            if error.span.is_none() {
                error.span = Some(self.node.span);
                error.yaml_path = self.path.text();
            }
            error
        })
    }

    fn unexpected(self, expected: &dyn Expected) -> Error {
        de::Error::invalid_type(self.found(), expected)
    }

    fn found(self) -> Unexpected<'de> {
        match &self.node.kind {
            Kind::Plain(text) => match resolve(text) {
                Resolved::Null => Unexpected::Unit,
                Resolved::Bool(_) | Resolved::Text => Unexpected::Str(text),
                Resolved::Unsigned(value) => Unexpected::Unsigned(value),
                Resolved::Negative(value) => Unexpected::Signed(value),
                Resolved::Float(value) => Unexpected::Float(value),
            },
            Kind::Quoted(text) => Unexpected::Str(text),
            Kind::Binary => Unexpected::Bytes(&[]),
            Kind::List(_) => Unexpected::Seq,
            Kind::Map(_) => Unexpected::Map,
        }
    }

    fn number<V: Visitor<'de>>(self, visitor: V, whole: bool) -> Result<V::Value, Error> {
        const WHOLE: &str = "a whole number";
        let wanted: &dyn Expected = if whole { &WHOLE } else { &"a number" };
        let resolved = match &self.node.kind {
            Kind::Plain(text) => resolve(text),
            _ => return self.placed(Err(self.unexpected(wanted))),
        };
        self.placed(match resolved {
            Resolved::Null => visitor.visit_u64(0),
            Resolved::Unsigned(value) => visitor.visit_u64(value),
            Resolved::Negative(value) => visitor.visit_i64(value),
            // go-yaml takes 1e6 for a limit.
            Resolved::Float(value) if whole && value.fract() == 0.0 && value.abs() < 1e15 => {
                visitor.visit_i64(value as i64)
            }
            Resolved::Float(value) if !whole => visitor.visit_f64(value),
            _ => Err(self.unexpected(wanted)),
        })
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.kind {
            Kind::Plain(_) if self.node.is_null() => self.null_text(visitor),
            Kind::Plain(text) | Kind::Quoted(text) => visitor.visit_borrowed_str(text),
            Kind::Binary => Err(Error::new("this binary value is not UTF-8 text in base64")),
            _ => Err(self.unexpected(&visitor)),
        };
        self.placed(result)
    }

    /// An absent value is the empty text, unless the visitor has a better idea of nothing.
    fn null_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let wants_plain_text = Wanted(&visitor).to_string() == "a string";
        if wants_plain_text {
            visitor.visit_borrowed_str("")
        } else {
            visitor.visit_unit()
        }
    }

    fn entries<V: Visitor<'de>>(
        self,
        visitor: V,
        fields: Option<&'static [&'static str]>,
    ) -> Result<V::Value, Error> {
        // An empty section is the section of defaults, an empty entry of a list says nothing at all.
        let in_list = fields.is_some() && matches!(self.path.step, Step::Index(_));
        let entries: &[Entry] = match &self.node.kind {
            Kind::Map(entries) => entries,
            _ if self.node.is_null() && !in_list => &[],
            _ => return self.placed(Err(self.unexpected(&"a mapping"))),
        };
        self.placed(visitor.visit_map(Entries {
            path: &self.path,
            entries: entries.iter(),
            known: fields.filter(|_| self.path.ignored().is_some()),
            value: None,
        }))
    }
}

struct Wanted<'a>(&'a dyn Expected);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! deserialize_numbers {
    ($($method:ident: $whole:expr,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(visitor, $whole)
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de, '_> {
    type Error = Error;

    deserialize_numbers! {
        deserialize_i8: true,
        deserialize_i16: true,
        deserialize_i32: true,
        deserialize_i64: true,
        deserialize_u8: true,
        deserialize_u16: true,
        deserialize_u32: true,
        deserialize_u64: true,
        deserialize_f32: false,
        deserialize_f64: false,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Plain(text) => self.placed(match resolve(text) {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Unsigned(value) => visitor.visit_u64(value),
                Resolved::Negative(value) => visitor.visit_i64(value),
                Resolved::Float(value) => visitor.visit_f64(value),
                Resolved::Text => visitor.visit_borrowed_str(text),
            }),
            Kind::Quoted(_) | Kind::Binary => self.text(visitor),
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let resolved = match &self.node.kind {
            Kind::Plain(text) => resolve(text),
            _ => Resolved::Text,
        };
        self.placed(match resolved {
            Resolved::Bool(value) => visitor.visit_bool(value),
            Resolved::Null => visitor.visit_bool(false),
            _ => Err(self.unexpected(&"true or false")),
        })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.placed(match self.node.key_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => Err(Error::new(
                "expected the name of a field, found something else",
            )),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() {
            return self.placed(visitor.visit_none());
        }
        self.placed(visitor.visit_some(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let nodes: &[Rc<Node>] = match &self.node.kind {
            Kind::List(nodes) => nodes,
            _ if self.node.is_null() => &[],
            _ => return self.placed(Err(self.unexpected(&"a list"))),
        };
        self.placed(visitor.visit_seq(Items {
            path: &self.path,
            nodes: nodes.iter().enumerate(),
        }))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.entries(visitor, None)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.entries(visitor, Some(fields))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != SPANNED {
            return self.placed(visitor.visit_newtype_struct(self));
        }
        self.placed(visitor.visit_seq(SpannedParts {
            value: self,
            given: 0,
        }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.node.key_text() {
            Some(text) => self.placed(visitor.visit_enum(Word(text))),
            None => self.placed(Err(self.unexpected(&"one word"))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

struct Items<'de, 'p> {
    path: &'p Path<'p>,
    nodes: std::iter::Enumerate<std::slice::Iter<'de, Rc<Node>>>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((index, node)) = self.nodes.next() else {
            return Ok(None);
        };
        let path = Path {
            parent: Some(self.path),
            step: Step::Index(index),
        };
        seed.deserialize(NodeDeserializer { node, path }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

struct Entries<'de, 'p> {
    path: &'p Path<'p>,
    entries: std::slice::Iter<'de, Entry>,
    /// The fields that are taken, when others are passed over.
    known: Option<&'static [&'static str]>,
    /// The entry whose key was asked for last.
    value: Option<&'de Entry>,
}

impl<'de> Entries<'de, '_> {
    /// Returns the next entry that is not passed over.
    fn next(&mut self) -> Option<&'de Entry> {
        let Some((known, ignored)) = self.known.zip(self.path.ignored()) else {
            return self.entries.next();
        };
        loop {
            let entry = self.entries.next()?;
            match entry.key.key_text() {
                Some(name) if !known.contains(&name) => {
                    ignored.borrow_mut().push((name.to_owned(), entry.key.span));
                }
                _ => return Some(entry),
            }
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.value = self.next();
        let Some(entry) = self.value else {
            return Ok(None);
        };
        let key = NodeDeserializer {
            node: &entry.key,
            path: *self.path,
        };
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let entry = self
            .value
            .ok_or_else(|| Error::new("a value without a key"))?;
        let path = Path {
            parent: Some(self.path),
            step: Step::Key(&entry.key),
        };
        // A value that is absent has no place of its own; its key has.
        let value = NodeDeserializer {
            node: &entry.value,
            path,
        };
        let (absent, key) = (entry.value.span, entry.key.span);
        seed.deserialize(value).map_err(|mut error| {
            if absent.start == absent.end && error.span == Some(absent) {
                error.span = Some(key);
            }
            error
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Gives [`super::Spanned`] its parts: start and end of the value, of the key, and the value.
struct SpannedParts<'de, 'p> {
    value: NodeDeserializer<'de, 'p>,
    given: u8,
}

impl<'de> SeqAccess<'de> for SpannedParts<'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.given += 1;
        let span = self.value.node.span;
        let key = match self.value.path.step {
            Step::Key(key) => key.span,
            _ => span,
        };
        let number = |at: u32| -> U32Deserializer<Error> { at.into_deserializer() };
        match self.given {
            1 => seed.deserialize(number(span.start)).map(Some),
            2 => seed.deserialize(number(span.end)).map(Some),
            3 => seed.deserialize(number(key.start)).map(Some),
            4 => seed.deserialize(number(key.end)).map(Some),
            5 => seed.deserialize(self.value).map(Some),
            _ => Ok(None),
        }
    }
}

/// One of the words of an enumeration; variants with content are not written in our files.
struct Word<'de>(&'de str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let word: StrDeserializer<'_, Error> = self.0.into_deserializer();
        seed.deserialize(word).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _seed: S) -> Result<S::Value, Error> {
        Err(Error::new("expected one word"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::new("expected one word"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        Err(Error::new("expected one word"))
    }
}
