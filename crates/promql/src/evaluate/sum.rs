//! Compensated sums: Neumaier's variant of Kahan's summation, as Prometheus uses it.

/// A running sum and the part that rounding took from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn new(sum: f64, lost: f64) -> Self {
        Self { sum, lost }
    }

    pub(crate) fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - total) + value;
        } else {
            self.lost += (value - total) + self.sum;
        }
        self.sum = total;
    }

    pub(crate) fn scaled(self, factor: f64) -> Self {
        Self::new(factor * self.sum, factor * self.lost)
    }

    pub(crate) fn divided(self, by: f64) -> Self {
        Self::new(self.sum / by, self.lost / by)
    }

    pub(crate) fn is_infinite(self) -> bool {
        self.sum.is_infinite()
    }

    pub(crate) fn value(self) -> f64 {
        match self.sum.is_infinite() {
            true => self.sum,
            false => self.sum + self.lost,
        }
    }
}

/// A running mean that does not overflow: a sum as long as it is finite, then an incremental mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mean {
    count: f64,
    sum: Sum,
    is_incremental: bool,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.is_incremental {
            let mut sum = self.sum;
            sum.add(value);
            // The first value may be infinite by itself; there is no earlier mean to go on from.
            if self.count == 1.0 || !sum.is_infinite() {
                self.sum = sum;
                return;
            }
            self.is_incremental = true;
            self.sum = self.sum.divided(self.count - 1.0);
        }
        let weight = (self.count - 1.0) / self.count;
        self.sum = self.sum.scaled(weight);
        self.sum.add(value / self.count);
    }

    pub(crate) fn value(self) -> f64 {
        match self.is_incremental {
            true => self.sum.value(),
            false => self.sum.divided(self.count).value(),
        }
    }
}

/// A running variance after Welford.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Variance {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Variance {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - (self.mean.sum + self.mean.lost);
        self.mean.add(before / self.count);
        let after = value - (self.mean.sum + self.mean.lost);
        self.squares.add(before * after);
    }

    pub(crate) fn value(self) -> f64 {
        (self.squares.sum + self.squares.lost) / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_rounding_takes() {
        let mut sum = Sum::default();
        [1e100, 1.0, -1e100]
            .into_iter()
            .for_each(|value| sum.add(value));
        assert_eq!(sum.value(), 1.0);
    }

    #[test]
    fn means_survive_overflow() {
        let mut mean = Mean::default();
        [f64::MAX; 4].into_iter().for_each(|value| mean.add(value));
        assert!((mean.value() / f64::MAX - 1.0).abs() < 1e-12);
    }

    #[test]
    fn variance_is_the_mean_square_distance() {
        let mut variance = Variance::default();
        [1.0, 3.0].into_iter().for_each(|value| variance.add(value));
        assert_eq!(variance.value(), 1.0);
    }
}
