//! A sum that carries along what rounding took from it.

/// Adds floats with the compensation of Neumaier: small values survive between large ones that cancel out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Compensated {
    pub(super) sum: f64,
    pub(super) compensation: f64,
}

impl From<f64> for Compensated {
    fn from(sum: f64) -> Self {
        Self {
            sum,
            compensation: 0.0,
        }
    }
}

impl Compensated {
    pub(super) fn add(&mut self, value: f64) {
        add(&mut self.sum, &mut self.compensation, value);
    }

    /// Adds another sum with what it carries.
    pub(super) fn join(&mut self, other: Self) {
        self.add(other.sum);
        self.compensation += other.compensation;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

/// Adds `value` to a sum and its compensation that are kept apart.
#[inline]
pub(super) fn add(sum: &mut f64, compensation: &mut f64, value: f64) {
    let total = *sum + value;
    if total.is_infinite() {
        // Infinity minus infinity would turn it into NaN.
        *compensation = 0.0;
    } else if sum.abs() >= value.abs() {
        *compensation += (*sum - total) + value;
    } else {
        *compensation += (value - total) + *sum;
    }
    *sum = total;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_survive_large_ones() {
        let mut sum = Compensated::from(1.0);
        for value in [1e100, 1.0, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.value(), 2.0);
        sum.add(f64::INFINITY);
        assert_eq!(sum.value(), f64::INFINITY);
    }
}
