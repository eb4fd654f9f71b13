//! A series as a line of blocks.

/// Characters that a drawing has at most.
pub(super) const WIDTH: usize = 60;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws (time, value) pairs over the time from `begin` to `end`: one character per sample, or the highest of those that
/// share one; a space where there is none. The lowest value of the series is the lowest block.
pub(super) fn draw(points: &[(f64, f64)], (begin, end): (f64, f64)) -> String {
    let step = points
        .windows(2)
        .map(|two| two[1].0 - two[0].0)
        .fold(f64::INFINITY, f64::min);
    let steps = match (end - begin) / step {
        steps if steps.is_finite() => steps.round() as usize,
        _ => 0,
    };
    let columns = (steps + 1).min(WIDTH);
    let mut highest: Vec<Option<f64>> = vec![None; columns];
    for (time, value) in points.iter().filter(|(_, value)| value.is_finite()) {
        let share = match end > begin {
            true => (time - begin) / (end - begin),
            false => 0.0,
        };
        let column =
            &mut highest[((share * (columns - 1) as f64).round() as usize).min(columns - 1)];
        *column = Some(column.map_or(*value, |known| known.max(*value)));
    }
    let known = || highest.iter().copied().flatten();
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    let block = |value: f64| {
        let share = match high > low {
            // Halves, so that no difference overflows.
            true => (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0),
            false => 0.0,
        };
        BLOCKS[((share * 7.0).round() as usize).min(7)]
    };
    highest
        .into_iter()
        .map(|value| value.map_or(' ', block))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_there_is() {
        let points: Vec<(f64, f64)> = (0..8).map(|i| (f64::from(i), f64::from(i))).collect();
        assert_eq!(draw(&points, (0.0, 7.0)), "▁▂▃▄▅▆▇█");
        assert_eq!(draw(&[(0.0, 5.0)], (0.0, 0.0)), "▁");
        assert_eq!(draw(&[], (f64::INFINITY, f64::NEG_INFINITY)), " ");
        assert_eq!(
            draw(&[(0.0, 1.0), (1.0, 2.0), (3.0, 1.0)], (0.0, 3.0)),
            "▁█ ▁"
        );
        assert_eq!(draw(&[(0.0, f64::MIN), (1.0, f64::MAX)], (0.0, 1.0)), "▁█");
        assert_eq!(draw(&[(0.0, f64::NAN), (1.0, 2.0)], (0.0, 1.0)), " ▁");
        let many: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i), f64::from(i))).collect();
        assert_eq!(draw(&many, (0.0, 999.0)).chars().count(), WIDTH);
    }
}
