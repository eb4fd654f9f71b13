//! A routing tree and label sets, before they are text.

/// A tree, and what is routed through it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) root: Node,
    /// Names and values.
    pub(super) label_sets: Vec<Vec<(String, String)>>,
}

/// One route.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Names of fields and their values as YAML in one line.
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) routes: Vec<Node>,
}

/// Receivers that every file has.
pub(super) const RECEIVERS: [&str; 4] = ["r0", "r1", "r2", "r 3"];

impl Case {
    pub(super) fn text(&self) -> String {
        let mut text = String::from("route:\n");
        self.root.write(&mut text, 1, false);
        text.push_str("receivers:\n");
        for name in RECEIVERS {
            text.push_str(&format!("- name: {}\n", quoted(name)));
        }
        text
    }

    /// Takes routes, fields and label sets away as long as the case still fails.
    pub(super) fn smaller(&self, mut fails: impl FnMut(&Self) -> bool) -> Self {
        let mut case = self.clone();
        loop {
            let next = case.candidates().find(|candidate| fails(candidate));
            match next {
                Some(next) => case = next,
                None => return case,
            }
        }
    }

    /// All cases with one thing less.
    fn candidates(&self) -> impl Iterator<Item = Self> {
        let mut candidates = Vec::new();
        for at in 0..self.label_sets.len() {
            let mut label_sets = self.label_sets.clone();
            label_sets.remove(at);
            let root = self.root.clone();
            candidates.push(Self { root, label_sets });
        }
        for root in self.root.with_less(true) {
            let label_sets = self.label_sets.clone();
            candidates.push(Self { root, label_sets });
        }
        candidates.into_iter()
    }
}

impl Node {
    fn write(&self, text: &mut String, depth: usize, is_item: bool) {
        let indent = "  ".repeat(depth);
        let mut begin = match is_item {
            true => format!("{}- ", "  ".repeat(depth - 1)),
            false => indent.clone(),
        };
        for (name, value) in &self.fields {
            text.push_str(&format!("{begin}{name}: {value}\n"));
            begin.clone_from(&indent);
        }
        if !self.routes.is_empty() {
            text.push_str(&format!("{begin}routes:\n"));
            for route in &self.routes {
                route.write(text, depth + 1, true);
            }
        }
    }

    fn with_less(&self, is_root: bool) -> Vec<Self> {
        let mut less = Vec::new();
        for at in 0..self.routes.len() {
            let mut node = self.clone();
            node.routes.remove(at);
            less.push(node);
            for route in self.routes[at].with_less(false) {
                let mut node = self.clone();
                node.routes[at] = route;
                less.push(node);
            }
        }
        // A route without any field is no mapping.
        for at in 0..self.fields.len() {
            if self.fields.len() > 1 && !(is_root && self.fields[at].0 == "receiver") {
                let mut node = self.clone();
                node.fields.remove(at);
                less.push(node);
            }
        }
        less
    }
}

/// Writes a text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Writes a label as amtool reads it from its command line.
pub(super) fn argument((name, value): &(String, String)) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{name}=\"{value}\"")
}
