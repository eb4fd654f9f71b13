//! Decoded pages of all open parts, under one budget of bytes: a store of a thousand parts keeps no more of them than one
//! of ten.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::file::{FileKind, Location};
use super::open_files::OpenFiles;
use crate::bounded::{Bounded, CacheMetrics};
use crate::selector_cache::SelectorCache;

/// Which page: of which open part, in which file, where, and for blocks that do not say it themselves, of how many
/// things.
type Key = (u64, FileKind, u64, u32);

/// The pages of all parts that were opened with it.
pub(crate) struct PageCache {
    pages: Bounded<Key, Arc<dyn Any + Send + Sync>>,
    next_part: AtomicU64,
}

impl PageCache {
    pub(crate) fn new(bytes_max: usize, metrics: CacheMetrics) -> Arc<Self> {
        Arc::new(Self {
            pages: Bounded::new(bytes_max, metrics),
            next_part: AtomicU64::new(0),
        })
    }
}

/// The caches that the parts of one store share.
#[derive(Clone)]
pub(crate) struct Caches {
    pub(crate) pages: Arc<PageCache>,
    pub(crate) selectors: Option<Arc<SelectorCache>>,
    pub(crate) files: Arc<OpenFiles>,
}

impl Caches {
    /// Makes caches of so many bytes.
    pub(crate) fn new(
        pages_bytes: usize,
        selectors_bytes: usize,
        [pages, selectors]: [CacheMetrics; 2],
        files: Arc<OpenFiles>,
    ) -> Self {
        Self {
            files,
            pages: PageCache::new(pages_bytes, pages),
            selectors: Some(Arc::new(SelectorCache::new(selectors_bytes, selectors))),
        }
    }
}

/// The pages of one part. What is left of them when the part is closed goes when others need the room.
#[derive(Clone)]
pub(super) struct Recent {
    cache: Arc<PageCache>,
    part: u64,
}

impl Recent {
    /// Returns the pages of a part that was not open before.
    pub(super) fn new(cache: &Arc<PageCache>) -> Self {
        Self {
            cache: cache.clone(),
            part: cache.next_part.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Returns the number of the part, which no other one has that was ever opened with the same cache.
    pub(super) fn part(&self) -> u64 {
        self.part
    }

    /// Returns the page, or makes it and says how many bytes it takes. It is made outside the lock; two threads may make
    /// the same one.
    pub(super) fn get<V: Any + Send + Sync, E>(
        &self,
        file: FileKind,
        location: Location,
        count: u32,
        make: impl FnOnce() -> Result<(V, usize), E>,
    ) -> Result<Arc<V>, E> {
        let key = (self.part, file, location.offset, count);
        let found = self.cache.pages.get(&key);
        if let Some(found) = found.and_then(|found| found.downcast::<V>().ok()) {
            return Ok(found);
        }
        let (made, bytes) = make()?;
        let made = Arc::new(made);
        self.cache.pages.insert(key, made.clone(), bytes);
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_files_do_not_meet() {
        let cache = PageCache::new(1 << 20, CacheMetrics::default());
        let (one, other) = (Recent::new(&cache), Recent::new(&cache));
        let at = |offset| Location { offset, length: 1 };
        let get = |recent: &Recent, file, offset, made: u32| {
            let page = recent.get(file, at(offset), 0, || Ok::<_, ()>((made, 4)));
            *page.unwrap()
        };
        assert_eq!(get(&one, FileKind::Symbols, 8, 1), 1);
        assert_eq!(get(&one, FileKind::Series, 8, 2), 2);
        assert_eq!(get(&one, FileKind::Symbols, 9, 3), 3);
        assert_eq!(get(&other, FileKind::Symbols, 8, 4), 4);
        assert_eq!(get(&one, FileKind::Symbols, 8, 5), 1);
        let failed = other.get(FileKind::Times, at(8), 0, || Err::<(u32, usize), _>(()));
        assert!(failed.is_err());
        assert_eq!(get(&other, FileKind::Times, 8, 6), 6);
    }
}
