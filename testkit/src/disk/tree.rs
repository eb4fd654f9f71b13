//! Directories: the names a program sees, and the names that would be left.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::file::FileNode;
use crate::Seed;

pub(super) type NodeId = usize;

const ROOT: NodeId = 0;

pub(super) enum Node {
    File(FileNode),
    Directory(DirectoryNode),
}

#[derive(Default)]
pub(super) struct DirectoryNode {
    /// The names a program sees.
    current: BTreeMap<String, NodeId>,
    /// The names that are surely on disk.
    durable: BTreeMap<String, NodeId>,
}

/// All nodes ever made; a node without a name is garbage that an open handle may still use, as on Unix.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::Directory(DirectoryNode::default())],
        }
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<NodeId> {
        let mut id = ROOT;
        for name in names(path) {
            id = *self
                .directory(id)?
                .current
                .get(&name)
                .ok_or_else(|| missing(path))?;
        }
        Ok(id)
    }

    pub(super) fn file(&self, id: NodeId) -> io::Result<&FileNode> {
        match &self.nodes[id] {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn file_mut(&mut self, id: NodeId) -> io::Result<&mut FileNode> {
        match &mut self.nodes[id] {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn add(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let (parent, name) = self.parent(path)?;
        if self.directory(parent)?.current.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        self.directory_mut(parent)?.current.insert(name, id);
        Ok(id)
    }

    /// A new directory is a name like any other: it is gone after a power loss unless its parent was synced.
    pub(super) fn add_directories(&mut self, path: &Path) -> io::Result<()> {
        let mut id = ROOT;
        for name in names(path) {
            let known = self.directory(id)?.current.get(&name).copied();
            id = match known {
                Some(known) => known,
                None => {
                    self.nodes.push(Node::Directory(DirectoryNode::default()));
                    let new = self.nodes.len() - 1;
                    self.directory_mut(id)?.current.insert(name, new);
                    new
                }
            };
        }
        self.directory(id).map(|_| ())
    }

    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        let id = self.find(path)?;
        Ok(self.directory(id)?.current.keys().cloned().collect())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let id = self.find(from)?;
        let (old_parent, old_name) = self.parent(from)?;
        let (new_parent, new_name) = self.parent(to)?;
        self.directory_mut(old_parent)?.current.remove(&old_name);
        self.directory_mut(new_parent)?.current.insert(new_name, id);
        Ok(())
    }

    pub(super) fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let id = self.find(from)?;
        self.file(id)?;
        let (parent, name) = self.parent(to)?;
        let names = &mut self.directory_mut(parent)?.current;
        if names.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        names.insert(name, id);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        self.directory_mut(parent)?
            .current
            .remove(&name)
            .map(|_| ())
            .ok_or_else(|| missing(path))
    }

    pub(super) fn sync_names(&mut self, path: &Path) -> io::Result<()> {
        let id = self.find(path)?;
        let directory = self.directory_mut(id)?;
        directory.durable = directory.current.clone();
        Ok(())
    }

    /// Each name that was added, changed or removed since the last sync is as before or as now.
    pub(super) fn lose_power(&mut self, seed: &mut Seed) {
        for node in &mut self.nodes {
            match node {
                Node::File(file) => file.lose_power(seed),
                Node::Directory(directory) => directory.lose_power(seed),
            }
        }
    }

    pub(super) fn used_bytes(&self) -> u64 {
        let mut bytes = 0;
        self.walk(ROOT, &PathBuf::from("/"), &mut |_, file| {
            bytes += file.length()
        });
        bytes
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        self.walk(ROOT, &PathBuf::from("/"), &mut |path, _| {
            paths.push(path.into())
        });
        paths
    }

    fn walk(&self, id: NodeId, path: &Path, visit: &mut dyn FnMut(&Path, &FileNode)) {
        match &self.nodes[id] {
            Node::File(file) => visit(path, file),
            Node::Directory(directory) => {
                for (name, child) in &directory.current {
                    self.walk(*child, &path.join(name), visit);
                }
            }
        }
    }

    fn parent(&self, path: &Path) -> io::Result<(NodeId, String)> {
        let mut names = names(path);
        let name = names.pop().ok_or(ErrorKind::InvalidInput)?;
        let mut id = ROOT;
        for directory in names {
            let found = self.directory(id)?.current.get(&directory);
            id = *found.ok_or_else(|| missing(path))?;
        }
        Ok((id, name))
    }

    fn directory(&self, id: NodeId) -> io::Result<&DirectoryNode> {
        match &self.nodes[id] {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn directory_mut(&mut self, id: NodeId) -> io::Result<&mut DirectoryNode> {
        match &mut self.nodes[id] {
            Node::Directory(directory) => Ok(directory),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }
}

impl DirectoryNode {
    fn lose_power(&mut self, seed: &mut Seed) {
        let changed: Vec<String> = self
            .current
            .keys()
            .chain(self.durable.keys())
            .filter(|name| self.current.get(*name) != self.durable.get(*name))
            .cloned()
            .collect();
        for name in changed {
            if seed.percent(50) {
                continue;
            }
            match self.current.get(&name) {
                Some(id) => self.durable.insert(name, *id),
                None => self.durable.remove(&name),
            };
        }
        self.current = self.durable.clone();
    }
}

fn names(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        ErrorKind::NotFound,
        format!("{}: not found", path.display()),
    )
}
