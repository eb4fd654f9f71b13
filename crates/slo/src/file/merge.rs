//! Puts files together: names that are there twice, components that are nowhere, composites that contain themselves.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Span};

use super::SloFile;
use super::context::short;
use crate::{Catalog, Composite, Slo};

/// How deep composites may be made of composites; a figure is worked out by walking down.
const DEPTH_MAX: usize = 10;

impl Catalog {
    /// Puts files together in their order.
    ///
    /// # Errors
    /// Every name that two files have, every component that no file has, and every circle of composites.
    pub fn merge(files: Vec<SloFile>) -> Result<Self, Diagnostics> {
        let mut found = Vec::new();
        twice(&files, &mut found);
        let known = Known::of(&files);
        let mut catalog = Self::default();
        for file in &files {
            catalog.slos.extend(file.catalog.slos.iter().cloned());
            for composite in &file.catalog.composites {
                let linked = known.linked(file, composite, &mut found);
                catalog.composites.push(Arc::new(linked));
            }
        }
        if found.is_empty() {
            circles(&files, &catalog, &mut found);
        }
        match found.is_empty() {
            true => Ok(catalog),
            false => Err(Diagnostics(found)),
        }
    }
}

fn ids(file: &SloFile) -> impl Iterator<Item = &Arc<str>> {
    let composites = file.catalog.composites.iter().map(|one| &one.id);
    file.catalog
        .slos
        .iter()
        .map(|slo| &slo.id)
        .chain(composites)
}

fn twice(files: &[SloFile], found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&Arc<str>, &SloFile> = HashMap::new();
    for file in files {
        for id in ids(file) {
            if let Some(first) = seen.insert(id, file) {
                let path = first.source.path().display();
                let message = format!("`{id}` is there twice");
                let hint = format!("the other one is in {path}");
                found.push(error(file, file.places.names.get(id), message).with_hint(hint));
            }
        }
    }
}

fn error(file: &SloFile, span: Option<&Span>, message: String) -> Diagnostic {
    let span = span.copied().unwrap_or_default();
    file.source.error(span, message)
}

struct Known<'a> {
    slos: HashMap<&'a str, &'a Slo>,
    composites: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(files: &'a [SloFile]) -> Self {
        let slos = files.iter().flat_map(|file| &file.catalog.slos);
        let composites = files.iter().flat_map(|file| &file.catalog.composites);
        Self {
            slos: slos.map(|slo| (&*slo.id, &**slo)).collect(),
            composites: composites.map(|composite| &*composite.id).collect(),
        }
    }

    /// Returns a composite whose components know the index of their objective.
    fn linked(
        &self,
        file: &SloFile,
        composite: &Composite,
        found: &mut Vec<Diagnostic>,
    ) -> Composite {
        let mut linked = composite.clone();
        let places = file.places.components.get(&composite.id);
        let mut seen = BTreeSet::new();
        for (index, component) in linked.components.iter_mut().enumerate() {
            let place = places.and_then(|places| places.get(index));
            let span = place.map(|place| &place.slo);
            let named = place.and_then(|place| place.objective.as_ref());
            match self.slos.get(&*component.id) {
                // An importer knows the index itself.
                Some(_) if place.is_none() => {}
                Some(slo) => match index_of(slo, named.map(|(_, name)| &**name)) {
                    Ok(index) => component.objective = index,
                    Err(message) => {
                        let span = named.map(|(span, _)| span).or(span);
                        found.push(error(file, span, message));
                    }
                },
                None if self.composites.contains(&*component.id) => {
                    if let Some((span, _)) = named {
                        let message = "a composite has one objective without a name".to_owned();
                        found.push(error(file, Some(span), message));
                    }
                }
                None => {
                    let message = format!("there is no SLO `{}`", short(&component.id));
                    found.push(error(file, span, message));
                }
            }
            if !seen.insert((Arc::clone(&component.id), component.objective)) {
                let message = format!("`{}` is in this composite twice", short(&component.id));
                found.push(error(file, span, message));
            }
        }
        linked
    }
}

/// Returns the index of the objective that is meant.
fn index_of(slo: &Slo, named: Option<&str>) -> Result<usize, String> {
    let names = || {
        let names: Vec<&str> = slo.objectives.iter().map(|one| &*one.name).collect();
        names.join(", ")
    };
    let Some(name) = named else {
        return match slo.objectives.len() {
            1 => Ok(0),
            _ => Err(format!("`{}` has several objectives: {}", slo.id, names())),
        };
    };
    let mut objectives = slo.objectives.iter();
    let found = objectives.position(|one| &*one.name == name);
    found.ok_or_else(|| {
        let name = short(name);
        format!("`{}` has no objective `{name}`, but {:?}", slo.id, names())
    })
}

fn circles(files: &[SloFile], catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    let composites = catalog.composites.iter();
    let by_id: HashMap<&str, &Composite> = composites.map(|one| (&*one.id, &**one)).collect();
    let mut heights = HashMap::new();
    for file in files {
        for composite in &file.catalog.composites {
            let height = height(&composite.id, &by_id, &mut heights, 0);
            let message = match height {
                Some(height) if height <= DEPTH_MAX => continue,
                Some(_) => format!("composites are nested more than {DEPTH_MAX} deep"),
                None => format!(
                    "`{}` contains itself, or composites are nested more than {DEPTH_MAX} deep",
                    composite.id
                ),
            };
            found.push(error(file, file.places.names.get(&composite.id), message));
        }
    }
}

/// Returns how many composites stand above each other; `None` when there are too many, as in a circle.
fn height<'a>(
    id: &'a str,
    by_id: &HashMap<&'a str, &'a Composite>,
    known: &mut HashMap<&'a str, Option<usize>>,
    depth: usize,
) -> Option<usize> {
    let Some(composite) = by_id.get(id) else {
        return Some(0);
    };
    if let Some(height) = known.get(id) {
        return *height;
    }
    if depth > DEPTH_MAX {
        return None;
    }
    let mut components = composite.components.iter();
    let below = components.try_fold(0, |most: usize, component| {
        let below = height(&component.id, by_id, known, depth + 1)?;
        Some(most.max(below))
    });
    let height = below.map(|below| below + 1);
    known.insert(id, height);
    height
}
