//! Builds the tree of a YAML document from the scanner's events; every value knows its place.
//!
//! Aliases share their target, so that the tree is never larger than the file. What they would expand to is summed
//! up on the way and refused when it is out of proportion, before anybody walks it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_saphyr::granit_parser::{self as yaml, Event, ScalarStyle};

use super::Span;
use super::error::{Error, clip};
use super::syntax;

/// Values in one file, before aliases: about 200 MB of tree at worst.
const NODES_MAX: u64 = 2_000_000;
/// Values that aliases may add to any file.
const EXPANSION_BASE: u64 = 100_000;
/// Values that aliases may add for each value that is written.
const EXPANSION_FACTOR: u64 = 10;
/// Levels of nesting, aliases included. The deepest legal prometheus.yml has about 10.
const DEPTH_MAX: u32 = 100;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Number of values with aliases expanded.
    size: u64,
    height: u32,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Without quotes, so that it may be a number or a boolean.
    Plain(Box<str>),
    /// In quotes, a block, or tagged as text.
    Quoted(Box<str>),
    /// Tagged `!!binary`, and not base64 or not UTF-8 once decoded.
    Binary,
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Rc<Node>,
    pub(super) value: Rc<Node>,
}

/// Reads the only document of a file; an empty file is an empty value.
pub(super) fn compose(text: &str) -> Result<Rc<Node>, Error> {
    let mut options = yaml::Options::default();
    options.set_emit_comments(false);
    let parser = yaml::Parser::new_from_str_with_options(text, options);
    let mut composer = Composer {
        text,
        ..Composer::default()
    };
    for event in parser {
        let (event, span) = event.map_err(|error| syntax::explain(&error, text))?;
        composer.take(event, byte_span(&span))?;
    }
    composer.finish()
}

#[derive(Default)]
struct Composer<'a> {
    text: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    documents: usize,
    nodes: u64,
    /// Entries that merge keys copied; counted because copies are real.
    merged: u64,
}

/// A list or mapping whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    children: Children,
}

enum Children {
    List(Vec<Rc<Node>>),
    Map(MapBuilder),
}

#[derive(Default)]
struct MapBuilder {
    entries: Vec<Entry>,
    /// Text of a key to its place, to find duplicates.
    seen: HashMap<Box<str>, Span>,
    merges: Vec<Rc<Node>>,
    /// A key that waits for its value.
    key: Option<Rc<Node>>,
}

impl Composer<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Error> {
        match event {
            Event::DocumentStart(..) => self.documents += 1,
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let kind = scalar(&text, plain, tag.as_deref());
                let node = self.node(span, kind)?;
                self.place(node, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open.push(Open {
                span,
                anchor,
                children: Children::List(Vec::new()),
            }),
            Event::MappingStart(_, anchor, _) => self.open.push(Open {
                span,
                anchor,
                children: Children::Map(MapBuilder::default()),
            }),
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(target) => {
                let node = self.anchors.get(&target).cloned().ok_or_else(|| {
                    Error::new("this alias stands inside the value that it refers to").at(span)
                })?;
                self.place(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.children {
            Children::List(nodes) => Kind::List(nodes),
            Children::Map(map) => Kind::Map(map.finish(&mut self.merged)?),
        };
        let span = match &kind {
            Kind::Map(entries) => entries.first().map_or(open.span, |entry| entry.key.span),
            _ => open.span,
        };
        // The children of a mapping that merges may stand before it in the file.
        let span = if span.start < open.span.start {
            open.span
        } else {
            span
        };
        let node = self.node(span, kind)?;
        self.place(node, open.anchor)
    }

    fn node(&mut self, span: Span, kind: Kind) -> Result<Rc<Node>, Error> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message =
                format!("the file holds more than {NODES_MAX} values, the most that is read");
            return Err(Error::new(message).at(span));
        }
        let node = Node::new(span, kind);
        if node.height > DEPTH_MAX {
            let message = format!("values are nested more than {DEPTH_MAX} levels deep");
            return Err(Error::new(message).at(span));
        }
        if node.size > EXPANSION_BASE + EXPANSION_FACTOR * self.nodes {
            let message = "aliases expand to far more values than the file holds";
            return Err(Error::new(message)
                .at(span)
                .with_hint("write the values out, or use fewer aliases of aliases"));
        }
        Ok(Rc::new(node))
    }

    fn place(&mut self, node: Rc<Node>, anchor: usize) -> Result<(), Error> {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        match self.open.last_mut().map(|open| &mut open.children) {
            Some(Children::List(nodes)) => nodes.push(node),
            Some(Children::Map(map)) => map.take(node, self.text)?,
            None if self.root.is_none() => self.root = Some(node),
            None if node.is_null() => {}
            None => {
                let message = "a second document begins here, expected one";
                return Err(Error::new(message)
                    .at(node.span)
                    .with_hint("remove the `---` line or make it a file of its own"));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Rc<Node>, Error> {
        let empty = || Rc::new(Node::new(Span::default(), Kind::Plain("".into())));
        Ok(self.root.unwrap_or_else(empty))
    }
}

impl MapBuilder {
    fn take(&mut self, node: Rc<Node>, file: &str) -> Result<(), Error> {
        let Some(key) = self.key.take() else {
            self.key = Some(node);
            return Ok(());
        };
        if matches!(&key.kind, Kind::Plain(text) if &**text == "<<") {
            self.merges.push(node);
            return Ok(());
        }
        let text = key.key_text().unwrap_or("");
        if let Some(first) = self.seen.insert(text.into(), key.span) {
            let before = file.bytes().take(first.start as usize);
            let line = before.filter(|byte| *byte == b'\n').count() + 1;
            return Err(Error::new(format!("duplicate key `{}`", clip(text)))
                .at(key.span)
                .with_hint(format!("the first is in line {line}")));
        }
        self.entries.push(Entry { key, value: node });
        Ok(())
    }

    /// Adds what `<<` refers to, unless the mapping says otherwise itself.
    fn finish(mut self, merged: &mut u64) -> Result<Vec<Entry>, Error> {
        for node in std::mem::take(&mut self.merges) {
            match &node.kind {
                Kind::List(maps) => {
                    for map in maps {
                        self.merge(map, merged)?;
                    }
                }
                _ => self.merge(&node, merged)?,
            }
        }
        Ok(self.entries)
    }

    fn merge(&mut self, node: &Node, merged: &mut u64) -> Result<(), Error> {
        let Kind::Map(entries) = &node.kind else {
            return Err(Error::new("`<<` merges mappings, found something else").at(node.span));
        };
        for entry in entries {
            *merged += 1;
            if *merged > NODES_MAX {
                return Err(Error::new("`<<` merges more values than are read").at(node.span));
            }
            let text = entry.key.key_text().unwrap_or("");
            if !self.seen.contains_key(text) {
                self.seen.insert(text.into(), entry.key.span);
                self.entries.push(entry.clone());
            }
        }
        Ok(())
    }
}

impl Node {
    fn new(span: Span, kind: Kind) -> Self {
        let mut size = 1u64;
        let mut height = 0;
        let mut add = |child: &Node| {
            size = size.saturating_add(child.size);
            height = height.max(child.height);
        };
        match &kind {
            Kind::List(nodes) => nodes.iter().for_each(|node| add(node)),
            Kind::Map(entries) => entries.iter().for_each(|entry| {
                add(&entry.key);
                add(&entry.value);
            }),
            _ => {}
        }
        Self {
            span,
            kind,
            size,
            height: height + 1,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Plain(text) => super::scalar::resolve(text) == super::scalar::Resolved::Null,
            _ => false,
        }
    }

    /// The text of a scalar as it was written.
    pub(super) fn key_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(text) | Kind::Quoted(text) => Some(text),
            _ => None,
        }
    }
}

/// Applies the tags that change what a scalar is; others are without meaning here, as in go-yaml.
fn scalar(text: &str, plain: bool, tag: Option<&yaml::Tag>) -> Kind {
    let name = tag.and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:"));
    match name.as_deref() {
        Some("binary") => match decode_base64(text).map(String::from_utf8) {
            Some(Ok(decoded)) => Kind::Quoted(decoded.into()),
            _ => Kind::Binary,
        },
        Some("str") => Kind::Quoted(text.into()),
        Some(_) => Kind::Plain(text.into()),
        None if plain => Kind::Plain(text.into()),
        None => Kind::Quoted(text.into()),
    }
}

/// RFC 4648 base64, with padding and any white space; `None` when it is something else.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if padding < 2 => {
                padding += 1;
                count += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        count += 1;
        if count % 4 != 1 {
            let shift = 6 - 2 * ((count + 3) % 4);
            decoded.push((bits >> shift) as u8);
        }
    }
    (count % 4 == 0).then_some(decoded)
}

fn byte_span(span: &yaml::Span) -> Span {
    let range = span.byte_range().unwrap_or_default();
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: narrow(range.start),
        end: narrow(range.end),
    }
}
