//! Cells of any content, as a database that somebody else wrote into might hold them: an error, never a panic.

use std::path::Path;

use plimsoll_state::rows::alerting::{
    DeliveryRow, GroupRow, HistoryRow, InboxRow, ReceivedRow, SilenceRow, ToldRow,
};
use plimsoll_state::{AlertRow, Cell, Cells, DecisionRow, ErrorKind, Kind, Location, Row};

/// Makes cells of bytes: a kind, a length, and so many bytes.
fn cells(mut bytes: &[u8]) -> Vec<Cell> {
    let mut cells = Vec::new();
    while let [kind, length, rest @ ..] = bytes {
        let (begin, after) = rest.split_at(rest.len().min(*length as usize));
        cells.push(match kind % 4 {
            0 => Cell::Null,
            1 => Cell::Integer(
                begin
                    .iter()
                    .fold(0, |number, byte| number << 8 | i64::from(*byte)),
            ),
            2 => Cell::Text(String::from_utf8_lossy(begin).into_owned()),
            _ => Cell::Bytes(begin.to_vec()),
        });
        bytes = after;
    }
    cells
}

fn check<R: Row + PartialEq + std::fmt::Debug>(found: Vec<Cell>) {
    match R::from_cells(&mut Cells::new(R::TABLE, found)) {
        Ok(row) => {
            let again = R::from_cells(&mut Cells::new(R::TABLE, row.cells()))
                .expect("what was read and written is read again");
            assert_eq!(again.cells(), row.cells());
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt),
    }
}

#[test]
fn rows_of_any_cells() {
    bolero::check!().for_each(|bytes: &[u8]| {
        check::<AlertRow>(cells(bytes));
        check::<DecisionRow>(cells(bytes));
        check::<ReceivedRow>(cells(bytes));
        check::<GroupRow>(cells(bytes));
        check::<ToldRow>(cells(bytes));
        check::<DeliveryRow>(cells(bytes));
        check::<SilenceRow>(cells(bytes));
        check::<HistoryRow>(cells(bytes));
        check::<InboxRow>(cells(bytes));
    });
}

/// As above, but with the right kinds, so that the texts within are reached.
#[test]
fn rows_of_any_texts() {
    let texts = bolero::generator::produce::<[String; 4]>();
    bolero::check!()
        .with_generator(texts)
        .for_each(|[a, b, c, d]| {
            let text = |text: &String| Cell::Text(text.clone());
            let id = || Cell::Bytes(Vec::new());
            let times = [0, 1].map(Cell::Integer);
            let mut alert = vec![id(), id(), text(a), text(b), text(c), text(d)];
            alert.push(Cell::Text("firing".into()));
            alert.extend([times.clone(), times.clone(), times].concat());
            alert.extend([text(a), text(b)]);
            check::<AlertRow>(alert);
            let decision = [
                Cell::Integer(5),
                id(),
                id(),
                text(a),
                text(b),
                text(c),
                text(d),
            ];
            check::<DecisionRow>([&decision[..], &[text(a), text(b)]].concat());
        });
}

/// As above, for the rows of alerting: cells of the kinds that their columns have.
#[test]
fn rows_of_alerting_of_any_texts_and_numbers() {
    fn filled<R: Row>(texts: &[String; 4], numbers: &[i64; 4]) -> Vec<Cell> {
        let cell = |(at, column): (usize, &plimsoll_state::Column)| match column.kind {
            Kind::Integer => Cell::Integer(numbers[at % 4]),
            Kind::OptionalInteger if numbers[0] < 0 => Cell::Null,
            Kind::OptionalInteger => Cell::Integer(numbers[at % 4]),
            Kind::Text => Cell::Text(texts[at % 4].clone()),
            Kind::Bytes => Cell::Bytes(texts[at % 4].clone().into_bytes()),
        };
        R::TABLE.columns.iter().enumerate().map(cell).collect()
    }
    let given = bolero::generator::produce::<([String; 4], [i64; 4])>();
    bolero::check!()
        .with_generator(given)
        .for_each(|(texts, numbers)| {
            check::<ReceivedRow>(filled::<ReceivedRow>(texts, numbers));
            check::<GroupRow>(filled::<GroupRow>(texts, numbers));
            check::<ToldRow>(filled::<ToldRow>(texts, numbers));
            check::<DeliveryRow>(filled::<DeliveryRow>(texts, numbers));
            check::<SilenceRow>(filled::<SilenceRow>(texts, numbers));
            check::<HistoryRow>(filled::<HistoryRow>(texts, numbers));
            check::<InboxRow>(filled::<InboxRow>(texts, numbers));
        });
}

#[test]
fn places_of_any_text_show_no_password() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let data = Path::new("data");
        for text in [text.to_string(), format!("postgres://me:hunter2@{text}")] {
            let shown = match Location::parse(&text, data) {
                Ok(location) => format!("{location} {location:?}"),
                Err(error) => error.chain(),
            };
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    });
}
