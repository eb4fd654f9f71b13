//! What may stand behind a key, from the type of its field.

use anyhow::{Context, bail};
use syn::{GenericArgument, PathArguments, Type};

use super::link;
use super::source::Sources;

/// What may stand behind a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// One of the kinds that YAML writes as a scalar, in the words of the page.
    Scalar(&'static str),
    /// One of some words: the name of the enum.
    Words(String),
    /// A section: the name of the struct.
    Section(String),
    List(Box<Shape>),
    Map(Box<Shape>),
}

impl Shape {
    /// Reads a type. Wrappers that only serve the checks, such as places in the file, are left out.
    pub(super) fn of(of: &Type, sources: &Sources) -> anyhow::Result<Self> {
        let Type::Path(path) = of else {
            bail!("a field has a type that is not a name");
        };
        let last = path.path.segments.last().context("a type without a name")?;
        let inner: Vec<&Type> = match &last.arguments {
            PathArguments::AngleBracketed(list) => list.args.iter().filter_map(as_type).collect(),
            _ => Vec::new(),
        };
        let name = last.ident.to_string();
        Ok(match (name.as_str(), inner.as_slice()) {
            ("Option" | "Spanned", [inner]) => Self::of(inner, sources)?,
            ("Vec", [inner]) => Self::List(Box::new(Self::of(inner, sources)?)),
            ("BTreeMap", [_, value]) => Self::Map(Box::new(Self::of(value, sources)?)),
            ("String", []) => Self::Scalar("text"),
            ("Secret", []) => Self::Scalar("secret"),
            ("bool", []) => Self::Scalar("boolean"),
            ("u64" | "i64", []) => Self::Scalar("whole number"),
            ("f64", []) => Self::Scalar("number"),
            ("DurationValue", []) => Self::Scalar("duration"),
            ("SizeValue", []) => Self::Scalar("size"),
            ("IgnoredAny", []) => Self::Scalar("anything"),
            _ if sources.has_section(&name) => Self::Section(name),
            _ if sources.has_words(&name) => Self::Words(name),
            _ => match sources.alias(&name) {
                Some(alias) => Self::of(alias, sources)?,
                None => bail!(
                    "the type `{name}` has no name for readers; give it one in {}",
                    file!()
                ),
            },
        })
    }

    /// Returns the section inside, if there is one.
    pub(super) fn section(&self) -> Option<&str> {
        match self {
            Self::Section(name) => Some(name),
            Self::List(inner) | Self::Map(inner) => inner.section(),
            Self::Scalar(_) | Self::Words(_) => None,
        }
    }

    /// Returns what the page says.
    pub(super) fn describe(&self, sources: &Sources) -> anyhow::Result<String> {
        Ok(match self {
            Self::Scalar(word) => (*word).to_owned(),
            Self::Words(name) => {
                let words = sources.words(name)?;
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                match words.split_last() {
                    Some((last, others)) if !others.is_empty() => {
                        format!("{} or {last}", others.join(", "))
                    }
                    _ => words.concat(),
                }
            }
            Self::Section(name) => link(&sources.section(name)?.heading),
            Self::List(inner) => match **inner {
                Self::Scalar(word) => format!("list of {word}s"),
                _ => format!("list of {}", inner.describe(sources)?),
            },
            Self::Map(inner) => format!("mapping from name to {}", inner.describe(sources)?),
        })
    }
}

fn as_type(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}
