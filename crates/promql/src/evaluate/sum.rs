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

    /// Adds another sum, and what rounding took from that.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.sum);
        if !self.sum.is_infinite() {
            self.lost += other.lost;
        }
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

    /// Adds the values of another mean.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.count == 0.0 || other.count == 0.0 {
            *self = if self.count == 0.0 { other } else { *self };
            return;
        }
        let count = self.count + other.count;
        let mut sum = self.sum;
        sum.merge(other.sum);
        if self.is_incremental || other.is_incremental || sum.is_infinite() {
            sum = self.mean().scaled(self.count / count);
            sum.merge(other.mean().scaled(other.count / count));
            self.is_incremental = true;
        }
        (self.count, self.sum) = (count, sum);
    }

    fn mean(self) -> Sum {
        match self.is_incremental {
            true => self.sum,
            false => self.sum.divided(self.count),
        }
    }

    pub(crate) fn value(self) -> f64 {
        self.mean().value()
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

    /// Adds the values of another variance, after Chan.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.count == 0.0 || other.count == 0.0 {
            *self = if self.count == 0.0 { other } else { *self };
            return;
        }
        let count = self.count + other.count;
        // The parts that rounding took count most where the means are all but the same.
        let distance = (other.mean.sum - self.mean.sum) + (other.mean.lost - self.mean.lost);
        self.squares.merge(other.squares);
        self.squares
            .add(distance * distance * (self.count * other.count / count));
        self.mean.add(distance * (other.count / count));
        self.count = count;
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

    fn halves<T: Default + Copy>(
        values: &[f64],
        add: fn(&mut T, f64),
        merge: fn(&mut T, T),
    ) -> [T; 2] {
        let of = |values: &[f64]| {
            let mut all = T::default();
            values.iter().for_each(|value| add(&mut all, *value));
            all
        };
        let (first, second) = values.split_at(values.len() / 2);
        let mut merged = of(first);
        merge(&mut merged, of(second));
        [of(values), merged]
    }

    #[test]
    fn merged_sums_lose_as_little() {
        let [whole, merged] = halves(&[1e100, 1.0, 2.0, -1e100], Sum::add, Sum::merge);
        assert_eq!((whole.value(), merged.value()), (3.0, 3.0));
        let [_, overflow] = halves(&[f64::MAX, f64::MAX], Sum::add, Sum::merge);
        assert_eq!(overflow.value(), f64::INFINITY);
        let endless = [f64::INFINITY, 1.0, 2.0, f64::NEG_INFINITY];
        let [whole, merged] = halves(&endless, Sum::add, Sum::merge);
        assert!(whole.value().is_nan() && merged.value().is_nan());
    }

    #[test]
    fn merged_means_and_variances_are_those_of_all_values() {
        let offset = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
        let [_, merged] = halves(&offset, Variance::add, Variance::merge);
        assert_eq!(merged.value(), 22.5);
        let lists: [&[f64]; 7] = [
            &offset,
            &[f64::MAX; 6],
            &[1.0, 2.0, f64::MAX, f64::MAX],
            &[f64::MAX, f64::MAX, f64::MAX, 1.0, 1.0],
            &[0.1, f64::INFINITY, 3.0, 4.0],
            &[0.1, 0.2, f64::INFINITY, f64::NEG_INFINITY],
            &[f64::NAN, 1.0, 2.0],
        ];
        let is_close = |a: f64, b: f64| {
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs()
        };
        for values in lists {
            let [whole, merged] = halves(values, Mean::add, Mean::merge).map(Mean::value);
            assert!(is_close(whole, merged), "{values:?}: {whole} {merged}");
            let spreads = halves(values, Variance::add, Variance::merge);
            let [whole, merged] = spreads.map(Variance::value);
            let overflows = |value: f64| !value.is_finite();
            assert!(
                is_close(whole, merged) || (overflows(whole) && overflows(merged)),
                "{values:?}: {whole} {merged}"
            );
        }
    }

    #[test]
    fn variance_is_the_mean_square_distance() {
        let mut variance = Variance::default();
        [1.0, 3.0].into_iter().for_each(|value| variance.add(value));
        assert_eq!(variance.value(), 1.0);
    }
}
