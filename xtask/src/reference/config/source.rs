//! Reads the structs, their comments and serde's names for them out of the source.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Field, FieldsNamed, Ident, Item, ItemEnum, Lit, LitStr, Type};

use super::shape::Shape;
use crate::process;

/// The field of the shared section of discovery that stands for the kinds we do not have.
const REFUSED_KINDS: &str = "elsewhere";

/// What a macro adds to a section: the structs whose keys it lists once more.
const MACROS: [(&str, &[&str]); 2] = [
    ("section_with_http_client", &["RawHttpClient"]),
    (
        "section_with_all_discovery",
        &["RawDiscovery", "RawHttpClient"],
    ),
];

/// All definitions of the shape of a file.
#[derive(Default)]
pub(super) struct Sources {
    structs: BTreeMap<String, Struct>,
    enums: BTreeMap<String, ItemEnum>,
    aliases: BTreeMap<String, Type>,
}

struct Struct {
    attributes: Vec<Attribute>,
    fields: FieldsNamed,
    shares: &'static [&'static str],
}

/// A section of the page.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) text: String,
    pub(super) keys: Vec<Key>,
    /// Structs whose keys stand here too.
    pub(super) shares: &'static [&'static str],
    pub(super) lists_refused_kinds: bool,
}

/// A row of the page.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) default: String,
    pub(super) text: String,
}

impl Sources {
    pub(super) fn read() -> anyhow::Result<Self> {
        let mut sources = Self::default();
        for path in files()? {
            let reading = || format!("reading {}", path.display());
            let text = std::fs::read_to_string(&path).with_context(reading)?;
            sources.add(&text).with_context(reading)?;
        }
        Ok(sources)
    }

    /// Takes the definitions of one file.
    pub(super) fn add(&mut self, text: &str) -> anyhow::Result<()> {
        syn::parse_file(text)?
            .items
            .into_iter()
            .try_for_each(|item| self.take(item))
    }

    fn take(&mut self, item: Item) -> anyhow::Result<()> {
        match item {
            Item::Struct(item) => {
                if let syn::Fields::Named(fields) = item.fields {
                    let attributes = item.attrs;
                    let shares: &[&str] = &[];
                    let definition = Struct {
                        attributes,
                        fields,
                        shares,
                    };
                    self.structs.insert(item.ident.to_string(), definition);
                }
            }
            Item::Enum(item) => drop(self.enums.insert(item.ident.to_string(), item)),
            Item::Type(item) => drop(self.aliases.insert(item.ident.to_string(), *item.ty)),
            Item::Macro(item) => {
                let known = MACROS.iter().find(|(name, _)| item.mac.path.is_ident(name));
                if let Some((_, shares)) = known {
                    let InMacro(name, attributes, fields) = item.mac.parse_body()?;
                    let definition = Struct {
                        attributes,
                        fields,
                        shares,
                    };
                    self.structs.insert(name.to_string(), definition);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn has_section(&self, name: &str) -> bool {
        self.structs.contains_key(name)
    }

    pub(super) fn has_words(&self, name: &str) -> bool {
        self.enums.contains_key(name)
    }

    pub(super) fn alias(&self, name: &str) -> Option<&Type> {
        self.aliases.get(name)
    }

    /// Returns a section.
    ///
    /// # Errors
    /// A comment that does not say what the page needs.
    pub(super) fn section(&self, name: &str) -> anyhow::Result<Section> {
        let found = self.structs.get(name);
        let found = found.with_context(|| format!("no struct is called {name}"))?;
        let comment = comment(&found.attributes)?.join("\n");
        let (heading, text) = comment
            .split_once(": ")
            .with_context(|| format!("the comment of {name} is not `heading: sentence`"))?;
        let mut keys = Vec::new();
        let mut lists_refused_kinds = false;
        for field in &found.fields.named {
            let ident = field.ident.as_ref().context("a field without a name")?;
            if ident == REFUSED_KINDS {
                lists_refused_kinds = true;
                continue;
            }
            keys.push(
                self.key(ident, field)
                    .with_context(|| format!("{name}.{ident}"))?,
            );
        }
        Ok(Section {
            heading: heading.to_owned(),
            text: capitalised(text),
            keys,
            shares: found.shares,
            lists_refused_kinds,
        })
    }

    fn key(&self, ident: &Ident, field: &Field) -> anyhow::Result<Key> {
        let lines = comment(&field.attrs)?;
        let last = lines
            .iter()
            .position(|line| line.starts_with("Default: ") || line == "Required.")
            .context("its comment has no line `Default: ...` or `Required.`")?;
        let (text, default) = (lines[..last].join(" "), lines[last..].join(" "));
        if text.is_empty() {
            bail!("its comment does not say what it means");
        }
        let default = match default.strip_prefix("Default: ") {
            Some(default) => default.trim_end_matches('.').to_owned(),
            None => "required".to_owned(),
        };
        Ok(Key {
            name: renamed(&field.attrs)?.unwrap_or_else(|| ident.to_string()),
            shape: Shape::of(&field.ty, self)?,
            default,
            text,
        })
    }

    /// Returns the words that an enum reads.
    pub(super) fn words(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let item = self.enums.get(name).context("no such enum")?;
        let case = serde_text(&item.attrs, "rename_all")?;
        item.variants
            .iter()
            .map(|variant| {
                let own = variant.ident.to_string();
                Ok(match (renamed(&variant.attrs)?, case.as_deref()) {
                    (Some(name), _) => name,
                    (None, None) => own,
                    (None, Some("lowercase")) => own.to_lowercase(),
                    (None, Some("UPPERCASE")) => own.to_uppercase(),
                    (None, Some(case)) => bail!("{name}: rename_all = {case:?} is not known here"),
                })
            })
            .collect()
    }
}

/// The body of a macro that defines a section: comments, name, fields.
struct InMacro(Ident, Vec<Attribute>, FieldsNamed);

impl Parse for InMacro {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        Ok(Self(input.parse()?, attributes, input.parse()?))
    }
}

fn files() -> anyhow::Result<Vec<PathBuf>> {
    let folder = process::root().join("crates/ingest/src/config");
    let shared = "crates/runtime/src/config/http_client/raw.rs";
    let mut files = vec![folder.join("raw.rs"), process::root().join(shared)];
    for entry in std::fs::read_dir(folder.join("raw"))? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// Returns the lines of a comment.
fn comment(attributes: &[Attribute]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        let Expr::Lit(literal) = &attribute.meta.require_name_value()?.value else {
            bail!("a comment that is not text");
        };
        let Lit::Str(text) = &literal.lit else {
            bail!("a comment that is not text");
        };
        lines.push(text.value().trim().to_owned());
    }
    Ok(lines)
}

fn renamed(attributes: &[Attribute]) -> anyhow::Result<Option<String>> {
    serde_text(attributes, "rename")
}

/// Returns the text of one of serde's attributes.
fn serde_text(attributes: &[Attribute], wanted: &str) -> anyhow::Result<Option<String>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            if let Ok(value) = meta.value() {
                let value: LitStr = value.parse()?;
                if meta.path.is_ident(wanted) {
                    found = Some(value.value());
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
