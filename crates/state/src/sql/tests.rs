use super::*;
use crate::query::Rows;
use crate::table::{Cells, Column, Kind, Row};

#[derive(Debug)]
struct Pair(i64, i64, i64);

static TABLE: Table = Table {
    name: "pairs",
    columns: &[
        Column::new("a", Kind::Integer),
        Column::new("b", Kind::Integer),
        Column::new("c", Kind::Integer),
    ],
    key: 2,
};

impl Row for Pair {
    const TABLE: &'static Table = &TABLE;

    fn cells(&self) -> Vec<Cell> {
        vec![self.0.into(), self.1.into(), self.2.into()]
    }

    fn from_cells(cells: &mut Cells) -> crate::Result<Self> {
        Ok(Self(cells.integer()?, cells.integer()?, cells.integer()?))
    }
}

#[test]
fn rows_are_put_by_one_statement() {
    let changes = [Change::put(&Pair(1, 2, 3))];
    let statement = statements(&changes).next().unwrap();
    assert_eq!(
        &*statement.text,
        "INSERT INTO pairs (a, b, c) VALUES ($1, $2, $3) ON CONFLICT (a, b) DO UPDATE SET c = excluded.c"
    );
    assert_eq!(statement.cells, [&1.into(), &2.into(), &3.into()]);
}

#[test]
fn rows_are_deleted_by_their_keys() {
    let changes: Vec<Change> = (0..8).map(|a| Change::delete(&Pair(a, 2, 3))).collect();
    let statement = statements(&changes).next().unwrap();
    assert!(
        statement
            .text
            .starts_with("DELETE FROM pairs WHERE (a = $1 AND b = $2) OR (a = $3 AND b = $4)"),
        "{}",
        statement.text
    );
    assert_eq!(statement.cells.len(), 16);
    let changes = [Change::delete_all::<Pair>(vec![1.into()])];
    let statement = statements(&changes).next().unwrap();
    assert_eq!(&*statement.text, "DELETE FROM pairs WHERE (a = $1)");
}

#[test]
fn statements_have_few_sizes_and_keep_the_order() {
    let mut changes: Vec<Change> = (0..75).map(|a| Change::put(&Pair(a, 0, 0))).collect();
    changes.push(Change::delete(&Pair(0, 0, 0)));
    changes.push(Change::put(&Pair(0, 0, 1)));
    // The same key again is a statement of its own.
    changes.push(Change::put(&Pair(0, 0, 2)));
    let sizes: Vec<(bool, usize)> = statements(&changes)
        .map(|statement| (statement.text.starts_with("INSERT"), statement.cells.len()))
        .collect();
    let expected = [
        (true, 64 * 3),
        (true, 8 * 3),
        (true, 3),
        (true, 3),
        (true, 3),
        (false, 2),
        (true, 3),
        (true, 3),
    ];
    assert_eq!(sizes, expected);
    assert_eq!(statements(&[]).count(), 0);
}

#[test]
fn questions_name_what_they_want() {
    let query = Rows::<Pair>::below(vec![1.into()]);
    let query = query.with("c", 3).descending().limit(5).query;
    let statement = select(&query);
    assert_eq!(
        &*statement.text,
        "SELECT a, b, c FROM pairs WHERE a = $1 AND c = $2 ORDER BY a DESC, b DESC LIMIT 5"
    );
    assert_eq!(statement.cells, [&1.into(), &3.into()]);
    let query = Rows::<Pair>::all().query;
    assert_eq!(
        &*select(&query).text,
        "SELECT a, b, c FROM pairs ORDER BY a, b"
    );
}
