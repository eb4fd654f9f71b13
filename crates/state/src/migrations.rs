//! The migrations of both databases: one file each, forward only, each carried out in a transaction of its own.
//!
//! A file that was released is never changed: its checksum is noted in the database, and a difference is refused. A new
//! one must leave the statements of the release before it working, because replicas are upgraded one after the other.

use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};

/// One step from a version of the tables to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    /// The version that it leads to; the first is 1.
    pub(crate) version: i64,
    /// What it does, as its file is called.
    pub(crate) name: &'static str,
    /// Its statements.
    pub(crate) text: &'static str,
}

/// The migrations of SQLite.
pub(crate) const SQLITE: &[Migration] = &[
    Migration {
        version: 1,
        name: "rules",
        text: include_str!("../migrations/sqlite/0001_rules.sql"),
    },
    Migration {
        version: 2,
        name: "alerting",
        text: include_str!("../migrations/sqlite/0002_alerting.sql"),
    },
    Migration {
        version: 3,
        name: "slo",
        text: include_str!("../migrations/sqlite/0003_slo.sql"),
    },
];

/// The migrations of PostgreSQL.
pub(crate) const POSTGRES: &[Migration] = &[
    Migration {
        version: 1,
        name: "rules",
        text: include_str!("../migrations/postgres/0001_rules.sql"),
    },
    Migration {
        version: 2,
        name: "alerting",
        text: include_str!("../migrations/postgres/0002_alerting.sql"),
    },
    Migration {
        version: 3,
        name: "slo",
        text: include_str!("../migrations/postgres/0003_slo.sql"),
    },
];

/// A migration that a database says was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
}

impl Migration {
    /// Returns the SHA-256 of the text in hexadecimal.
    pub(crate) fn checksum(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns those of `known` that are still to be carried out in the database at `place`.
pub(crate) fn pending<'a>(
    place: &str,
    known: &'a [Migration],
    applied: &[Applied],
) -> Result<&'a [Migration]> {
    let newest = applied.last().map_or(0, |applied| applied.version);
    let known_to = known.last().map_or(0, |migration| migration.version);
    if newest > known_to {
        return Err(Error::new(
            ErrorKind::NewerVersion,
            format!(
                "the state in {place} has version {newest}, this program knows versions up to {known_to}: it was \
                 written by a newer version of plimsoll; nothing was changed; run that version, or put back the copy \
                 that was made before the upgrade"
            ),
        ));
    }
    for (number, applied) in applied.iter().enumerate() {
        // Both begin at 1 and have no gaps, so a position says all.
        let is_ours = known.get(number).is_some_and(|migration| {
            applied.version == migration.version && applied.checksum == migration.checksum()
        });
        if !is_ours {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "the state in {place} says that migration {} ({}) was carried out with other statements than this \
                     program has; nothing was changed; somebody changed the table schema_versions, or the program was \
                     built from changed sources",
                    applied.version, applied.name
                ),
            ));
        }
    }
    Ok(&known[applied.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(known: &[Migration]) -> Vec<Applied> {
        let applied = |migration: &Migration| Applied {
            version: migration.version,
            name: migration.name.into(),
            checksum: migration.checksum(),
        };
        known.iter().map(applied).collect()
    }

    #[test]
    fn both_databases_have_the_same_versions() {
        let names = |known: &[Migration]| -> Vec<(i64, &str)> {
            known
                .iter()
                .map(|migration| (migration.version, migration.name))
                .collect()
        };
        assert_eq!(names(SQLITE), names(POSTGRES));
        let versions: Vec<i64> = SQLITE.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=SQLITE.len() as i64).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_carried_out_is_not_pending() {
        assert_eq!(pending("x", SQLITE, &[]).unwrap().len(), SQLITE.len());
        assert!(pending("x", SQLITE, &applied(SQLITE)).unwrap().is_empty());
    }

    #[test]
    fn a_newer_database_and_another_history_are_refused() {
        let mut newer = applied(SQLITE);
        newer.push(Applied {
            version: SQLITE.len() as i64 + 1,
            name: "future".into(),
            checksum: String::new(),
        });
        let error = pending("x", SQLITE, &newer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NewerVersion);
        let mut other = applied(SQLITE);
        other[0].checksum = "0".into();
        let error = pending("x", SQLITE, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
