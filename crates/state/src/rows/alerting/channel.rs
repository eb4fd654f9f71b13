//! What groups, and the integrations that are told of them, are known by.

use crate::error::Result;
use crate::table::{Cell, Cells};
use crate::text;

/// The name of a group of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The matchers on the way to its route.
    pub route: String,
    /// Its number among the routes with the same matchers, from 0.
    pub ordinal: u32,
    /// Its key as receivers see it.
    pub key: String,
}

/// An integration of a receiver, for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The group.
    pub group: Group,
    /// The name of the receiver.
    pub receiver: String,
    /// The kind of the integration, such as `webhook`.
    pub kind: String,
    /// Its place among those of its kind, from 0.
    pub position: u32,
}

impl Group {
    /// Returns the digest that rows of the group are found by.
    pub(super) fn id(&self) -> Vec<u8> {
        text::key(&[&self.route, &self.ordinal.to_string(), &self.key])
    }

    /// Returns the cells of the columns `route`, `ordinal`, `group_key`.
    pub(super) fn cells(&self) -> [Cell; 3] {
        [
            self.route.as_str().into(),
            i64::from(self.ordinal).into(),
            self.key.as_str().into(),
        ]
    }

    pub(super) fn from_cells(cells: &mut Cells) -> Result<Self> {
        Ok(Self {
            route: cells.text()?,
            ordinal: cells.count()?,
            key: cells.text()?,
        })
    }
}

impl Channel {
    /// Returns the digest that rows of the channel are found by.
    pub(super) fn id(&self) -> Vec<u8> {
        text::key(&[
            &self.group.route,
            &self.group.ordinal.to_string(),
            &self.group.key,
            &self.receiver,
            &self.kind,
            &self.position.to_string(),
        ])
    }

    /// Returns the cells of the columns `route`, `ordinal`, `group_key`, `receiver`, `kind`, `position`.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> {
        let own = [
            self.receiver.as_str().into(),
            self.kind.as_str().into(),
            i64::from(self.position).into(),
        ];
        self.group.cells().into_iter().chain(own)
    }

    pub(super) fn from_cells(cells: &mut Cells) -> Result<Self> {
        Ok(Self {
            group: Group::from_cells(cells)?,
            receiver: cells.text()?,
            kind: cells.text()?,
            position: cells.count()?,
        })
    }
}
