//! A limit that is given.

use super::{Answer, Kind, Law, Options};

pub(super) const KIND: Kind = Kind {
    name: "fixed",
    summary: "A limit that is given and stays.",
    options: |bounds| Options::Fixed(bounds.initial),
};

#[derive(Debug)]
pub(super) struct Fixed(u32);

impl Fixed {
    pub(super) fn new(limit: u32) -> Self {
        Self(limit)
    }
}

impl Law for Fixed {
    fn answered(&mut self, _answer: &Answer) {}

    fn limit(&self) -> u32 {
        self.0
    }
}
