//! A metric set like that of node exporters, the same on every run: what size and speed are measured with.

use plimsoll_types::Labels;

use crate::Seed;

/// One scraped machine.
#[derive(Clone, Debug)]
pub struct NodeExporter {
    target: u64,
    random: Seed,
    series: Vec<Series>,
}

#[derive(Clone, Debug)]
struct Series {
    number: u64,
    state: f64,
    random: Seed,
}

impl NodeExporter {
    /// How many series one machine has.
    pub const SERIES: u64 = 500;
    /// Milliseconds between two scrapes.
    pub const INTERVAL_MILLIS: i64 = 15_000;

    /// Makes machine number `target`.
    pub fn new(target: u64) -> Self {
        let series = |number| {
            let mut random = Seed::new((target << 32) | number);
            Series {
                number,
                state: random.below(1_000_000) as f64,
                random,
            }
        };
        Self {
            target,
            random: Seed::new(target),
            series: (0..Self::SERIES).map(series).collect(),
        }
    }

    /// Returns the labels of all series, in the order of [`scrape`](Self::scrape).
    pub fn labels(&self) -> Vec<Labels> {
        let labels = |number: u64| {
            Labels::from_pairs([
                ("__name__", format!("node_metric_{}_total", number / 10)),
                ("device", format!("dev{}", number % 10)),
                (
                    "instance",
                    format!("10.0.{}.{}:9100", self.target / 256, self.target % 256),
                ),
                ("job", "node".into()),
            ])
        };
        (0..Self::SERIES).map(labels).collect()
    }

    /// Returns the time and the values of scrape `index` of a run that begins at `begin_millis`. Machines are scraped
    /// one after the other, and one scrape in twenty is up to 3 ms late.
    pub fn scrape(&mut self, begin_millis: i64, index: i64) -> (i64, Vec<f64>) {
        let offset = (self.target as i64 * 3_700) % (Self::INTERVAL_MILLIS - 4);
        let late = i64::from(self.random.percent(5)) * self.random.below(4) as i64;
        let time = begin_millis + offset + index * Self::INTERVAL_MILLIS + late;
        let values = self.series.iter_mut().map(|series| series.value(index));
        (time, values.collect())
    }
}

impl Series {
    /// 60 % constant; 25 % counters: events, CPU seconds of two decimals, bytes; 15 % gauges: a temperature of two
    /// decimals, memory in pages, and durations in nanoseconds, of which every fifth has the full precision of a float.
    fn value(&mut self, index: i64) -> f64 {
        let Self {
            number,
            state,
            random,
        } = self;
        let step = random.below(100) as f64;
        match *number % 20 {
            0..=11 => *state,
            12..=13 => {
                *state += (step / 10.0).floor();
                *state
            }
            14..=15 => {
                *state += step / 7.0;
                (*state * 100.0).round() / 100.0
            }
            16 => {
                *state += step * 1500.0 + random.below(1500) as f64;
                *state
            }
            17 => 20.0 + step / 20.0,
            18 => (*state * 1e6 + step * 4096.0).floor(),
            _ if *number % 100 == 99 => 0.5 + (index as f64 / 40.0).sin() / 4.0 + step / 1e4,
            _ => (100_000 + random.below(20_000)) as f64 / 1e9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_are_the_same_and_two_machines_are_not() {
        let run = |target| {
            let mut machine = NodeExporter::new(target);
            (0..3).map(|i| machine.scrape(0, i)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert_eq!(NodeExporter::new(1).labels().len(), run(1)[0].1.len());
    }
}
