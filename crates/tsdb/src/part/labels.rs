//! Labels of many series at once: neighbours share most of their labels, so most texts are at hand already.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::Labels;

use super::error::Error;
use super::reader::Part;

/// Texts kept while the labels of a selection are put together: names, jobs and instances of one scrape.
const TEXTS_MAX: usize = 1024;

/// The symbols of a name and a value, and their texts.
type Pair = ((u32, u32), [Arc<str>; 2]);

#[derive(Default)]
struct Texts {
    /// Those of the series before.
    previous: Vec<Pair>,
    known: HashMap<u32, Arc<str>>,
}

impl Part {
    /// Returns the labels of the series `ids`, in their order; cheapest when they ascend.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`.
    pub fn labels_of(&self, ids: &[u32]) -> Result<Vec<Labels>, Error> {
        let mut texts = Texts::default();
        let mut found = Vec::with_capacity(ids.len());
        let mut rest = ids;
        while let Some(first) = rest.first() {
            let (begin, page) = self.page_of(*first)?;
            let in_page = |id: &&u32| (**id as usize).wrapping_sub(begin as usize) < page.len();
            let here = rest.iter().take_while(in_page).count();
            for id in &rest[..here] {
                texts.look_up(self, &page[(*id - begin) as usize].labels)?;
                found.push(texts.labels(self)?);
            }
            rest = &rest[here..];
        }
        Ok(found)
    }
}

impl Texts {
    fn look_up(&mut self, part: &Part, pairs: &[(u32, u32)]) -> Result<(), Error> {
        self.previous.truncate(pairs.len());
        for (at, pair) in pairs.iter().enumerate() {
            if self.previous.get(at).is_some_and(|(same, _)| same == pair) {
                continue;
            }
            let texts = [self.text(part, pair.0)?, self.text(part, pair.1)?];
            match self.previous.get_mut(at) {
                Some(place) => *place = (*pair, texts),
                None => self.previous.push((*pair, texts)),
            }
        }
        Ok(())
    }

    fn text(&mut self, part: &Part, symbol: u32) -> Result<Arc<str>, Error> {
        if let Some(known) = self.known.get(&symbol) {
            return Ok(known.clone());
        }
        if self.known.len() >= TEXTS_MAX {
            self.known.clear();
        }
        let text = part.symbols.get(symbol)?;
        self.known.insert(symbol, text.clone());
        Ok(text)
    }

    fn labels(&self, part: &Part) -> Result<Labels, Error> {
        let texts = self.previous.iter();
        let pairs: Vec<(&str, &str)> = texts
            .map(|(_, [name, value])| (&**name, &**value))
            .collect();
        Labels::try_from_pairs(&pairs).map_err(|_| part.twice())
    }
}
