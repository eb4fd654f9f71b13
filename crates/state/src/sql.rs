//! The statements that both databases understand alike, made of tables.
//!
//! Rows are written many at a time: a statement for each row would spend more time on the way than in the database. The
//! numbers of rows in a statement are few, so that prepared statements are found again.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use crate::change::{Action, Change};
use crate::query::Query;
use crate::table::{Cell, Table};

/// How many rows a statement may have, the most first. 64 rows of the widest table are far below SQLite's 32,766
/// parameters and PostgreSQL's 65,535.
const ROWS: [usize; 3] = [64, 8, 1];

/// One statement with its parameters, `$1` first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    pub(crate) text: Arc<str>,
    pub(crate) cells: Vec<&'a Cell>,
}

/// Returns the statements that carry out `changes` in their order, each made when it is asked for.
pub(crate) fn statements(changes: &[Change]) -> impl Iterator<Item = Statement<'_>> {
    let mut rest = changes;
    // The first changes of the rest that could share a statement, and the text that so many rows of them had.
    let mut run = 0;
    let mut known: Option<(usize, Arc<str>)> = None;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if run == 0 {
            run = run_length(rest);
            known = None;
        }
        let rows = ROWS.into_iter().find(|rows| *rows <= run).unwrap_or(1);
        let (chunk, after) = rest.split_at(rows);
        rest = after;
        run -= rows;
        let text = match known.take() {
            Some((of, text)) if of == rows => text,
            _ => text(chunk).into(),
        };
        known = Some((rows, Arc::clone(&text)));
        Some(Statement {
            text,
            cells: cells(chunk),
        })
    })
}

/// Returns how many of the first changes one statement could carry out: the same action on the same table, and no row
/// twice, because PostgreSQL refuses to update a row twice in one statement.
fn run_length(changes: &[Change]) -> usize {
    let mut seen = HashSet::new();
    let first = &changes[0];
    let mut length = 0;
    for change in changes {
        let same = change.table.name == first.table.name;
        let fits = match (&change.action, &first.action) {
            (Action::Put(cells), Action::Put(_)) => same && seen.insert(&cells[..first.table.key]),
            (Action::Delete(prefix), Action::Delete(other)) => same && prefix.len() == other.len(),
            _ => false,
        };
        if !fits {
            break;
        }
        length += 1;
    }
    length
}

/// Returns the text of the statement that carries out changes of one kind.
fn text(changes: &[Change]) -> String {
    let table = changes[0].table;
    match &changes[0].action {
        Action::Put(_) => upsert(table, changes.len()),
        Action::Delete(prefix) => delete(table, prefix.len(), changes.len()),
    }
}

fn cells(changes: &[Change]) -> Vec<&Cell> {
    let cells = changes.iter().flat_map(|change| match &change.action {
        Action::Put(cells) | Action::Delete(cells) => cells,
    });
    cells.collect()
}

fn upsert(table: &Table, rows: usize) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut text = format!("INSERT INTO {} ({}) VALUES ", table.name, names.join(", "));
    for row in 0..rows {
        let separator = if row == 0 { "(" } else { ", (" };
        text.push_str(separator);
        for column in 0..names.len() {
            let separator = if column == 0 { "" } else { ", " };
            let number = row * names.len() + column + 1;
            write!(text, "{separator}${number}").expect("a String takes all");
        }
        text.push(')');
    }
    let (key, others) = names.split_at(table.key);
    let set: Vec<String> = others
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let key = key.join(", ");
    if set.is_empty() {
        text + &format!(" ON CONFLICT ({key}) DO NOTHING")
    } else {
        text + &format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
    }
}

fn delete(table: &Table, prefix: usize, rows: usize) -> String {
    let condition = |row: usize| {
        let columns = table.columns[..prefix].iter().enumerate();
        let equal: Vec<String> = columns
            .map(|(at, column)| format!("{} = ${}", column.name, row * prefix + at + 1))
            .collect();
        format!("({})", equal.join(" AND "))
    };
    let conditions: Vec<String> = (0..rows).map(condition).collect();
    format!(
        "DELETE FROM {} WHERE {}",
        table.name,
        conditions.join(" OR ")
    )
}

/// Returns the statement that answers `query`.
pub(crate) fn select(query: &Query) -> Statement<'_> {
    let table = query.table;
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut text = format!("SELECT {} FROM {}", names.join(", "), table.name);
    let mut cells = Vec::new();
    let of_key = names.iter().copied().zip(&query.prefix);
    let others = query.equal.iter().map(|(name, cell)| (*name, cell));
    for (name, cell) in of_key.chain(others) {
        let word = if cells.is_empty() { "WHERE" } else { "AND" };
        cells.push(cell);
        write!(text, " {word} {name} = ${}", cells.len()).expect("a String takes all");
    }
    let direction = if query.is_descending { " DESC" } else { "" };
    let order: Vec<String> = names[..table.key]
        .iter()
        .map(|name| format!("{name}{direction}"))
        .collect();
    text.push_str(" ORDER BY ");
    text.push_str(&order.join(", "));
    if let Some(limit) = query.limit {
        write!(text, " LIMIT {limit}").expect("a String takes all");
    }
    Statement {
        text: text.into(),
        cells,
    }
}

/// Deletes rows of the tables that are only added to: of each what is older than `$1`, and all but
/// the newest `$1`.
pub(crate) const FORGET: [(&str, &str); 3] = [
    (
        "DELETE FROM decisions WHERE decided_at < $1",
        "DELETE FROM decisions WHERE (decided_at, decision_id) <= (SELECT decided_at, decision_id FROM decisions ORDER BY \
         decided_at DESC, decision_id DESC LIMIT 1 OFFSET $1)",
    ),
    (
        "DELETE FROM alerting_history WHERE happened_at < $1",
        "DELETE FROM alerting_history WHERE (happened_at, history_id) <= (SELECT happened_at, history_id FROM \
         alerting_history ORDER BY happened_at DESC, history_id DESC LIMIT 1 OFFSET $1)",
    ),
    (
        "DELETE FROM slo_events WHERE happened_at < $1",
        "DELETE FROM slo_events WHERE (happened_at, event_id) <= (SELECT happened_at, event_id FROM slo_events ORDER BY \
         happened_at DESC, event_id DESC LIMIT 1 OFFSET $1)",
    ),
];

/// Deletes leases that ended before `$1`: names that nobody uses any more.
pub(crate) const DELETE_OLD_LEASES: &str = "DELETE FROM leases WHERE expires_at < $1";

/// Returns who holds what.
pub(crate) const SELECT_HOLDERS: &str =
    "SELECT name, owner, fence, expires_at FROM leases ORDER BY name, lease_id LIMIT 100000";

/// Returns the migrations that were carried out.
pub(crate) const SELECT_VERSIONS: &str =
    "SELECT version, name, checksum FROM schema_versions ORDER BY version";

/// Notes a migration: version, name, checksum, time.
pub(crate) const INSERT_VERSION: &str =
    "INSERT INTO schema_versions (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

#[cfg(test)]
mod tests;
