//! Facts below a title, in two columns.

/// How wide the names of facts are.
const WIDTH: usize = 16;

/// What is printed.
#[derive(Default)]
pub(in crate::commands) struct Page {
    text: String,
}

impl Page {
    /// Begins what follows: a line of its own, after an empty one.
    pub(in crate::commands) fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{title}\n"));
    }

    /// Adds a line of facts; `depth` is how far below the title it stands.
    pub(in crate::commands) fn fact(&mut self, depth: usize, name: &str, what: &str) {
        let (indent, width) = (2 * depth, WIDTH - 2 * depth.min(WIDTH / 2));
        self.text
            .push_str(&format!("{:indent$}{name:width$}{what}\n", ""));
    }

    /// Adds several of the same name; the name stands before the first.
    pub(in crate::commands) fn facts(
        &mut self,
        depth: usize,
        name: &str,
        all: impl IntoIterator<Item = String>,
    ) {
        for (index, what) in all.into_iter().enumerate() {
            self.fact(depth, if index == 0 { name } else { "" }, &what);
        }
    }

    /// Adds a line as it is.
    pub(in crate::commands) fn line(&mut self, depth: usize, what: &str) {
        let indent = 2 * depth;
        self.text.push_str(&format!("{:indent$}{what}\n", ""));
    }

    /// Adds an empty line.
    pub(in crate::commands) fn gap(&mut self) {
        self.text.push('\n');
    }

    pub(in crate::commands) fn into_text(self) -> String {
        self.text
    }
}
