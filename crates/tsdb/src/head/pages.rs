//! A list that grows page by page, so that a million entries are never moved and never held twice.

/// Entries of a page.
const PAGE: usize = 1024;

/// A list that only grows.
#[derive(Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    pub(super) fn len(&self) -> u32 {
        let full = self.pages.len().saturating_sub(1) * PAGE;
        let last = self.pages.last().map_or(0, Vec::len);
        (full + last) as u32
    }

    pub(super) fn get(&self, at: u32) -> Option<&T> {
        let at = at as usize;
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    /// Adds an entry and returns its number.
    pub(super) fn push(&mut self, entry: T) -> u32 {
        let number = self.len();
        if number as usize == self.pages.len() * PAGE {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let last = self.pages.last_mut().expect("a page was added above");
        last.push(entry);
        number
    }
}

impl<T> std::ops::Index<u32> for Pages<T> {
    type Output = T;

    fn index(&self, at: u32) -> &T {
        &self.pages[at as usize / PAGE][at as usize % PAGE]
    }
}

impl<T> std::ops::IndexMut<u32> for Pages<T> {
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.pages[at as usize / PAGE][at as usize % PAGE]
    }
}
