//! What expressions begin with: selectors, their modifiers, and windows.

use super::super::data::{Dialect, START};
use super::super::expression::{Expression, Kind};
use super::{GROUPINGS, Generator};

const LABEL_CONDITIONS: [&str; 10] = [
    "",
    "",
    "",
    "job=\"api\"",
    "job!=\"db\"",
    "zone=~\"e.*|west\"",
    "zone!~\"n.+\"",
    "job=~\"\"",
    "job=~\"api|web\",zone=\"east\"",
    "nothing=\"\"",
];

impl Generator<'_> {
    /// Returns the braces of a selector, or nothing.
    pub(super) fn conditions(&mut self) -> String {
        match self.pick(&LABEL_CONDITIONS) {
            "" => String::new(),
            conditions => format!("{{{conditions}}}"),
        }
    }

    /// Returns a number of seconds that suits the times of samples: see `data`.
    pub(super) fn seconds(&mut self, below: u64) -> u64 {
        let seconds = 1 + self.random.below(below);
        match self.names.dialect {
            Dialect::Debian => seconds,
            Dialect::Current => seconds.next_multiple_of(5),
        }
    }

    pub(super) fn offset(&mut self) -> String {
        match self.random.below(8) {
            0 => format!(" offset {}s", self.seconds(240)),
            1 => format!(" offset -{}s", self.seconds(240)),
            _ => String::new(),
        }
    }

    pub(super) fn modifiers(&mut self) -> String {
        let offset = self.offset();
        let at = match (self.random.below(12), self.names.dialect) {
            (0, dialect) => {
                let time = START + 1_800 + self.seconds(900) as i64;
                let fraction = if dialect == Dialect::Debian {
                    ".500"
                } else {
                    ""
                };
                format!(" @ {time}{fraction}")
            }
            (1, _) => " @ start()".into(),
            (2, _) => " @ end()".into(),
            _ => String::new(),
        };
        format!("{at}{offset}")
    }

    pub(super) fn name(&mut self) -> String {
        let names = self.names;
        let all = [
            &names.counter,
            &names.gauge,
            &names.gauge,
            &names.distinct,
            &names.special,
            &names.info,
            &names.bucket,
        ];
        if self.is_current() && self.random.percent(30) {
            return self.histogram_name();
        }
        self.pick(&all).clone()
    }

    pub(super) fn selector(&mut self) -> Expression {
        let (name, conditions, modifiers) = (self.name(), self.conditions(), self.modifiers());
        Expression::leaf(Kind::Vector, format!("{name}{conditions}{modifiers}"))
    }

    /// Returns a selector of series whose values are all finite, without `@`.
    pub(super) fn finite(&mut self) -> Expression {
        let names = self.names;
        let name = self.pick(&[&names.counter, &names.gauge, &names.distinct, &names.info]);
        let (conditions, offset) = (self.conditions(), self.offset());
        Expression::leaf(Kind::Vector, format!("{name}{conditions}{offset}"))
    }

    /// Returns a length of a window: for Debian's no whole seconds, so that steps of a subquery never lie at its end.
    pub(super) fn length(&mut self) -> String {
        match self.names.dialect {
            Dialect::Debian => format!("{}s250ms", 20 + self.random.below(280)),
            Dialect::Current => format!("{}s", self.seconds(300)),
        }
    }

    pub(super) fn subquery_of(&mut self, kind: Kind, inner: Expression) -> Expression {
        let length = self.length();
        let step = match self.random.below(4) {
            0 => String::new(),
            _ => format!("{}s", 5 + self.random.below(56)),
        };
        let modifiers = self.modifiers();
        Expression::new(
            kind,
            &format!("($)[{length}:{step}]{modifiers}"),
            vec![inner],
        )
    }

    pub(super) fn matrix(&mut self, depth: u32) -> Expression {
        if depth > 1 && self.random.percent(30) {
            let inner = self.vector(depth - 1);
            return self.subquery_of(Kind::Matrix, inner);
        }
        let (name, conditions) = (self.name(), self.conditions());
        let (length, modifiers) = (self.length(), self.modifiers());
        Expression::leaf(
            Kind::Matrix,
            format!("{name}{conditions}[{length}]{modifiers}"),
        )
    }

    pub(super) fn counter_matrix(&mut self) -> Expression {
        let (name, conditions) = (self.names.counter.clone(), self.conditions());
        if self.random.percent(20) {
            let grouping = self.pick(&GROUPINGS);
            let inner =
                Expression::leaf(Kind::Fixed, format!("sum{grouping} ({name}{conditions})"));
            return self.subquery_of(Kind::CounterMatrix, inner);
        }
        let (length, modifiers) = (self.length(), self.modifiers());
        let text = format!("{name}{conditions}[{length}]{modifiers}");
        Expression::leaf(Kind::CounterMatrix, text)
    }
}
