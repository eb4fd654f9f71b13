//! Prefixes of whole segments: each node is one, each edge a segment.

use std::collections::HashMap;

/// What stands at prefixes.
#[derive(Debug)]
pub(super) struct Trie<T> {
    /// The first is the root, the prefix `/`.
    nodes: Vec<Node<T>>,
}

#[derive(Debug)]
struct Node<T> {
    children: HashMap<Box<str>, usize>,
    /// The root is its own.
    parent: usize,
    /// Bytes of the prefix, without a slash at its end.
    length: usize,
    values: Vec<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self {
            nodes: vec![Node::new(0, 0)],
        }
    }
}

impl<T> Node<T> {
    fn new(parent: usize, length: usize) -> Self {
        Self {
            children: HashMap::new(),
            parent,
            length,
            values: Vec::new(),
        }
    }
}

impl<T> Trie<T> {
    /// Returns what stands at a prefix, to add to it. A slash at its end makes no difference.
    pub(super) fn values_mut(&mut self, prefix: &str) -> &mut Vec<T> {
        let mut at = 0;
        for segment in prefix.split('/').filter(|segment| !segment.is_empty()) {
            at = match self.nodes[at].children.get(segment) {
                Some(child) => *child,
                None => self.add(at, segment),
            };
        }
        &mut self.nodes[at].values
    }

    fn add(&mut self, parent: usize, segment: &str) -> usize {
        let child = self.nodes.len();
        let length = self.nodes[parent].length + 1 + segment.len();
        self.nodes.push(Node::new(parent, length));
        self.nodes[parent].children.insert(segment.into(), child);
        child
    }

    /// Walks the prefixes of a path that have something, the longest first: their length and what stands there.
    pub(super) fn prefixes<'t>(&'t self, path: &str) -> impl Iterator<Item = (usize, &'t [T])> {
        let mut deepest = 0;
        for segment in path.split('/').skip(1) {
            match self.nodes[deepest].children.get(segment) {
                Some(child) => deepest = *child,
                None => break,
            }
        }
        let above = move |at: &usize| (*at != 0).then(|| self.nodes[*at].parent);
        std::iter::successors(Some(deepest), above)
            .map(|at| &self.nodes[at])
            .filter(|node| !node.values.is_empty())
            .map(|node| (node.length, &*node.values))
    }

    /// Walks what stands at all prefixes, to put it in order.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Vec<T>> {
        self.nodes.iter_mut().map(|node| &mut node.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_first_and_whole_segments_only() {
        let mut trie = Trie::default();
        for prefix in ["/", "/shop", "/shop/cart/", "/a/b/c"] {
            trie.values_mut(prefix).push(prefix);
        }
        let found = |path| -> Vec<_> {
            let all = trie.prefixes(path);
            all.map(|(length, values)| (length, values[0])).collect()
        };
        assert_eq!(
            found("/shop/cart/1"),
            [(10, "/shop/cart/"), (5, "/shop"), (0, "/")]
        );
        assert_eq!(found("/shop/"), [(5, "/shop"), (0, "/")]);
        assert_eq!(found("/shopping"), [(0, "/")]);
        assert_eq!(found("/a/b"), [(0, "/")]);
        assert_eq!(found("*"), [(0, "/")]);
    }
}
